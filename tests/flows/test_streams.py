"""What is read: no row of the window is missed, none outside it is taken, nothing costs twice."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.core.fingerprints import canonical_json, fingerprint
from connectors.core.records import UNDATED, UNNAMED, Page, Raw, Window
from connectors.flows.procurify_to_zoho_books import FLOW
from connectors.transport.pagination import NO_OBJECT
from tests.flows.procurify import bill, bill_item, order
from tests.flows.world import BILLS, ORDERS

WINDOW = Window(
    since=datetime(2026, 3, 10, 12, tzinfo=UTC), until=datetime(2026, 3, 11, 12, tzinfo=UTC)
)


class Procurify:
    """Lists as given, and a note of what was asked."""

    def __init__(self, *rows: Raw, detail: Raw | None = None) -> None:
        self.rows = rows
        self.detail = detail or {}
        self.asked: list[tuple[Any, ...]] = []

    def order_items(self, since: Any, until: Any) -> Iterator[Page[Raw]]:
        self.asked.append((since, until))
        yield Page(rows=self.rows, number=1, count=len(self.rows))

    purchase_orders = bills = order_items

    def purchase_order(self, key: str) -> Raw:
        self.asked.append((key,))
        return self.detail

    bill = purchase_order


def seen(stream: str, name: str, client: Procurify, window: Window = WINDOW) -> list[Any]:
    listing = next(one for one in FLOW.stream(stream).listings if one.name == name)
    return [row for page in listing.pages(client, window) for row in page.rows]


def header(at: str, **changes: Any) -> dict[str, Any]:
    return {"procurify_PO": 812, "number": "PO-812", "last_modified": at} | changes


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-03-10T11:59:59.999999Z", False),
        ("2026-03-10T12:00:00Z", True),
        ("2026-03-10T05:00:00-07:00", True),
        ("2026-03-10T04:59:00-07:00", False),
        ("2026-03-11T12:00:00Z", True),
        ("2026-03-11T12:00:01Z", False),
    ],
)
def test_rows_are_checked_against_the_window_to_the_instant(at: str, inside: bool) -> None:
    assert bool(seen(ORDERS, "headers", Procurify(header(at)))) is inside


def test_a_row_without_a_time_is_looked_at_rather_than_lost() -> None:
    (row,) = seen(ORDERS, "headers", Procurify(header("")))
    assert row.version.startswith(UNDATED)


ODD_ROWS = {
    "no object": "maintenance",
    "no id": {"number": "PO-9"},
    "an odd id": {
        "procurify_PO": {"a": 1},
        "group": ["x"],
        "purchase_order": {"procurify_PO": [1]},
    },
}


@pytest.mark.parametrize("odd", ODD_ROWS.values(), ids=ODD_ROWS.keys())
@pytest.mark.parametrize("place", [(ORDERS, "headers"), (BILLS, "bills")], ids=lambda p: p[1])
def test_a_row_that_names_no_record_is_shown(place: tuple[str, str], odd: Any) -> None:
    good = header("2026-03-11T00:00:00Z") | {"group": 5, "uuid": "u5"}
    rows = seen(*place, Procurify(good, odd if isinstance(odd, dict) else {NO_OBJECT: odd}))
    assert len(rows) == 2
    assert rows[1].key.startswith(UNNAMED)
    assert rows[1].problem


@pytest.mark.parametrize("time", ["yesterday", "2026-13-45", 5, True])
@pytest.mark.parametrize("place", [(ORDERS, "headers"), (ORDERS, "items"), (BILLS, "bills")])
def test_a_row_with_an_unreadable_time_is_looked_at(place: tuple[str, str], time: Any) -> None:
    row = {
        "procurify_PO": 7,
        "group": 7,
        "uuid": "u7",
        "purchase_order": {"procurify_PO": 7},
        "last_modified": time,
        "last_modified_datetime": time,
    }
    (found,) = seen(*place, Procurify(row))
    assert found.key == "7"
    assert found.version.startswith(UNDATED)
    assert found.problem == ""


def test_a_bill_without_a_group_is_known_by_its_uuid() -> None:
    row = {"group": None, "uuid": "u7", "last_modified_datetime": "2026-03-11T00:00:00Z"}
    (found,) = seen(BILLS, "bills", Procurify(row))
    assert (found.key, found.locator) == ("u7", "u7")


@pytest.mark.parametrize("name", ["items", "headers"])
def test_filters_by_day_are_asked_a_day_wider_at_either_end(name: str) -> None:
    client = Procurify()
    seen(ORDERS, name, client)
    seen(ORDERS, name, client, Window(since=None, until=WINDOW.until))
    assert client.asked == [
        (date(2026, 3, 9), date(2026, 3, 12)),
        (None, date(2026, 3, 12)),
    ]


def test_bills_are_asked_by_the_instant() -> None:
    client = Procurify()
    seen(BILLS, "bills", client)
    assert client.asked == [(WINDOW.since, WINDOW.until)]


def test_an_item_speaks_for_its_order_and_a_request_for_nothing() -> None:
    at = "2026-03-10T13:00:00Z"
    on_order = {
        "id": 501,
        "purchase_order": 812,
        "purchase_order_number": "PO-812",
        "last_modified": at,
    }
    requested = {"id": 502, "purchase_order": None, "last_modified": at}
    (row,) = seen(ORDERS, "items", Procurify(on_order, requested))
    assert (row.key, row.facet, row.number) == ("812", "items", "PO-812")


def test_versions_compare_as_texts_whatever_their_offset() -> None:
    early, late = "2026-03-11T00:30:00+14:00", "2026-03-10T06:00:00-07:00"
    rows = seen(
        ORDERS,
        "headers",
        Procurify(header(early), header(late)),
        Window(since=None, until=WINDOW.until),
    )
    assert rows[0].version < rows[1].version


def test_a_bill_is_its_group_and_is_read_by_the_uuid_of_its_version() -> None:
    raw = {
        "group": 77,
        "uuid": "u-2",
        "invoice_number": "INV-7",
        "last_modified_datetime": "2026-03-10T13:00:00Z",
    }
    (row,) = seen(BILLS, "bills", Procurify(raw))
    assert (row.key, row.locator, row.number, row.facet) == ("77", "u-2", "INV-7", "bill")


def test_details_are_kept_with_exact_numbers_as_text() -> None:
    client = Procurify(detail=bill(total_cost_with_tax=Decimal("50.10")))
    raw = FLOW.stream(BILLS).read(client, "77", "u-2")
    assert client.asked == [("u-2",)]
    assert raw["total_cost_with_tax"] == "50.1"
    canonical_json(raw)


def test_another_bills_answer_is_refused() -> None:
    with pytest.raises(BadInputError, match="group 77"):
        FLOW.stream(BILLS).read(Procurify(detail=bill()), "78", "u-2")


@pytest.mark.parametrize(
    ("stream", "raw", "quiet", "loud"),
    [
        (ORDERS, order(), {"last_modified": "2027-01-01T00:00:00Z"}, {"comment": "x"}),
        (ORDERS, order(), {"version": 2, "received": "all"}, {"state": 3}),
        (BILLS, bill(), {"uuid": "u-2", "version": 2}, {"invoice_number": "INV-8"}),
        (BILLS, bill(), {"past_due": True}, {"items": [bill_item(902)]}),
    ],
)
def test_only_what_matters_makes_a_record_another(
    stream: str, raw: Any, quiet: dict[str, Any], loud: dict[str, Any]
) -> None:
    def content(changes: dict[str, Any]) -> str:
        one = FLOW.stream(stream)
        return fingerprint(one.content(one.parse(raw | changes)))

    assert content(quiet) == content({})
    assert content(loud) != content({})


def test_orders_are_delivered_before_bills() -> None:
    assert FLOW.stream(ORDERS).rank < FLOW.stream(BILLS).rank


def test_every_option_has_its_default() -> None:
    assert FLOW.default_options() == {
        "order_status": "open",
        "follow_closed": True,
        "bill_date": "posting",
        "post_expense_bills": False,
        "post_card_bills": False,
        "bills_without_order": "wait",
        "create_vendors": "never",
        "drift": "alert",
    }
