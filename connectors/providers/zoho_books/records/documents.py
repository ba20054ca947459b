"""Purchase orders and bills as Zoho Books reports them, from details or list rows alike.

Zoho's JSON enters, a target state leaves. Its content repeats the fields that can be posted, in
the spelling of request bodies, so that what was sent and what stands there can be compared.
"""

from typing import Any

from connectors.core.money import plain
from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState
from connectors.providers.zoho_books.records.reference import modified_text

_LINE_TEXTS = ("line_item_id", "account_id", "name", "description", "tax_id")
_LINE_NUMBERS = ("quantity", "rate", "item_total")


def purchase_order_state(raw: Raw) -> TargetState:
    """A purchase order's state, from its detail or from a list row (which has no lines)."""
    fields = Fields(raw, "a Zoho purchase order")
    texts = ("vendor_id", "date", "delivery_date", "currency_id", "notes", "reference_number")
    return _state(fields, "purchaseorder", texts, ())


def bill_state(raw: Raw) -> TargetState:
    """A bill's state; its content also says what has been paid on it."""
    fields = Fields(raw, "a Zoho bill")
    texts = ("vendor_id", "date", "due_date", "currency_id", "notes", "reference_number")
    numbers = ("balance", "payment_made", "vendor_credits_applied")
    return _state(fields, "bill", texts, numbers)


def line_rows(raw: Raw) -> list[dict[str, str]]:
    """A record's lines in the order that Zoho keeps them, numbers in their shortest spelling."""
    return [_line(row) for row in Fields(raw, "a Zoho record").objects("line_items")]


def _state(
    fields: Fields, noun: str, texts: tuple[str, ...], numbers: tuple[str, ...]
) -> TargetState:
    target_id = fields.required_text(f"{noun}_id")
    named = Fields(fields.raw, f"Zoho {noun} {target_id}")
    content: dict[str, Any] = {name: named.text(name) for name in texts if name in named}
    content |= {name: _number(named, name) for name in numbers if name in named}
    if "line_items" in named.raw:
        content["lines"] = line_rows(named.raw)
    return TargetState(
        target_id=target_id,
        number=named.text(f"{noun}_number"),
        status=named.text("status").casefold(),
        total=named.optional_number("total"),
        currency=named.text("currency_code").upper(),
        reference=named.text("reference_number"),
        vendor_key=named.text("vendor_id"),
        modified=modified_text(named),
        content=content,
    )


def _line(row: Fields) -> dict[str, str]:
    texts = {name: row.text(name) for name in _LINE_TEXTS}
    return texts | {name: _number(row, name) for name in _LINE_NUMBERS if name in row}


def _number(fields: Fields, name: str) -> str:
    return plain(fields.number(name))
