"""Amounts of money and the arithmetic that accountants check: Decimal with a currency, never float.

Numbers in any spelling that providers use enter; exact amounts leave. Knows no provider.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from connectors.core.errors import BadInputError

# ISO 4217: currencies whose minor unit is not a hundredth.
ODD_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_LARGEST = Decimal("1e15")
# Decimals of a number that somebody may mean; floats write some 20 of them.
_FINEST = -60
# Less than any price says, more than additions of floats leave behind: they keep some 15 digits.
_DUST = Decimal("1e-6")
_FLOAT_DUST = Decimal("1e-14")
# Digits enough for products of such numbers before they are rounded.
_EXACT = 60

ZERO = Decimal(0)
ONE = Decimal(1)


def minor_digits(currency: str) -> int:
    """How many decimals amounts of this ISO currency have."""
    return ODD_DIGITS.get(currency.upper(), 2)


def parse_decimal(value: Any, *, what: str = "amount") -> Decimal:
    """Read a number that a provider wrote as text, int or JSON float.

    A float is read through its shortest decimal spelling, which is what the provider wrote.
    Raises BadInputError for anything that is no finite number of a believable size.
    """
    if isinstance(value, bool) or value is None:
        raise BadInputError(f"{what} is missing or not a number: {value!r}")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise BadInputError(f"{what} is not a number: {value!r}") from None
    if not number.is_finite() or number.copy_abs() > _LARGEST or _is_absurdly_fine(number):
        raise BadInputError(f"{what} is out of range: {value!r}")
    return number


def _is_absurdly_fine(number: Decimal) -> bool:
    """1e-50000000 is a number, but written out it fills the memory."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent < _FINEST


def optional_decimal(value: Any, *, what: str = "amount") -> Decimal | None:
    """Like parse_decimal, with None for an absent or empty value."""
    return None if value is None or value == "" else parse_decimal(value, what=what)


def to_cents(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's minor unit, as an accountant would by hand."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """A number's shortest exact spelling, without exponent: 1.500 -> 1.5, 1E+2 -> 100."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def without_dust(amount: Decimal, currency: str) -> Decimal:
    """An amount that JSON floats added up: 103.94999999999999 is 103.95. Any other stays as is."""
    cents = to_cents(amount, currency)
    return cents if abs(amount - cents) < max(_DUST, abs(amount) * _FLOAT_DUST) else amount


def is_whole(amount: Decimal, currency: str) -> bool:
    """Whether the currency can express the amount: 100.40 USD, but not 100.40 JPY."""
    return amount == to_cents(amount, currency)


def share(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split a total in proportion to weights, to the cent, by the largest remainder.

    A weight of nothing gets nothing. Weights that cancel each other out count by their size, and
    where there is none at all the shares are equal.
    """
    if not weights:
        return []
    if sum(weights, ZERO) == 0:
        weights = [abs(weight) for weight in weights] if any(weights) else [ONE] * len(weights)
    with localcontext(prec=_EXACT):
        whole = sum(weights, ZERO)
        quotas = [total * weight / whole for weight in weights]
    return settle(total, quotas, -minor_digits(currency))


def settle(total: Decimal, quotas: Sequence[Decimal], exponent: int) -> list[Decimal]:
    """Round each quota to a unit of ten to the ``exponent`` so that together they make the total.

    What rounding leaves goes, unit by unit, to whoever lost most by it. So no quota changes its
    sign, and one of nothing stays nothing; ties go to the first.
    """
    unit = Decimal(1).scaleb(exponent)
    if total < 0:
        return [-one for one in settle(-total, [-quota for quota in quotas], exponent)]
    with localcontext(prec=_EXACT):
        wanted = total.quantize(unit, rounding=ROUND_HALF_UP)
        settled = [quota.quantize(unit, rounding=ROUND_FLOOR) for quota in quotas]
        lost = [quota - floor for quota, floor in zip(quotas, settled, strict=True)]
        left = int((wanted - sum(settled, ZERO)) / unit)
        ranked = sorted(range(len(quotas)), key=lambda at: lost[at], reverse=left > 0)
        takers = [at for at in ranked if quotas[at]] or ranked
        for turn in range(abs(left)):
            settled[takers[turn % len(takers)]] += unit.copy_sign(left)
    return settled


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        shown = to_cents(self.amount, self.currency)
        # A finer amount is shown as it is, or a difference would read as none.
        return f"{shown if shown == self.amount else self.amount.normalize():,f} {self.currency}"
