"""Procurify's simulator: pages, filters, shapes and the JSON types of amounts, over the wire."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.procurify_tenant import Tenant, bill_item, bill_record, order_record, tenant

BILLS, ITEMS = "/api/v3/ap/bills/", "/api/v3/order-items/"
ORDERS = "/api/v2/purchase_orders/purchased/all/"
MANY = 23


@pytest.fixture(scope="module")
def procurify() -> Iterator[Tenant]:
    """Read only: orders modified on the days of August, bills too."""
    orders = [
        order_record(
            n,
            last_modified=f"2026-08-{n:02d}T03:00:00.000000Z",
            date=f"2026-08-{n:02d}T23:30:00-08:00",
            state=1 if n == 1 else 0,
        )
        for n in range(1, 6)
    ]
    orders[0]["items"][0]["allocations"] = [
        {"id": 1, "account": 11, "amount": "62.505"},
        {"id": 2, "account": 11, "amount": "62.495"},
    ]
    bills = [bill_record(n) for n in range(1, MANY + 1)]
    bills[0]["items"] = [bill_item(1, order_item=10)]
    waiting = {**orders[0]["items"][0], "id": 99}
    with tenant(purchase_orders=orders, bills=bills, requested_items=[waiting]) as served:
        yield served


def test_pages_of_ten_newest_first(procurify: Tenant) -> None:
    body = procurify.get(BILLS).json()
    assert [row["group"] for row in body["data"]] == list(range(MANY, MANY - 10, -1))
    page = body["metadata"]["pagination"]
    assert page["next"].startswith("http://127.0.0.1:")
    assert page | {"next": ""} == {
        "count": MANY,
        "next": "",
        "previous": None,
        "page_size": 10,
        "num_pages": 3,
        "current_page": 1,
    }
    assert len(procurify.walk(BILLS)) == MANY


def test_page_sizes_are_capped_and_bad_ones_ignored(procurify: Tenant) -> None:
    def size(text: str) -> int:
        body = procurify.get(BILLS, page_size=text).json()
        return int(body["metadata"]["pagination"]["page_size"])

    assert [size(text) for text in ("5", "100", "5000", "-3", "x")] == [5, 100, 100, 10, 10]


@pytest.mark.parametrize("page", ["4", "0", "last"])
def test_a_page_past_the_end(procurify: Tenant, page: str) -> None:
    answer = procurify.get(BILLS, page=page)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})


def test_an_unknown_parameter_is_ignored_silently(procurify: Tenant) -> None:
    assert len(procurify.walk(BILLS, status="0", last_modified_0="2030-01-01")) == MANY


def test_bills_are_filtered_by_the_time_they_changed(procurify: Tenant) -> None:
    day = "2026-08-{:02d}T{}"
    rows = procurify.walk(
        BILLS,
        last_modified_datetime_0=day.format(11, "12:00:00+02:00"),
        last_modified_datetime_1=day.format(13, "10:00:00Z"),
    )
    assert sorted(row["group"] for row in rows) == [10, 11, 12]


def test_an_unencoded_plus_is_no_date_time(procurify: Tenant) -> None:
    answer = procurify.http.get(f"{BILLS}?last_modified_datetime_0=2026-08-11T12:00:00+02:00")
    assert answer.status_code == 400
    assert list(answer.json()) == ["last_modified_datetime_0"]


def test_day_filters_compare_the_tenants_own_day(procurify: Tenant) -> None:
    """03:00 in UTC is the evening before on the coast, where the tenant is."""
    rows = procurify.walk(ORDERS, modified_date_0="2026-08-02", modified_date_1="2026-08-03")
    assert sorted(row["procurify_PO"] for row in rows) == [3, 4]
    rows = procurify.walk(ITEMS, po_created_date_0="2026-08-05", po_created_date_1="2026-08-09")
    assert [row["purchase_order"] for row in rows] == [5]
    assert procurify.get(ORDERS, date_0="yesterday").status_code == 400


def test_orders_by_role_and_status(procurify: Tenant) -> None:
    path = "/api/v2/purchase_orders/{}/{}/"
    assert len(procurify.walk(path.format("receivable", "cancelled"))) == 1
    assert len(procurify.walk(path.format("purchased", "open"))) == 4
    assert procurify.get(path.format("approver", "all")).status_code == 404
    assert procurify.get(path.format("purchased", "pending")).status_code == 404
    counts = procurify.get(ORDERS).json()["metadata"]["counts"]["purchased"]
    assert counts == {
        "all": 5, "open": 4, "partial": 0, "closed": 0, "cancelled": 1, "page": 5,
    }  # fmt: skip


def test_an_order_has_decimal_text_and_its_own_metadata(procurify: Tenant) -> None:
    body = procurify.get("/api/v2/purchase_orders/1/").json()
    order = body["data"]
    assert body["metadata"] == {"can_edit": True, "can_delete": False}
    assert (order["total"], order["freight"]) == ("125.00", "0.000000")
    assert order["purchased_currency_rate"] == "0.769231"
    assert order["cost_details"]["total_cost_in_base_currency"] == "96.15"
    (line,) = order["order_items"]
    assert (line["quantity"], line["price"]) == ("10.00000", "12.50000000")
    assert [share["amount"] for share in line["spend_allocation"]] == ["62.50500000", "62.49500000"]
    assert line["account"]["account_code"]["code"] == "5010"
    assert procurify.data(f"/api/v2/purchase_orders/{order['uuid']}/")["number"] == "PO-1"
    assert procurify.get("/api/v2/purchase_orders/77/").status_code == 404


def test_order_items_are_flat_and_include_what_is_not_purchased(procurify: Tenant) -> None:
    rows = procurify.walk(ITEMS)
    assert procurify.walk("/api/v2/global/order_items/") == rows
    assert (rows[0]["id"], rows[0]["purchase_order"]) == (99, None)
    assert (rows[1]["account"], rows[1]["currency"], rows[1]["purchase_order"]) == (11, 2, 5)


def test_bill_totals_are_floats_and_the_list_is_slim(procurify: Tenant) -> None:
    slim = procurify.walk(BILLS)[-1]
    assert slim["total_cost_with_tax"] == 115.5
    assert isinstance(slim["total_cost_with_tax"], float)
    assert slim["items"] == [100]
    assert slim["vendor"] == {"id": 1, "name": "Acme"}
    for key in (slim["uuid"], slim["uuid"].replace("-", "")):
        full = procurify.data(f"/api/v2/ap/bills/{key}/")
        assert (full["total_cost"], full["exclusive_tax_amount"]) == (110.0, 5.5)
        (item,) = full["items"]
        assert (item["quantity"], item["unit_cost"]) == ("10.00000", 11.0)
        assert item["cost_allocations"][0]["amount"] == "110.00000000"
        assert item["cost_allocations"][0]["budget"]["account_code"]["code"] == "5010"
        assert item["po"]["number"] == item["orderitem"]["purchase_order_number"] == "PO-1"
    assert procurify.get("/api/v2/ap/bills/abc-def/").status_code == 404


def test_reference_data_and_the_connection_test(procurify: Tenant) -> None:
    assert procurify.data("/api/v3/users/me/")["email"] == "ada@example.com"
    assert procurify.data("/api/v3/account-codes/")[0]["code"] == "5010"
    assert procurify.data("/api/v3/accounts/")[0]["account_code"]["code"] == "5010"
    rates = {row["name"]: row["rate"] for row in procurify.data("/api/v2/currencies/")}
    assert rates == {"USD": "1.000000", "CAD": "0.769231"}
    for path in ("/api/v3/departments/", "/api/v2/locations/", "/api/public/v1/payments/"):
        assert procurify.get(path).status_code == 200


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_the_order_of_lists_is_an_option(order: str) -> None:
    bills = [bill_record(n) for n in range(1, MANY + 1)]
    options: dict[str, Any] = {"procurify_order": order, "procurify_seed": 3}
    with tenant(options, bills=bills) as procurify:
        groups = [row["group"] for row in procurify.walk(BILLS)]
    expected = list(range(1, MANY + 1))
    if order == "descending":
        expected.reverse()
    if order == "shuffled":
        random.Random(3).shuffle(expected)
    assert groups == expected


def test_next_may_name_a_foreign_host() -> None:
    bills = [bill_record(n) for n in range(1, MANY + 1)]
    with tenant({"procurify_foreign_next": True}, bills=bills) as procurify:
        link = procurify.get(BILLS, page=2).json()["metadata"]["pagination"]["next"]
    assert link == "http://app.procurify.example/procurify/millwright/api/v3/ap/bills/?page=3"


def test_twenty_thousand_bills_are_paged_quickly() -> None:
    bills = [bill_record(n) for n in range(1, 20_001)]
    with tenant(bills=bills) as procurify:
        procurify.get(BILLS, page_size=100)
        for page in (2, 100, 200):
            answer = procurify.get(BILLS, page_size=100, page=page)
            assert answer.json()["metadata"]["pagination"]["count"] == 20_000
            assert answer.elapsed.total_seconds() < 0.5
