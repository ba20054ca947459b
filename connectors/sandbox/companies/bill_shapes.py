"""Bills of every arithmetic kind, each with its total and its Zoho lines worked by hand.

A random source enters; shapes leave. Which vendor sends it, and for which order, is said elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.sandbox.companies.accounts import FREIGHT_ACCOUNT, FREIGHT_CODE, ZOHO_NAMES
from connectors.sandbox.companies.order_shapes import GST, HST, SALES_TAX, split_part, ware
from connectors.sandbox.companies.parts import Part, Share, charge, goods, text


@dataclass(frozen=True)
class BillShape:
    """The content of a bill: parts, miscellaneous costs, its total in cents, and extra lines."""

    parts: list[Part]
    total: int
    costs: list[dict[str, Any]] = field(default_factory=list)
    extra_lines: list[dict[str, str]] = field(default_factory=list)
    inclusive: bool = False

    def lines(self) -> list[dict[str, str]]:
        return [line for part in self.parts for line in part.lines()] + self.extra_lines


Shaper = Callable[[random.Random], BillShape]


def of_parts(parts: list[Part]) -> BillShape:
    return BillShape(parts, sum(part.cost + part.tax_cents for part in parts))


def plain(rng: random.Random) -> BillShape:
    return of_parts([ware(rng) for _ in range(rng.randint(1, 4))])


def split(rng: random.Random) -> BillShape:
    return of_parts([split_part(rng), ware(rng)])


def split_with_tax(rng: random.Random) -> BillShape:
    """Allocations that contain the tax: each is reduced to its part of the cost."""
    k = rng.randint(1, 9)
    even = Part(
        "Joint order, even",
        10_000 * k,
        (
            Share("6010", text(5250 * k), 5000 * k, "0.5"),
            Share("6020", text(5250 * k), 5000 * k, "0.5"),
        ),
        tax=GST,
        tax_cents=500 * k,
    )
    return of_parts([even])


def split_with_tax_uneven(rng: random.Random) -> BillShape:
    """100.01 and 5.00 tax, shared as 70.00 and 35.01: 70.00 x 100.01 / 105.01 is 66.67."""
    first, second = rng.sample(("5010", "5030", "6030"), 2)
    shares = (Share(first, "70.00", 6667, "0.6666"), Share(second, "35.01", 3334, "0.3334"))
    return of_parts([Part("Joint order, uneven", 10_001, shares, tax=GST, tax_cents=500)])


def single_with_tax(rng: random.Random) -> BillShape:
    """One allocation of the whole cost, tax and all."""
    k = rng.randint(1, 9)
    share = Share("6130", text(21_000 * k), 20_000 * k)
    return of_parts([Part("Inspection", 20_000 * k, (share,), tax=GST, tax_cents=1000 * k)])


def taxed(rng: random.Random) -> BillShape:
    k, j = rng.randint(1, 30), rng.randint(1, 9)
    return of_parts(
        [
            goods("Valve body", "5030", k, 2000, tax=GST, tax_cents=100 * k),
            goods("Gear set", "5030", j, 10_000, tax=HST, tax_cents=1300 * j),
        ]
    )


def sales_taxed(rng: random.Random) -> BillShape:
    k = rng.randint(1, 8)
    press = goods("Drill press vice", "6020", k, 40_000, tax=SALES_TAX, tax_cents=3300 * k)
    return of_parts([press, ware(rng)])


def tax_per_document(rng: random.Random) -> BillShape:
    """Three of 10.10: 5 per cent of 30.30 is 1.515, so 1.52 in all."""
    return of_parts(
        [goods("Bracket", "5020", 1, 1010, tax=GST, tax_cents=tax) for tax in (51, 51, 50)]
    )


def tax_per_line(rng: random.Random) -> BillShape:
    """Three of 10.10: 5 per cent of each is 0.505, so 0.51 three times, 1.53 in all."""
    return of_parts([goods("Bracket", "5020", 1, 1010, tax=GST, tax_cents=51) for _ in range(3)])


def inclusive_gross(rng: random.Random) -> BillShape:
    """10 at 10.50 with 5 per cent inside is 100 and 5; the allocation says 105."""
    k = rng.randint(1, 9)
    share = Share("6040", text(10_500 * k), 10_500 * k)
    part = Part(
        "Protective suit", 10_000 * k, (share,), str(10 * k), "10.50", GST, 500 * k, inclusive=True
    )
    return BillShape([part], 10_500 * k, inclusive=True)


def inclusive_net(rng: random.Random) -> BillShape:
    """The same, with an allocation that says 100; in Zoho the line still includes its tax."""
    shape = inclusive_gross(rng)
    part = shape.parts[0]
    share = Share("6040", text(part.cost), part.cost + part.tax_cents)
    return replace(shape, parts=[replace(part, shares=(share,))])


def inclusive_rounded(rng: random.Random) -> BillShape:
    """19.99 with 13 per cent inside: 17.69 and 2.30. Beside it something without tax."""
    quantity = rng.randint(1, 9)
    share = Share("6110", "19.99", 1999)
    paper = Part("Label rolls", 1769, (share,), "1", "19.99", HST, 230, inclusive=True)
    untaxed = goods("Postage", "6110", quantity, 400)
    return BillShape([paper, untaxed], 1999 + 400 * quantity, inclusive=True)


def shipping(rng: random.Random) -> BillShape:
    """12.50 and 7.50 of shipping on the items become one line of 20.00."""
    first = replace(ware(rng), shipping=1250)
    second = replace(ware(rng), shipping=750)
    total = first.cost + second.cost + 2000
    return BillShape([first, second], total, extra_lines=[charge(FREIGHT_ACCOUNT, 2000)])


def misc_costs(rng: random.Random) -> BillShape:
    """A fuel surcharge and a pallet fee beside the items."""
    part = ware(rng)
    return BillShape(
        [part],
        part.cost + 1875 + 640,
        costs=[misc_cost("Fuel surcharge", FREIGHT_CODE, 1875), misc_cost("Pallets", "5040", 640)],
        extra_lines=[charge(ZOHO_NAMES[FREIGHT_CODE], 1875), charge(ZOHO_NAMES["5040"], 640)],
    )


def by_cost(rng: random.Random) -> BillShape:
    """Billed by cost: an amount and no quantity."""
    cents = rng.randint(10_000, 900_000)
    return of_parts([cost_part("Consulting, as agreed", "6130", cents)])


def cost_part(name: str, code: str, cents: int, ordered: str = "") -> Part:
    """An amount without a quantity; ``ordered`` is how much of an ordered item it stands for."""
    return Part(name, cents, (Share(code, text(cents), cents, ordered),), quantity=None)


def misc_cost(name: str, code: str, cents: int) -> dict[str, Any]:
    return {"name": name, "amount": text(cents), "code": code}


SHAPES: tuple[Shaper, ...] = (
    plain,
    split,
    split_with_tax,
    split_with_tax_uneven,
    single_with_tax,
    taxed,
    sales_taxed,
    tax_per_document,
    tax_per_line,
    inclusive_gross,
    inclusive_net,
    inclusive_rounded,
    shipping,
    misc_costs,
    by_cost,
)
