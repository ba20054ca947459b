"""What is read at both houses: shipments, and the contacts that they and deliveries name.

A client and a window enter, sightings and rows leave.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.core.days import instant_text, parse_instant
from connectors.core.flow import SOURCE, TARGET, Listing, ReferenceStream, Stream
from connectors.core.names import normalise_number
from connectors.core.reading import Fields
from connectors.core.records import Page, Raw, Record, Sighting, Window
from connectors.core.references import ReferenceRow
from tests.third.package.providers.parcelbook.records import contact_row, parse_shipment

SHIPMENTS, DELIVERY, CONTACT = "shipments", "delivery", "contact"


def shipment_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    """Shipments changed in the window."""
    since = instant_text(window.since) if window.since else None
    for page in client.shipments(since):
        yield Page(rows=[_sighting(row) for row in page.rows], number=page.number)


def _sighting(raw: Raw) -> Sighting:
    row = Fields(raw, "a row of Parcelbook's shipments")
    return Sighting(
        key=row.required_text("id"),
        facet="shipment",
        version=instant_text(parse_instant(row.required_text("changed_at"))),
        number=row.text("number"),
    )


def read_shipment(client: Any, key: str, locator: str) -> Raw:
    del locator
    raw: Raw = client.shipment(key)
    return raw


def content(record: Record) -> Any:
    """What matters of a shipment: all but when it was changed."""
    return replace(record, version="")  # type: ignore[type-var]


def contacts(client: Any, since: str | None) -> Iterator[Page[ReferenceRow]]:
    del since
    for page in client.contacts():
        yield Page(rows=[contact_row(row) for row in page.rows], number=page.number)


_LIST = Listing(name="list", facet="shipment", pages=shipment_pages)

STREAMS = (
    Stream(
        name=SHIPMENTS,
        title="Shipments",
        rank=10,
        target_kind=DELIVERY,
        listings=(_LIST,),
        sweep=(_LIST,),
        read=read_shipment,
        parse=parse_shipment,
        content=content,
        twin_number=lambda record: normalise_number(record.number),
        party_key=lambda record: str(getattr(record, "contact_id", "")),
        resource="shipment",
    ),
)

REFERENCES = tuple(
    ReferenceStream(
        side=side,
        kind=CONTACT,
        every=timedelta(hours=1),
        fetch=contacts,
        resources=frozenset({CONTACT}),
    )
    for side in (SOURCE, TARGET)
)
