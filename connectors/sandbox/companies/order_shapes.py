"""Purchase orders of every arithmetic kind, each with its total and its Zoho lines worked by hand.

A random source and a multiplier enter where the arithmetic is linear in whole cents; where rounding
matters the cases are literal. Shapes leave; who ordered when is said elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.companies.accounts import (
    FREIGHT_ACCOUNT,
    OTHER_ACCOUNT,
    OVERHEAD_CODES,
    STOCK_CODES,
    TAX_ACCOUNT,
    TAXES,
)
from connectors.sandbox.companies.parts import Part, Share, charge, goods, text

GST, HST, SALES_TAX, ORDER_TAX, ECO_LEVY = TAXES
WARES = (
    "Hex bolt M8", "Steel plate 6 mm", "Aluminium extrusion", "Ball bearing 6204", "Hydraulic hose",
    "Cutting insert", "Welding wire", "Cardboard carton", "Stretch film", "Powder coat, grey",
    "Spur gear", "Motor mount", "Sensor cable", "Grinding disc", "Work gloves", "Pallet",
)  # fmt: skip
# Total, then Procurify's shares with their decimals, what each is in cents, and its part of the one
# piece: every share is cut to whole cents, and those that lost most get the cents that are left.
SPLITS = (
    (10000, (("33.33333333", 3333, "0.3333"), ("33.33333333", 3333, "0.3333"),
             ("33.33333334", 3334, "0.3334"))),
    (5000, (("16.66666667", 1667, "0.3334"), ("16.66666667", 1667, "0.3334"),
            ("16.66666666", 1666, "0.3332"))),
    (100001, (("400.00400000", 40001, "0.4"), ("350.00350000", 35000, "0.35"),
              ("250.00250000", 25000, "0.25"))),
    (5, (("0.02500000", 3, "0.6"), ("0.02500000", 2, "0.4"))),
    (246813, (("1234.06500000", 123407, "0.5"), ("1234.06500000", 123406, "0.5"))),
    (99999, (("599.99400000", 59999, "0.6"), ("399.99600000", 40000, "0.4"))),
)  # fmt: skip
SPLIT_CODES = ("5010", "6020", "6030")
# Quantity, price, Procurify's cost, and what Zoho's lines say of it. Prices have two decimals
# there: 1000 for 123.46 are 654 at 0.12 (78.48) and 346 at 0.13 (44.98). The last three cost
# something else than quantity times price (a lot price, a cost agreed by hand): the cost counts.
FINE_PRICES = (
    ("1000", "0.12345678", 12346, (("654", 7848), ("346", 4498))),
    ("7", "14.28571429", 10000, (("3", 4284), ("4", 5716))),
    ("3", "33.33333333", 10000, (("2", 6666), ("1", 3334))),
    ("2.37500", "19.99000000", 4748, (("2.375", 4748),)),
    ("250", "0.00500000", 125, (("125", 0), ("125", 125))),
    ("12", "8.32500000", 9984, (("12", 9984),)),
    ("40", "2.49875000", 9999, (("1", 249), ("39", 9750))),
    ("3", "3.33333333", 1001, (("1", 333), ("2", 668))),
)


@dataclass(frozen=True)
class OrderShape:
    """The content of an order: parts, header charges, totals in cents, and lines of the header."""

    parts: list[Part]
    subtotal: int
    total: int
    header: dict[str, Any] = field(default_factory=dict)
    header_lines: list[dict[str, str]] = field(default_factory=list)
    discount: int = 0

    def lines(self) -> list[dict[str, str]]:
        return [line for part in self.parts for line in part.lines()] + self.header_lines


Shaper = Callable[[random.Random], OrderShape]


def of_parts(parts: list[Part]) -> OrderShape:
    """An order with nothing in its header: its total is the items with their percent taxes."""
    subtotal = sum(part.cost for part in parts)
    return OrderShape(parts, subtotal, subtotal + sum(part.tax_cents for part in parts))


def plain(rng: random.Random) -> OrderShape:
    names = rng.sample(WARES, rng.randint(1, 5))
    return of_parts([ware(rng, name) for name in names])


def ware(rng: random.Random, name: str | None = None) -> Part:
    """Some pieces of something, at whole cents."""
    code = rng.choice(STOCK_CODES + OVERHEAD_CODES)
    return goods(name or rng.choice(WARES), code, rng.randint(1, 40), rng.randint(100, 25_000))


def split(rng: random.Random) -> OrderShape:
    return of_parts([split_part(rng), ware(rng)])


def split_part(rng: random.Random) -> Part:
    total, shares = rng.choice(SPLITS)
    coded = tuple(
        Share(code, amount, cents, quantity)
        for code, (amount, cents, quantity) in zip(SPLIT_CODES, shares, strict=False)
    )
    return Part("Shared consumables", total, coded, "1", text(total))


def fine_price(rng: random.Random) -> OrderShape:
    return of_parts([fine_part(case) for case in rng.sample(FINE_PRICES, 3)])


def fine_part(case: tuple[str, str, int, tuple[tuple[str, int], ...]]) -> Part:
    quantity, price, cost, rows = case
    share = Share("5020", text(cost), cost, rows=rows)
    return Part("Bulk rivets", cost, (share,), quantity, price)


def freight_and_other(rng: random.Random) -> OrderShape:
    parts = plain(rng).parts
    subtotal = sum(part.cost for part in parts)
    freight, other = 4550 * rng.randint(1, 5), 1225 * rng.randint(1, 5)
    return OrderShape(
        parts,
        subtotal,
        subtotal + freight + other,
        {"freight": text(freight), "other": text(other)},
        [charge(FREIGHT_ACCOUNT, freight), charge(OTHER_ACCOUNT, other)],
    )


def discount_percent(rng: random.Random) -> OrderShape:
    """1,000 less 10 per cent is 900."""
    k = rng.randint(1, 9)
    parts = _four_and_six(k)
    header = {"discount": {"value": "10", "type": "percentage"}}
    return OrderShape(parts, 100_000 * k, 90_000 * k, header, discount=10_000 * k)


def discount_percent_taxed(rng: random.Random) -> OrderShape:
    """1,000 less 10 per cent is 900; 5 per cent of that is 45; together 945."""
    k = rng.randint(1, 9)
    parts = _four_and_six(k, GST, GST, taxes=(1800 * k, 2700 * k))
    header = {"discount": {"value": "10", "type": "percentage"}}
    return OrderShape(parts, 100_000 * k, 94_500 * k, header, discount=10_000 * k)


def discount_after_tax(rng: random.Random) -> OrderShape:
    """1,000 and 5 per cent is 1,050; less 100 is 950."""
    k = rng.randint(1, 9)
    parts = _four_and_six(k, GST, GST, taxes=(2000 * k, 3000 * k))
    header = {"discount": {"value": text(10_000 * k), "type": "amount"}}
    return OrderShape(parts, 100_000 * k, 95_000 * k, header, discount=10_000 * k)


def discount_before_tax(rng: random.Random) -> OrderShape:
    """1,000 less 100 is 900; 5 per cent of that is 45; together 945."""
    k = rng.randint(1, 9)
    parts = _four_and_six(k, GST, GST, taxes=(1800 * k, 2700 * k))
    header = {"discount": {"value": text(10_000 * k), "type": "amount"}}
    return OrderShape(parts, 100_000 * k, 94_500 * k, header, discount=10_000 * k)


def discount_part_taxed(rng: random.Random) -> OrderShape:
    """100 off 400 untaxed and 600 taxed: 60 of it fall on the 600, 5 per cent of 540 is 27."""
    k = rng.randint(1, 9)
    parts = _four_and_six(k, None, GST, taxes=(0, 2700 * k))
    header = {"discount": {"value": text(10_000 * k), "type": "amount"}}
    return OrderShape(parts, 100_000 * k, 92_700 * k, header, discount=10_000 * k)


def item_taxes(rng: random.Random) -> OrderShape:
    """Whole twenties at 5 per cent and whole hundreds at 13 come out in whole cents."""
    k, j = rng.randint(1, 30), rng.randint(1, 9)
    return of_parts(
        [
            goods("Valve body", "5030", k, 2000, tax=GST, tax_cents=100 * k),
            goods("Gear set", "5030", j, 10_000, tax=HST, tax_cents=1300 * j),
        ]
    )


def sales_tax(rng: random.Random) -> OrderShape:
    """Each 400 carries 33 at 8.25 per cent."""
    k = rng.randint(1, 8)
    taxed = goods("Drill press vice", "6020", k, 40_000, tax=SALES_TAX, tax_cents=3300 * k)
    return of_parts([taxed, ware(rng)])


def item_tax_rounding(rng: random.Random) -> OrderShape:
    """Three of 10.10: 5 per cent of 30.30 is 1.515, so 1.52 for the document."""
    code = rng.choice(STOCK_CODES)
    taxes = (51, 51, 50)
    return of_parts([goods("Bracket", code, 1, 1010, tax=GST, tax_cents=tax) for tax in taxes])


def fixed_taxes_and_shipping(rng: random.Random) -> OrderShape:
    """Taxes of 7.35 and 2.65 become one line, and so does all that shipping costs."""
    k = rng.randint(1, 5)
    first = Part(
        "Castings", 20_000 * k, (Share("5050", text(20_000 * k), 20_000 * k),), "1", "",
        GST, 735 * k, tax_fixed=True, shipping=1500 * k,
    )  # fmt: skip
    second = Part(
        "Machining", 8000 * k, (Share("5050", text(8000 * k), 8000 * k),), "1", "",
        GST, 265 * k, tax_fixed=True, shipping=500 * k,
    )  # fmt: skip
    return OrderShape(
        [first, second],
        28_000 * k,
        28_000 * k + 1000 * k + 2000 * k + 1000 * k,
        {"freight": text(1000 * k)},
        [charge(TAX_ACCOUNT, 1000 * k), charge(FREIGHT_ACCOUNT, 3000 * k)],
    )


def header_tax_percent(rng: random.Random) -> OrderShape:
    """300 and 200 at 5 per cent of the whole: 525."""
    k = rng.randint(1, 9)
    parts = [goods("Sheet metal", "5010", k, 30_000), goods("Angle iron", "5010", k, 20_000)]
    header = {"tax": {"value": "5", "type": "percentage"}}
    return OrderShape(_taxed_in_zoho(parts), 50_000 * k, 52_500 * k, header)


def header_tax_amount(rng: random.Random) -> OrderShape:
    parts = plain(rng).parts
    subtotal = sum(part.cost for part in parts)
    header = {"tax": {"value": "18.37", "type": "amount"}}
    lines = [charge(TAX_ACCOUNT, 1837)]
    return OrderShape(parts, subtotal, subtotal + 1837, header, lines)


def _four_and_six(
    k: int, first: Any = None, second: Any = None, taxes: tuple[int, int] = (0, 0)
) -> list[Part]:
    return [
        goods("Conveyor roller", "5030", k, 40_000, tax=first, tax_cents=taxes[0]),
        goods("Drive unit", "5030", k, 60_000, tax=second, tax_cents=taxes[1]),
    ]


@dataclass(frozen=True)
class HeaderTaxed(Part):
    """An item whose order is taxed in the header: untaxed in Procurify, taxed in Zoho."""

    def lines(self) -> list[dict[str, str]]:
        return [line | {"tax": ORDER_TAX.zoho_name} for line in super().lines()]


def _taxed_in_zoho(parts: list[Part]) -> list[Part]:
    return [HeaderTaxed(p.name, p.cost, p.shares, p.quantity, p.price) for p in parts]


# Shapes whose bills are their parts once more; the others have something in the header.
BILLABLE: tuple[Shaper, ...] = (plain, split, fine_price, item_taxes, sales_tax, item_tax_rounding)
WITH_HEADER: tuple[Shaper, ...] = (
    freight_and_other,
    discount_percent,
    discount_percent_taxed,
    discount_after_tax,
    discount_before_tax,
    discount_part_taxed,
    fixed_taxes_and_shipping,
    header_tax_percent,
    header_tax_amount,
)
