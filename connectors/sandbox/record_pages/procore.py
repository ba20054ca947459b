"""What people do in Procore: commitments and vendors by hand."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.procore import Simulator, contracts
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record
from connectors.sandbox.record_pages.record import MOST_LINES, Button, Changes, Field, Line, Page

TITLE = "Procore"
KINDS = {"commitment": contracts.KIND, "vendor": "vendors"}
DELETE = Button("delete", "Delete", danger=True)
STATUSES = {
    "Draft": ("Submitted", "Approved"),
    "Processing": ("Submitted", "Approved", "Draft"),
    "Submitted": ("Approved", "Draft"),
    "Approved": ("Closed", "Draft"),
    "Closed": ("Approved",),
}


class Desk:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def page(self, account: str, kind: str, key: str) -> Page:
        books, record = self._found(account, kind, key)
        return _commitment(books, record) if kind == "commitment" else _vendor(record)

    def save(self, account: str, kind: str, key: str, changes: Changes) -> None:
        self._found(account, kind, key)
        for line_id, values in changes.lines.items():
            self._simulator.edit("line_items", line_id, dict(values))
        if changes.head:
            self._simulator.edit(KINDS[kind], key, dict(changes.head))

    def press(self, account: str, kind: str, key: str, button: str) -> None:
        self._found(account, kind, key)
        if button == "delete":
            self._simulator.delete(KINDS[kind], key)
        elif kind == "vendor":
            self._simulator.edit(KINDS[kind], key, {"is_active": button == "activate"})
        else:
            self._simulator.edit(KINDS[kind], key, {"status": button})

    def _found(self, account: str, kind: str, key: str) -> tuple[Books, Record]:
        # People act in the first company, as everywhere in the simulator.
        books = next(iter(self._simulator.companies.values()), None)
        known = books is not None and str(books.company["id"]) == account and kind in KINDS
        record = books[KINDS[kind]].get(int(key)) if books and known and key.isdigit() else None
        if books is None or record is None:
            raise LookupError(f"Procore has no {kind} {key} in the company {account}.")
        return books, record


def _commitment(books: Books, record: Record) -> Page:
    vendor = books["vendors"].get(record["vendor_id"] or 0)
    rows = books["line_items"].of(record["id"])
    return Page(
        provider=TITLE,
        kind="Commitment",
        title=f"{record['number']} {record['title']}".strip(),
        status=record["status"],
        seen=_seen(record, rows),
        facts=(
            ("Vendor", vendor["name"] if vendor else "-"),
            ("Project", books["projects"].need(record["project_id"])["name"]),
            ("Total", f"{contracts.total(books, record)} {record['currency_iso_code']}"),
            ("Modified", record["updated_at"]),
        ),
        fields=(
            Field("number", "Number", record["number"] or ""),
            Field("title", "Title", record["title"] or ""),
            Field("contract_date", "Date", record["contract_date"] or "", "day"),
            Field("description", "Description", record["description"] or ""),
        ),
        lines=tuple(_line(record, row) for row in rows[:MOST_LINES]),
        buttons=(
            *(Button(to, f"Set to {to}") for to in STATUSES.get(record["status"], ("Draft",))),
            DELETE,
        ),
    )


def _seen(record: Record, rows: list[Record]) -> str:
    return "/".join([record["updated_at"], *(f"{row['amount']}" for row in rows)])


def _line(contract: Record, row: Record) -> Line:
    """On unit contracts the amount follows from quantity and unit cost."""
    described = Field("description", "Description", row["description"] or "")
    names = {"amount": "Amount"}
    if _is_calculated(contract, row):
        names = {"quantity": "Quantity", "unit_cost": "Unit cost"}
    amounts = (Field(name, label, _plain(row[name]), "amount") for name, label in names.items())
    return Line(str(row["id"]), (described, *amounts), _plain(row["amount"]))


def _is_calculated(contract: Record, row: Record) -> bool:
    priced = row["quantity"] is not None and row["unit_cost"] is not None
    unit = contract["accounting_method"] == "unit" and row["extended_type"] == "calculated"
    return bool(unit and priced)


def _plain(number: Any) -> str:
    return "" if number is None else format(number, "f")


def _vendor(record: Record) -> Page:
    active = record["is_active"]
    turn = Button("deactivate", "Deactivate") if active else Button("activate", "Activate")
    return Page(
        provider=TITLE,
        kind="Vendor",
        title=record["name"],
        status="Active" if active else "Inactive",
        seen=record["updated_at"],
        facts=(("Id", str(record["id"])), ("Modified", record["updated_at"])),
        fields=(
            Field("name", "Name", record["name"]),
            Field("city", "City", record["city"] or ""),
            Field("email_address", "E-mail", record["email_address"] or ""),
            Field("notes", "Notes", record["notes"] or ""),
        ),
        buttons=(turn,),
    )
