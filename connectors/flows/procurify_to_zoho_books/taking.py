"""Which posted order lines a bill's lines take from: what three-way match rests on.

Lines with the links of the orders that they bill enter; lines and payload rows that point at order
lines leave. What is posted stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.core.decisions import LinkState
from connectors.core.money import parse_decimal
from connectors.flows.procurify_to_zoho_books.kept_lines import is_posted
from connectors.flows.procurify_to_zoho_books.lines import Line
from connectors.flows.procurify_to_zoho_books.payloads import line_place
from connectors.flows.procurify_to_zoho_books.rest import Row, Unit
from connectors.flows.procurify_to_zoho_books.taken import Taken

_ORDER_FIELDS = ("order", "order_line", "purchaseorder_item_id")

Orders = Mapping[str, LinkState]


def spread(
    lines: Sequence[Line], orders: Orders, posted: Row, taken: Taken, currency: str, digits: int
) -> list[Line]:
    """Point each line at the order line that it takes from, parted where that is several.

    ``taken`` is what other bills take. What this bill takes is added to it, so that no order line
    is billed twice over while the next one stays open.
    """
    units: dict[str, list[Line]] = {}
    for line in lines:
        units.setdefault(line.key.rstrip("+"), []).append(line)
    kept = {key for key, unit in units.items() if all(_stays(one, orders, posted) for one in unit)}
    for key in kept:
        units[key] = [replace(line, order_line=_earlier(line, posted)) for line in units[key]]
        _take(units[key], orders, taken, currency)
    for key in units.keys() - kept:
        rows, others = _order_rows(units[key][0], orders)
        if rows:
            units[key] = Unit(units[key], rows, others, taken, currency, digits).pointed()
            _take(units[key], orders, taken, currency)
    return [line for unit in units.values() for line in unit]


def take_from_orders(
    rows: list[dict[str, Any]], lines: Sequence[Line], orders: Orders, posted: Row
) -> None:
    """Write into the rows which order lines they take from.

    A line that was posted before keeps the order line that it took from then, also when the order
    was revised meanwhile and Procurify no longer names it: what is billed stays billed.
    """
    before = {str(line["key"]): line for line in posted.get("lines", ())}
    for row, line in zip(rows, lines, strict=True):
        earlier = before.get(line.key, {})
        if not line.order or _stays(line, orders, posted):
            row |= {name: earlier[name] for name in _ORDER_FIELDS if name in earlier}
        elif line.order_line:
            link = orders[line.order]
            row |= {"order": line.order, "order_line": line.order_line}
            if not _gives_back(line, link):
                kept = earlier.get("order_line") == line.order_line
                before_id = earlier.get("purchaseorder_item_id") if kept else None
                row["purchaseorder_item_id"] = before_id or link.lines[line.order_line]


def order_ids(rows: Sequence[Row], orders: Orders, posted: Row) -> list[str]:
    """The posted orders that the bill bills, those that only kept lines still name among them."""
    found = {link.target_id for link in orders.values()}
    if any(row.get("order") and row["order"] not in orders for row in rows):
        found |= set(posted.get("purchaseorder_ids", ()))
    return sorted(found)


def _stays(line: Line, orders: Orders, posted: Row) -> bool:
    """Whether it stands at the target just so, and takes from the order that it names."""
    if not is_posted(line, posted):
        return False
    order = next(row.get("order", "") for row in posted["lines"] if row["key"] == line.key)
    return order == line.order or line.order not in orders


def _earlier(line: Line, posted: Row) -> str:
    return next(str(row.get("order_line", "")) for row in posted["lines"] if row["key"] == line.key)


def _take(lines: Sequence[Line], orders: Orders, taken: Taken, currency: str) -> None:
    for line in lines:
        if line.order_line and line.order in orders and not _gives_back(line, orders[line.order]):
            place = (line.order, line.order_line)
            taken.add(place, line.quantity, abs(line.amount(currency)))


def _order_rows(line: Line, orders: Orders) -> tuple[list[Row], list[Row]]:
    """The order's posted lines of the item: those on the same account, if any, and the others."""
    link = orders.get(line.order)
    posted = link.payload.get("lines", ()) if link else ()
    rows = [
        row
        for row in posted
        if link and row["key"] in link.lines and line_place(row)[0] == line.order_item
    ]
    same = [row for row in rows if line_place(row)[1] == line.account]
    return same or rows, [row for row in rows if row not in same] if same else []


def _gives_back(line: Line, link: LinkState) -> bool:
    """A credit on what was ordered: Zoho Books would count its quantity as billed once more."""
    rows = {str(row["key"]): row for row in link.payload.get("lines", ())}
    row = rows.get(line.order_line)
    return row is not None and (line.rate < 0) != (parse_decimal(row["rate"]) < 0)
