"""Shipments, contacts and deliveries as Parcelbook writes them; its JSON enters, records leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.core.money import plain
from connectors.core.reading import Fields
from connectors.core.records import Raw, TargetState
from connectors.core.references import ReferenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many of something at a price."""

    text: str
    quantity: Decimal
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What a house has sent, or is still packing."""

    key: str
    number: str
    version: str
    status: str
    contact_id: str
    party: str
    total: Decimal
    currency: str
    day: date | None
    lines: tuple[Line, ...]


def parse_shipment(raw: Raw) -> Shipment:
    key = Fields(raw, "a shipment").required_text("id")
    fields = Fields(raw, f"shipment {raw.get('number') or key}")
    contact = fields.object("contact")
    return Shipment(
        key=key,
        number=fields.required_text("number"),
        version=fields.text("changed_at"),
        status=fields.text("status"),
        contact_id=fields.id_of("contact"),
        party=contact.text("name") if contact else "",
        total=fields.number("total"),
        currency=fields.required_text("currency"),
        day=fields.day("sent_on"),
        lines=tuple(_line(row) for row in fields.objects("lines")),
    )


def contact_row(raw: Raw) -> ReferenceRow:
    fields = Fields(raw, "a contact")
    return ReferenceRow(
        kind="contact",
        key=fields.required_text("id"),
        name=fields.text("name"),
        active=fields.flag("active", default=True),
    )


def delivery_state(raw: Raw) -> TargetState:
    """A delivery as the house that expects it shows it, in the spelling in which we post."""
    fields = Fields(raw, f"delivery {raw.get('number')}")
    contact_id = fields.text("contact_id")
    lines = [line_content(_line(row)) for row in fields.objects("lines")]
    return TargetState(
        target_id=fields.required_text("id"),
        number=fields.text("number"),
        status=fields.text("status"),
        total=fields.optional_number("total"),
        currency=fields.text("currency"),
        reference=fields.text("reference"),
        vendor_key=contact_id,
        modified=fields.text("changed_at"),
        content={
            "number": fields.text("number"),
            "contact_id": contact_id,
            "currency": fields.text("currency"),
            "note": fields.text("note"),
            "lines": lines,
        },
    )


def line_content(line: Line) -> Mapping[str, Any]:
    return {"text": line.text, "quantity": plain(line.quantity), "price": plain(line.price)}


def _line(fields: Fields) -> Line:
    return Line(
        text=fields.text("text"), quantity=fields.number("quantity"), price=fields.number("price")
    )
