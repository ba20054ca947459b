"""Purchase orders and bills as Zoho Books reports them, from details or list rows alike.

Zoho's JSON enters, a target state leaves. Its content repeats the fields that can be posted, in
the spelling of request bodies, so that what was sent and what stands there can be compared.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors.core.money import ZERO, Money, plain
from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState
from connectors.providers.zoho_books.records.reference import modified_text

_TEXTS = ("vendor_id", "date", "currency_id", "notes", "reference_number", "location_id")
_NUMBERS = ("exchange_rate", "adjustment")
_LINE_TEXTS = (
    *("line_item_id", "account_id", "name", "description", "tax_id", "unit", "project_id"),
    "purchaseorder_item_id",
)
_LINE_FLAGS = ("is_billable",)
_LINE_NUMBERS = ("quantity", "rate", "item_total")


def purchase_order_state(raw: Raw) -> TargetState:
    """A purchase order's state, from its detail or from a list row (which has no lines)."""
    fields = Fields(raw, "a Zoho purchase order")
    texts = (*_TEXTS, "purchaseorder_number", "delivery_date", "discount")
    flags = ("is_inclusive_tax", "is_discount_before_tax")
    return _state(fields, "purchaseorder", texts, _NUMBERS, flags)


def bill_state(raw: Raw) -> TargetState:
    """A bill's state; its content also says what has been paid on it."""
    fields = Fields(raw, "a Zoho bill")
    numbers = (*_NUMBERS, "balance", "payment_made", "vendor_credits_applied")
    flags = ("is_inclusive_tax", "is_item_level_tax_calc")
    state = _state(fields, "bill", (*_TEXTS, "bill_number", "due_date"), numbers, flags)
    return replace(state, content={**state.content, **_orders(fields)})


def _orders(fields: Fields) -> dict[str, list[str]]:
    """The purchase orders that it bills, where the answer names them."""
    named = [str(one) for one in fields.raw.get("purchaseorder_ids") or ()]
    shown = [row.text("purchaseorder_id") for row in fields.objects("purchaseorders")]
    found = named or shown
    return {"purchaseorder_ids": found} if found else {}


def line_rows(raw: Raw) -> list[dict[str, Any]]:
    """A record's lines in the order that Zoho keeps them, numbers in their shortest spelling."""
    return [_line(row) for row in Fields(raw, "a Zoho record").objects("line_items")]


def _state(
    fields: Fields,
    noun: str,
    texts: tuple[str, ...],
    numbers: tuple[str, ...],
    flags: tuple[str, ...],
) -> TargetState:
    target_id = fields.required_text(f"{noun}_id")
    named = Fields(fields.raw, f"Zoho {noun} {target_id}")
    held_back, currency = withheld(named), named.text("currency_code").upper()
    content: dict[str, Any] = {name: named.text(name) for name in texts if name in named}
    content |= {name: _number(named, name) for name in numbers if name in named}
    content |= {name: named.flag(name) for name in flags if name in named}
    if held_back:
        content["withheld"] = plain(held_back)
    if "line_items" in named.raw:
        content["lines"] = line_rows(named.raw)
    return TargetState(
        target_id=target_id,
        number=named.text(f"{noun}_number"),
        status=named.text("status").casefold(),
        total=gross_total(named),
        currency=currency,
        reference=named.text("reference_number"),
        vendor_key=named.text("vendor_id"),
        modified=modified_text(named),
        content=content,
        remark=_remark(named, held_back, currency) if held_back else "",
    )


def withheld(fields: Fields) -> Decimal:
    """Tax that the buyer keeps back and pays to the state (India's TDS), where it is taken off.

    Zoho subtracts it from the total: 45,000 and 8,100 of tax less 450 are 52,650. It lowers what
    is paid, never what the record costs. Where lines and tax make the total it was not taken off.
    """
    amount = fields.amount("tds_amount")
    tax, discount = fields.amount("tax_total"), fields.amount("discount_amount")
    made = fields.amount("sub_total") + fields.amount("adjustment") - discount
    if not fields.flag("is_inclusive_tax"):
        made += tax
    # Whether the sum of the lines has a discount taken off already is not published.
    whole = (made, made + discount)
    return ZERO if amount and fields.amount("total") in whole else amount


def gross_total(fields: Fields) -> Decimal | None:
    """The total before tax was withheld: what source and target both mean by it."""
    total = fields.optional_number("total")
    return None if total is None else total + withheld(fields)


def _remark(fields: Fields, held_back: Decimal, currency: str) -> str:
    paid = Money(fields.amount("total"), currency)
    return (
        f"Zoho Books withholds {Money(held_back, currency)} of tax (TDS) from it and shows {paid} "
        "as its total, which is what is left to pay."
    )


def _line(row: Fields) -> dict[str, Any]:
    texts: dict[str, Any] = {name: row.text(name) for name in _LINE_TEXTS}
    flags = {name: row.flag(name) for name in _LINE_FLAGS if name in row}
    return texts | flags | {name: _number(row, name) for name in _LINE_NUMBERS if name in row}


def _number(fields: Fields, name: str) -> str:
    return plain(fields.number(name))
