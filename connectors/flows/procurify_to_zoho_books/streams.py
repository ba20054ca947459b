"""What is read at Procurify: purchase orders and bills, their lists and their details.

A client and a window enter, sightings leave; a key enters, a record's JSON leaves. Two lists speak
of one order: its items' times and its header's, and a change shows in either.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

from connectors.core.days import instant_text
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import to_plain
from connectors.core.flow import Listing, Stream
from connectors.core.names import normalise_number
from connectors.core.reading import Fields
from connectors.core.records import Page, Raw, Record, Sighting, Window
from connectors.flows.procurify_to_zoho_books.words import BILLS, ORDERS
from connectors.providers.procurify.records import parse_bill, parse_purchase_order

_DAY = timedelta(days=1)

# A version says when, not what: a record that only got a new one has not changed.
_VOLATILE = frozenset({"modified", "version", "uuid"})


def sightings(
    pages: Iterator[Page[Raw]], window: Window, read: Callable[[Fields], Sighting | None]
) -> Iterator[Page[Sighting]]:
    """Rows as sightings, without those outside the window.

    Procurify ignores a filter that it does not know, so every row is checked again. A row without
    a time, or one that cannot be read, is looked at rather than lost.
    """
    for page in pages:
        found = (read(Fields(row, "a row of a Procurify list")) for row in page.rows)
        rows = [row for row in found if row is not None and _inside(row, window)]
        yield Page(rows=rows, number=page.number, count=page.count)


def item_sighting(row: Fields) -> Sighting | None:
    """The order that an item stands on; none for an item that was only requested."""
    key = row.id_of("purchase_order", "procurify_PO")
    if not key:
        return None
    number = row.text("purchase_order_number")
    return Sighting(key=key, facet="items", version=_version(row, "last_modified"), number=number)


def header_sighting(row: Fields) -> Sighting | None:
    key = row.text("procurify_PO")
    if not key:
        return None
    version = _version(row, "last_modified")
    return Sighting(key=key, facet="header", version=version, number=row.text("number"))


def bill_sighting(row: Fields) -> Sighting | None:
    """A bill by its group; its UUID is that of one version, and what the detail is asked for by."""
    key = row.text("group")
    if not key:
        return None
    return Sighting(
        key=key,
        facet="bill",
        version=_version(row, "last_modified_datetime"),
        number=row.text("invoice_number"),
        locator=row.text("uuid"),
    )


def read_order(client: Any, key: str, locator: str) -> Raw:
    del locator
    return _plain(client.purchase_order(key))


def read_bill(client: Any, key: str, locator: str) -> Raw:
    """The version that was last seen in the list; another bill's answer is refused."""
    raw = _plain(client.bill(locator))
    if str(raw.get("group")) != key:
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
    return sightings(client.order_items(since, until), window, item_sighting)


def _header_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    since, until = _days(window)
    return sightings(client.purchase_orders(since, until), window, header_sighting)


def _bill_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    return sightings(client.bills(window.since, window.until), window, bill_sighting)


def _days(window: Window) -> tuple[Any, Any]:
    """Filters by day mean the source's own days: one more at either end covers every time zone."""
    since = window.since.date() - _DAY if window.since else None
    return since, window.until.date() + _DAY


def _version(row: Fields, name: str) -> str:
    instant = row.instant(name)
    return instant_text(instant) if instant else ""


def _inside(row: Sighting, window: Window) -> bool:
    if not row.version:
        return True
    since = instant_text(window.since) if window.since else ""
    return since <= row.version <= instant_text(window.until)


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
