"""How Zoho Books will add a document up, predicted to the cent before anything is sent.

Lines with their tax rates enter, the total that the target will report leaves. The target rounds
half up: each line, then tax once per tax for the whole document (or, on bills, per line).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.core.money import ZERO, to_cents

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What matters of one line: its rounded amount and its tax at the target."""

    amount: Decimal
    tax_id: str = ""
    rate: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A document's discount as the target takes it: "10%" or an amount, and what comes first."""

    text: str = ""
    before_tax: bool = True

    def amount(self, base: Decimal, currency: str) -> Decimal:
        if not self.text:
            return ZERO
        if self.text.endswith("%"):
            return to_cents(base * Decimal(self.text[:-1]) / _HUNDRED, currency)
        return to_cents(Decimal(self.text), currency)


NO_DISCOUNT = Discount()


def order_total(
    lines: Sequence[Priced], currency: str, discount: Discount = NO_DISCOUNT
) -> Decimal:
    """The total of a purchase order. A discount before tax lowers each line's tax in proportion."""
    gross = sum((line.amount for line in lines), ZERO)
    if discount.before_tax:
        taken = discount.amount(gross, currency)
        part = taken / gross if gross else ZERO
        return gross - taken + _tax(lines, currency, kept=1 - part)
    tax = _tax(lines, currency)
    return gross + tax - discount.amount(gross + tax, currency)


def bill_total(
    lines: Sequence[Priced], currency: str, *, inclusive: bool, per_line: bool
) -> Decimal:
    """The total of a bill. Amounts that include their tax are the total already."""
    gross = sum((line.amount for line in lines), ZERO)
    if inclusive:
        return gross
    if not per_line:
        return gross + _tax(lines, currency)
    return gross + sum((_line_tax(line, currency) for line in lines), ZERO)


def net_amount(line: Priced, currency: str, *, inclusive: bool) -> Decimal:
    """A line's amount without tax, as the order that it takes from counts it."""
    if not inclusive or not line.tax_id:
        return line.amount
    return to_cents(line.amount / (1 + line.rate / _HUNDRED), currency)


def _line_tax(line: Priced, currency: str) -> Decimal:
    return to_cents(line.amount * line.rate / _HUNDRED, currency) if line.tax_id else ZERO


def _tax(lines: Sequence[Priced], currency: str, *, kept: Decimal = Decimal(1)) -> Decimal:
    exact: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.tax_id:
            exact[line.tax_id] += line.amount * kept * line.rate / _HUNDRED
    return sum((to_cents(tax, currency) for tax in exact.values()), ZERO)
