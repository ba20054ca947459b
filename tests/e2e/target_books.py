"""Zoho Books' side as the comparer reads it: which records are ours, and what they come down to.

The simulator's books enter as plain JSON; comparable values leave. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
TargetLine = tuple[str, Decimal, Decimal, str, str]
OUR_REFERENCE = "mlc:"


@dataclass(frozen=True)
class Kind:
    """One kind of record: where each side keeps it and which fields name it."""

    name: str
    mark: str
    plural: str
    target: str
    number: str
    due: str
    source: str
    source_key: str
    source_number: str


ORDERS = Kind(
    "purchase_order",
    "po",
    "purchase_orders",
    "purchaseorders",
    "purchaseorder_number",
    "delivery_date",
    "purchase_orders",
    "procurify_PO",
    "number",
)
BILLS = Kind(
    "bill", "bill", "bills", "bills", "bill_number", "due_date", "bills", "group", "invoice_number"
)
KINDS = (ORDERS, BILLS)
# Words of Zoho for one and the same thing here: how late a bill is depends on today.
OPEN_WORDS = {"open", "overdue", "unpaid", "issued", "partially_billed", "approved"}


class TargetBooks:
    """The books, with purchase order lines findable by their ids.

    ``first_month`` begins the organization's fiscal year.
    """

    def __init__(self, books: Row, first_month: int = 1) -> None:
        self._books = books
        self._first_month = first_month
        self._order_lines = {
            str(line["line_item_id"]): (order, line)
            for order in books["purchaseorders"]
            for line in order["line_items"]
        }

    def ours(self, kind: Kind) -> list[Row]:
        """Records that carry our reference; void ones no longer count."""
        return [row for row in self._live(kind) if _is_ours(row)]

    def others(self, kind: Kind) -> list[Row]:
        return [row for row in self._live(kind) if not _is_ours(row)]

    def _live(self, kind: Kind) -> list[Row]:
        return [row for row in self._books[kind.target] if row["status"] != "void"]

    def identity(self, kind: Kind, row: Row) -> tuple[str, ...]:
        """What may exist once: an order's number; a bill's within its vendor and fiscal year."""
        number = " ".join(str(row[kind.number]).casefold().split())
        if kind is ORDERS:
            return (number,)
        year, month, _ = map(int, str(row["date"]).split("-"))
        begun = year if month >= self._first_month else year - 1
        return (str(row["vendor_name"]), number, str(begun))

    def summary(self, kind: Kind, row: Row, *, wanted_status: str) -> Row:
        """The head of a record in the words of the expected books."""
        found: Row = {
            "number": row[kind.number],
            "vendor": row["vendor_name"],
            "date": row["date"],
            kind.due: row[kind.due],
            "currency": row["currency_code"],
            "exchange_rate": Decimal(row["exchange_rate"]),
            "status": _status(row, wanted_status),
            "total": Decimal(row["total"]),
        }
        if kind is ORDERS:
            return found | {"discount": Decimal(row["discount_amount"])}
        return found | {"inclusive": row["is_inclusive_tax"]}

    def lines(self, kind: Kind, row: Row) -> list[TargetLine]:
        """Account, amount, quantity, tax and, on a bill, the number of the order that it bills."""
        return [
            (
                line["account_name"],
                Decimal(line["item_total"]),
                Decimal(line["quantity"]),
                line["tax_name"],
                self._billed_order(row, line) if kind is BILLS else "",
            )
            for line in row["line_items"]
        ]

    def of_case(self, case: Row) -> list[Row]:
        """The records of a planted case's document, in the words of the case."""
        kind = next(kind for kind in KINDS if kind.name == case["kind"])
        mark = f":{kind.mark}:{case['source_key']}:"
        wanted = {record["number"]: record["status"] for record in case["records"]}
        return [
            self.summary(kind, row, wanted_status=wanted.get(row[kind.number], ""))
            | {
                "billed_status": row.get("billed_status", ""),
                "lines": [_line_of_case(line) for line in row["line_items"]],
            }
            for row in self.ours(kind)
            # What was posted anew has a generation behind its mark.
            if mark in f"{row['reference_number']}:"
        ]

    def _billed_order(self, bill: Row, line: Row) -> str:
        """The order's number, if the link is whole: line, header and account agree."""
        key = str(line.get("purchaseorder_item_id") or "")
        if not key:
            return ""
        if key not in self._order_lines:
            return "an unknown order line"
        order, order_line = self._order_lines[key]
        number = str(order["purchaseorder_number"])
        if str(order["purchaseorder_id"]) not in map(str, bill["purchaseorder_ids"]):
            return f"{number}, not in the bill's header"
        if order_line["account_name"] != line["account_name"]:
            return f"{number}, a line of another account"
        return number


def _line_of_case(line: Row) -> Row:
    return {
        "account": line["account_name"],
        "amount": line["item_total"],
        "quantity": line.get("quantity", "0"),
        "rate": line.get("rate", "0"),
    }


def _is_ours(row: Row) -> bool:
    return str(row["reference_number"]).startswith(OUR_REFERENCE)


def _status(row: Row, wanted: str) -> str:
    """The status in our words. Zoho itself marks an order billed when bills cover it."""
    status = str(row["status"])
    if status == "billed" and wanted == "open" and row.get("billed_status") == "billed":
        return "open"
    return "open" if status in OPEN_WORDS else status
