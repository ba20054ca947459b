"""Purchase orders and their life, over the wire."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.live import (
    ACCOUNT,
    INACTIVE_ACCOUNT,
    JPY,
    OTHER_VENDOR,
    TAX,
    VENDOR,
    Live,
    line,
    live,
    zoho_state,
)

OWN: dict[str, Any] = {"ignore_auto_number_generation": "true"}


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        served.sign_in()
        yield served


def status_of(zoho: Live, order: dict[str, Any]) -> str:
    return str(get(zoho, order)["status"])


def get(zoho: Live, order: dict[str, Any]) -> Any:
    return zoho.done("GET", f"/purchaseorders/{order['purchaseorder_id']}")["purchaseorder"]


def act(zoho: Live, order: dict[str, Any], action: str) -> int:
    return zoho.call("POST", f"/purchaseorders/{order['purchaseorder_id']}/{action}").status_code


def test_a_new_order_is_a_draft_with_totals_and_shapes_of_zoho(zoho: Live) -> None:
    body = {
        "vendor_id": VENDOR,
        "purchaseorder_number": "P-1",
        "reference_number": "ref",
        "date": "2026-06-09",
        "line_items": [line("12.50", "3", name="Bolt", tax_id=TAX), line(1, description="x")],
    }
    answer = zoho.call("POST", "/purchaseorders", body, **OWN)
    assert answer.status_code == 201
    order = answer.json()["purchaseorder"]
    assert answer.json()["message"] == "Purchase Order has been added."
    assert answer.headers["Location"] == f"/api/v3/purchaseorders/{order['purchaseorder_id']}"
    assert order["purchaseorder_id"].isdigit()
    assert 15 <= len(order["purchaseorder_id"]) <= 19
    assert (order["status"], order["order_status"], order["delivery_date"]) == (
        "draft",
        "draft",
        "",
    )
    assert (order["sub_total"], order["tax_total"], order["total"]) == (38.5, 1.88, 40.38)
    assert [one["item_total"] for one in order["line_items"]] == [37.5, 1.0]
    assert order["line_items"][0]["quantity_billed"] == 0
    assert order["vendor_name"] == "Acme"
    assert len(order["created_time"]) == 24
    assert order["created_time"][-5] in "+-"
    assert get(zoho, order) == order


def test_without_the_flag_the_number_in_the_body_counts_for_nothing(zoho: Live) -> None:
    body = {"vendor_id": VENDOR, "purchaseorder_number": "P-1", "line_items": [line()]}
    numbers = [
        zoho.done("POST", "/purchaseorders", body)["purchaseorder"]["purchaseorder_number"]
        for _ in range(2)
    ]
    assert numbers == ["PO-00001", "PO-00002"]


def test_a_number_serves_once(zoho: Live) -> None:
    order, other = zoho.order("P-1"), zoho.order("P-2")
    body = {"vendor_id": OTHER_VENDOR, "purchaseorder_number": "P-1", "line_items": [line()]}
    assert "number" in zoho.refused(400, "POST", "/purchaseorders", body, **OWN)["message"]
    path = f"/purchaseorders/{other['purchaseorder_id']}"
    zoho.refused(400, "PUT", path, {"purchaseorder_number": "P-1"})
    zoho.done("DELETE", f"/purchaseorders/{order['purchaseorder_id']}")
    zoho.done("PUT", path, {"purchaseorder_number": "P-1"})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"vendor_id": None}, "vendor_id"),
        ({"vendor_id": "460000000099999"}, "Vendor does not exist."),
        ({"line_items": []}, "line_items"),
        ({"line_items": "x"}, "line_items"),
        ({"line_items": [{"rate": 1}]}, "account_id"),
        ({"line_items": [{"account_id": "1", "rate": 1}]}, "Account does not exist."),
        ({"line_items": [{"account_id": INACTIVE_ACCOUNT, "rate": 1}]}, "inactive"),
        ({"line_items": [line("abc")]}, "rate"),
        ({"line_items": [line(1, -1)]}, "quantity"),
        ({"line_items": [line(tax_id="1")]}, "Tax does not exist."),
        ({"line_items": [line(line_item_id="460000000000001")]}, "line item"),
        ({"line_items": [line(-5)]}, "total"),
        ({"currency_id": "1"}, "Currency does not exist."),
        ({"currency_id": JPY, "exchange_rate": 0}, "exchange_rate"),
        ({"date": "09/06/2026"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"discount": "110%"}, "discount"),
        ({"is_inclusive_tax": "perhaps"}, "is_inclusive_tax"),
        ({"reference_number": "r" * 51}, "reference number"),
        ({"purchaseorder_number": ""}, "purchaseorder_number"),
    ],
)
def test_bad_bodies_name_what_is_wrong_and_change_nothing(
    zoho: Live, changes: dict[str, Any], named: str
) -> None:
    body = {"vendor_id": VENDOR, "purchaseorder_number": "P-1", "line_items": [line()], **changes}
    assert named in zoho.refused(400, "POST", "/purchaseorders", body, **OWN)["message"]
    assert zoho.control("GET", "books/zoho_books")["purchaseorders"] == []


def test_a_put_keeps_named_lines_and_drops_the_others(zoho: Live) -> None:
    order = zoho.order("P-1", line(10, name="a"), line(20, name="b"), line(30, name="c"))
    first, _, third = order["line_items"]
    lines = [
        {"line_item_id": third["line_item_id"], "rate": 31},
        {"line_item_id": first["line_item_id"]},
        line(5, name="new"),
    ]
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    changed = zoho.done("PUT", path, {"line_items": lines})["purchaseorder"]
    assert [one["name"] for one in changed["line_items"]] == ["c", "a", "new"]
    ids = [one["line_item_id"] for one in changed["line_items"]]
    assert ids[:2] == [third["line_item_id"], first["line_item_id"]]
    assert ids[2] not in {one["line_item_id"] for one in order["line_items"]}
    assert changed["total"] == 46
    other = zoho.order("P-2")
    foreign = [{"line_item_id": other["line_items"][0]["line_item_id"]}]
    zoho.refused(400, "PUT", path, {"line_items": foreign})
    twice = [{"line_item_id": third["line_item_id"]}] * 2
    zoho.refused(400, "PUT", path, {"line_items": twice})


def test_a_partial_put_leaves_the_rest(zoho: Live) -> None:
    order = zoho.order("P-1", line(10), notes="old", delivery_date="2026-07-01")
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    changed = zoho.done("PUT", path, {"notes": "new"})["purchaseorder"]
    assert changed == {**order, "notes": "new", "last_modified_time": changed["last_modified_time"]}


def test_discount_and_foreign_currency(zoho: Live) -> None:
    off = zoho.order("P-1", line(100, tax_id=TAX), discount="10%")
    assert (off["total"], off["discount_amount"]) == (94.5, 10)
    after = zoho.order("P-2", line(100, tax_id=TAX), discount=5, is_discount_before_tax=False)
    assert after["total"] == 100
    yen = zoho.order("P-3", line(100, "3.005"), currency_id=JPY, exchange_rate="0.007")
    assert (yen["total"], yen["exchange_rate"], yen["currency_code"]) == (301, 0.007, "JPY")


def test_an_order_opens_is_billed_and_cancelled_for_good(zoho: Live) -> None:
    order = zoho.order("P-1")
    assert act(zoho, order, "status/open") == 200
    assert get(zoho, order)["billed_status"] == "to_be_billed"
    assert act(zoho, order, "status/open") == 200
    assert act(zoho, order, "status/billed") == 200
    assert status_of(zoho, order) == "billed"
    assert act(zoho, order, "status/cancelled") == 400
    assert act(zoho, order, "status/open") == 200
    assert act(zoho, order, "status/cancelled") == 200
    assert zoho.call("PUT", f"/purchaseorders/{order['purchaseorder_id']}", {}).status_code == 400
    assert act(zoho, order, "status/open") == 400
    assert status_of(zoho, order) == "cancelled"


def test_only_an_open_order_is_cancelled(zoho: Live) -> None:
    order = zoho.order("P-1")
    assert act(zoho, order, "status/cancelled") == 400
    assert status_of(zoho, order) == "draft"


def test_approval_leads_from_draft_to_approved_or_rejected(zoho: Live) -> None:
    order = zoho.order("P-1")
    assert act(zoho, order, "approve") == 400
    assert act(zoho, order, "submit") == 200
    assert act(zoho, order, "reject") == 200
    assert act(zoho, order, "submit") == 200
    assert act(zoho, order, "approve") == 200
    assert status_of(zoho, order) == "approved"


def test_a_missing_order_is_404_or_what_the_option_says(zoho: Live) -> None:
    error = zoho.refused(404, "GET", "/purchaseorders/1")
    assert error == {"code": 1002, "message": "Purchase Order does not exist."}
    zoho.control("POST", "options", {"zoho_not_found_status": 400})
    zoho.refused(400, "DELETE", "/purchaseorders/1")


def test_an_inactive_vendor_takes_no_new_orders(zoho: Live) -> None:
    order = zoho.order("P-1")
    zoho.done("POST", f"/contacts/{VENDOR}/inactive")
    body = {"vendor_id": VENDOR, "purchaseorder_number": "P-2", "line_items": [line()]}
    assert "inactive" in zoho.refused(400, "POST", "/purchaseorders", body, **OWN)["message"]
    zoho.done("PUT", f"/purchaseorders/{order['purchaseorder_id']}", {"notes": "still editable"})


def test_an_upsert_by_unique_custom_field_creates_once_and_then_updates() -> None:
    field = {"customfield_id": "460000000090001", "api_name": "cf_source", "label": "Source"}
    definitions = {"purchaseorder": [{**field, "is_unique": True}]}
    with live(zoho_state(custom_fields=definitions)) as zoho:
        zoho.sign_in()
        key = {"X-Unique-Identifier-Key": "cf_source", "X-Unique-Identifier-Value": "s1"}
        body = {
            "vendor_id": VENDOR,
            "purchaseorder_number": "P-1",
            "line_items": [line()],
            "custom_fields": [{"api_name": "cf_source", "value": "s1"}],
        }

        def put(headers: dict[str, str]) -> httpx.Response:
            return zoho.call("PUT", "/purchaseorders", body, headers=headers, **OWN)

        assert put(key).status_code == 404
        assert put({**key, "X-Upsert": "true"}).status_code == 201
        again = put({**key, "X-Upsert": "true"})
        assert again.status_code == 200
        assert again.json()["purchaseorder"]["custom_field_hash"] == {"cf_source": "s1"}
        assert put({**key, "X-Unique-Identifier-Key": "cf_other"}).status_code == 400
        second = {**body, "purchaseorder_number": "P-2"}
        assert "unique" in zoho.refused(400, "POST", "/purchaseorders", second, **OWN)["message"]


def test_accounts_are_named_on_lines(zoho: Live) -> None:
    order = zoho.order("P-1")
    assert order["line_items"][0]["account_id"] == ACCOUNT
    assert order["line_items"][0]["account_name"] == "Supplies"


def test_a_text_that_is_too_long_is_refused_in_zohos_words(zoho: Live) -> None:
    order = zoho.order("P-1")
    answer = zoho.call(
        "PUT", f"/purchaseorders/{order['purchaseorder_id']}", {"reference_number": "r" * 51}
    )
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 15,
        "message": "Please ensure that the reference number has less than 50 characters.",
    }
