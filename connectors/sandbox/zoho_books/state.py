"""One organization's books in memory: its tables, its ids, its zone and its locks.

Handlers read and replace records here; nothing in this module speaks HTTP. Money is Decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.clock import Clock
from connectors.sandbox.zoho_books.limits import Limiter
from connectors.sandbox.zoho_books.table import Record, Table

# Told of every save: organization, kind, the record before (if any) and after.
Observer = Callable[["Organization", str, Record | None, Record | None], None]
FIRST_ID = 460000000100000
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

KINDS = {
    "contacts": "contact_id",
    "purchaseorders": "purchaseorder_id",
    "bills": "bill_id",
    "vendorpayments": "payment_id",
    "chartofaccounts": "account_id",
    "taxes": "tax_id",
    "currencies": "currency_id",
    "users": "user_id",
    "projects": "project_id",
    "items": "item_id",
    "reportingtags": "tag_id",
    "locations": "location_id",
}

INDEXES: dict[str, dict[str, Any]] = {
    "contacts": {"contact_name": lambda row: [fold(row["contact_name"])]},
    "currencies": {"currency_code": lambda row: [row["currency_code"]]},
    "purchaseorders": {
        "purchaseorder_number": lambda row: [row["purchaseorder_number"]],
        "reference_number": lambda row: [row["reference_number"]],
        "vendor_id": lambda row: [row["vendor_id"]],
        "custom": lambda row: list(row["custom_field_hash"].items()),
    },
    "bills": {
        "bill_number": lambda row: [row["bill_number"]],
        "reference_number": lambda row: [row["reference_number"]],
        "vendor_id": lambda row: [row["vendor_id"]],
        "vendor_bill": lambda row: [(row["vendor_id"], row["bill_number"].strip())],
        "purchaseorder_id": lambda row: row["purchaseorder_ids"],
        "custom": lambda row: list(row["custom_field_hash"].items()),
    },
    "vendorpayments": {
        "vendor_id": lambda row: [row["vendor_id"]],
        "bill_id": lambda row: [applied["bill_id"] for applied in row["bills"]],
    },
}

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)


def fold(name: str) -> str:
    """A name as Zoho compares it for uniqueness."""
    return name.strip().casefold()


class Organization:
    """One organization and everything in it."""

    def __init__(self, record: Record, clock: Clock, options: Mapping[str, Any]) -> None:
        self.record = record
        self.id = str(record["organization_id"])
        self.clock = clock
        self.options = options
        self.zone = ZoneInfo(record["time_zone"])
        self.tables = {
            kind: Table(id_field, clock, options, INDEXES.get(kind))
            for kind, id_field in KINDS.items()
        }
        self.locks: dict[str, Record] = {}
        self.custom_fields: dict[str, list[Record]] = {}
        self.limiter = Limiter(clock, options, self.zone, record["plan_name"])
        self.observer: Observer = lambda org, kind, old, new: None
        self._last_id = FIRST_ID
        self._last_number = 0

    def __getitem__(self, kind: str) -> Table:
        if kind not in self.tables:
            raise LookupError(f"Zoho Books has no kind {kind!r}; there is {sorted(self.tables)}.")
        return self.tables[kind]

    def next_id(self) -> str:
        """A new id, above every one that was loaded."""
        self._last_id += 2
        return str(self._last_id)

    def seen_id(self, value: str) -> None:
        """Keep new ids clear of a loaded one."""
        if value.isdigit() and len(value) < 19:
            self._last_id = max(self._last_id, int(value))

    def next_number(self) -> str:
        """The automatic purchase order number."""
        self._last_number += 1
        return f"PO-{self._last_number:05d}"

    def today(self) -> date:
        """The organization's own calendar day."""
        return self.clock.now().astimezone(self.zone).date()

    def fiscal_year(self, day: str) -> int:
        """The calendar year in which the fiscal year of a day began."""
        start = str(self.record["fiscal_year_start_month"]).casefold()
        month = int(start) + 1 if start.isdecimal() else MONTHS.index(start) + 1
        found = date.fromisoformat(day)
        return found.year if found.month >= month else found.year - 1

    def stamp(self, moment: datetime) -> str:
        """A timestamp as Zoho prints it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S%z")

    def save(self, kind: str, record: Record, *, modified: datetime | None = None) -> Record:
        """Store a record, new or changed, with its times."""
        table = self.tables[kind]
        now = self.clock.now()
        record_id = record[table.id_field]
        created = table.version(record_id).created if record_id in table else now
        changed = modified or now
        old = table.get(record_id)
        record["created_time"] = self.stamp(created)
        record["last_modified_time"] = self.stamp(changed)
        saved = table.put(record, created, changed, seen=False)
        self.observer(self, kind, old, saved)
        return saved

    def load(self, kind: str, record: Record, created: datetime, modified: datetime) -> Record:
        """Store a seeded record, which everybody sees at once."""
        record["created_time"] = self.stamp(created)
        record["last_modified_time"] = self.stamp(modified)
        self.seen_id(record[self.tables[kind].id_field])
        return self.tables[kind].put(record, created, modified, seen=True)

    @property
    def base_currency(self) -> Record:
        """The currency that the organization keeps its books in."""
        return self.currency(self.record["currency_code"])

    def currency(self, code: str) -> Record:
        """A currency by its code."""
        found = self.tables["currencies"].find("currency_code", code)
        if not found:
            raise LookupError(f"Organization {self.id} has no currency {code}.")
        return self.tables["currencies"].need(found[0])
