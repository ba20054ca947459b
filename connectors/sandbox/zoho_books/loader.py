"""Seed state to organizations: what a company brings is completed as Zoho would complete it.

A state dict (its form is in the package's own docstring) enters, organizations leave. Seeded
records go through the same builders as the API's, so they cannot contradict themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.zoho_books import bills, locks, organizations, people
from connectors.sandbox.zoho_books.accounts import REGIONS, Accounts, Client, User
from connectors.sandbox.zoho_books.state import BEGINNING, KINDS, Organization
from connectors.sandbox.zoho_books.table import Record

# Referred to before referring: documents need contacts and projects, both need currencies.
ORDER = (
    "currencies",
    "users",
    "chartofaccounts",
    "taxes",
    "contacts",
    "projects",
    "items",
    "reportingtags",
    "locations",
    "purchaseorders",
    "bills",
    "vendorpayments",
)
DEFAULT_USER = {"user_id": "460000000000801", "name": "Robin Keller", "email": "robin@example.com"}


def load_organizations(
    state: Mapping[str, Any], clock: Clock, options: Mapping[str, Any]
) -> dict[str, Organization]:
    """All organizations with everything in them, the first one holding the loose collections."""
    found: dict[str, Organization] = {}
    for position, seed in enumerate(state.get("organizations", ())):
        own = {name: value for name, value in seed.items() if name not in COLLECTIONS}
        org = Organization(organizations.build(own), clock, options)
        source = {**state, **seed} if position == 0 else seed
        fill(org, exact({name: source.get(name) for name in COLLECTIONS}), _users(state))
        found[org.id] = org
    if not found:
        raise ValueError("Zoho Books needs at least one organization to load.")
    return found


COLLECTIONS = (*KINDS, "transactionlocks", "custom_fields")


def joined(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One state of several companies': each organization with its own collections in it."""
    found: list[Record] = []
    for state in states:
        first, *others = state["organizations"]
        own = {name: state[name] for name in COLLECTIONS if name in state and name != "users"}
        for seed in ({**own, **first}, *others):
            # The one user who belongs to all of them has one default.
            default = bool(seed.get("is_default_org")) and state is states[0]
            found.append({**seed, "is_default_org": default})
    users = [seed for state in states for seed in state.get("users", ())]
    return {
        "region": states[0].get("region", "us"),
        "clients": [client for state in states for client in state.get("clients", ())],
        "organizations": found,
        **({"users": users} if users else {}),
    }


def fill(org: Organization, source: Mapping[str, Any], users: list[Record]) -> None:
    """Put the collections into an organization."""
    org.custom_fields = source.get("custom_fields") or {}
    for kind in ORDER:
        rows = source.get(kind) or []
        if kind == "currencies":
            rows = _with_base_currency(org, rows)
        if kind == "users":
            rows = [*users, *rows]
        for row in rows:
            _reserve_ids(org, row)
        for row in rows:
            load_record(org, kind, row)
    for module, day in (source.get("transactionlocks") or {}).items():
        locks.set_lock(org, module, day)


def load_record(org: Organization, kind: str, seed: Mapping[str, Any]) -> None:
    """One seeded record, made when it says, on its own date, or at the beginning of time."""
    record = people.compose(org, kind, seed)
    created = _moment(org, seed.get("created_time") or record.get("date"), BEGINNING)
    modified = _moment(org, seed.get("last_modified_time"), created)
    org.load(kind, record, created, modified)
    people.follow_up(org, kind, record)
    if kind == "bills" and record["status"] == "void":
        org.load(kind, bills.with_status(record, "void"), created, modified)


def load_accounts(state: Mapping[str, Any], clock: Clock, options: Mapping[str, Any]) -> Accounts:
    """Clients and users; nothing is granted yet."""
    accounts = Accounts(clock, options)
    region = state.get("region", "us")
    for seed in _users(state):
        orgs = tuple(seed["organizations"]) if seed.get("organizations") else None
        accounts.users[seed["user_id"]] = User(
            seed["user_id"], seed["name"], seed["email"], seed.get("region", region), orgs
        )
    for seed in state.get("clients", ()):
        accounts.clients[seed["client_id"]] = Client(
            id=seed["client_id"],
            secret=seed["client_secret"],
            redirect_uris=list(seed.get("redirect_uris", ["*"])),
            region=seed.get("region", region),
            regions=tuple(seed.get("regions", REGIONS)),
        )
    return accounts


def exact(value: Any) -> Any:
    """Seeds in which a float slipped in still become exact decimals."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [exact(one) for one in value]
    return value


def _users(state: Mapping[str, Any]) -> list[Record]:
    return [dict(seed) for seed in state.get("users") or (DEFAULT_USER,)]


def _with_base_currency(org: Organization, rows: list[Record]) -> list[Record]:
    code = org.record["currency_code"]
    if any(row["currency_code"] == code for row in rows):
        return rows
    return [{"currency_code": code}, *rows]


def _reserve_ids(org: Organization, row: Mapping[str, Any]) -> None:
    ids = [row.get(id_field) for id_field in KINDS.values()]
    ids += [line.get("line_item_id") for line in row.get("line_items", ())]
    for value in ids:
        if value:
            org.seen_id(str(value))


def _moment(org: Organization, value: Any, default: datetime) -> datetime:
    if not value:
        return default
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001
    else:
        moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=org.zone)
