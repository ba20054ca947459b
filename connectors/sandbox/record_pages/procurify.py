"""What people do in Procurify: orders, bills, vendors and payments by hand.

A change of an approved bill is a fix, which makes a new version; one of an order is a revision.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from connectors.sandbox.procurify import Simulator, bills, orders
from connectors.sandbox.procurify.formats import cents
from connectors.sandbox.procurify.table import Row
from connectors.sandbox.record_pages.record import MOST_LINES, Button, Changes, Field, Line, Page

TITLE = "Procurify"
TABLES = {
    "purchase_order": "purchase_orders",
    "bill": "bills",
    "vendor": "vendors",
    "payment": "payments",
}
ORDER_STATES = ("Purchased", "Cancelled", "Legacy", "Closed", "Paid", "Reopened")
BILL_STATES = ("Draft", "Confirmed", "Approved", "Denied", "Paid", "Withdrawn")
DELETE = Button("delete", "Delete", danger=True)
ORDER_BUTTONS = {
    orders.PURCHASED: (Button("close", "Close"), Button("cancel", "Cancel order", danger=True)),
    orders.REOPENED: (Button("close", "Close"), Button("cancel", "Cancel order", danger=True)),
    orders.CANCELLED: (Button("reopen", "Reopen"),),
    orders.CLOSED: (Button("reopen", "Reopen"),),
}
_APPROVE = Button("approve", "Approve")
BILL_BUTTONS = {
    bills.DRAFT: (_APPROVE,),
    bills.CONFIRMED: (_APPROVE, Button("deny", "Deny", danger=True)),
    bills.APPROVED: (Button("pay", "Mark as paid"), Button("withdraw", "Withdraw", danger=True)),
    bills.DENIED: (_APPROVE,),
    bills.WITHDRAWN: (_APPROVE,),
}


class Desk:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def page(self, account: str, kind: str, key: str) -> Page:
        row = self._row(account, kind, key)
        shows = {
            "purchase_order": self._order,
            "bill": self._bill,
            "vendor": self._vendor,
            "payment": self._payment,
        }
        return shows[kind](row)

    def save(self, account: str, kind: str, key: str, changes: Changes) -> None:
        row = self._row(account, kind, key)
        days = {one.name for one in self.page(account, kind, key).fields if one.kind == "day"}
        # Days are date-times in the domain's own offset, whose time of day stays.
        sent: dict[str, Any] = {
            name: f"{value}{str(row.get(name) or '')[10:]}" if name in days else value
            for name, value in changes.head.items()
        }
        if kind == "purchase_order":
            sent |= _order_lines(row, changes)
        elif kind == "bill":
            sent |= _bill_lines(row, changes)
            fixed = row["status"] in (bills.APPROVED, bills.PAID)
            sent["action"] = "fix" if fixed else "edit"
        elif kind == "payment":
            sent["updated_at"] = self._simulator.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._simulator.edit(kind, key, sent)

    def press(self, account: str, kind: str, key: str, button: str) -> None:
        row = self._row(account, kind, key)
        if button == "delete":
            self._simulator.delete(kind, key)
        elif button in ("activate", "deactivate"):
            self._simulator.edit(kind, key, {"active": button == "activate"})
        else:
            self._simulator.edit(kind, str(row.get("group") or key), {"action": button})

    def _row(self, account: str, kind: str, key: str) -> Row:
        store = self._simulator.store
        if account != store.subdomain or kind not in TABLES:
            raise LookupError(f"Procurify has no {kind} {key} in the domain {account}.")
        row = store[TABLES[kind]].get(key)
        if row is None:
            raise LookupError(f"Procurify has no {kind} {key} any more.")
        return row

    def _party(self, row: Row) -> str:
        vendor = self._simulator.store["vendors"].get(row["vendor"])
        return str(vendor["name"]) if vendor else "-"

    def _order(self, row: Row) -> Page:
        return Page(
            provider=TITLE,
            kind="Purchase order",
            title=str(row["number"]),
            status=ORDER_STATES[row["state"]],
            seen=f"{row['last_modified']}/{row['version']}",
            facts=(
                ("Vendor", self._party(row)),
                ("Total", f"{row['total']} {row['currency']}"),
                ("Revision", str(row["version"])),
                ("Modified", str(row["last_modified"])),
            ),
            fields=(
                Field("number", "Number", str(row["number"])),
                Field("date", "Date", str(row["date"])[:10], "day"),
                Field("comment", "Note", str(row.get("comment") or "")),
            ),
            lines=tuple(_order_line(item) for item in row["items"][:MOST_LINES]),
            buttons=(*ORDER_BUTTONS.get(row["state"], ()), DELETE),
        )

    def _bill(self, row: Row) -> Page:
        return Page(
            provider=TITLE,
            kind="Bill",
            title=str(row["invoice_number"]),
            status=BILL_STATES[row["status"]],
            seen=f"{row['last_modified_datetime']}/{row['uuid']}",
            facts=(
                ("Vendor", self._party(row)),
                ("Total", f"{row['total']} {row['currency']}"),
                ("Version", str(row["version"])),
                ("Modified", str(row["last_modified_datetime"])),
            ),
            fields=(
                Field("invoice_number", "Invoice number", str(row["invoice_number"])),
                Field("invoice_date", "Invoice date", str(row["invoice_date"])[:10], "day"),
                Field("due_date", "Due date", str(row.get("due_date") or "")[:10], "day"),
                Field("note", "Note", str(row.get("note") or "")),
            ),
            lines=(
                *(_bill_line(item) for item in row["items"][:MOST_LINES]),
                *(_cost_line(cost) for cost in row["costs"][:MOST_LINES]),
            ),
            buttons=(*BILL_BUTTONS.get(row["status"], ()), DELETE),
        )

    def _vendor(self, row: Row) -> Page:
        active = row.get("active", True)
        turn = Button("deactivate", "Deactivate") if active else Button("activate", "Activate")
        return Page(
            provider=TITLE,
            kind="Vendor",
            title=str(row["name"]),
            status="Active" if active else "Inactive",
            seen=str(row.get("dateModified")),
            facts=(("Id", str(row["id"])), ("Modified", str(row.get("dateModified", "-")))),
            fields=(
                Field("name", "Name", str(row["name"])),
                Field("phoneOne", "Phone", str(row.get("phoneOne") or "")),
                Field("city", "City", str(row.get("city") or "")),
                Field("external_id", "External id", str(row.get("external_id") or "")),
            ),
            buttons=(turn,),
        )

    def _payment(self, row: Row) -> Page:
        return Page(
            provider=TITLE,
            kind="Payment",
            title=f"Payment {row['id']}",
            status=str(row["status"]).capitalize(),
            seen=str(row["updated_at"]),
            facts=(
                ("Vendor", str(row["vendor_name"])),
                ("Currency", str(row["currency"])),
                ("Bills", ", ".join(map(str, row.get("bill_groups", ())))),
                ("Modified", str(row["updated_at"])),
            ),
            fields=(
                Field("amount", "Amount", str(row["amount"]), "amount"),
                Field("processing_date", "Date", str(row["processing_date"])[:10], "day"),
            ),
            buttons=(DELETE,),
        )


def _order_line(item: Row) -> Line:
    fields = (
        Field("name", "Description", str(item["name"])),
        Field("quantity", "Quantity", str(item["quantity"]), "amount"),
        Field("price", "Price", str(item["price"]), "amount"),
    )
    return Line(str(item["id"]), fields, str(item["total_cost"]))


def _bill_line(item: Row) -> Line:
    by_cost = item.get("quantity") is None
    amounts = ("total_cost",) if by_cost else ("quantity", "unit_cost")
    labels = {"total_cost": "Cost", "quantity": "Quantity", "unit_cost": "Price"}
    fields = tuple(Field(name, labels[name], str(item[name]), "amount") for name in amounts)
    described = Field("description", "Description", str(item["description"]))
    return Line(str(item["id"]), (described, *fields), str(item["total_cost"]))


def _cost_line(cost: Row) -> Line:
    fields = (
        Field("name", "Description", str(cost["name"])),
        Field("amount", "Amount", str(cost["amount"]), "amount"),
    )
    return Line(f"cost{cost['id']}", fields, str(cost["amount"]))


def _order_lines(order: Row, changes: Changes) -> dict[str, Any]:
    """All items, the changed ones to be added up anew."""
    if not changes.lines:
        return {}
    items = copy.deepcopy(order["items"])
    for item in items:
        changed = changes.lines.get(str(item["id"]), {})
        item.update(changed)
        if {"quantity", "price"} & changed.keys():
            del item["total_cost"]
            if item.get("taxes"):
                del item["tax_amount"]
    return {"items": items}


def _bill_lines(bill: Row, changes: Changes) -> dict[str, Any]:
    if not changes.lines:
        return {}
    items, costs = copy.deepcopy(bill["items"]), copy.deepcopy(bill["costs"])
    for item in items:
        changed = changes.lines.get(str(item["id"]), {})
        item.update(changed)
        if {"quantity", "unit_cost", "total_cost"} & changed.keys():
            _cost_anew(item)
    for cost in costs:
        cost.update(changes.lines.get(f"cost{cost['id']}", {}))
    return {"items": items, "costs": costs}


def _cost_anew(item: Row) -> None:
    """The cost of a changed item, and its accounts' shares of it as they were."""
    if item.get("quantity") is not None:
        item["total_cost"] = str(cents(Decimal(item["quantity"]) * Decimal(item["unit_cost"])))
    total = cents(Decimal(item["total_cost"]))
    del item["total_cost_with_tax"]
    if Decimal(item.get("tax_percentage") or 0):
        del item["tax_amount"]
    shares = item["allocations"]
    before = sum((Decimal(share["amount"]) for share in shares), Decimal())
    left = total
    for share in shares[1:]:
        part = cents(total * Decimal(share["amount"]) / before) if before else Decimal("0.00")
        share["amount"] = str(part)
        left -= part
    for share in shares[:1]:
        share["amount"] = str(left)
