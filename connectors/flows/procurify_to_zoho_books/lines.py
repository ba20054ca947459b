"""Lines as the source means them, before any mapping: amounts, texts, and source accounts.

Items with their allocations enter, lines that add up to the cent leave. What they are called at
the target is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.core.errors import BadInputError
from connectors.core.money import ONE, ZERO, is_whole, minor_digits, plain, settle, share, to_cents
from connectors.flows.procurify_to_zoho_books.quantities import shares_of
from connectors.flows.procurify_to_zoho_books.words import (
    DESCRIPTION_LIMIT,
    NO_ACCOUNT,
    account_label,
    money,
    shortened,
)
from connectors.providers.procurify.records import Allocation

# Zoho takes names of items up to this length; the whole name then opens the description.
_NAME_LIMIT = 100


class DoesNotAddUpError(BadInputError):
    """The source's own numbers contradict each other; a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to post. ``account`` and ``tax`` are source keys of mappings.

    ``order`` and ``order_item`` say which ordered item a bill's line takes from, of which
    ``ordered`` were ordered, and ``order_line`` the posted line of it. ``said`` is the source's own
    quantity where another is posted; ``in_words`` is its text where it is posted as a bare
    amount, and ``worded`` the quantity that only such a text tells, of one posted so before.
    """

    key: str
    name: str
    account: str
    quantity: Decimal
    rate: Decimal
    description: str = ""
    account_label: str = ""
    tax: str = ""
    tax_rate: Decimal = ZERO
    order: str = ""
    order_item: str = ""
    order_line: str = ""
    ordered: Decimal | None = None
    said: Decimal | None = None
    in_words: str = ""
    worded: Decimal | None = None

    def amount(self, currency: str) -> Decimal:
        """What the target will make of quantity and rate."""
        return to_cents(self.quantity * self.rate, currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What an order's and a bill's item have in common, as far as its lines are concerned."""

    id: str
    name: str
    sku: str
    unit: str
    note: str
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal
    account: str
    account_name: str
    allocations: tuple[Allocation, ...]
    containing: tuple[Decimal, ...] = ()
    tax: str = ""
    tax_rate: Decimal = ZERO
    order: str = ""
    order_item: str = ""
    ordered: Decimal | None = None
    by_cost: bool = False


def item_lines(source: Source, currency: str, digits: int | None = None) -> list[Line]:
    """Lines per allocation, or for an item that has none; together exactly its amount and quantity.

    ``digits`` are the decimals that the target takes of a price. An allocation of nothing gives no
    line, as there is no quantity that it could take.
    """
    places = minor_digits(currency) if digits is None else digits
    allocations: Sequence[Allocation | None] = source.allocations or (None,)
    amounts = [source.amount]
    if len(allocations) > 1:
        split_up = list(zip(allocations, split(source, currency), strict=True))
        if any(amount for _, amount in split_up):
            split_up = [(allocation, amount) for allocation, amount in split_up if amount]
        allocations = [allocation for allocation, _ in split_up]
        amounts = [amount for _, amount in split_up]
    told = shares_of(amounts, source.quantity, source.price, places)
    return [
        _line(source, allocation, quantity=quantity, rate=rate, row=row)
        for allocation, rows in zip(allocations, told, strict=True)
        for row, (quantity, rate) in enumerate(rows)
    ]


def by_amount(lines: Sequence[Line], currency: str) -> list[Line]:
    """Lines of two prices as one amount each, where tax that is rounded per line needs it so."""
    merged: dict[str, Line] = {}
    for line in lines:
        key = line.key.rstrip("+")
        amount = line.amount(currency)
        if key in merged:
            first = merged[key]
            merged[key] = replace(first, quantity=ONE, rate=first.amount(currency) + amount)
        else:
            merged[key] = line
    return list(merged.values())


def refuse_coarse(lines: Sequence[Line], total: Decimal, currency: str, digits: int | None) -> None:
    """The target may keep fewer decimals of a currency than the currency has."""
    if digits is None or digits >= minor_digits(currency):
        return
    for amount in (total, *(line.amount(currency) for line in lines)):
        if amount != round(amount, digits):
            raise DoesNotAddUpError(
                f"{money(amount, currency)} cannot be posted, as Zoho Books keeps amounts in "
                f"{currency} with {digits or 'no'} decimals. Change the currency's decimals there, "
                "then replay this document."
            )


def exact(amount: Decimal, currency: str, what: str) -> Decimal:
    """The source's amount to the cent. A finer one is refused, never rounded without a word."""
    if is_whole(amount, currency):
        return to_cents(amount, currency)
    raise DoesNotAddUpError(
        f"{what} is {plain(amount)} {currency} in Procurify, but amounts in {currency} have "
        f"{minor_digits(currency) or 'no'} decimals. Correct it in Procurify."
    )


def split(source: Source, currency: str) -> list[Decimal]:
    """The allocations' shares of the amount, to the cent, by the largest remainder.

    Allocations that contain tax or shipping are reduced in proportion. Any other sum is refused:
    nobody could say which account the difference belongs to.
    """
    weights = [allocation.amount for allocation in source.allocations]
    whole = sum(weights, ZERO)
    digits = minor_digits(currency)
    slack = len(weights) * ONE.scaleb(-digits)
    amount = source.amount
    if abs(whole - amount) <= slack:
        if whole * amount <= 0:
            return settle(amount, weights, -digits)
        return share(amount, weights, currency)
    if any(abs(whole - other) <= slack for other in source.containing):
        return share(amount, weights, currency)
    raise DoesNotAddUpError(
        f"The allocations of {source.name or 'item ' + source.id} add up to "
        f"{money(whole, currency)}, but it costs {money(amount, currency)}. "
        "Correct its allocations in Procurify."
    )


def charge_line(key: str, name: str, amount: Decimal, currency: str) -> list[Line]:
    """A line for freight and the like on its own mapped account, or none for no amount."""
    if amount == 0:
        return []
    label, rate = account_label(key), exact(amount, currency, name)
    return [Line(key=key, name=name, account=key, account_label=label, quantity=ONE, rate=rate)]


def _line(
    source: Source, allocation: Allocation | None, *, quantity: Decimal, rate: Decimal, row: int
) -> Line:
    exact_price = source.price is not None and abs(rate) == abs(source.price)
    exact = bool(source.quantity) and exact_price
    account = (allocation.account_code if allocation else "") or source.account or NO_ACCOUNT
    account_name = allocation.account_name if allocation else source.account_name
    name = source.name or f"Item {source.id}"
    return Line(
        # Of two rows for one quantity the second, dearer one has a key of its own.
        key=f"{source.id}:{allocation.id if allocation else 0}{'+' * row}",
        name=name[:_NAME_LIMIT],
        description=_description(source, name, exact=exact),
        account=account,
        account_label=account_label(account, account_name),
        quantity=quantity,
        rate=rate,
        tax=source.tax,
        tax_rate=source.tax_rate,
        order=source.order,
        order_item=source.order_item,
        ordered=source.ordered,
        in_words=_description(
            replace(source, quantity=None) if source.by_cost else source, name, exact=False
        ),
    )


def _description(source: Source, name: str, *, exact: bool) -> str:
    parts = [name] if len(name) > _NAME_LIMIT else []
    if source.sku:
        parts.append(f"SKU {source.sku}")
    if exact and source.unit:
        parts.append(f"Unit {source.unit}")
    if not exact and source.quantity is not None:
        parts.append(_true_quantity(source))
    if source.note:
        parts.append(source.note)
    return shortened("; ".join(parts), DESCRIPTION_LIMIT)


def _true_quantity(source: Source) -> str:
    quantity = plain(source.quantity or ZERO)
    text = f"Quantity {quantity} {source.unit}".strip()
    return f"{text} at {plain(source.price)}" if source.price is not None else text


def line_keys(lines: Sequence[Line]) -> tuple[frozenset[str], frozenset[str]]:
    """The source accounts and the source taxes that the lines use."""
    return frozenset(line.account for line in lines), frozenset(
        line.tax for line in lines if line.tax
    )
