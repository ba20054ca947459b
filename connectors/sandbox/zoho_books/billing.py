"""What bills and payments do to other records: billed quantities of orders, balances of bills.

Called after a bill or payment was saved or removed; everything is recomputed from the linked
records rather than added up as it happens, so that no order of events can leave it wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO


def refresh_orders(org: Organization, order_ids: Iterable[str]) -> None:
    """Bring orders in line with the bills that bill them."""
    for order_id in dict.fromkeys(order_ids):
        order = org["purchaseorders"].get(order_id)
        if order is not None:
            org.save("purchaseorders", _billed_order(org, order))


def _billed_order(org: Organization, order: Record) -> Record:
    bills = _live_bills(org, order["purchaseorder_id"])
    billed = _billed_quantities(bills)
    lines = [
        {**line, "quantity_billed": billed.get(line["line_item_id"], ZERO)}
        for line in order["line_items"]
    ]
    counted = [line for line in lines if line["line_item_category"] == "line_item"]
    full = all(line["quantity_billed"] >= line["quantity"] for line in counted)
    some = any(line["quantity_billed"] > 0 for line in counted)
    status, billed_status = order["status"], "to_be_billed"
    if some:
        billed_status = "billed" if full else "partially_billed"
    if some and full:
        status = "billed"
    elif order["billed_status"] == "billed" and status == "billed":
        # It was bills that closed the order, and they no longer cover it.
        status = "open"
    elif some and status == "draft":
        status = "open"
    return {
        **order,
        "line_items": lines,
        "status": status,
        "billed_status": billed_status,
        "bills": [_bill_reference(bill) for bill in bills],
    }


def _live_bills(org: Organization, order_id: str) -> list[Record]:
    found = (org["bills"].need(one) for one in org["bills"].find("purchaseorder_id", order_id))
    return [bill for bill in found if bill["status"] != "void"]


def _billed_quantities(bills: Iterable[Record]) -> dict[str, Decimal]:
    billed: dict[str, Decimal] = {}
    for bill in bills:
        for line in bill["line_items"]:
            order_line = line["purchaseorder_item_id"]
            if order_line:
                billed[order_line] = billed.get(order_line, ZERO) + line["quantity"]
    return billed


def _bill_reference(bill: Record) -> Record:
    names = ("bill_id", "bill_number", "date", "due_date", "status", "total", "balance")
    return {name: bill[name] for name in names}


def refresh_bills(org: Organization, bill_ids: Iterable[str]) -> None:
    """Bring balances of bills in line with their payments; their orders show it too."""
    for bill_id in dict.fromkeys(bill_ids):
        bill = org["bills"].get(bill_id)
        if bill is not None:
            org.save("bills", paid_bill(org, bill))
            refresh_orders(org, bill["purchaseorder_ids"])


def paid_bill(org: Organization, bill: Record) -> Record:
    """The bill with its payments, what they make and what is left."""
    ids = org["vendorpayments"].find("bill_id", bill["bill_id"])
    payments = [
        _payment_row(payment, applied)
        for payment in (org["vendorpayments"].need(one) for one in ids)
        for applied in payment["bills"]
        if applied["bill_id"] == bill["bill_id"]
    ]
    made = sum((one["amount"] for one in payments), ZERO)
    balance = ZERO if bill["status"] == "void" else bill["total"] - made
    return {**bill, "payments": payments, "payment_made": made, "balance": balance}


def _payment_row(payment: Record, applied: Record) -> Record:
    names = ("payment_id", "payment_mode", "payment_number", "date", "reference_number")
    return {
        **{name: payment[name] for name in names},
        "bill_id": applied["bill_id"],
        "bill_payment_id": applied["bill_payment_id"],
        "amount": applied["amount_applied"],
        "exchange_rate": payment["exchange_rate"],
        "paid_through_account_id": payment["paid_through_account_id"],
        "is_single_bill_payment": len(payment["bills"]) == 1,
    }
