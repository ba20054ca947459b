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
from connectors.flows.procurify_to_zoho_books.lines import Line, Source, charge_line, item_lines
from connectors.flows.procurify_to_zoho_books.payloads import (
    header,
    line_payloads,
    line_place,
    mappings_of,
    priced,
    without_empty,
)
from connectors.flows.procurify_to_zoho_books.resolve import Resolution
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
_ORDER_FIELDS = ("order", "order_line", "purchaseorder_item_id")


def is_inclusive(bill: Bill) -> bool:
    """Whether every taxed line's price contains its tax; mixed bills are posted without it."""
    taxed = [item for item in bill.items if _taxed(item)]
    return bool(taxed) and all(item.tax_is_inclusive for item in taxed)


def bill_lines(bill: Bill) -> list[Line]:
    """One line per item and allocation, then the bill's other costs, freight and bare taxes."""
    inclusive = is_inclusive(bill)
    lines = [
        line
        for item in bill.items
        for line in item_lines(_source(item, bill, inclusive=inclusive), bill.currency)
    ]
    lines += [_cost_line(cost, bill.currency) for cost in bill.costs if cost.amount != 0]
    freight = sum((item.shipping_amount for item in bill.items), ZERO)
    bare = [item for item in bill.items if not _taxed(item) and not item.tax_is_inclusive]
    taxes = sum((item.tax_amount for item in bare), ZERO)
    return [
        *lines,
        *charge_line(FREIGHT, "Freight", freight),
        *charge_line(TAX_CHARGE, "Tax", taxes),
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
        "total": plain(to_cents(bill.total, bill.currency)),
    }
    if inclusive:
        fields["is_inclusive_tax"] = True
    if per_line:
        fields["is_item_level_tax_calc"] = True
    rows = line_payloads(lines, resolution)
    amounts = priced(lines, resolution, bill.currency)
    _take_from_orders(rows, lines, orders, posted)
    _note_net_amounts(rows, amounts, bill.currency, inclusive=inclusive)
    if order_ids := _order_ids(rows, orders, posted):
        fields["purchaseorder_ids"] = order_ids
    used = mappings_of(bill, lines, resolution)
    return without_empty(fields) | {"lines": rows, "mappings": used}


def fits_per_line(bill: Bill, lines: Sequence[Line], resolution: Resolution) -> bool | None:
    """Whether tax must be rounded line by line to arrive at the total; None when neither does."""
    wanted = to_cents(bill.total, bill.currency)
    for per_line in (False, True):
        if predicted_total(bill, lines, resolution, per_line=per_line) == wanted:
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
    return Source(
        id=item.id,
        name=item.description,
        sku=item.sku,
        unit=item.unit,
        note="",
        quantity=item.quantity,
        price=item.unit_cost,
        amount=to_cents(_amount(item, inclusive=inclusive), bill.currency),
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
    )


def _amount(item: BillItem, *, inclusive: bool) -> Decimal:
    """What the line's amount is at the target: with its tax only where the whole bill is so."""
    if not item.tax_is_inclusive:
        return item.total_cost
    if not _taxed(item) or inclusive:
        return item.total_cost_with_tax
    if item.total_cost < item.total_cost_with_tax:
        return item.total_cost
    return item.total_cost_with_tax / (1 + item.tax_percentage / _HUNDRED)


def _cost_line(cost: MiscCost, currency: str) -> Line:
    account = cost.account_code or NO_ACCOUNT
    return Line(
        key=f"cost:{cost.id}",
        name=(cost.name or "Other cost")[:100],
        account=account,
        account_label=account_label(account, cost.account_name),
        quantity=Decimal(1),
        rate=to_cents(cost.amount, currency),
    )


def _take_from_orders(
    rows: list[dict[str, Any]],
    lines: Sequence[Line],
    orders: Mapping[str, LinkState],
    posted: Mapping[str, Any],
) -> None:
    """Point each line at the posted order line of the same item and account, each at most once.

    A line that was posted before keeps the order line that it took from then, also when the order
    was revised meanwhile and Procurify no longer names it: what is billed stays billed.
    """
    before = {str(line["key"]): line for line in posted.get("lines", ())}
    taken: set[str] = set()
    for row, line in zip(rows, lines, strict=True):
        earlier = before.get(line.key, {})
        if not line.order:
            row |= {name: earlier[name] for name in _ORDER_FIELDS if name in earlier}
            continue
        link = orders.get(line.order)
        found = _order_line(line, link, taken, str(earlier.get("order_line", ""))) if link else None
        if link is None or found is None:
            continue
        taken.add(found)
        kept = earlier.get("order_line") == found and earlier.get("purchaseorder_item_id")
        line_id = kept or link.lines[found]
        row |= {"order": line.order, "order_line": found, "purchaseorder_item_id": line_id}


def _order_ids(
    rows: Sequence[Mapping[str, Any]], orders: Mapping[str, LinkState], posted: Mapping[str, Any]
) -> list[str]:
    """The posted orders that the bill bills, those that only kept lines still name among them."""
    found = {link.target_id for link in orders.values()}
    if any(row.get("order") and row["order"] not in orders for row in rows):
        found |= set(posted.get("purchaseorder_ids", ()))
    return sorted(found)


def _order_line(line: Line, link: LinkState, taken: set[str], earlier: str) -> str | None:
    place = (line.order_item, line.account)
    keys = [
        str(row["key"])
        for row in link.payload.get("lines", ())
        if line_place(row) == place and row["key"] in link.lines
    ]
    if earlier in keys:
        return earlier
    free = [key for key in keys if key not in taken]
    return next(iter(free or keys), None)


def _note_net_amounts(
    rows: list[dict[str, Any]], amounts: Sequence[Priced], currency: str, *, inclusive: bool
) -> None:
    """Keep beside each line that takes from an order how much of it, without tax, it takes."""
    for row, amount in zip(rows, amounts, strict=True):
        if "order_line" in row:
            row["net"] = plain(net_amount(amount, currency, inclusive=inclusive))
