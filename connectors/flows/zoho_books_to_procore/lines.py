"""An order's lines and charges before any mapping: amounts, texts, and what names their codes.

A record enters, lines and charges that add up to its total leave. What they are called in Procore
is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connectors.core.errors import BadInputError
from connectors.core.flow import Context
from connectors.core.money import ZERO, is_whole, minor_digits, plain
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.words import (
    ADJUSTMENT,
    CHARGES,
    DISCOUNT,
    NOTHING,
    TAX,
    code_label,
    money,
    project_label,
)
from connectors.providers.zoho_books.records import SourceLine, SourceOrder

_CENT = Decimal("0.01")
# Unit costs have four decimals on Procore's pages; nothing says whether its API keeps more.
_FINEST = Decimal("0.0001")


class DoesNotAddUpError(BadInputError):
    """Zoho's own numbers contradict each other; a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to post. ``source_project`` and ``source_code`` are what mappings go by."""

    key: str
    source_project: str
    project_label: str
    source_code: str
    code_label: str
    description: str
    amount: Decimal
    quantity: Decimal
    rate: Decimal
    taxed: Decimal = ZERO
    unit: str = ""

    @property
    def exact(self) -> bool:
        """Whether Zoho's own quantity and rate make the amount without rounding, by a price that
        is no finer than Procore's.
        """
        return self.quantity * self.rate == self.amount and not self.rate % _FINEST

    @property
    def unit_cost(self) -> Decimal | None:
        """What one costs: Zoho's rate, or less by a discount; None where no price tells it."""
        if self.exact:
            return self.rate
        if not self.quantity:
            return None
        cost = (self.amount / self.quantity).quantize(_CENT, rounding=ROUND_HALF_UP)
        return cost if self.quantity * cost == self.amount else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An amount of the whole order: tax, discount or adjustment."""

    key: str
    amount: Decimal


def order_lines(order: SourceOrder, context: Context) -> list[Line]:
    """The lines as Zoho has them, each with the keys of its project and its code."""
    return [_line(line, order, context) for line in order.lines]


def charges(order: SourceOrder) -> list[Charge]:
    """What is added to the lines or taken off them; with them it makes exactly the total.

    Where the lines' amounts contain their tax already, no tax is added.
    """
    _refuse_finer(order)
    gross = sum((line.amount for line in order.lines), ZERO)
    rest = order.adjustment - order.discount
    taxes = (ZERO, order.tax) if order.inclusive else (order.tax,)
    for tax in taxes:
        if gross + tax + rest == order.total:
            found = {TAX: tax, DISCOUNT: -order.discount, ADJUSTMENT: order.adjustment}
            return [Charge(key=key, amount=amount) for key, amount in found.items() if amount]
    made = gross + order.tax + rest
    raise DoesNotAddUpError(
        f"Purchase order {order.number} has a total of {money(order.total, order.currency)} in "
        f"Zoho Books, but its lines, tax, discount and adjustment make "
        f"{money(made, order.currency)}, a difference of "
        f"{money(made - order.total, order.currency)}. Correct it in Zoho Books."
    )


def _refuse_finer(order: SourceOrder) -> None:
    """Amounts that their currency cannot express are never rounded without a word."""
    named = [
        ("total", order.total),
        ("tax", order.tax),
        ("discount", order.discount),
        ("adjustment", order.adjustment),
        *((f"line {line.name or line.id!r}", line.amount) for line in order.lines),
    ]
    for name, amount in named:
        if not is_whole(amount, order.currency):
            raise DoesNotAddUpError(
                f"The {name} of purchase order {order.number} is {plain(amount)} {order.currency} "
                f"in Zoho Books, but amounts in {order.currency} have "
                f"{minor_digits(order.currency) or 'no'} decimals. Correct it in Zoho Books."
            )


def charge_line(key: str, amount: Decimal, near: Line) -> Line:
    """A charge's share of one project as a line, under the source project of a line there."""
    return Line(
        key=key,
        source_project=near.source_project,
        project_label=near.project_label,
        source_code=key,
        code_label=code_label(key, ""),
        description=CHARGES[key],
        amount=amount,
        quantity=Decimal(1),
        rate=amount,
    )


def reproduces(lines: Sequence[Line]) -> bool:
    """Whether quantities and rates alone tell every amount."""
    return all(line.unit_cost is not None for line in lines)


def _line(line: SourceLine, order: SourceOrder, context: Context) -> Line:
    project, project_name = _project(line, order, context)
    code, code_name = _code(line, context)
    return Line(
        key=line.id,
        source_project=project,
        project_label=project_label(project, project_name),
        source_code=code,
        code_label=code_label(code, code_name),
        description="; ".join(text for text in (line.name, line.description) if text),
        amount=line.amount,
        quantity=line.quantity,
        rate=line.rate,
        taxed=line.amount * line.tax_percentage,
        unit=line.unit.strip(),
    )


def _project(line: SourceLine, order: SourceOrder, context: Context) -> tuple[str, str]:
    """Key and name: the line's own, else the order's custom field, else the default."""
    if line.project_id:
        return line.project_id, line.project_name
    named = options.text(context, options.PROJECT_FIELD)
    value = order.fields.get(named, "") if named else ""
    key = value or options.text(context, options.DEFAULT_PROJECT)
    return (key, key) if key else (NOTHING, "")


def _code(line: SourceLine, context: Context) -> tuple[str, str]:
    """What the line's cost code goes by, and the words beside it."""
    source = options.text(context, options.COST_CODE_FROM)
    named = options.text(context, options.COST_CODE_NAME)
    if source == options.ITEM:
        return _first(line.sku, line.item_id), line.name
    if source == options.TAG:
        return _first(line.tags.get(named, "")), ""
    if source == options.LINE_FIELD:
        return _first(line.fields.get(named, "")), ""
    return _first(line.account_code, line.account_id), line.account_name


def _first(*codes: str) -> str:
    return next((code for code in codes if code), NOTHING)


def true_quantity(line: Line) -> str:
    """The quantity of a line that is posted by its amount."""
    return f"Quantity {plain(line.quantity)} at {plain(line.rate)}"
