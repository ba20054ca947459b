"""Parcelbook's API as methods: shipments to read, deliveries to write, hooks to keep."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, UnknownOutcomeError
from connectors.core.records import Page, Raw
from connectors.transport.client import ApiClient, Dialect
from connectors.transport.pagination import PageGuard, flagged_pages
from connectors.transport.provider import ClientContext
from tests.third.package.providers.parcelbook.errors import KEY, TABLE, TITLE
from tests.third.package.providers.parcelbook.limits import limits, quota_subject

DIALECT = Dialect(token_scheme="Bearer", errors=TABLE)


class ParcelbookClient:
    """One house's API."""

    def __init__(self, context: ClientContext) -> None:
        settings = context.settings
        account = context.account(quota_subject(settings), limits(settings, context.profile))
        self.api = ApiClient(DIALECT, account)

    def house(self) -> Raw:
        """Which house the key opens."""
        return _record(self.api.get("/house").body)

    # --- reading -----------------------------------------------------------------------------

    def contacts(self) -> Iterator[Page[Raw]]:
        return self._list("/contacts", "contacts")

    def shipments(self, changed_since: str | None = None) -> Iterator[Page[Raw]]:
        """Heads of shipments by their last change, the given moment included."""
        return self._list("/shipments", "shipments", {"changed_since": changed_since})

    def shipment(self, key: str) -> Raw:
        return _record(self.api.get("/shipments/{id}", parts={"id": key}).body)

    def deliveries(self, reference: str) -> Iterator[Page[Raw]]:
        """Deliveries that carry a reference; Parcelbook never lets there be two."""
        return self._list("/deliveries", "deliveries", {"reference": reference})

    def delivery(self, key: str) -> Raw:
        return _record(self.api.get("/deliveries/{id}", parts={"id": key}).body)

    # --- writing -----------------------------------------------------------------------------

    def create_delivery(self, body: Mapping[str, Any]) -> Raw:
        return _written(self.api.write("POST", "/deliveries", json=body).body)

    def change_delivery(self, key: str, body: Mapping[str, Any]) -> Raw:
        reply = self.api.write("PUT", "/deliveries/{id}", parts={"id": key}, json=body)
        return _written(reply.body)

    def announce_delivery(self, key: str) -> Raw:
        reply = self.api.write("POST", "/deliveries/{id}/announce", parts={"id": key}, json={})
        return _written(reply.body)

    # --- hooks -------------------------------------------------------------------------------

    def hooks(self) -> Iterator[Page[Raw]]:
        return self._list("/hooks", "hooks")

    def add_hook(self, address: str, secret: str) -> Raw:
        """A hook for all events; Parcelbook signs with the secret and never shows it again."""
        body = {"address": address, "secret": secret}
        return _written(self.api.write("POST", "/hooks", json=body).body)

    def remove_hook(self, key: str) -> None:
        self.api.write("DELETE", "/hooks/{id}", parts={"id": key}, may_be_empty=True)

    def _list(
        self, path: str, rows_key: str, params: Mapping[str, str | None] | None = None
    ) -> Iterator[Page[Raw]]:
        def fetch(number: int) -> Raw:
            return _record(self.api.get(path, {**(params or {}), "page": str(number)}).body)

        return flagged_pages(fetch, rows_key, PageGuard(KEY, lambda row: str(row.get("id"))))


def open_client(context: ClientContext) -> ParcelbookClient:
    return ParcelbookClient(context)


def _record(body: Any) -> Raw:
    if isinstance(body, Mapping):
        return body
    raise ProviderError(_odd(ErrorKind.TRANSIENT))


def _written(body: Any) -> Raw:
    """What a write answered; an answer that cannot be read does not say that nothing happened."""
    if isinstance(body, Mapping):
        return body
    raise UnknownOutcomeError(_odd(ErrorKind.UNKNOWN_OUTCOME))


def _odd(kind: ErrorKind) -> ErrorFacts:
    return ErrorFacts(
        kind=kind,
        message=f"{TITLE} answered with success, but with no record.",
        hint="Nothing to do: it is looked at again by itself.",
        provider=KEY,
    )
