"""Which quantities at which prices tell an amount, so that what is billed can be counted.

An amount with the source's quantity and price enters, quantities and rates leave whose products,
rounded as Zoho Books rounds them, are that amount to the cent. Knows no document.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

from connectors.core.decisions import Facts
from connectors.core.money import ONE, ZERO, minor_digits, settle
from connectors.core.references import MappingKey
from connectors.flows.procurify_to_zoho_books.words import CURRENCY

# As many decimals of a quantity as Procurify has. What Zoho Books keeps of more is not published.
QUANTITY_DIGITS = 5

Measured = tuple[Decimal, Decimal]


def price_digits(currency: str, facts: Facts) -> int:
    """How many decimals Zoho Books takes of prices in this currency, as its list of them says."""
    target = facts.mappings.get(MappingKey(CURRENCY, currency))
    digits = target.attributes.get("digits") if target else None
    return minor_digits(currency) if digits is None else int(digits)


def measured(
    amount: Decimal, quantity: Decimal | None, price: Decimal | None, digits: int
) -> list[Measured]:
    """The quantity at its price; else at the price nearest to it that makes the amount.

    Where no price of so few decimals does, the quantity is told in two rows whose prices are one
    unit apart: 1000 for 123.46 are 654 at 0.12 and 346 at 0.13. Quantity 1 only stands for none.
    """
    if not quantity:
        return [(ONE, amount)]
    if quantity < 0:
        return measured(amount, -quantity, None if price is None else -price, digits)
    with localcontext(prec=60):
        for rate in (price, amount / quantity):
            if rate is None:
                continue
            near = _rounded(rate, digits)
            # A price that would be rounded is still the price: its amount decides.
            if _rounded(quantity * near, digits) == amount:
                return [(quantity, near)]
        return _two_rows(amount, quantity, digits)


def shares_of(
    amounts: Sequence[Decimal], quantity: Decimal | None, price: Decimal | None, digits: int
) -> list[list[Measured]]:
    """A quantity shared out like its amounts, with as few decimals as the true price allows.

    The shares of the quantity add up to it. What rounding them leaves goes into their prices.
    """
    if not quantity:
        return [[(ONE, amount)] for amount in amounts]
    if quantity < 0:
        return shares_of(amounts, -quantity, None if price is None else -price, digits)
    whole = sum(amounts, ZERO)
    rate = measured(whole, quantity, price, digits)[0][1]
    rows: list[list[Measured]] = []
    for decimals in range(decimals_of(quantity), QUANTITY_DIGITS + 1):
        parts = _parts(amounts, quantity, decimals)
        rows = [
            measured(amount, part, rate, digits)
            for amount, part in zip(amounts, parts, strict=True)
        ]
        if all(len(found) == 1 and abs(found[0][1]) == abs(rate) for found in rows):
            break
    return rows


def _parts(amounts: Sequence[Decimal], quantity: Decimal, decimals: int) -> list[Decimal]:
    """Shares in proportion to the amounts; none is so small that it would be nothing.

    Amounts that go the other way take their quantity back, so that the price stays the true one.
    """
    whole = sum(amounts, ZERO)
    weights = amounts if whole else [abs(amount) for amount in amounts]
    base = sum(weights, ZERO)
    with localcontext(prec=60):
        quotas = [quantity * (one / base if base else ONE / len(amounts)) for one in weights]
    parts = [abs(part) for part in settle(quantity, quotas, -decimals)]
    unit = ONE.scaleb(-decimals)
    for at, amount in enumerate(amounts):
        largest = max(range(len(parts)), key=lambda other: parts[other])
        if amount and not parts[at] and parts[largest] > unit:
            parts[at], parts[largest] = unit, parts[largest] - unit
    return parts


def _two_rows(amount: Decimal, quantity: Decimal, digits: int) -> list[Measured]:
    unit = ONE.scaleb(-digits)
    low = (amount / quantity).quantize(unit, rounding=ROUND_FLOOR)
    raised = ((amount - quantity * low) / unit).quantize(ONE, rounding=ROUND_HALF_UP)
    for dearer in (raised, raised - 1):
        rest = quantity - dearer
        made = _rounded(rest * low, digits) + _rounded(dearer * (low + unit), digits)
        if made == amount and rest > 0 and dearer > 0:
            return [(rest, low), (dearer, low + unit)]
    return [(ONE, amount)]


def _rounded(number: Decimal, digits: int) -> Decimal:
    return number.quantize(ONE.scaleb(-digits), rounding=ROUND_HALF_UP)


def decimals_of(number: Decimal) -> int:
    """How many decimals a quantity is told in."""
    exponent = number.normalize().as_tuple().exponent
    return min(max(-int(exponent), 0), QUANTITY_DIGITS)
