"""Pieces that orders and bills share: charges, taxes, and shares of an amount by account.

Fields of a JSON object enter, small frozen values leave. Which document they belong to is not
known here.
"""

from dataclasses import dataclass
from decimal import Decimal

from connectors.core.money import ZERO
from connectors.core.reading import Fields

# Item taxes say what they are in words or, in older records, as a number.
_PERCENT = frozenset({"percent", "percentage", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A header's tax or discount: a percentage of something, or an amount."""

    value: Decimal = ZERO
    percent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTax:
    """One tax of an order item, as a percentage or as an amount."""

    name: str
    value: Decimal
    percent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """A share of an item's cost on one account; ``amount`` has up to eight decimals."""

    id: str
    amount: Decimal
    account_code: str
    account_name: str = ""


def read_charge(fields: Fields, name: str) -> Charge:
    """A charge object, a bare amount, or nothing."""
    found = fields.object(name)
    if found is None:
        return Charge(value=fields.amount(name))
    return Charge(value=found.amount("value"), percent=_is_percent(found))


def read_taxes(fields: Fields) -> tuple[ItemTax, ...]:
    return tuple(
        ItemTax(name=row.text("name"), value=row.amount("value"), percent=_is_percent(row))
        for row in fields.objects("taxes")
    )


def read_account(fields: Fields, name: str) -> tuple[str, str]:
    """Code and description of the account under ``name``; empty texts where there is none."""
    account = fields.object(name)
    code = account.object("account_code") if account else None
    if code is None:
        return (account.text("account_code") if account else ""), ""
    return code.text("code"), code.text("description")


def read_allocation(
    row: Fields, account_field: str, *, amount: Decimal | None = None
) -> Allocation:
    code, name = read_account(row, account_field)
    return Allocation(
        id=row.text("id", "0"),
        amount=row.number("amount") if amount is None else amount,
        account_code=code,
        account_name=name,
    )


def read_currency(fields: Fields, name: str) -> str:
    """A currency's ISO code: currencies are objects named by their code, or the bare code."""
    found = fields.object(name)
    code = found.text("name") if found else fields.text(name)
    return code.upper()


def read_party(fields: Fields, name: str) -> tuple[str, str]:
    """A vendor's id and name; the name may stand beside it as a snapshot."""
    found = fields.object(name)
    shown = found.text("name") if found else ""
    return fields.id_of(name), shown or fields.text("vendor_name")


def _is_percent(fields: Fields) -> bool:
    return fields.text("type").casefold() in _PERCENT
