"""Procurify's API as methods: read only, rows as Procurify sends them, numbers exact.

Filters are asked for, not trusted: Procurify ignores a name that it does not know, so whoever uses
a list compares times again. A refusal is looked at twice, because a suspended account and a
missing permission answer alike.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.core.answers import Answer, told
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.procurify.errors import KEY, NO_LIST, TABLE, TITLE, refused, suspended
from connectors.providers.procurify.limits import limits, quota_subject
from connectors.providers.procurify.lists import PageSize, pages
from connectors.providers.procurify.names import names_for
from connectors.transport.client import ApiClient, Dialect
from connectors.transport.provider import ClientContext, positive_int

PAGE_SIZE = 50
# Which path lists vendors here: the schema names one by group, the documentation's sample none.
VENDORS_AT = "vendors_at"
_VENDOR_PATHS = ("vendors", "vendors_fallback")

Rows = Iterator[Page[Raw]]

DIALECT = Dialect(
    token_scheme="Bearer",  # noqa: S106 - a scheme, no secret
    errors=TABLE,
    headers={"X-Procurify-Client": "api"},
    retry_time_outs=False,
)


class ProcurifyClient:
    """One domain's API."""

    def __init__(self, context: ClientContext) -> None:
        settings = context.settings
        account = context.account(quota_subject(settings), limits(settings, context.profile))
        self.api = ApiClient(DIALECT, account)
        self._names = names_for(settings)
        self._size = PageSize(positive_int(settings, "page_size") or PAGE_SIZE)
        self.learn = context.learn
        self._vendors_at = str(told(context.profile, VENDORS_AT) or "")

    # --- purchase orders ---------------------------------------------------------------------

    def order_items(
        self, since: date | None = None, until: date | None = None, *, created: bool = False
    ) -> Iterator[Page[Raw]]:
        """Items by their last change, or by the creation of their order; both days included."""
        name = "order_items.created" if created else "order_items.modified"
        return self._list("order_items", self._days(name, since, until), _by_id)

    def purchase_orders(
        self, since: date | None = None, until: date | None = None
    ) -> Iterator[Page[Raw]]:
        """Order headers by their last change; both days included."""
        days = self._days("purchase_orders.modified", since, until)
        return self._list("purchase_orders", days, _by_order)

    def purchase_order(self, key: str) -> Raw:
        """One order with its items, by ``procurify_PO`` or uuid."""
        return self._one("purchase_order", key)

    # --- bills -------------------------------------------------------------------------------

    def bills(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Page[Raw]]:
        """Slim bills by their last change; both moments included.

        Whether Procurify includes the very second at either end is not known, so one is added.
        """
        name = self._names["bills.modified"]
        params = {}
        if since is not None:
            params[f"{name}_0"] = _moment(since - timedelta(seconds=1))
        if until is not None:
            params[f"{name}_1"] = _moment(until + timedelta(seconds=1))
        return self._list("bills", params, _by_id)

    def bill(self, locator: str) -> Raw:
        """One bill in full, by the uuid of one of its versions."""
        return self._one("bill", locator)

    # --- master data -------------------------------------------------------------------------

    def vendors(self, *, afresh: bool = False) -> Iterator[Page[Raw]]:
        """All vendors, from the path that this domain answers at, which is then remembered.

        ``afresh`` asks again which one it is.
        """
        known = "" if afresh else self._vendors_at
        paths = sorted(_VENDOR_PATHS, key=lambda name: self._names[name] != known)
        first, found = self._first_page(*paths)
        if first is not None:
            yield first
            yield from found

    def _first_page(self, name: str, other: str = "") -> tuple[Page[Raw] | None, Rows]:
        """The list at the first of two paths, or at the other where the first is refused."""
        found = self._list(name, {}, _by_id)
        try:
            first = next(found, None)
        except ProviderError as error:
            if not other or not refused(error):
                raise
            try:
                return self._first_page(other)
            except ProviderError:
                raise error from None
        if self._names[name] != self._vendors_at:
            self._vendors_at = self._names[name]
            words = f"Procurify lists its vendors at {self._vendors_at}."
            self.learn(Answer(name=VENDORS_AT, value=self._vendors_at, words=words))
        return first, found

    def account_codes(self) -> Iterator[Page[Raw]]:
        return self._list("account_codes", {}, _by_id)

    def currencies(self) -> Iterator[Page[Raw]]:
        return self._list("currencies", {}, _by_id)

    def departments(self) -> Iterator[Page[Raw]]:
        return self._list("departments", {}, _by_id)

    def me(self) -> Raw:
        """The user that the application acts as."""
        return _unwrapped(self.api.get(self._names["me"]).body)

    # --- how ---------------------------------------------------------------------------------

    def _list(
        self, name: str, params: Mapping[str, str], row_key: Callable[[Raw], str]
    ) -> Iterator[Page[Raw]]:
        def fetch(asked: Mapping[str, str]) -> Mapping[str, Any]:
            return _enveloped(self._get(name, asked))

        return pages(fetch, params, self._size, row_key)

    def _one(self, name: str, key: str) -> Raw:
        return _unwrapped(self._get(name, None, {"id": key}))

    def _get(
        self, name: str, params: Mapping[str, str] | None, parts: Mapping[str, str] | None = None
    ) -> Any:
        try:
            return self.api.get(self._names[name], params, parts=parts).body
        except ProviderError as error:
            if error.kind is ErrorKind.PERMISSION and self._refused_altogether():
                raise suspended(error) from None
            raise

    def _refused_altogether(self) -> bool:
        """Whether even the own user's page is refused."""
        try:
            self.me()
        except ProviderError as error:
            return error.kind is ErrorKind.PERMISSION
        return False

    def _days(self, name: str, since: date | None, until: date | None) -> dict[str, str]:
        ends = {"_0": since, "_1": until}
        return {f"{self._names[name]}{end}": day.isoformat() for end, day in ends.items() if day}


def open_client(context: ClientContext) -> ProcurifyClient:
    return ProcurifyClient(context)


def _by_id(row: Raw) -> str:
    return str(row.get("uuid") or row.get("id") or "")


def _by_order(row: Raw) -> str:
    return str(row.get("procurify_PO") or row.get("uuid") or "")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unwrapped(body: Any) -> Raw:
    """The record, in its ``data`` envelope or bare."""
    inner = body.get("data", body) if isinstance(body, Mapping) else body
    if not isinstance(inner, Mapping):
        raise _odd("no record")
    return inner


def _enveloped(body: Any) -> Mapping[str, Any]:
    """A list's body, in its envelope or bare."""
    if isinstance(body, list):
        return {"data": body}
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        raise _odd("no list")
    return body


def _odd(what: str) -> ProviderError:
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.TRANSIENT,
            message=f"{TITLE} answered with success, but with {what}.",
            code=NO_LIST,
            hint="Nothing to do: it is read again by itself. If it lasts, tell the operator.",
            provider=KEY,
        )
    )
