"""Purchase order contracts as Procore reports them, from details, list rows and sync answers alike.

Procore's JSON enters, a target state leaves. Its content repeats the fields that can be posted, in
the spelling of request bodies, so that what was sent and what stands there can be compared.
"""

from decimal import Decimal
from typing import Any

from connectors.core.days import instant_text
from connectors.core.money import ZERO, plain
from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState
from connectors.providers.procore.records.reference import currency_of

_TEXTS = (
    "number",
    "title",
    "description",
    "status",
    "accounting_method",
    "contract_date",
    "delivery_date",
    "origin_id",
    "origin_code",
    "deleted_at",
)
# What shows that money has moved on a commitment already.
_INVOICED = ("total_requisitions_amount", "total_payments")
_LINE_TEXTS = ("description", "uom", "origin_id")
_LINE_NUMBERS = ("quantity", "unit_cost", "amount")


def contract_state(raw: Raw) -> TargetState:
    """A contract's state. Without its lines (compact lists, some answers) it has no ``lines``."""
    key = Fields(raw, "a Procore commitment").required_text("id")
    fields = Fields(raw, f"Procore commitment {key}")
    lines = line_rows(raw)
    content: dict[str, Any] = {name: fields.text(name) for name in _TEXTS if name in fields}
    content["project_id"] = fields.id_of("project") or fields.text("project_id")
    content["vendor_id"] = _vendor(fields)
    # Credits may be all that is invoiced so far.
    content["invoiced"] = plain(max((fields.amount(name) for name in _INVOICED), key=abs))
    if "line_items" in fields.raw:
        content["lines"] = lines
    modified = fields.instant("updated_at")
    return TargetState(
        target_id=key,
        number=fields.text("number"),
        status=fields.text("status"),
        total=_total(fields),
        currency=_currency(fields),
        reference=fields.text("origin_id"),
        vendor_key=_vendor(fields),
        modified=instant_text(modified) if modified else "",
        lines={line["origin_id"]: line["id"] for line in lines if line["origin_id"]},
        content=content,
    )


def is_deleted(raw: Raw) -> bool:
    """Whether it is one of those that lists have only where they are asked for."""
    return "deleted_at" in Fields(raw, "a Procore commitment")


def line_rows(raw: Raw) -> list[dict[str, str]]:
    """A contract's lines as Procore orders them, numbers in their shortest spelling."""
    return [_line(row) for row in Fields(raw, "a Procore commitment").objects("line_items")]


def _line(row: Fields) -> dict[str, str]:
    texts = {name: row.text(name) for name in _LINE_TEXTS}
    numbers = {name: plain(row.number(name)) for name in _LINE_NUMBERS if name in row}
    wbs_code = row.id_of("wbs_code") or row.text("wbs_code_id")
    return {"id": row.required_text("id"), "wbs_code_id": wbs_code, **texts, **numbers}


def _total(fields: Fields) -> Decimal | None:
    """The lines' sum where they are there: Procore's own total may be older than its lines."""
    lines = fields.objects("line_items")
    if lines:
        return sum((line.amount("amount") for line in lines), ZERO)
    stated = fields.optional_number("grand_total")
    return ZERO if stated is None and "line_items" in fields.raw else stated


def _vendor(fields: Fields) -> str:
    return fields.id_of("vendor") or fields.text("vendor_id")


def _currency(fields: Fields) -> str:
    """Empty where the company has one currency only and does not say which."""
    found = (fields.raw.get(name) for name in ("currency_iso_code", "currency_configuration"))
    return next(filter(None, map(currency_of, found)), "")
