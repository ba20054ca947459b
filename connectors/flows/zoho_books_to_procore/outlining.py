"""Orders in outline: as Zoho Books has them, and as commitments were posted to Procore.

A record or a payload enters, the same fields and columns leave. Tax, discount and adjustment are
lines here, since Procore gets them as lines; an order for several projects shares them out.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.flow import Context
from connectors.core.money import optional_decimal
from connectors.core.outlines import VENDOR as VENDOR_FIELD
from connectors.core.outlines import Field, Named, Outline
from connectors.core.outlines import Line as Shown
from connectors.core.records import Record
from connectors.core.references import MappingKey
from connectors.flows.zoho_books_to_procore.lines import (
    DoesNotAddUpError,
    Line,
    charge_line,
    charges,
    order_lines,
)
from connectors.flows.zoho_books_to_procore.words import (
    ANY_PROJECT,
    COST_CODE,
    PROJECT,
    VENDOR,
    cost_code_key,
)
from connectors.providers.zoho_books.records import SourceOrder


class ProcoreOutlines:
    """Zoho Books' orders, and what Procore was told of them."""

    def source(self, stream: str, record: Record, options: Mapping[str, Any]) -> Outline:
        del stream
        if not isinstance(record, SourceOrder):
            return Outline()
        context = Context(options=options, source_settings={}, target_settings={})
        lines, trouble = order_lines(record, context), ""
        try:
            more = [charge_line(c.key, c.amount, near=lines[0]) for c in charges(record) if lines]
        except DoesNotAddUpError as error:
            more, trouble = [], str(error)
        vendor = Named(
            kind=VENDOR,
            key=record.vendor_id,
            label=record.party,
            looked_up=(MappingKey(VENDOR, record.vendor_id),),
        )
        days = (("Date", record.day), ("Delivery", record.delivery_day))
        shown = tuple(_line(line) for line in (*lines, *more))
        return Outline(
            fields=(
                Field(label="Number", text=record.number),
                Field(label=VENDOR_FIELD, named=vendor),
                *(Field(label=label, text=day.isoformat()) for label, day in days if day),
                Field(label="Currency", text=record.currency),
                *(Field(label="Project", named=project) for project in _projects(lines)),
            ),
            lines=shown,
            meant=() if trouble else shown,
            total=record.total,
            currency=record.currency,
            trouble=trouble,
        )

    def posted(self, kind: str, payload: Mapping[str, Any]) -> Outline:
        del kind
        texts = {
            "Number": payload.get("number", ""),
            "Date": payload.get("contract_date", ""),
            "Delivery": payload.get("delivery_date", ""),
            "Currency": payload.get("currency", ""),
        }
        vendor = Named(kind=VENDOR, key=str(payload.get("vendor_id", "")))
        project = Named(kind=PROJECT, key=str(payload.get("project_id", "")))
        return Outline(
            fields=(
                Field(label=VENDOR_FIELD, named=vendor),
                Field(label="Project", named=project),
                *(Field(label=label, text=str(text)) for label, text in texts.items() if text),
            ),
            lines=tuple(_posted_line(line) for line in payload.get("lines", ())),
            total=optional_decimal(payload.get("total")),
            currency=str(payload.get("currency", "")),
        )


def _projects(lines: list[Line]) -> list[Named]:
    """The one project of an order; of several, each line belongs to its own."""
    if len({line.source_project for line in lines}) != 1:
        return []
    return [_project(lines[0])]


def _project(line: Line) -> Named:
    return Named(
        kind=PROJECT,
        key=line.source_project,
        label=line.project_label,
        looked_up=(MappingKey(PROJECT, line.source_project),),
    )


def _line(line: Line) -> Shown:
    keys = [cost_code_key(place, line.source_code) for place in (line.source_project, ANY_PROJECT)]
    code = Named(
        kind=COST_CODE,
        key=line.source_code,
        label=line.code_label,
        looked_up=tuple(MappingKey(COST_CODE, key) for key in keys),
    )
    charge = line.key == line.source_code
    return Shown(
        of=line.key,
        key=line.key,
        name=line.description or line.code_label,
        account=code,
        project=None if charge else _project(line),
        quantity=None if charge else line.quantity,
        price=None if charge else line.rate,
        amount=line.amount,
    )


def _posted_line(line: Mapping[str, Any]) -> Shown:
    return Shown(
        of=str(line["key"]),
        key=str(line["key"]),
        name=str(line.get("description", "")),
        account=Named(kind=COST_CODE, key=str(line.get("wbs_code_id", ""))),
        quantity=optional_decimal(line.get("quantity")),
        price=optional_decimal(line.get("unit_cost")),
        amount=optional_decimal(line.get("amount")),
        words=f"line {line.get('description') or line['key']}",
    )
