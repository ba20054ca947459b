"""A purchase order as the source of something else: everything that it says, line by line.

The detail's JSON enters, a typed frozen record leaves, or a BadInputError that names the field.
Amounts are Zoho's own; what becomes of them is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connectors.core.money import ZERO, to_cents, without_dust
from connectors.core.reading import Fields
from connectors.core.records import Raw
from connectors.providers.zoho_books.records.documents import withheld

_HUNDRED = Decimal(100)
# Headings and sums between the lines carry no amount of their own.
_COUNTED = frozenset({"", "line_item"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A line of the order. ``amount`` is what Zoho made of it, discounts on the line included.

    ``tags`` are reporting tags, tag name -> option name; ``fields`` custom fields, by label and
    by API name.
    """

    id: str
    name: str
    description: str
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    unit: str
    account_id: str
    account_code: str
    account_name: str
    item_id: str
    sku: str
    project_id: str
    project_name: str
    tax_percentage: Decimal
    tags: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOrder:
    """The whole order; ``tax``, ``discount`` and ``adjustment`` are those of the order.

    ``total`` is what it costs; ``withheld`` is tax that the buyer keeps back of it and pays to the
    state, which Zoho's own total no longer contains.
    """

    key: str
    number: str
    version: str
    status: str
    vendor_id: str
    party: str
    day: date | None
    delivery_day: date | None
    currency: str
    total: Decimal
    withheld: Decimal
    tax: Decimal
    discount: Decimal
    adjustment: Decimal
    inclusive: bool
    lines: tuple[SourceLine, ...]
    fields: Mapping[str, str] = field(default_factory=dict)


def parse_purchase_order(raw: Raw) -> SourceOrder:
    """Read the detail; a list row has no lines and is refused."""
    key = Fields(raw, "a Zoho purchase order").required_text("purchaseorder_id")
    order = Fields(raw, f"Zoho purchase order {raw.get('purchaseorder_number') or key}")
    currency = order.text("currency_code").upper()
    lines = tuple(
        _line(row, currency)
        for row in order.objects("line_items")
        if row.text("line_item_category").casefold() in _COUNTED
    )
    tax, held_back = order.amount("tax_total"), withheld(order)
    return SourceOrder(
        key=key,
        number=order.text("purchaseorder_number"),
        version=order.text("last_modified_time"),
        status=order.text("status").casefold(),
        vendor_id=order.text("vendor_id"),
        party=order.text("vendor_name"),
        day=order.day("date"),
        delivery_day=order.day("delivery_date") or order.day("expected_delivery_date"),
        currency=currency,
        total=without_dust(order.number("total") + held_back, currency),
        withheld=held_back,
        tax=tax,
        discount=_discount(order, sum((line.amount for line in lines), ZERO), tax, currency),
        adjustment=order.amount("adjustment"),
        inclusive=order.flag("is_inclusive_tax"),
        lines=lines,
        fields=_custom(order, "custom_fields"),
    )


def _line(row: Fields, currency: str) -> SourceLine:
    return SourceLine(
        id=row.required_text("line_item_id"),
        name=row.text("name"),
        description=row.text("description"),
        quantity=row.amount("quantity"),
        rate=row.amount("rate"),
        amount=without_dust(row.number("item_total"), currency),
        unit=row.text("unit"),
        account_id=row.text("account_id"),
        account_code=row.text("account_code"),
        account_name=row.text("account_name"),
        item_id=row.text("item_id"),
        sku=row.text("sku"),
        project_id=row.text("project_id"),
        project_name=row.text("project_name"),
        tax_percentage=row.amount("tax_percentage"),
        tags={
            tag.text("tag_name"): tag.text("tag_option_name")
            for tag in row.objects("tags")
            if "tag_option_name" in tag
        },
        fields=_custom(row, "item_custom_fields"),
    )


def _discount(order: Fields, lines: Decimal, tax: Decimal, currency: str) -> Decimal:
    """What is taken off the whole order, as Zoho states it, or else as its text means it."""
    for name in ("discount_amount", "discount_total"):
        if name in order:
            return order.number(name)
    text = order.text("discount")
    if not text.endswith("%"):
        return order.amount("discount")
    before_tax = order.flag("is_discount_before_tax", default=True)
    share = Fields({"discount": text[:-1]}, order.what).number("discount") / _HUNDRED
    return to_cents((lines if before_tax else lines + tax) * share, currency)


def _custom(row: Fields, name: str) -> dict[str, str]:
    """Custom fields that have a value, by each name that a person may know them by."""
    return {
        named: one.text("value")
        for one in row.objects(name)
        if "value" in one
        for named in (one.text("label"), one.text("api_name"))
        if named
    }
