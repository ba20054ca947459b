"""Lines as the source means them, before any mapping: amounts, texts, and source accounts.

Items with their allocations enter, lines that add up to the cent leave. What they are called at
the target is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.core.errors import BadInputError
from connectors.core.money import ZERO, minor_digits, plain, share, to_cents
from connectors.flows.procurify_to_zoho_books.words import NO_ACCOUNT, account_label, money
from connectors.providers.procurify.records import Allocation

ONE = Decimal(1)

# Zoho takes names of items up to this length; the whole name then opens the description.
_NAME_LIMIT = 100


class DoesNotAddUpError(BadInputError):
    """The source's own numbers contradict each other; a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to post. ``account`` and ``tax`` are source keys of mappings.

    ``order`` and ``order_item`` say which ordered item a bill's line takes from.
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


def item_lines(source: Source, currency: str) -> list[Line]:
    """One line per allocation, or one for an item that has none; together exactly its amount."""
    if len(source.allocations) <= 1:
        return [_single(source, currency)]
    shares = split(source, currency)
    return [
        _line(source, allocation, quantity=ONE, rate=amount, exact=False)
        for allocation, amount in zip(source.allocations, shares, strict=True)
    ]


def split(source: Source, currency: str) -> list[Decimal]:
    """The allocations' shares of the amount, to the cent; the last takes what rounding leaves.

    Allocations that contain tax or shipping are reduced in proportion. Any other sum is refused:
    nobody could say which account the difference belongs to.
    """
    weights = [allocation.amount for allocation in source.allocations]
    whole = sum(weights, ZERO)
    slack = len(weights) * ONE.scaleb(-minor_digits(currency))
    amount = to_cents(source.amount, currency)
    if abs(whole - amount) <= slack:
        shares = [to_cents(weight, currency) for weight in weights[:-1]]
        return [*shares, amount - sum(shares, ZERO)]
    if any(abs(whole - other) <= slack for other in source.containing):
        return share(amount, weights, currency)
    raise DoesNotAddUpError(
        f"The allocations of {source.name or 'item ' + source.id} add up to "
        f"{money(whole, currency)}, but it costs {money(amount, currency)}. "
        "Correct its allocations in Procurify."
    )


def charge_line(key: str, name: str, amount: Decimal) -> list[Line]:
    """A line for freight and the like on its own mapped account, or none for no amount."""
    if amount == 0:
        return []
    label = account_label(key)
    return [Line(key=key, name=name, account=key, account_label=label, quantity=ONE, rate=amount)]


def _single(source: Source, currency: str) -> Line:
    allocation = source.allocations[0] if source.allocations else None
    if source.quantity is not None and source.price is not None and source.quantity > 0:
        made = to_cents(source.quantity * source.price, currency)
        if made == source.amount:
            return _line(
                source, allocation, quantity=source.quantity, rate=source.price, exact=True
            )
    return _line(source, allocation, quantity=ONE, rate=source.amount, exact=False)


def _line(
    source: Source,
    allocation: Allocation | None,
    *,
    quantity: Decimal,
    rate: Decimal,
    exact: bool,
) -> Line:
    account = (allocation.account_code if allocation else "") or source.account or NO_ACCOUNT
    account_name = allocation.account_name if allocation else source.account_name
    name = source.name or f"Item {source.id}"
    return Line(
        key=f"{source.id}:{allocation.id if allocation else 0}",
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
    return "; ".join(parts)


def _true_quantity(source: Source) -> str:
    quantity = plain(source.quantity or ZERO)
    text = f"Quantity {quantity} {source.unit}".strip()
    return f"{text} at {plain(source.price)}" if source.price is not None else text


def line_keys(lines: Sequence[Line]) -> tuple[frozenset[str], frozenset[str]]:
    """The source accounts and the source taxes that the lines use."""
    return frozenset(line.account for line in lines), frozenset(
        line.tax for line in lines if line.tax
    )
