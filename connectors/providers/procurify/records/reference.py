"""Vendors, account codes and currencies as Procurify lists them.

A list row enters, a frozen record leaves. Bank data and payment methods are never read.
"""

from dataclasses import dataclass
from decimal import Decimal

from connectors.core.reading import Fields
from connectors.core.records import Raw

# Kinds of "vendor" that are no supplier: hidden ones, employees, card providers.
NOT_SUPPLIERS = frozenset({1, 5, 6})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A supplier in Procurify; ``external_id`` may hold its id in the accounting system."""

    key: str
    name: str
    active: bool
    type: int
    external_id: str
    emails: tuple[str, ...]
    phone: str
    city: str
    country: str
    url: str
    currency: str
    tax_number: str
    modified: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCode:
    """A code of the chart of accounts; documents name it by ``code``."""

    key: str
    code: str
    description: str
    active: bool
    account_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency by its ISO code; ``rate`` turns an amount into the base currency."""

    key: str
    code: str
    rate: Decimal | None
    base: bool
    active: bool


def parse_vendor(raw: Raw) -> Vendor:
    key = Fields(raw, "a vendor").required_text("id")
    fields = Fields(raw, f"vendor {key}")
    currency = fields.object("currency") or fields.object("currency_ref")
    return Vendor(
        key=key,
        name=fields.text("name"),
        active=fields.flag("active", default=True),
        type=fields.integer("type", 3),
        external_id=fields.text("external_id"),
        emails=_emails(fields),
        phone=fields.text("phoneOne"),
        city=fields.text("city"),
        country=fields.text("country"),
        url=fields.text("url"),
        currency=currency.text("name").upper() if currency else "",
        tax_number=fields.text("tax_number"),
        modified=fields.text("dateModified"),
    )


def parse_account_code(raw: Raw) -> AccountCode:
    key = Fields(raw, "an account code").required_text("id")
    fields = Fields(raw, f"account code {raw.get('code') or key}")
    return AccountCode(
        key=key,
        code=fields.required_text("code"),
        description=fields.text("description"),
        active=fields.flag("active", default=True),
        account_type=fields.integer("account_type", 5),
    )


def parse_currency(raw: Raw) -> Currency:
    key = Fields(raw, "a currency").required_text("id")
    fields = Fields(raw, f"currency {raw.get('name') or key}")
    return Currency(
        key=key,
        code=fields.required_text("name").upper(),
        rate=fields.optional_number("rate"),
        base=fields.flag("base"),
        active=fields.flag("active", default=True),
    )


def _emails(fields: Fields) -> tuple[str, ...]:
    """Addresses come as a list, or as one text with commas."""
    value = fields.raw.get("email")
    parts = value if isinstance(value, list | tuple) else str(value or "").split(",")
    return tuple(str(part).strip().casefold() for part in parts if part and str(part).strip())
