"""What a Procurify bill becomes: its lines, the order lines they take from, its payload.

A record enters with what its mappings lead to and the posted orders, a JSON-ready payload leaves.
Pure; whether it is sent, and how, is decided elsewhere.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.core.decisions import LinkState
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
from connectors.flows.procurify_to_zoho_books.quantities import QUANTITY_DIGITS
from connectors.flows.procurify_to_zoho_books.resolve import Resolution
from connectors.flows.procurify_to_zoho_books.taking import order_ids, take_from_orders
from connectors.flows.procurify_to_zoho_books.totals import Priced, bill_total, net_amount
from connectors.flows.procurify_to_zoho_books.words import (
    FREIGHT,
    NO_ACCOUNT,
    TAX_CHARGE,
    account_label,
    notes,
    tax_key,
)
from connectors.providers.procurify.records import Bill, BillItem, MiscCost

_HUNDRED = Decimal(100)


def is_inclusive(bill: Bill) -> bool:
    """Whether every taxed line's price contains its tax; mixed bills are posted without it."""
    taxed = [item for item in bill.items if _taxed(item)]
    return bool(taxed) and all(item.tax_is_inclusive for item in taxed)


def bill_lines(bill: Bill, digits: int | None = None) -> list[Line]:
    """Lines per item and allocation, then the bill's other costs, freight and bare taxes.

    ``digits`` are the decimals that the target takes of a price.
    """
    inclusive, currency = is_inclusive(bill), bill.currency
    exact(bill.total, currency, f"The total of bill {bill.number}")
    lines = [
        line
        for item in bill.items
        for line in item_lines(_source(item, bill, inclusive=inclusive), currency, digits)
    ]
    lines += [_cost_line(cost, currency) for cost in bill.costs if cost.amount != 0]
    freight = sum((item.shipping_amount for item in bill.items), ZERO)
    bare = [item for item in bill.items if not _taxed(item) and not item.tax_is_inclusive]
    taxes = sum((item.tax_amount for item in bare), ZERO)
    return [
        *lines,
        *charge_line(FREIGHT, "Freight", freight, currency),
        *charge_line(TAX_CHARGE, "Tax", taxes, currency),
    ]


def bill_payload(
    bill: Bill,
    lines: Sequence[Line],
    resolution: Resolution,
    *,
    day: date,
    per_line: bool,
    reference: str,
    orders: Mapping[str, LinkState],
    posted: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that the target is told; ``orders`` are the links of the orders it bills."""
    inclusive = is_inclusive(bill)
    fields = header(bill, resolution) | {
        "bill_number": bill.number,
        "reference_number": reference,
        "date": day.isoformat(),
        "due_date": bill.due_day.isoformat() if bill.due_day else "",
        "notes": notes(bill.note, reference),
        "total": plain(bill.total),
    }
    if inclusive:
        fields["is_inclusive_tax"] = True
    if per_line:
        fields["is_item_level_tax_calc"] = True
    rows = line_payloads(lines, resolution)
    amounts = priced(lines, resolution, bill.currency)
    take_from_orders(rows, lines, orders, posted)
    _note_net_amounts(rows, amounts, bill.currency, inclusive=inclusive)
    if taken_from := order_ids(rows, orders, posted):
        fields["purchaseorder_ids"] = taken_from
    used = mappings_of(bill, lines, resolution)
    return without_empty(fields) | {"lines": rows, "mappings": used}


def fits_per_line(bill: Bill, lines: Sequence[Line], resolution: Resolution) -> bool | None:
    """Whether tax must be rounded line by line to arrive at the total; None when neither does."""
    for per_line in (False, True):
        if predicted_total(bill, lines, resolution, per_line=per_line) == bill.total:
            return per_line
    return None


def predicted_total(
    bill: Bill, lines: Sequence[Line], resolution: Resolution, *, per_line: bool
) -> Decimal:
    rows = priced(lines, resolution, bill.currency)
    return bill_total(rows, bill.currency, inclusive=is_inclusive(bill), per_line=per_line)


def _taxed(item: BillItem) -> bool:
    return item.tax_percentage != 0


def _source(item: BillItem, bill: Bill, *, inclusive: bool) -> Source:
    taxed = _taxed(item)
    ships = item.shipping_amount
    quantity, price = _quantity(item)
    return Source(
        id=item.id,
        name=item.description,
        sku=item.sku,
        unit=item.unit,
        note="",
        quantity=quantity,
        price=price,
        amount=_amount(item, bill.currency, inclusive=inclusive),
        account=item.account_code,
        account_name="",
        allocations=item.allocations,
        containing=(
            item.total_cost_with_tax,
            item.total_cost,
            item.total_cost_with_tax + ships,
            item.total_cost + ships,
        ),
        tax=tax_key(item.tax_name or "Tax", item.tax_percentage) if taxed else "",
        tax_rate=item.tax_percentage if taxed else ZERO,
        order=item.order_key if item.order_item_id else "",
        order_item=item.order_item_id,
        ordered=item.ordered_quantity,
        by_cost=not item.quantity,
    )


def _quantity(item: BillItem) -> tuple[Decimal | None, Decimal | None]:
    """Quantity and price; of an ordered item that is billed by cost, its share of what is ordered.

    The order counts what is billed by quantity, so that a bare amount would close it.
    """
    if item.quantity or not item.ordered_quantity or not item.ordered_cost:
        return item.quantity, item.unit_cost
    part = item.ordered_quantity * item.total_cost / item.ordered_cost
    return round(part, QUANTITY_DIGITS), item.ordered_cost / item.ordered_quantity


def _amount(item: BillItem, currency: str, *, inclusive: bool) -> Decimal:
    """What the line's amount is at the target: with its tax only where the whole bill is so."""
    what = f"The cost of {item.description or 'item ' + item.id}"
    if not item.tax_is_inclusive:
        return exact(item.total_cost, currency, what)
    if not _taxed(item) or inclusive:
        return exact(item.total_cost_with_tax, currency, what)
    if item.total_cost < item.total_cost_with_tax:
        return exact(item.total_cost, currency, what)
    # Procurify says no net cost here, so it is ours to work out.
    return to_cents(item.total_cost_with_tax / (1 + item.tax_percentage / _HUNDRED), currency)


def _cost_line(cost: MiscCost, currency: str) -> Line:
    account = cost.account_code or NO_ACCOUNT
    return Line(
        key=f"cost:{cost.id}",
        name=(cost.name or "Other cost")[:100],
        account=account,
        account_label=account_label(account, cost.account_name),
        quantity=Decimal(1),
        rate=exact(cost.amount, currency, cost.name or "Another cost"),
    )


def _note_net_amounts(
    rows: list[dict[str, Any]], amounts: Sequence[Priced], currency: str, *, inclusive: bool
) -> None:
    """Keep beside each line that takes from an order how much of it, without tax, it takes."""
    for row, amount in zip(rows, amounts, strict=True):
        if "order_line" in row:
            row["net"] = plain(net_amount(amount, currency, inclusive=inclusive))
