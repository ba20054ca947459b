"""What is read at Procurify: purchase orders and bills, their lists and their details.

A client and a window enter, sightings leave; a key enters, a record's JSON leaves. Two lists speak
of one order: its items' times and its header's, and a change shows in either.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

from connectors.core.errors import BadInputError
from connectors.core.fingerprints import to_plain
from connectors.core.flow import Listing, Stream
from connectors.core.names import normalise_number
from connectors.core.reading import Fields
from connectors.core.records import Page, Raw, Record, Sighting, Window
from connectors.core.rows import nameless, sightings, version_of
from connectors.flows.procurify_to_zoho_books.words import BILLS, ORDERS
from connectors.providers.procurify.records import parse_bill, parse_purchase_order

_DAY = timedelta(days=1)

# A version says when, not what: a record that only got a new one has not changed.
_VOLATILE = frozenset({"modified", "version", "uuid"})


def item_sighting(row: Fields) -> Sighting | None:
    """The order that an item stands on; none for an item that was only requested."""
    key = row.id_of("purchase_order", "procurify_PO")
    if not key and ("purchase_order" in row or "id" not in row):
        raise nameless(row, "procurify_PO of its purchase order")
    if not key:
        return None
    number = row.text("purchase_order_number")
    return Sighting(key=key, facet="items", version=version_of(row, "last_modified"), number=number)


def header_sighting(row: Fields) -> Sighting | None:
    key = row.text("procurify_PO")
    if not key:
        raise nameless(row, "procurify_PO")
    version = version_of(row, "last_modified")
    return Sighting(key=key, facet="header", version=version, number=row.text("number"))


def bill_sighting(row: Fields) -> Sighting | None:
    """A bill by its group; its UUID is that of one version, and what the detail is asked for by.

    Procurify's schema lets the group be null: such a bill is known by its UUID.
    """
    key = row.text("group") or row.text("uuid")
    if not key:
        raise nameless(row, "group and no uuid")
    return Sighting(
        key=key,
        facet="bill",
        version=version_of(row, "last_modified_datetime"),
        number=row.text("invoice_number"),
        locator=row.text("uuid"),
    )


def read_order(client: Any, key: str, locator: str) -> Raw:
    del locator
    raw = _plain(client.purchase_order(key))
    if Fields(raw, f"purchase order {key}").text("procurify_PO") != key:
        raise BadInputError(f"Procurify answered with another purchase order for {key}.")
    return raw


def read_bill(client: Any, key: str, locator: str) -> Raw:
    """The version that was last seen in the list; another bill's answer is refused."""
    raw = _plain(client.bill(locator or key))
    fields = Fields(raw, f"bill {key}")
    if key not in (fields.text("group"), fields.text("uuid")):
        raise BadInputError(f"Procurify answered with group {raw.get('group')!r} for bill {key}")
    return raw


def content(record: Record) -> dict[str, Any]:
    """What of a record matters: all that we read of it but when it was changed."""
    names = (field.name for field in fields(record))  # type: ignore[arg-type]
    return {name: getattr(record, name) for name in names if name not in _VOLATILE}


def twin_number(record: Record) -> str:
    return normalise_number(record.number)


def party_key(record: Record) -> str:
    return str(getattr(record, "vendor_id", ""))


def _item_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    since, until = _days(window)
    pages = client.order_items(since, until)
    return sightings(pages, window, item_sighting, facet="items", what="An ordered item")


def _header_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    since, until = _days(window)
    pages = client.purchase_orders(since, until)
    return sightings(pages, window, header_sighting, facet="header", what="A purchase order")


def _bill_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    pages = client.bills(window.since, window.until)
    return sightings(pages, window, bill_sighting, facet="bill", what="A bill")


def _days(window: Window) -> tuple[Any, Any]:
    """Filters by day mean the source's own days: one more at either end covers every time zone."""
    since = window.since.date() - _DAY if window.since else None
    return since, window.until.date() + _DAY


def _plain(raw: Raw) -> Raw:
    """JSON that can be stored: exact numbers as text, which parsers read alike."""
    found: Raw = to_plain(raw)
    return found


_ITEMS = Listing(name="items", facet="items", pages=_item_pages)
_HEADERS = Listing(name="headers", facet="header", pages=_header_pages)
_BILLS = Listing(name="bills", facet="bill", pages=_bill_pages)

ORDER_STREAM = Stream(
    name=ORDERS,
    title="Purchase orders",
    rank=10,
    target_kind=ORDERS,
    listings=(_ITEMS, _HEADERS),
    sweep=(_ITEMS, _HEADERS),
    read=read_order,
    parse=parse_purchase_order,
    content=content,
    twin_number=twin_number,
    party_key=party_key,
)
BILL_STREAM = Stream(
    name=BILLS,
    title="Bills",
    rank=20,
    target_kind=BILLS,
    listings=(_BILLS,),
    sweep=(_BILLS,),
    read=read_bill,
    parse=parse_bill,
    content=content,
    twin_number=twin_number,
    party_key=party_key,
)
STREAMS = (ORDER_STREAM, BILL_STREAM)
