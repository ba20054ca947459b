"""Purchase orders of every arithmetic kind, each with its parts, charges and total worked by hand.

A random source and projects enter; where rounding matters the cases are literal. Shapes leave:
what Procore must hold per project is said here, and the Zoho order is put together from it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.companies.construction_codes import plain_accounts
from connectors.sandbox.companies.parts import text

WARES = (
    "Ready mix 4000 psi", "Rebar #5", "W12x26 beam", "Stud 2x6", "Modified bitumen roll",
    "Hollow metal frame", "Gypsum board 5/8", "Copper tube", "Spiral duct", "Panelboard 225 A",
    "Structural fill", "Asphalt, class S", "Telehandler, week", "Frame scaffold", "Site fencing",
    "Form ties", "Anchor bolts", "Sealant", "Conduit EMT", "Insulated glass",
)  # fmt: skip
# The two taxes that Zoho Books knows here.
CITY_TAX, STATE_TAX = "City Sales Tax", "State Use Tax"
TAX_RATES = {CITY_TAX: "8", STATE_TAX: "2.9"}
# Quantity, rate and what Zoho makes of it; these come out at quantity times rate.
REPRODUCES = (
    ("2.5", "40", 10_000),
    ("0.125", "800.00", 10_000),
    ("1000", "0.1234", 12_340),
    ("12.75", "16.00", 20_400),
    ("7.2", "38.75", 27_900),
)
# These do not: the product has fractions of a cent.
ROUNDED = (
    ("3", "33.3333", 10_000),
    ("7", "14.2857", 10_000),
    ("12.5", "8.3333", 10_417),
    ("0.333", "250.10", 8328),
    ("2.5", "10.01", 2503),
    ("1.75", "19.99", 3498),
)
MEASURED = "Measured work"


@dataclass
class Line:
    """A line of the Zoho order, with its amount in cents; `key` is given when written down.

    `description` is what the order says of it besides its name; `uom` what Procore calls its unit,
    nothing where it has no such unit.
    """

    name: str
    code: str
    quantity: str
    rate: str
    cents: int
    tax: str = ""
    key: str = ""
    unit: str = "ea"
    uom: str = "ea"
    description: str = ""


@dataclass
class Part:
    """What one project gets of an order: its lines and its share of each charge, in cents.

    `zoho_project` is the Zoho project of the lines where it is not the Procore project's own; 0
    says that the lines have none.
    """

    project: int
    lines: list[Line]
    suffix: str = ""
    charges: dict[str, int] = field(default_factory=dict)
    method: str = "unit"
    zoho_project: int | None = None

    @property
    def of_zoho(self) -> int:
        return self.project if self.zoho_project is None else self.zoho_project

    @property
    def total(self) -> int:
        return sum(line.cents for line in self.lines) + sum(self.charges.values())


@dataclass
class Shape:
    """The content of an order: its parts, the total in cents, and Zoho's own header fields."""

    parts: list[Part]
    total: int
    header: dict[str, Any] = field(default_factory=dict)


Shaper = Callable[[random.Random, int], Shape]
SplitShaper = Callable[[random.Random, list[int]], Shape]


def goods(name: str, code: str, quantity: int, price: int, tax: str = "") -> Line:
    """Whole pieces at whole cents."""
    return Line(name, code, str(quantity), text(price), quantity * price, tax)


def ware(rng: random.Random, project: int) -> Line:
    """Some pieces of something, at whole cents."""
    name, code = rng.choice(WARES), rng.choice(plain_accounts(project))
    return goods(name, code, rng.randint(1, 60), rng.randint(200, 90_000))


def of_lines(project: int, lines: list[Line], method: str = "unit") -> Shape:
    """An order for one project with nothing in its header."""
    part = Part(project, lines, method=method)
    return Shape([part], part.total)


def of_parts(parts: list[Part]) -> Shape:
    return Shape(parts, sum(part.total for part in parts))


# One project


def plain(rng: random.Random, project: int) -> Shape:
    return of_lines(project, [ware(rng, project) for _ in range(rng.randint(1, 4))])


def reproduces(rng: random.Random, project: int) -> Shape:
    cases = rng.sample(REPRODUCES, 2)
    return of_lines(project, [*_measured(cases), ware(rng, project)])


def rounded(rng: random.Random, project: int) -> Shape:
    """One line that quantity and rate do not reproduce makes the whole commitment by amount."""
    cases = [rng.choice(ROUNDED), rng.choice(REPRODUCES)]
    return of_lines(project, [*_measured(cases), ware(rng, project)], method="amount")


def _measured(cases: list[tuple[str, str, int]]) -> list[Line]:
    return [Line(MEASURED, "5010", *case) for case in cases]


def taxed(rng: random.Random, project: int) -> Shape:
    """8 per cent of 600 and 400 is 80."""
    k = rng.randint(1, 9)
    part = Part(project, _six_and_four(k, CITY_TAX), charges={"charge:tax": 8000 * k})
    return Shape([part], 108_000 * k)


def two_taxes(rng: random.Random, project: int) -> Shape:
    """8 per cent of 500 is 40; 2.9 per cent of 1,000 is 29; one line for both, 69."""
    k = rng.randint(1, 9)
    lines = [
        goods("Boiler trim", "5080", k, 50_000, CITY_TAX),
        goods("Trench drain", "5080", k, 100_000, STATE_TAX),
        goods("Crane day", "5130", k, 20_000),
    ]
    part = Part(project, lines, charges={"charge:tax": 6900 * k})
    return Shape([part], 176_900 * k)


def tax_rounded(rng: random.Random, project: int) -> Shape:
    """2.9 per cent of three times 10.10 is 0.8787, so 0.88 for the order."""
    lines = [goods("Fitting", "5080", 1, 1010, STATE_TAX) for _ in range(3)]
    return Shape([Part(project, lines, charges={"charge:tax": 88})], 3118)


def discount_percent(rng: random.Random, project: int) -> Shape:
    """1,000 less 10 per cent is 900."""
    k = rng.randint(1, 9)
    part = Part(project, _six_and_four(k), charges={"charge:discount": -10_000 * k})
    return Shape([part], 90_000 * k, {"discount": "10%"})


def discount_taxed(rng: random.Random, project: int) -> Shape:
    """1,000 less 100 is 900; 8 per cent of that is 72; together 972."""
    k = rng.randint(1, 9)
    charges = {"charge:tax": 7200 * k, "charge:discount": -10_000 * k}
    part = Part(project, _six_and_four(k, CITY_TAX), charges=charges)
    return Shape([part], 97_200 * k, {"discount": text(10_000 * k)})


def discount_after_tax(rng: random.Random, project: int) -> Shape:
    """1,000 and 8 per cent is 1,080; less 100 is 980."""
    k = rng.randint(1, 9)
    charges = {"charge:tax": 8000 * k, "charge:discount": -10_000 * k}
    part = Part(project, _six_and_four(k, CITY_TAX), charges=charges)
    header = {"discount": text(10_000 * k), "is_discount_before_tax": False}
    return Shape([part], 98_000 * k, header)


def adjusted(rng: random.Random, project: int) -> Shape:
    """Pennies off, or a delivery on top."""
    cents = rng.choice((-37, -1, 1250, 9900))
    part = Part(project, [ware(rng, project), ware(rng, project)])
    part.charges["charge:adjustment"] = cents
    return Shape([part], part.total, {"adjustment": text(cents)})


def everything(rng: random.Random, project: int) -> Shape:
    """1,000 less 10 per cent, 8 per cent of 900, and 5 cents off: 971.95."""
    charges = {"charge:tax": 7200, "charge:discount": -10_000, "charge:adjustment": -5}
    part = Part(project, _six_and_four(1, CITY_TAX), charges=charges)
    return Shape([part], 97_195, {"discount": "10%", "adjustment": "-0.05"})


def _six_and_four(k: int, tax: str = "") -> list[Line]:
    return [
        goods("Air handler", "5090", k, 60_000, tax),
        goods("Duct run", "5090", k, 40_000, tax),
    ]


# Several projects; projects are named in the order of their first lines


def split_plain(rng: random.Random, projects: list[int]) -> Shape:
    """Two or three projects, one or two lines each."""
    count = rng.choice((2, 2, 3))
    parts = [
        Part(project, [ware(rng, project) for _ in range(rng.randint(1, 2))], f"-{n}")
        for n, project in enumerate(projects[:count], start=1)
    ]
    return of_parts(parts)


def split_taxed(rng: random.Random, projects: list[int]) -> Shape:
    """600 and 400 taxed at 8 per cent: 48 and 32."""
    k = rng.randint(1, 9)
    return _six_to_four(
        projects, k, {"charge:tax": 4800 * k}, {"charge:tax": 3200 * k}, 108_000 * k, tax=CITY_TAX
    )


def split_discount(rng: random.Random, projects: list[int]) -> Shape:
    """10 per cent of 600 and 400: 60 and 40."""
    k = rng.randint(1, 9)
    first, second = {"charge:discount": -6000 * k}, {"charge:discount": -4000 * k}
    return _six_to_four(projects, k, first, second, 90_000 * k, {"discount": "10%"})


def split_everything(rng: random.Random, projects: list[int]) -> Shape:
    """Discount 100 as 60 and 40, tax 72 as 43.20 and 28.80, adjustment -0.05 as -0.03 and -0.02."""
    first = {"charge:tax": 4320, "charge:discount": -6000, "charge:adjustment": -3}
    second = {"charge:tax": 2880, "charge:discount": -4000, "charge:adjustment": -2}
    header = {"discount": "100.00", "adjustment": "-0.05"}
    return _six_to_four(projects, 1, first, second, 97_195, header, tax=CITY_TAX)


def split_in_thirds(rng: random.Random, projects: list[int]) -> Shape:
    """10.00 off three times 100.00: the first of three equal parts takes the cent that is left."""
    shares = (-334, -333, -333)
    parts = [
        Part(project, [goods("Porta-john, month", "5150", 1, 10_000)], f"-{n}", _discount(share))
        for n, (project, share) in enumerate(zip(projects[:3], shares, strict=True), start=1)
    ]
    return Shape(parts, 29_000, {"discount": "10.00"})


def split_unevenly(rng: random.Random, projects: list[int]) -> Shape:
    """8 per cent of 333.33 and 666.67 is 80.00: 26.6664 is 26.67, the rest is 53.33."""
    amounts = ((33_333, 2667), (66_667, 5333))
    parts = [
        Part(
            project,
            [goods("Survey control", "5180", 1, cents, CITY_TAX)],
            f"-{n}",
            {"charge:tax": tax},
        )
        for n, (project, (cents, tax)) in enumerate(zip(projects[:2], amounts, strict=True), 1)
    ]
    return Shape(parts, 108_000)


def _discount(cents: int) -> dict[str, int]:
    return {"charge:discount": cents}


def _six_to_four(
    projects: list[int],
    k: int,
    first: dict[str, int],
    second: dict[str, int],
    total: int,
    header: dict[str, Any] | None = None,
    tax: str = "",
) -> Shape:
    parts = [
        Part(projects[0], [goods("Generator, month", "5130", k, 60_000, tax)], "-1", first),
        Part(projects[1], [goods("Light tower, month", "5130", k, 40_000, tax)], "-2", second),
    ]
    return Shape(parts, total, header or {})


ONE_PROJECT: tuple[Shaper, ...] = (
    plain,
    reproduces,
    plain,
    rounded,
    taxed,
    plain,
    two_taxes,
    tax_rounded,
    discount_percent,
    plain,
    discount_taxed,
    discount_after_tax,
    adjusted,
    everything,
)
SEVERAL_PROJECTS: tuple[SplitShaper, ...] = (
    split_plain,
    split_taxed,
    split_plain,
    split_discount,
    split_everything,
    split_in_thirds,
    split_unevenly,
)
