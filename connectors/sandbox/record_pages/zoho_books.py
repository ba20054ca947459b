"""What people do in Zoho Books: purchase orders, bills, payments and contacts by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.sandbox.record_pages.record import MOST_LINES, Button, Changes, Field, Line, Page
from connectors.sandbox.zoho_books import Simulator, bills, purchase_orders
from connectors.sandbox.zoho_books.errors import ZohoError
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record

TITLE = "Zoho Books"
KINDS = {
    "purchase_order": "purchaseorders",
    "bill": "bills",
    "payment": "vendorpayments",
    "vendor": "contacts",
}
DELETE = Button("delete", "Delete", danger=True)
ORDER_STATUSES = {
    "open": "Mark as open",
    "pending_approval": "Submit for approval",
    "approved": "Approve",
    "rejected": "Reject",
    "cancelled": "Cancel order",
}
BILL_STATUSES = {
    "draft": (Button("open", "Mark as open"), Button("pending_approval", "Submit for approval")),
    "pending_approval": (Button("approved", "Approve"),),
    "open": (Button("void", "Void", danger=True),),
    "void": (Button("open", "Mark as open"),),
}


class Desk:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def page(self, account: str, kind: str, key: str) -> Page:
        org, record = self._found(account, kind, key)
        if kind == "payment":
            return _payment(record)
        if kind == "vendor":
            return _contact(record)
        return _order(record) if kind == "purchase_order" else _bill(org, record)

    def save(self, account: str, kind: str, key: str, changes: Changes) -> None:
        org, old = self._found(account, kind, key)
        if kind == "purchase_order":
            with _refusals():
                purchase_orders.refuse_edit(old)
        sent: dict[str, Any] = dict(changes.head)
        if changes.lines:
            sent["change_lines"] = {one: dict(values) for one, values in changes.lines.items()}
        self._edit(org, kind, key, sent)

    def press(self, account: str, kind: str, key: str, button: str) -> None:
        org, old = self._found(account, kind, key)
        if button == "delete":
            self._delete(org, kind, key)
            return
        sent: dict[str, Any] = {"status": button}
        if kind == "purchase_order":
            # The simulator's people may set any status; its pages keep to the life of an order.
            with _refusals():
                moved = purchase_orders.with_status(old, button)
            sent = {name: moved[name] for name in ("status", "billed_status", "received_status")}
        self._edit(org, kind, key, sent)

    def _edit(self, org: Organization, kind: str, key: str, sent: dict[str, Any]) -> None:
        self._simulator.edit(KINDS[kind], key, {**sent, "organization_id": org.id})

    def _delete(self, org: Organization, kind: str, key: str) -> None:
        self._simulator.delete(KINDS[kind], key, organization_id=org.id)

    def _found(self, account: str, kind: str, key: str) -> tuple[Organization, Record]:
        org = self._simulator.organizations.get(account)
        record = org[KINDS[kind]].get(key) if org and kind in KINDS else None
        if org is None or record is None:
            raise LookupError(f"Zoho Books has no {kind} {key} in the organization {account}.")
        return org, record


def _order(record: Record) -> Page:
    reachable = (name for name in ORDER_STATUSES if _may_become(record, name))
    buttons = (Button(name, ORDER_STATUSES[name], name == "cancelled") for name in reachable)
    return Page(
        provider=TITLE,
        kind="Purchase order",
        title=record["purchaseorder_number"],
        status=_words(record["status"]),
        seen=record["last_modified_time"],
        facts=_facts(record),
        fields=(
            Field("purchaseorder_number", "Number", record["purchaseorder_number"]),
            Field("reference_number", "Reference", record["reference_number"]),
            Field("date", "Date", record["date"], "day"),
            Field("notes", "Notes", record["notes"]),
        ),
        lines=_lines(record),
        buttons=(*buttons, DELETE),
    )


def _may_become(order: Record, status: str) -> bool:
    if status == order["status"]:
        return False
    try:
        purchase_orders.with_status(order, status)
    except ZohoError:
        return False
    return True


def _bill(org: Organization, record: Record) -> Page:
    return Page(
        provider=TITLE,
        kind="Bill",
        title=record["bill_number"],
        status=_words(bills.shown_status(org, record)),
        seen=record["last_modified_time"],
        facts=(*_facts(record), ("Balance", f"{record['balance']} {record['currency_code']}")),
        fields=(
            Field("bill_number", "Number", record["bill_number"]),
            Field("reference_number", "Reference", record["reference_number"]),
            Field("date", "Date", record["date"], "day"),
            Field("due_date", "Due date", record["due_date"], "day"),
            Field("notes", "Notes", record["notes"]),
        ),
        lines=_lines(record),
        buttons=(*BILL_STATUSES.get(record["status"], ()), DELETE),
    )


def _payment(record: Record) -> Page:
    """Its bills' balances hang on it: Zoho's simulator lets people delete one, not change it."""
    paid = ", ".join(one["bill_number"] for one in record["bills"]) or "-"
    return Page(
        provider=TITLE,
        kind="Payment made",
        title=f"Payment {record['payment_number']}",
        status=_words(record["status"]),
        seen=record["last_modified_time"],
        facts=(
            ("Vendor", record["vendor_name"]),
            ("Amount", f"{record['amount']} {record['currency_code']}"),
            ("Date", record["date"]),
            ("Bills", paid),
            ("Reference", record["reference_number"] or "-"),
        ),
        buttons=(DELETE,),
    )


def _contact(record: Record) -> Page:
    active = record["status"] == "active"
    turn = Button("inactive", "Mark as inactive") if active else Button("active", "Mark as active")
    return Page(
        provider=TITLE,
        kind="Vendor",
        title=record["contact_name"],
        status=_words(record["status"]),
        seen=record["last_modified_time"],
        facts=(("Id", record["contact_id"]), ("Modified", record["last_modified_time"])),
        fields=(
            Field("contact_name", "Name", record["contact_name"]),
            Field("company_name", "Company", record["company_name"]),
            Field("email", "E-mail", record["email"]),
            Field("phone", "Phone", record["phone"]),
            Field("notes", "Notes", record["notes"]),
        ),
        buttons=(turn, DELETE),
    )


def _facts(record: Record) -> tuple[tuple[str, str], ...]:
    return (
        ("Vendor", record["vendor_name"]),
        ("Total", f"{record['total']} {record['currency_code']}"),
        ("Modified", record["last_modified_time"]),
    )


def _lines(record: Record) -> tuple[Line, ...]:
    return tuple(
        Line(
            line["line_item_id"],
            (
                Field("description", "Description", line["description"]),
                Field("quantity", "Quantity", format(line["quantity"], "f"), "amount"),
                Field("rate", "Rate", format(line["rate"], "f"), "amount"),
            ),
            format(line["item_total"], "f"),
        )
        for line in record["line_items"][:MOST_LINES]
    )


def _words(status: str) -> str:
    return status.replace("_", " ").capitalize()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ZohoError as error:
        raise ValueError(error.message) from error
