"""Procurify's own arithmetic for documents that a person edits without saying the new totals.

An order or bill enters; its amounts are filled in. Amounts that were given stay as given, which is
how a test plants a document that does not add up.
"""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox.procurify.formats import cents
from connectors.sandbox.procurify.table import Row

ZERO = Decimal()
HUNDRED = Decimal(100)


def complete_order(order: Row) -> None:
    """Fill in item costs and taxes, the subtotal and the total where they are missing."""
    for item in order["items"]:
        item.setdefault("total_cost", str(cents(_dec(item["quantity"]) * _dec(item["price"]))))
        item.setdefault("shipping_amount", "0")
        item.setdefault("tax_amount", str(_item_tax(item)))
    subtotal = sum((_dec(item["total_cost"]) for item in order["items"]), ZERO)
    extras = sum(
        (_dec(item["tax_amount"]) + _dec(item["shipping_amount"]) for item in order["items"]), ZERO
    )
    order.setdefault("subtotal", str(subtotal))
    discount = _charge(order["discount"], subtotal)
    tax = _charge(order["tax"], subtotal - discount)
    total = subtotal - discount + tax + extras + _dec(order["freight"]) + _dec(order["other"])
    order.setdefault("total", str(cents(total)))


def complete_bill(bill: Row) -> None:
    """Fill in item costs, taxes and the bill's total where they are missing."""
    total = ZERO
    for item in bill["items"]:
        if "total_cost" not in item:
            item["total_cost"] = str(cents(_dec(item["quantity"]) * _dec(item["unit_cost"])))
        item.setdefault("shipping_amount", "0")
        percentage = _dec(item.get("tax_percentage", "0"))
        item.setdefault("tax_amount", str(cents(_dec(item["total_cost"]) * percentage / HUNDRED)))
        with_tax = _dec(item["total_cost"]) + _dec(item["tax_amount"])
        item.setdefault("total_cost_with_tax", str(with_tax))
        total += _dec(item["total_cost_with_tax"]) + _dec(item["shipping_amount"])
    total += sum((_dec(cost["amount"]) for cost in bill["costs"]), ZERO)
    bill.setdefault("total", str(cents(total)))


def _item_tax(item: Row) -> Decimal:
    amount = ZERO
    for tax in item.get("taxes", ()):
        if tax["type"] in ("percent", 0):
            amount += cents(_dec(item["total_cost"]) * _dec(tax["value"]) / HUNDRED)
        else:
            amount += _dec(tax["value"])
    return amount


def _charge(charge: Row, base: Decimal) -> Decimal:
    value = _dec(charge["value"])
    return cents(base * value / HUNDRED) if charge["type"] == "percentage" else value


def _dec(value: str | int) -> Decimal:
    return Decimal(str(value))
