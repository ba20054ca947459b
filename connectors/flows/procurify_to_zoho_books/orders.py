"""What a Procurify purchase order becomes: its lines, its discount, its payload.

A record enters with what its mappings lead to, a JSON-ready payload leaves. Pure; whether it is
sent, and how, is decided elsewhere.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from connectors.core.money import ZERO, plain, to_cents
from connectors.flows.procurify_to_zoho_books.lines import (
    Line,
    Source,
    charge_line,
    exact,
    item_lines,
)
from connectors.flows.procurify_to_zoho_books.payloads import (
    header,
    line_payloads,
    mappings_of,
    priced,
    without_empty,
)
from connectors.flows.procurify_to_zoho_books.resolve import Resolution
from connectors.flows.procurify_to_zoho_books.totals import NO_DISCOUNT, Discount, order_total
from connectors.flows.procurify_to_zoho_books.words import (
    FREIGHT,
    ORDER_TAX,
    OTHER,
    TAX_CHARGE,
    notes,
    tax_key,
)
from connectors.providers.procurify.records import OrderItem, PurchaseOrder

_HUNDRED = Decimal(100)


def order_lines(order: PurchaseOrder, digits: int | None = None) -> list[Line]:
    """Lines per item and allocation, then freight, other charges and taxes given as amounts.

    ``digits`` are the decimals that the target takes of a price.
    """
    currency = order.currency
    exact(order.total, currency, f"The total of purchase order {order.number}")
    lines = [
        line for item in order.items for line in item_lines(_source(order, item), currency, digits)
    ]
    freight = sum((item.shipping_amount for item in order.items), order.freight)
    header_tax = ZERO if order.tax.percent else order.tax.value
    taxes = sum((_tax_amount(item) for item in order.items), header_tax)
    return [
        *lines,
        *charge_line(FREIGHT, "Freight", freight, currency),
        *charge_line(OTHER, "Other charges", order.other, currency),
        *charge_line(TAX_CHARGE, "Tax", taxes, currency),
    ]


def order_payload(
    order: PurchaseOrder,
    lines: Sequence[Line],
    resolution: Resolution,
    discount: Discount,
    reference: str,
) -> dict[str, Any]:
    """Everything that the target is told, with our own keys beside it."""
    fields = header(order, resolution) | {
        "purchaseorder_number": order.number,
        "reference_number": reference,
        "date": order.day.isoformat() if order.day else "",
        "delivery_date": order.promise_day.isoformat() if order.promise_day else "",
        "notes": notes(order.comment, reference),
        "total": plain(order.total),
    }
    if discount.text:
        fields |= {"discount": discount.text, "is_discount_before_tax": discount.before_tax}
    return without_empty(fields) | {
        "lines": line_payloads(lines, resolution),
        "mappings": mappings_of(order, lines, resolution),
    }


def fitting_discount(
    order: PurchaseOrder, lines: Sequence[Line], resolution: Resolution
) -> Discount | None:
    """The first way to state the discount with which the target arrives at the order's total.

    Procurify does not say whether its discount comes before or after tax, or what a percentage is
    taken of; None when no reading adds up.
    """
    rows = priced(lines, resolution, order.currency)
    for discount in _readings(order, order_total(rows, order.currency)):
        if order_total(rows, order.currency, discount) == order.total:
            return discount
    return None


def nearest_total(order: PurchaseOrder, lines: Sequence[Line], resolution: Resolution) -> Decimal:
    """What the target would make of it, for the words of a difference."""
    rows = priced(lines, resolution, order.currency)
    totals = [
        order_total(rows, order.currency, discount)
        for discount in _readings(order, order_total(rows, order.currency))
    ]
    return min(totals, key=lambda total: abs(total - order.total))


def _readings(order: PurchaseOrder, undiscounted: Decimal) -> Iterator[Discount]:
    value = order.discount.value
    if value == 0:
        yield NO_DISCOUNT
        return
    if order.discount.percent:
        yield Discount(text=f"{plain(value)}%", before_tax=True)
    bases = [sum((item.total_cost for item in order.items), ZERO), undiscounted]
    amounts = [base * value / _HUNDRED for base in bases] if order.discount.percent else [value]
    for amount in amounts:
        text = plain(to_cents(amount, order.currency))
        yield Discount(text=text, before_tax=True)
        yield Discount(text=text, before_tax=False)


def _source(order: PurchaseOrder, item: OrderItem) -> Source:
    key, rate = _percent_taxes(order, item)
    taxed = item.total_cost + item.tax_amount
    return Source(
        id=item.id,
        name=item.name,
        sku=item.sku,
        unit=item.unit,
        note=item.note,
        quantity=item.quantity,
        price=item.price,
        amount=exact(
            item.total_cost, order.currency, f"The cost of {item.name or 'item ' + item.id}"
        ),
        account=item.account_code,
        account_name=item.account_name,
        allocations=item.allocations,
        containing=(taxed, taxed + item.shipping_amount, item.total_cost + item.shipping_amount),
        tax=key,
        tax_rate=rate,
    )


def _percent_taxes(order: PurchaseOrder, item: OrderItem) -> tuple[str, Decimal]:
    """The one tax that the target's line can carry; several at once are mapped as a group."""
    taxes = [(tax.name, tax.value) for tax in item.taxes if tax.percent and tax.value != 0]
    if order.tax.percent and order.tax.value != 0:
        taxes.append((ORDER_TAX, order.tax.value))
    key = " + ".join(tax_key(name, rate) for name, rate in taxes)
    return key, sum((rate for _, rate in taxes), ZERO)


def _tax_amount(item: OrderItem) -> Decimal:
    """Tax that is given as an amount; an item without named taxes may still carry one."""
    if not item.taxes:
        return item.tax_amount
    return sum((tax.value for tax in item.taxes if not tax.percent), ZERO)
