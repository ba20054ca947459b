"""How Zoho adds a purchase order or a bill up.

Exact lines enter, rounded totals leave. Rounding is half up to the currency's own precision; tax
is rounded once per tax for the document, or per line where the document says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

HUNDRED = Decimal(100)
ZERO = Decimal(0)


class TaxedLine(NamedTuple):
    """What matters of one line."""

    quantity: Decimal
    rate: Decimal
    tax_id: str = ""
    percentage: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Terms:
    """What the document says about its own arithmetic. ``discount`` is "10%" or an amount."""

    precision: int = 2
    discount: str = ""
    discount_before_tax: bool = True
    inclusive: bool = False
    tax_per_line: bool = False
    adjustment: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Totals:
    """The document's amounts. ``taxes`` is by tax id, ``item_totals`` in line order."""

    item_totals: list[Decimal]
    sub_total: Decimal
    discount: Decimal
    taxes: dict[str, Decimal]
    tax_total: Decimal
    total: Decimal


def rounded(value: Decimal, precision: int) -> Decimal:
    """Half up to the currency's decimals."""
    return value.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_HALF_UP)


def add_up(lines: Sequence[TaxedLine], terms: Terms) -> Totals:
    """All totals of a document."""
    item_totals = [rounded(line.quantity * line.rate, terms.precision) for line in lines]
    gross = sum(item_totals, ZERO)
    discount = ZERO
    if terms.discount_before_tax:
        discount = discount_amount(terms.discount, gross, terms.precision)
    share = discount / gross if gross else ZERO
    bases = [item_total * (1 - share) for item_total in item_totals]
    taxes = _taxes(lines, bases, terms)
    tax_total = sum(taxes.values(), ZERO)
    sub_total = gross - tax_total if terms.inclusive else gross
    if not terms.discount_before_tax:
        discount = discount_amount(terms.discount, sub_total + tax_total, terms.precision)
    total = sub_total - discount + tax_total + terms.adjustment
    return Totals(
        item_totals=item_totals,
        sub_total=rounded(sub_total, terms.precision),
        discount=discount,
        taxes=taxes,
        tax_total=rounded(tax_total, terms.precision),
        total=rounded(total, terms.precision),
    )


def discount_amount(discount: str, base: Decimal, precision: int) -> Decimal:
    """The money value of "10%" or of a plain amount."""
    if not discount:
        return ZERO
    if discount.endswith("%"):
        return rounded(base * Decimal(discount[:-1]) / HUNDRED, precision)
    return rounded(Decimal(discount), precision)


def _taxes(
    lines: Sequence[TaxedLine], bases: Sequence[Decimal], terms: Terms
) -> dict[str, Decimal]:
    exact: dict[str, Decimal] = {}
    for line, base in zip(lines, bases, strict=True):
        if not line.tax_id:
            continue
        tax = _tax(base, line.percentage, terms.inclusive)
        if terms.tax_per_line:
            tax = rounded(tax, terms.precision)
        exact[line.tax_id] = exact.get(line.tax_id, ZERO) + tax
    return {tax_id: rounded(tax, terms.precision) for tax_id, tax in exact.items()}


def _tax(base: Decimal, percentage: Decimal, inclusive: bool) -> Decimal:
    if inclusive:
        return base - base / (1 + percentage / HUNDRED)
    return base * percentage / HUNDRED
