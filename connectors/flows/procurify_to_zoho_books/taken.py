"""What bills take from the posted lines of orders, as Zoho Books counts it: by quantity.

The bills of orders enter; the quantities and the amount that are taken from each order line leave,
so that the next bill can be told what is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.core.decisions import Sibling
from connectors.core.money import ZERO, parse_decimal, to_cents
from connectors.flows.procurify_to_zoho_books.suspects import ENDED

# An order and the key of one of its lines.
Place = tuple[str, str]
_VOID = "void"


@dataclass(slots=True)
class Taken:
    """By order line, a quantity for each line of a bill, and what they come to together."""

    quantities: dict[Place, list[Decimal]] = field(default_factory=dict)
    amounts: dict[Place, Decimal] = field(default_factory=dict)

    def add(self, place: Place, quantity: Decimal, amount: Decimal) -> None:
        self.quantities.setdefault(place, []).append(quantity)
        self.amounts[place] = self.amounts.get(place, ZERO) + amount


def taken_by(bills: Iterable[Sibling], currency: str) -> Taken:
    """What standing bills take; a credit takes nothing, as Zoho Books was not told of it."""
    taken = Taken()
    for link in (link for bill in bills for link in bill.links.values()):
        if link.status == _VOID or link.status in ENDED:
            continue
        for row in link.payload.get("lines", ()):
            if "purchaseorder_item_id" in row:
                place = (str(row.get("order", "")), str(row.get("order_line", "")))
                taken.add(place, parse_decimal(row["quantity"]), amount_of(row, currency))
    return taken


def amount_of(row: Mapping[str, Any], currency: str) -> Decimal:
    """What a posted line comes to, without its sign, and without tax where that is known."""
    if "net" in row:
        return abs(parse_decimal(row["net"]))
    return abs(to_cents(parse_decimal(row["quantity"]) * parse_decimal(row["rate"]), currency))
