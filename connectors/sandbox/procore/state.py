"""One Procore company in memory, and how a company's seed becomes it.

The state to load; everything marked with ``?`` may be left out, ids are integers, unique over all
kinds and best below 600000000, amounts and quantities are text::

    {"client_id": "...", "client_secret": "...",
     "company": {"id": 5358233, "name": "...", "currency_iso_code"?: "USD"},
     "other_companies"?: [{"id", "name"}],         # the app is installed there too; all are empty
     "user"?: {"id", "login", "name"},             # the service account's own directory user
     "people"?: [{"id", "login", "name"}],         # the first makes the control door's edits
     "application_id"?: 7001,
     "permitted_projects"?: [project ids],         # default: all
     "segments"?: {"cost_code": 447332, "line_item_type": 447333},
     "uoms"?: ["ea", "ls", ...],
     "line_item_types": [{"id", "code": "M", "name": "Materials", "base_type"?: "materials"}],
     "vendors": [{"id", "name", "abbreviated_name"?, "is_active"?: true, "origin_id"?, ...}],
     "projects": [
        {"id", "name", "project_number"?, "active"?: true, "origin_id"?, "currency_iso_code"?,
         "accounting_method"?: "amount",           # what new commitments get
         "is_erp_integrated"?: false,              # another system owns its commitments
         "vendors"?: [vendor ids in the project's directory],
         "cost_codes": [{"id", "code": "100", "name", "parent_id"?, "origin_id"?}],
                    # full_code is the parent's full_code, "-", and the code ("03-100")
         "wbs_codes": [{"id", "cost_code_id", "line_item_type_id", "description"?,
                        "status"?: "active", "budget"?: "125000.00"}]}],
                    # flat_code is full_code, ".", type code ("03-100.M"); without "budget" the
                    # code is not budgeted
     "purchase_order_contracts"?: [{"id", "project_id", "number", "title", "vendor_id", "status",
         "accounting_method"?, "contract_date"?, "origin_id"?, "deleted_at"?, "created_at"?,
         "updated_at"?, "invoiced"?: "500.00",
         "line_items"?: [{"id", "wbs_code_id", "description", "amount", "quantity"?, "unit_cost"?,
                          "uom"?, "origin_id"?}]}]}

An empty state is a Procore where the app is installed nowhere. Nothing here speaks HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from connectors.sandbox.clock import Clock
from connectors.sandbox.procore.table import Record, Table, stamp

FIRST_ID = 600_000_000
DEFAULT_SEGMENTS = {"cost_code": 447332, "line_item_type": 447333}
DEFAULT_UOMS = ("ea", "ls", "lf", "sf", "sy", "cy", "ton", "hr", "day", "lot")
DEFAULT_USER = {"id": 599_000_001, "login": "connector@dmsa.example", "name": "Connector Service"}
DEFAULT_PERSON = {"id": 599_000_002, "login": "pat@example.com", "name": "Pat Morgan"}
TIMES = ("created_at", "updated_at")
BEGINNING = "2020-01-01T00:00:00Z"
# Kinds with the field by which they are often asked.
KINDS = {
    "projects": "",
    "vendors": "",
    "project_vendors": "project_id",
    "line_item_types": "",
    "cost_codes": "project_id",
    "wbs_codes": "project_id",
    "budget_line_items": "project_id",
    "purchase_order_contracts": "project_id",
    "line_items": "contract_id",
    "hooks": "",
    "triggers": "hook_id",
}


class Actor(NamedTuple):
    """Who makes a change: a user, and the application that acts for it, if one does."""

    user_id: int
    application_id: int | None = None


class Change(NamedTuple):
    """A record was made, changed or deleted; what webhooks tell of."""

    kind: str
    event: str
    record: Record
    actor: Actor


class Books:
    """Everything that one Procore company holds."""

    def __init__(
        self, clock: Clock, options: Mapping[str, Any], state: Mapping[str, Any] | None = None
    ) -> None:
        state = state or {}
        self.clock = clock
        self.options = options
        self.company: Record = {"id": 0, "name": "", **state.get("company", {})}
        self.other_companies: list[Record] = list(state.get("other_companies", ()))
        self.credentials = (state.get("client_id", ""), state.get("client_secret", ""))
        self.user: Record = dict(state.get("user", DEFAULT_USER))
        self.people: list[Record] = list(state.get("people", (DEFAULT_PERSON,)))
        self.application_id: int = state.get("application_id", 7001)
        self.permitted: set[int] | None = None
        if "permitted_projects" in state:
            self.permitted = set(state["permitted_projects"])
        self.segments: dict[str, int] = {**DEFAULT_SEGMENTS, **state.get("segments", {})}
        self.uoms: list[str] = list(state.get("uoms", DEFAULT_UOMS))
        self.tables = {kind: Table(clock, options, group) for kind, group in KINDS.items()}
        self.actor = Actor(self.people[0]["id"])
        self.observer: Callable[[Change], None] = lambda change: None
        self._last_id = FIRST_ID

    def __getitem__(self, kind: str) -> Table:
        if kind not in self.tables:
            raise LookupError(f"Procore has no kind {kind!r}; there is {sorted(self.tables)}.")
        return self.tables[kind]

    @property
    def currency(self) -> str:
        """The company's own currency."""
        return str(self.company.get("currency_iso_code") or "USD")

    def next_id(self) -> int:
        """A new id, above every one that was loaded."""
        self._last_id += 1
        return self._last_id

    def seen_id(self, value: int) -> int:
        """Keep new ids clear of a loaded one."""
        self._last_id = max(self._last_id, value)
        return value

    def now(self) -> str:
        """The moment, as records carry it."""
        return stamp(self.clock.now())

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[None]:
        """What is changed within is changed by somebody else than a person of the company."""
        before, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = before

    def save(self, kind: str, record: Record) -> Record:
        """Store a new or changed record with its times; one that says the same stays as it was."""
        table = self.tables[kind]
        old = table.need(record["id"]) if record["id"] in table else None
        if old is not None and _content(old) == _content(record):
            return old
        now = self.now()
        saved = table.put(
            {**record, "created_at": old["created_at"] if old else now, "updated_at": now}
        )
        self.tell(kind, "update" if old else "create", saved)
        return saved

    def remove(self, kind: str, record_id: int) -> None:
        """Delete a record for good."""
        self.tell(kind, "delete", self.tables[kind].remove(record_id))

    def bury(self, kind: str, record: Record) -> None:
        """Delete a record that stays known as deleted."""
        now = self.now()
        buried = self.tables[kind].put({**record, "deleted_at": now, "updated_at": now})
        self.tell(kind, "delete", buried)

    def tell(self, kind: str, event: str, record: Record) -> None:
        """Let webhooks know."""
        self.observer(Change(kind, event, record, self.actor))

    def load(self, kind: str, record: Record) -> Record:
        """Store a seeded record, with the times it brings or the beginning of time."""
        self.seen_id(record["id"])
        record["created_at"] = record.get("created_at") or BEGINNING
        record["updated_at"] = record.get("updated_at") or record["created_at"]
        return self.tables[kind].put(record, seen=True)

    def permits(self, project_id: int) -> bool:
        """Whether an administrator picked the project for this app."""
        return self.permitted is None or project_id in self.permitted


def _content(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in TIMES}
