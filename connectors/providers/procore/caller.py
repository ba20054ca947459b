"""How every noun of Procore's API is called: the company with each call, lists to their end.

Paths and plain data enter, records and pages leave. Which calls there are is said by the modules of
the nouns.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.core.answers import Answer, told
from connectors.core.records import Page, Raw
from connectors.providers.procore.bodies import numeric_ids, record_of
from connectors.providers.procore.errors import KEY, TABLE
from connectors.providers.procore.limits import limits, quota_subject, read_quota
from connectors.providers.procore.origins import Origins
from connectors.providers.procore.settings import project_ids
from connectors.providers.procore.sync import Result, Update, sync
from connectors.transport.client import ApiClient, Dialect
from connectors.transport.pagination import PageGuard, header_pages
from connectors.transport.provider import ClientContext, not_chosen
from connectors.transport.wire import Reply

PER_PAGE = 100
COMPANY_HEADER = "Procore-Company-Id"

DIALECT = Dialect(token_scheme="Bearer", errors=TABLE, read_quota=read_quota)  # noqa: S106


class Caller:
    """One company's API, without its nouns."""

    def __init__(self, context: ClientContext) -> None:
        settings = context.settings
        self._profile = context.profile
        self._told: dict[str, Any] = {}
        self._learn = context.learn
        self.origins = Origins(context.profile, context.learn)
        self._company = str(settings.get("company_id") or "")
        self._projects = frozenset(project_ids(settings))
        self.sandbox_url = context.endpoints.sandbox_url
        account = context.account(
            quota_subject(settings, context.client_id),
            limits(settings, context.profile),
            headers={COMPANY_HEADER: self._company} if self._company else None,
        )
        self.api = ApiClient(DIALECT, account)

    @property
    def company(self) -> str:
        """The chosen company's id."""
        if not self._company:
            raise not_chosen(KEY, "company")
        return self._company

    def told(self, name: str) -> Any:
        """What the account has told of how it behaves, by its profile or since."""
        return self._told.get(name, told(self._profile, name))

    def learn(self, answer: Answer) -> None:
        """Have an answer kept, where it is news."""
        if self.told(answer.name) != answer.value:
            self._told[answer.name] = answer.value
            self._learn(answer)

    def may_use(self, project_id: str) -> bool:
        """Whether a project is one of the chosen ones; all are where none was chosen."""
        return not self._projects or project_id in self._projects

    def _get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> Reply:
        return self.api.get(path, params, parts=parts)

    def _list(
        self, path: str, params: Mapping[str, Any], parts: Mapping[str, str] | None = None
    ) -> Iterator[Page[Raw]]:
        def fetch(page: int) -> Reply:
            return self._get(path, {**params, "page": page, "per_page": PER_PAGE}, parts)

        return header_pages(fetch, PER_PAGE, PageGuard(KEY, _row_key))

    def _one(self, path: str, params: Mapping[str, Any], **parts: str) -> Raw:
        return record_of(self._get(path, params, parts).body)

    def _write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        may_be_empty: bool = False,
        **parts: str,
    ) -> Any:
        return self.api.write(
            method,
            path,
            parts=parts,
            params=params,
            json=None if body is None else numeric_ids(body),
            may_be_empty=may_be_empty,
        ).body

    def _sync(
        self,
        path: str,
        updates: Sequence[Update],
        owner: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        **parts: str,
    ) -> list[Result]:
        def send(batch: Sequence[Update]) -> Any:
            body = {**owner, "updates": list(batch)}
            return self._write("PATCH", path, body, params, may_be_empty=False, **parts)

        return sync(send, updates)


def _row_key(row: Raw) -> str:
    """What tells rows of a list apart: their ids, or all of them where rows have none."""
    return str(row.get("id") or row)
