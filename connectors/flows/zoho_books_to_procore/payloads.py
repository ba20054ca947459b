"""The spelling of payloads: plain JSON with amounts as text, and our own keys beside Procore's.

Parts and what their lines lead to enter, payloads leave; rows of Procore's sync calls are made of a
payload by leaving our keys out.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.core.money import plain, to_cents
from connectors.core.references import MappingKey
from connectors.flows.zoho_books_to_procore.lines import Line, reproduces, true_quantity
from connectors.flows.zoho_books_to_procore.long_texts import Texts
from connectors.flows.zoho_books_to_procore.parts import Part
from connectors.flows.zoho_books_to_procore.resolve import Code
from connectors.flows.zoho_books_to_procore.words import (
    APPROVED,
    Reference,
    description,
    money,
    read_reference,
)
from connectors.providers.zoho_books.records import SourceOrder

BY_UNIT, BY_AMOUNT = "unit", "amount"
HEADER = (
    "number",
    "title",
    "description",
    "vendor_id",
    "accounting_method",
    "contract_date",
    "delivery_date",
    "origin_code",
)
LINE = ("wbs_code_id", "description", "quantity", "unit_cost", "uom", "amount")
# What decides whether an approved commitment must be opened before it can be changed.
LOCKED_HEADER = ("vendor_id", "accounting_method")


def part_payload(
    order: SourceOrder,
    part: Part,
    codes: Mapping[str, Code],
    ref: Reference,
    *,
    vendor_id: str,
    method: str,
    units: Mapping[str, str],
    mappings: Mapping[MappingKey, str],
    texts: Texts,
) -> dict[str, Any]:
    """Everything that Procore is told of one part, with our own keys beside it."""
    fields = _header(order, part, ref, texts, vendor_id=vendor_id, method=method)
    lines = [
        _line_payload(
            line,
            codes[line.key],
            order.currency,
            unit=units.get(line.key, ""),
            method=method,
            texts=texts,
        )
        for line in part.lines
    ]
    return {name: value for name, value in fields.items() if value != ""} | {
        "lines": lines,
        "mappings": [
            {"kind": key.kind, "source_key": key.source_key, "target_key": target_key}
            for key, target_key in sorted(mappings.items())
        ],
    }


def _header(
    order: SourceOrder, part: Part, ref: Reference, texts: Texts, *, vendor_id: str, method: str
) -> dict[str, Any]:
    title = texts.title(f"{order.number} {order.party}".strip())
    return {
        "project_id": part.project_id,
        "number": part.number,
        "title": title.text,
        "title_limit": title.limit or "",
        "description": description(ref.text) + _withheld(order),
        "vendor_id": vendor_id,
        "source_vendor": order.vendor_id,
        "status": APPROVED,
        "accounting_method": method,
        "contract_date": order.day.isoformat() if order.day else "",
        "delivery_date": order.delivery_day.isoformat() if order.delivery_day else "",
        "origin_code": order.number,
        "currency": order.currency,
        "total": str(to_cents(part.total, order.currency)),
    }


def _withheld(order: SourceOrder) -> str:
    """Why Zoho shows another total: withholding lowers what is paid, not what the order costs."""
    if not order.withheld:
        return ""
    shown = money(order.total - order.withheld, order.currency)
    kept_back = money(order.withheld, order.currency)
    return f" Zoho Books shows a total of {shown}, after withholding {kept_back} of tax (TDS)."


def method_of(part: Part, posted: str) -> str:
    """By unit where quantities and rates tell every amount; kept once the commitment is there."""
    return posted or (BY_UNIT if reproduces(part.lines) else BY_AMOUNT)


def header_row(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The header as a row of a sync call, without its status."""
    return {name: payload[name] for name in HEADER if name in payload}


def changed_header(payload: Mapping[str, Any], posted: Mapping[str, Any]) -> dict[str, Any]:
    """The header fields that say something else than was posted; None empties one."""
    return {name: payload.get(name) for name in HEADER if payload.get(name) != posted.get(name)}


def line_rows(payload: Mapping[str, Any], reference_text: str) -> list[dict[str, Any]]:
    """All lines as rows of a sync call, each under its origin id."""
    ref = read_reference(reference_text)
    project_id = str(payload["project_id"])
    return [
        {name: line[name] for name in LINE if name in line}
        | {"origin_id": ref.line(project_id, str(line["key"]))}
        for line in payload.get("lines", ())
    ]


def line_content(payload: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Our line key -> what Procore is told of the line."""
    return {
        str(line["key"]): {name: line[name] for name in LINE if name in line}
        for line in payload.get("lines", ())
    }


def _line_payload(
    line: Line, code: Code, currency: str, *, unit: str, method: str, texts: Texts
) -> dict[str, Any]:
    amount = str(to_cents(line.amount, currency))
    text = line.description
    fields: dict[str, Any] = {
        "key": line.key,
        "source_project": line.source_project,
        "source_code": line.source_code,
        "source_unit": line.unit,
        "wbs_code_id": code.id,
        "amount": amount,
    }
    if method == BY_UNIT:
        cost = line.unit_cost
        quantity, cost = (Decimal(1), line.amount) if cost is None else (line.quantity, cost)
        fields |= {"quantity": plain(quantity), "unit_cost": plain(cost)}
        # Of a line that is posted as one times its amount, no unit says what there is one of.
        if unit and line.exact:
            fields["uom"] = unit
    if not line.exact:
        text = "; ".join(part for part in (text, true_quantity(line)) if part)
    fitted = texts.line(line.key, text or code.label)
    if fitted.limit:
        fields["text_limit"] = fitted.limit
    return fields | {"description": fitted.text}
