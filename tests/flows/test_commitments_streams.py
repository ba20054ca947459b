"""How Zoho's orders are read: what a list row and a detail become, and what counts as a change."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.core.records import UNNAMED, Page, Raw, Window
from connectors.flows.zoho_books_to_procore import FLOW
from connectors.providers.zoho_books.records import SourceOrder
from tests.flows.commitments import line, order

STREAM = FLOW.streams[0]
NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)


class Zoho:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.asked: list[Any] = []

    def purchase_orders(self, modified_since: str | None = None) -> Iterator[Page[Raw]]:
        self.asked.append(modified_since)
        rows = [
            {"purchaseorder_id": "1", "last_modified_time": "2026-08-03T05:00:00-0600"},
            {"purchaseorder_id": "2", "last_modified_time": "2026-08-03T07:00:00-0600"},
            {"purchaseorder_id": "3"},
            {"purchaseorder_number": "without an id"},
        ]
        yield Page(rows=rows, number=1)

    def purchase_order(self, key: str) -> Raw:
        return self.raw

    def account_codes(self) -> Mapping[str, str]:
        self.asked.append("accounts")
        return {"a1": "5010"}


def parsed(raw: Mapping[str, Any]) -> SourceOrder:
    record = STREAM.parse(raw)
    assert isinstance(record, SourceOrder)
    return record


def test_rows_before_the_window_are_left_out_and_timeless_ones_looked_at() -> None:
    zoho = Zoho({})
    (listing,) = STREAM.listings
    window = Window(since=NOON, until=datetime(2026, 8, 4, tzinfo=UTC))
    (page,) = listing.pages(zoho, window)
    assert [row.key for row in page.rows][:2] == ["2", "3"]
    nameless = page.rows[2]
    assert nameless.key.startswith(UNNAMED)
    assert "purchaseorder_id" in nameless.problem
    assert zoho.asked == ["2026-08-03T12:00:00.000000Z"]


def test_lines_get_the_codes_of_their_accounts_only_where_zoho_leaves_them_out() -> None:
    zoho = Zoho(order(line(account_code="")))
    raw = STREAM.read(zoho, "77001", "")
    assert parsed(raw).lines[0].account_code == "5010"
    zoho = Zoho(order(line(account_code="5030")))
    assert parsed(STREAM.read(zoho, "77001", "")).lines[0].account_code == "5030"
    assert zoho.asked == []
    with pytest.raises(BadInputError, match="another purchase order"):
        STREAM.read(zoho, "77002", "")


def test_headings_are_no_lines_and_tags_and_fields_are_read_by_name() -> None:
    tag = {"tag_name": "Phase", "tag_option_name": "Shell"}
    own = {"label": "Code", "api_name": "cf_code", "value": "03-300"}
    rows = (
        line(tags=[tag], item_custom_fields=[own]),
        line("h", line_item_category="header", item_total="0"),
    )
    record = parsed(order(*rows))
    (only,) = record.lines
    assert only.tags == {"Phase": "Shell"}
    assert only.fields == {"Code": "03-300", "cf_code": "03-300"}
    assert only.amount == Decimal("50.00")


def test_notes_and_times_are_no_change_and_amounts_are() -> None:
    before = fingerprint(STREAM.content(parsed(order())))
    noted = order(notes="Call first", last_modified_time="2026-09-01T00:00:00Z")
    assert fingerprint(STREAM.content(parsed(noted))) == before
    dearer = order(line(rate="6", item_total="60.00"))
    assert fingerprint(STREAM.content(parsed(dearer))) != before


def test_an_amount_that_cannot_be_read_is_named() -> None:
    with pytest.raises(BadInputError, match="item_total of line_items 1 of Zoho purchase order"):
        parsed(order(line(), total="50") | {"line_items": [line(item_total="dear")]})
