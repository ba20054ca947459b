"""Amounts of money and the arithmetic that accountants check: Decimal with a currency, never float.

Numbers in any spelling that providers use enter; exact amounts leave. Knows no provider.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from connectors.core.errors import BadInputError

# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = {
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
}
_LARGEST = Decimal("1e15")

ZERO = Decimal(0)


def minor_digits(currency: str) -> int:
    """How many decimals amounts of this ISO currency have."""
    return _DIGITS.get(currency.upper(), 2)


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
    if not number.is_finite() or abs(number) > _LARGEST:
        raise BadInputError(f"{what} is out of range: {value!r}")
    return number


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


def share(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split a total in proportion to weights, to the cent; the last share takes the remainder."""
    if not weights:
        return []
    whole = sum(weights, ZERO)
    if whole == 0:
        return [ZERO] * (len(weights) - 1) + [to_cents(total, currency)]
    shares = [to_cents(total * weight / whole, currency) for weight in weights[:-1]]
    return [*shares, to_cents(total, currency) - sum(shares, ZERO)]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{to_cents(self.amount, self.currency):,} {self.currency}"
