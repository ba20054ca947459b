"""What is read at Zoho Books: purchase orders, their list and their details.

A client and a window enter, sightings leave; a key enters, a record's JSON leaves.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from connectors.core.days import instant_text
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import to_plain
from connectors.core.flow import Listing, Stream
from connectors.core.names import normalise_number
from connectors.core.reading import Fields
from connectors.core.records import Page, Raw, Record, Sighting, Window
from connectors.core.rows import nameless, sightings, version_of
from connectors.flows.zoho_books_to_procore.words import COMMITMENTS, ORDERS
from connectors.providers.zoho_books.records import parse_purchase_order

# A version says when, not what: a record that only got a new one has not changed.
_VOLATILE = frozenset({"version"})


def order_pages(client: Any, window: Window) -> Iterator[Page[Sighting]]:
    """Orders modified in the window; those that Zoho lists beside it are left out again."""
    since = instant_text(window.since) if window.since else None
    pages = client.purchase_orders(modified_since=since)
    return sightings(pages, window, order_sighting, facet="order", what="A purchase order")


def order_sighting(row: Fields) -> Sighting:
    key = row.text("purchaseorder_id")
    if not key:
        raise nameless(row, "purchaseorder_id")
    return Sighting(
        key=key,
        facet="order",
        version=version_of(row, "last_modified_time"),
        number=row.text("purchaseorder_number"),
    )


def read_order(client: Any, key: str, locator: str) -> Raw:
    """The order's detail, its lines with the codes of their accounts, which Zoho leaves out."""
    del locator
    raw = client.purchase_order(key)
    if str(raw.get("purchaseorder_id")) != key:
        raise BadInputError(f"Zoho Books answered with another purchase order for {key}")
    lines = [_coded(line, client) for line in raw.get("line_items") or ()]
    found: Raw = to_plain({**raw, "line_items": lines})
    return found


def _coded(line: Raw, client: Any) -> Raw:
    account_id = str(line.get("account_id") or "")
    if not account_id or line.get("account_code"):
        return line
    return {**line, "account_code": client.account_codes().get(account_id, "")}


def content(record: Record) -> dict[str, Any]:
    """What of an order matters: all that we read of it but when it was changed."""
    names = (field.name for field in fields(record))  # type: ignore[arg-type]
    return {name: getattr(record, name) for name in names if name not in _VOLATILE}


_LIST = Listing(name="orders", facet="order", pages=order_pages)

ORDER_STREAM = Stream(
    name=ORDERS,
    title="Purchase orders",
    rank=10,
    target_kind=COMMITMENTS,
    listings=(_LIST,),
    sweep=(_LIST,),
    read=read_order,
    parse=parse_purchase_order,
    content=content,
    twin_number=lambda record: normalise_number(record.number),
    party_key=lambda record: str(getattr(record, "vendor_id", "")),
    path="#/purchaseorders/{key}",
    resource="purchaseorder",
)
STREAMS = (ORDER_STREAM,)
