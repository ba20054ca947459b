"""The Zoho Books simulator as the sandbox's framework sees it.

State and control actions enter, routes and books leave. Everything is delegated to the modules of
the nouns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import web

from connectors.sandbox.clock import Clock
from connectors.sandbox.deliveries import Outbox
from connectors.sandbox.zoho_books import (
    bill_routes,
    bills,
    contacts,
    items,
    locations,
    locks,
    organizations,
    people,
    projects,
    purchase_order_routes,
    purchase_orders,
    reference,
    vendor_payments,
)
from connectors.sandbox.zoho_books.accounts import SELF_CLIENT_LIFE, Accounts, parse_scopes
from connectors.sandbox.zoho_books.api import Front, Route
from connectors.sandbox.zoho_books.envelope import failure
from connectors.sandbox.zoho_books.errors import ZohoError
from connectors.sandbox.zoho_books.loader import exact, joined, load_accounts, load_organizations
from connectors.sandbox.zoho_books.oauth import OAuthPages
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.workflows import Workflows

ROUTES: list[Route] = [
    *organizations.ROUTES,
    *contacts.ROUTES,
    *purchase_order_routes.ROUTES,
    *bill_routes.ROUTES,
    *vendor_payments.ROUTES,
    *reference.ROUTES,
    *projects.ROUTES,
    *items.ROUTES,
    *locations.ROUTES,
    *locks.ROUTES,
]
SHOWN: dict[str, Callable[[Organization, Record], Record]] = {
    "purchaseorders": purchase_orders.detail,
    "bills": bills.detail,
    "contacts": contacts.detail,
}
Thing = TypeVar("Thing")
SCRIPTED_ERRORS = {
    400: ("invalid_value", "Invalid value passed for JSONString"),
    401: ("not_authorised", "You are not authorized to perform this operation"),
    404: ("invalid_url", "Invalid URL Passed"),
    405: ("method_not_allowed", "The HTTP method is not allowed here."),
    429: ("per_minute", "For security reasons your organization has been blocked."),
}


class Simulator:
    """All regions, organizations and grants of one sandbox."""

    name = "zoho_books"
    SAVED = ("accounts", "organizations")

    def __init__(self, clock: Clock, options: dict[str, Any]) -> None:
        self._clock = clock
        self._options = options
        self.accounts = Accounts(clock, options)
        self.organizations: dict[str, Organization] = {}
        self.workflows = Workflows(options)
        self.calls: dict[str, Callable[[dict[str, Any]], Any]] = {
            "grant_code": self.grant_code,
            "expire_tokens": lambda params: self.accounts.expire_all(),
            "revoke_grants": lambda params: self.accounts.revoke_all(),
            "suspend": lambda params: options.update(zoho_suspended=True),
            "resume": lambda params: options.update(zoho_suspended=False),
            "use_daily": self.use_daily,
            "merge_contacts": self.merge_contacts,
            "register_redirect": self.register_redirect,
            "add_webhook": self.workflows.add,
            "remove_webhook": self.workflows.remove,
            "webhooks": lambda params: self.workflows.all(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Replace everything by a company's state."""
        self.accounts = load_accounts(state, self._clock, self._options)
        self.organizations = load_organizations(state, self._clock, self._options)
        self.workflows.clear()
        for org in self.organizations.values():
            org.observer = self.workflows.changed

    def forget(self) -> None:
        """Drop the workflow rules."""
        self.workflows.clear()

    def joined(self, states: list[dict[str, Any]]) -> dict[str, Any]:
        """Several companies' organizations beside each other."""
        return joined(states)

    def send_through(self, outbox: Outbox) -> None:
        """Workflow webhooks leave by this queue."""
        self.workflows.send_through(outbox, SHOWN)

    def routes(self) -> list[web.RouteDef]:
        """Accounts servers and API of all regions."""
        pages = OAuthPages(lambda: self.accounts, self._options)
        front = Front(lambda: self.accounts, lambda: self.organizations, self._options)
        return [*pages.routes(), *front.routes(ROUTES)]

    def books(self) -> dict[str, Any]:
        """Every record's newest version: the first organization's at the top, then the others'."""
        if not self.organizations:
            return {}
        first, *others = self.organizations.values()
        return {
            "organization_id": first.id,
            **_books_of(first),
            "other_organizations": {org.id: _books_of(org) for org in others},
        }

    def edit(self, kind: str, record_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """A person edits a record."""
        org = self._holder(kind, record_id, changes)
        with self._by_people():
            return people.edit(org, kind, record_id, exact(changes))

    def add(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """A person adds a record."""
        org = self._organization(record)
        with self._by_people():
            return people.add(org, kind, exact(record))

    def delete(self, kind: str, record_id: str, organization_id: str = "") -> None:
        """A person deletes a record."""
        org = self._holder(kind, record_id, {"organization_id": organization_id})
        old = org.tables[kind].get(record_id) if kind in org.tables else None
        with self._by_people():
            people.delete(org, kind, record_id)
            self.workflows.changed(org, kind, old, None)

    def error_response(self, status: int) -> web.Response:
        """A scripted error with the body that Zoho would send."""
        name, message = SCRIPTED_ERRORS.get(status, ("internal", "Internal error"))
        return failure(ZohoError(name, message, status), self._options)

    def grant_code(self, params: dict[str, Any]) -> str:
        """A self-client code, as a person takes it from the API console."""
        return self.accounts.issue_code(
            _chosen(self.accounts.clients, params.get("client_id"), "client"),
            _chosen(self.accounts.users, params.get("user_id"), "user"),
            parse_scopes(params.get("scope", "ZohoBooks.fullaccess.all")),
            redirect_uri=None,
            offline=params.get("access_type", "offline") == "offline",
            consent=True,
            life=float(params.get("seconds", SELF_CLIENT_LIFE)),
        )

    def merge_contacts(self, params: dict[str, Any]) -> dict[str, Any]:
        """A person merges the contact ``contact_id`` into another, ``into``."""
        org = self._holder("contacts", str(params["contact_id"]), params)
        with self._by_people():
            return contacts.merge(org, str(params["contact_id"]), str(params["into"]))

    def use_daily(self, params: dict[str, Any]) -> int:
        """Count calls that the organization's other programs made today."""
        org = self._organization(params)
        org.limiter.use(int(params["calls"]))
        return int(org.limiter.headers()["X-Rate-Limit-Remaining"])

    def register_redirect(self, params: dict[str, Any]) -> list[str]:
        """Register a further redirect address of a client."""
        client = self.accounts.clients[params["client_id"]]
        client.redirect_uris.append(params["redirect_uri"])
        return client.redirect_uris

    @contextmanager
    def _by_people(self) -> Iterator[None]:
        """What is done here is done by a person: it fires workflows."""
        self.workflows.by_people = True
        try:
            yield
        except ZohoError as error:
            raise ValueError(error.message) from error
        finally:
            self.workflows.by_people = False

    def _holder(self, kind: str, record_id: str, params: dict[str, Any]) -> Organization:
        """The organization that is named, else the one that has the record, else the first."""
        holders = (
            org
            for org in self.organizations.values()
            if kind in org.tables and org.tables[kind].get(record_id) is not None
        )
        if params.get("organization_id"):
            return self._organization(params)
        return next(holders, None) or self._organization({})

    def _organization(self, params: dict[str, Any]) -> Organization:
        return _chosen(self.organizations, params.get("organization_id"), "organization")


def _chosen(known: dict[str, Thing], key: Any, what: str) -> Thing:
    """The one that is named, or the first; nothing is there before a company is loaded."""
    found = known.get(str(key)) if key else next(iter(known.values()), None)
    if found is None:
        raise LookupError(f"There is no such {what} in Zoho Books: {key or 'none is loaded'}.")
    return found


def _books_of(org: Organization) -> dict[str, Any]:
    books: dict[str, Any] = {"organization": org.record}
    for kind, table in org.tables.items():
        show = SHOWN.get(kind)
        books[kind] = [show(org, one) if show else one for one in table.records()]
    books["transactionlocks"] = list(org.locks.values())
    return books
