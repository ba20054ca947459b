"""Bills, their links to orders, their payments and the transaction lock, over the wire."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.live import (
    ACCOUNT,
    OTHER_VENDOR,
    TAX,
    VENDOR,
    Live,
    line,
    live,
    zoho_state,
)

TAKEN = (
    "A bill with this number has already been created for this vendor. Please check and try again."
)


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        served.sign_in()
        yield served


def order_of(zoho: Live, order: dict[str, Any]) -> Any:
    return zoho.done("GET", f"/purchaseorders/{order['purchaseorder_id']}")["purchaseorder"]


def bill_of(zoho: Live, bill: dict[str, Any]) -> Any:
    return zoho.done("GET", f"/bills/{bill['bill_id']}")["bill"]


def billed_line(order: dict[str, Any], position: int = 0, **more: Any) -> dict[str, Any]:
    return line(purchaseorder_item_id=order["line_items"][position]["line_item_id"], **more)


def pay(zoho: Live, bill: dict[str, Any], amount: Any, **more: Any) -> Any:
    body = {
        "vendor_id": VENDOR,
        "amount": amount,
        "date": "2026-06-05",
        "bills": [{"bill_id": bill["bill_id"], "amount_applied": amount}],
        **more,
    }
    return zoho.done("POST", "/vendorpayments", body)["vendorpayment"]


def test_a_number_repeats_in_another_fiscal_year_only(zoho: Live) -> None:
    body = {"vendor_id": VENDOR, "bill_number": "RENT-1", "line_items": [line("10", 1)]}
    zoho.done("POST", "/bills", {**body, "date": "2025-12-31"})
    later = zoho.done("POST", "/bills", {**body, "date": "2026-01-01"})["bill"]
    assert zoho.call("POST", "/bills", {**body, "date": "2026-06-01"}).json()["message"] == TAKEN
    path = f"/bills/{later['bill_id']}"
    assert zoho.call("PUT", path, {"date": "2025-06-01"}).json()["message"] == TAKEN
    zoho.done("PUT", path, {"date": "2026-02-01"})


def test_a_new_bill_is_open_and_owed(zoho: Live) -> None:
    body = {
        "vendor_id": VENDOR,
        "bill_number": "B-1",
        "date": "2026-06-01",
        "line_items": [line("33.33", 3, tax_id=TAX)],
    }
    answer = zoho.call("POST", "/bills", body)
    bill = answer.json()["bill"]
    assert (answer.status_code, answer.json()["message"]) == (201, "The bill has been created.")
    assert answer.headers["Location"] == f"/api/v3/bills/{bill['bill_id']}"
    assert (bill["sub_total"], bill["tax_total"], bill["total"]) == (99.99, 5.0, 104.99)
    assert (bill["balance"], bill["payment_made"], bill["due_date"]) == (104.99, 0, "2026-06-01")
    assert bill["taxes"] == [{"tax_id": TAX, "tax_name": "GST", "tax_amount": 5.0}]
    assert bill_of(zoho, bill) == bill


def test_a_bill_number_serves_once_per_vendor(zoho: Live) -> None:
    zoho.bill("B-1")
    body = {"vendor_id": VENDOR, "bill_number": " B-1 ", "line_items": [line()]}
    assert zoho.refused(400, "POST", "/bills", body)["message"] == TAKEN
    zoho.bill("B-1", vendor_id=OTHER_VENDOR)
    second = zoho.bill("B-2")
    path = f"/bills/{second['bill_id']}"
    assert zoho.refused(400, "PUT", path, {"bill_number": "B-1"})["message"] == TAKEN


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"bill_number": "  "}, "bill_number"),
        ({"vendor_id": ""}, "vendor_id"),
        ({"line_items": [line(-5)]}, "total"),
        ({"purchaseorder_ids": ["1"]}, "Purchase Order does not exist."),
        ({"line_items": [line(purchaseorder_item_id="1")]}, "purchase order item"),
        ({"due_date": "soon"}, "due_date"),
        ({"adjustment": True}, "adjustment"),
        ({"custom_fields": [{"api_name": "cf_x", "value": "1"}]}, "custom_fields"),
    ],
)
def test_bad_bodies_name_what_is_wrong(zoho: Live, changes: dict[str, Any], named: str) -> None:
    body = {"vendor_id": VENDOR, "bill_number": "B-1", "line_items": [line()], **changes}
    assert named in zoho.refused(400, "POST", "/bills", body)["message"]
    assert zoho.control("GET", "books/zoho_books")["bills"] == []


def test_a_partial_put_changes_only_what_it_says(zoho: Live) -> None:
    bill = zoho.bill("B-1", line(10, tax_id=TAX), notes="old")
    changed = zoho.done("PUT", f"/bills/{bill['bill_id']}", {"notes": "new"})["bill"]
    assert changed == {**bill, "notes": "new", "last_modified_time": changed["last_modified_time"]}
    adjusted = zoho.done("PUT", f"/bills/{bill['bill_id']}", {"adjustment": "-0.01"})["bill"]
    assert (adjusted["total"], adjusted["balance"]) == (10.49, 10.49)


def test_inclusive_tax_and_tax_per_line(zoho: Live) -> None:
    inclusive = zoho.bill("B-1", line(105, tax_id=TAX), is_inclusive_tax=True)
    assert (inclusive["sub_total"], inclusive["tax_total"], inclusive["total"]) == (100, 5, 105)
    lines = [line("0.10", tax_id=TAX), line("0.10", tax_id=TAX)]
    assert zoho.bill("B-2", *lines)["total"] == 0.21
    assert zoho.bill("B-3", *lines, is_item_level_tax_calc=True)["total"] == 0.22


def test_prices_are_rounded_to_the_decimals_of_their_currency(zoho: Live) -> None:
    body = {"vendor_id": VENDOR, "bill_number": "B-1", "line_items": [line("0.12345678", 1000)]}
    bill = zoho.done("POST", "/bills", body)["bill"]
    assert (bill["line_items"][0]["rate"], bill["total"]) == (0.12, 120)


def test_a_vendor_with_tds_has_tax_withheld_without_being_asked(zoho: Live) -> None:
    edit_vendor = {"tds_tax_id": TAX}
    zoho.control("POST", f"edit/zoho_books/contacts/{VENDOR}", edit_vendor)
    body = {"vendor_id": VENDOR, "bill_number": "B-1", "line_items": [line(45_000, tax_id=TAX)]}
    bill = zoho.done("POST", "/bills", body)["bill"]
    assert bill["tds_amount"] > 0
    assert bill["total"] == bill["sub_total"] + bill["tax_total"] - bill["tds_amount"]
    assert bill_of(zoho, bill)["balance"] == bill["total"]
    order = zoho.done("POST", "/purchaseorders", body)["purchaseorder"]
    assert order["total"] == bill["total"]


def test_bills_fill_their_order_and_leave_it_again(zoho: Live) -> None:
    order = zoho.order("P-1", line(10, 4), line(5, 1))
    zoho.done("POST", f"/purchaseorders/{order['purchaseorder_id']}/status/open")
    ids = [order["purchaseorder_id"]]
    first = zoho.bill("B-1", billed_line(order, 0, quantity=3), purchaseorder_ids=ids)
    assert first["purchaseorders"][0]["purchaseorder_number"] == "P-1"
    assert first["line_items"][0]["purchaseorder_id"] == order["purchaseorder_id"]
    partly = order_of(zoho, order)
    assert (partly["status"], partly["billed_status"]) == ("open", "partially_billed")
    assert [one["quantity_billed"] for one in partly["line_items"]] == [3, 0]
    assert [one["bill_number"] for one in partly["bills"]] == ["B-1"]
    lines = [billed_line(order, 0, quantity=1), billed_line(order, 1)]
    second = zoho.bill("B-2", *lines, purchaseorder_ids=ids)
    full = order_of(zoho, order)
    assert (full["status"], full["billed_status"]) == ("billed", "billed")
    zoho.done("POST", f"/bills/{second['bill_id']}/status/void")
    assert order_of(zoho, order)["status"] == "open"
    zoho.done("POST", f"/bills/{second['bill_id']}/status/open")
    assert order_of(zoho, order)["status"] == "billed"
    zoho.done("DELETE", f"/bills/{second['bill_id']}")
    zoho.done("DELETE", f"/bills/{first['bill_id']}")
    empty = order_of(zoho, order)
    assert (empty["status"], empty["billed_status"], empty["bills"]) == ("open", "to_be_billed", [])


def test_an_order_cannot_fall_below_what_is_billed(zoho: Live) -> None:
    order = zoho.order("P-1", line(10, 4), line(5, 1))
    zoho.bill("B-1", billed_line(order, quantity=3), purchaseorder_ids=[order["purchaseorder_id"]])
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    first, second = (one["line_item_id"] for one in order["line_items"])
    zoho.refused(400, "PUT", path, {"line_items": [{"line_item_id": first, "quantity": 2}]})
    zoho.refused(400, "PUT", path, {"line_items": [{"line_item_id": second}]})
    zoho.done("PUT", path, {"line_items": [{"line_item_id": first, "quantity": 3}]})
    zoho.refused(400, "POST", f"{path}/status/cancelled")
    zoho.refused(400, "DELETE", path)


def test_an_order_billed_beyond_its_quantity_can_still_be_edited(zoho: Live) -> None:
    order = zoho.order("P-1", line(100))
    ids = [order["purchaseorder_id"]]
    for number in ("B-1", "B-2"):
        zoho.bill(number, billed_line(order, rate=50), purchaseorder_ids=ids)
    assert order_of(zoho, order)["line_items"][0]["quantity_billed"] == 2
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    line_id = order["line_items"][0]["line_item_id"]
    zoho.done("PUT", path, {"line_items": [{"line_item_id": line_id, "name": "x"}]})
    half = [{"line_item_id": line_id, "quantity": "0.5"}]
    zoho.refused(400, "PUT", path, {"line_items": half})


def test_an_order_of_another_vendor_or_a_cancelled_one_cannot_be_billed(zoho: Live) -> None:
    foreign = zoho.order("P-1", vendor_id=OTHER_VENDOR)
    cancelled = zoho.order("P-2")
    for action in ("open", "cancelled"):
        zoho.done("POST", f"/purchaseorders/{cancelled['purchaseorder_id']}/status/{action}")
    for order in (foreign, cancelled):
        body = {
            "vendor_id": VENDOR,
            "bill_number": "B-1",
            "purchaseorder_ids": [order["purchaseorder_id"]],
            "line_items": [billed_line(order)],
        }
        zoho.refused(400, "POST", "/bills", body)


def test_payments_move_the_balance_and_protect_the_bill(zoho: Live) -> None:
    bill = zoho.bill("B-1", line(100), due_date="2030-01-01")
    path = f"/bills/{bill['bill_id']}"
    part = pay(zoho, bill, 40)
    assert (part["status"], part["bills"][0]["amount_applied"], part["balance"]) == ("paid", 40, 0)
    assert bill_of(zoho, bill)["status"] == "partially_paid"
    rest = pay(zoho, bill, 60)
    paid = bill_of(zoho, bill)
    assert (paid["status"], paid["balance"], len(paid["payments"])) == ("paid", 0, 2)
    zoho.refused(400, "DELETE", path)
    zoho.refused(400, "POST", f"{path}/status/void")
    line_id = bill["line_items"][0]["line_item_id"]
    lower = {"line_items": [{"line_item_id": line_id, "rate": 99}]}
    zoho.refused(400, "PUT", path, lower)
    zoho.done("PUT", path, {"notes": "fine"})
    for payment in (part, rest):
        zoho.done("DELETE", f"/vendorpayments/{payment['payment_id']}")
    assert bill_of(zoho, bill)["balance"] == 100
    zoho.done("PUT", path, lower)


def test_a_payment_takes_at_most_the_balance_and_keeps_the_rest(zoho: Live) -> None:
    bill = zoho.bill("B-1", line(10))
    over = {"vendor_id": VENDOR, "amount": 20}
    over["bills"] = [{"bill_id": bill["bill_id"], "amount_applied": 11}]
    zoho.refused(400, "POST", "/vendorpayments", over)
    more = [{"bill_id": bill["bill_id"], "amount_applied": 10}]
    assert pay(zoho, bill, 15, bills=more)["balance"] == 5
    listed = zoho.done("GET", "/vendorpayments", bill_id=bill["bill_id"])["vendorpayments"]
    assert [one["bill_numbers"] for one in listed] == ["B-1"]
    assert zoho.done("GET", "/vendorpayments", bill_id="1")["vendorpayments"] == []


def test_overdue_follows_from_the_day(zoho: Live) -> None:
    bill = zoho.bill("B-1", due_date="2020-01-01", date="2020-01-01")
    assert bill["status"] == "overdue"
    assert zoho.done("GET", "/bills", status="overdue")["bills"][0]["bill_number"] == "B-1"
    zoho.control("POST", "options", {"zoho_overdue": False})
    assert bill_of(zoho, bill)["status"] == "open"


def test_the_purchase_lock_refuses_bills_and_payments_but_not_orders(zoho: Live) -> None:
    old = zoho.bill("B-1", line(10), date="2026-06-30")
    zoho.control("POST", "edit/zoho_books/transactionlocks/purchase", {"date": "2026-06-30"})
    locks = zoho.done("GET", "/transactionlocks")["transaction_locks"]
    assert [one["transaction_lock_date"] for one in locks] == ["2026-06-30"]
    assert (locks[0]["lock_scope"], locks[0]["lock_status"]) == (2, "locked")
    body = {"vendor_id": VENDOR, "bill_number": "B-2", "line_items": [line()]}
    error = zoho.refused(400, "POST", "/bills", {**body, "date": "2026-06-30"})
    assert "2026-06-30" in error["message"]
    path = f"/bills/{old['bill_id']}"
    zoho.refused(400, "PUT", path, {"notes": "x"})
    zoho.refused(400, "DELETE", path)
    zoho.refused(400, "POST", f"{path}/status/void")
    paid = {"vendor_id": VENDOR, "amount": 1, "date": "2026-06-01"}
    zoho.refused(400, "POST", "/vendorpayments", paid)
    new = zoho.bill("B-2", date="2026-07-01")
    zoho.refused(400, "PUT", f"/bills/{new['bill_id']}", {"date": "2026-06-30"})
    zoho.order("P-1", date="2026-06-01")
    lock = {"transaction_lock_module": "purchase", "transaction_lock_status": "disabled"}
    zoho.done("PUT", "/transactionlock", lock)
    zoho.done("DELETE", path)


def test_people_edit_add_and_delete_by_the_control_door(zoho: Live) -> None:
    zoho.control("POST", "clock", {"advance_seconds": 5})
    bill = zoho.bill("B-1", line(10))
    zoho.control("POST", "clock", {"advance_seconds": 60})
    where = f"zoho_books/bills/{bill['bill_id']}"
    line_id = bill["line_items"][0]["line_item_id"]
    edit = {"line_items": [{"line_item_id": line_id, "rate": "12.34"}]}
    assert zoho.control("POST", f"edit/{where}", edit)["total"] == "12.34"
    changed = bill_of(zoho, bill)
    assert changed["total"] == 12.34
    assert changed["last_modified_time"] > bill["last_modified_time"]
    assert changed["created_time"] == bill["created_time"]
    zoho.control("POST", f"edit/{where}", {"status": "void"})
    assert bill_of(zoho, bill)["status"] == "void"
    typed = {"vendor_id": VENDOR, "bill_number": "HAND-1", "line_items": [line(7)]}
    added = zoho.control("POST", "add/zoho_books/bills", typed)
    assert zoho.refused(400, "POST", "/bills", typed)["message"] == TAKEN
    zoho.control("POST", f"delete/zoho_books/bills/{added['bill_id']}")
    zoho.done("POST", "/bills", typed)
    answer = zoho.http.post(f"/control/delete/zoho_books/contacts/{VENDOR}")
    assert (answer.status_code, "transactions" in answer.json()["error"]) == (400, True)


def test_seeded_documents_add_up_and_link() -> None:
    order_line = {**line(10, 2), "line_item_id": "460000000070011"}
    order = {
        "purchaseorder_id": "460000000070001",
        "purchaseorder_number": "S-1",
        "vendor_id": VENDOR,
        "status": "open",
        "created_time": "2026-05-01T10:00:00-0700",
        "line_items": [order_line],
    }
    bill = {
        "bill_id": "460000000070002",
        "bill_number": "S-1",
        "vendor_id": VENDOR,
        "date": "2026-05-02",
        "purchaseorder_ids": ["460000000070001"],
        "line_items": [line(10, 2, purchaseorder_item_id="460000000070011")],
    }
    paid = {
        "vendor_id": VENDOR,
        "amount": 20,
        "bills": [{"bill_id": "460000000070002", "amount_applied": 20}],
        "paid_through_account_id": ACCOUNT,
    }
    state = zoho_state(purchaseorders=[order], bills=[bill], vendorpayments=[paid])
    with live(state) as seeded:
        books = seeded.control("GET", "books/zoho_books")
        assert books["purchaseorders"][0]["created_time"] == "2026-05-01T13:00:00-0400"
        assert books["purchaseorders"][0]["status"] == "billed"
        assert (books["bills"][0]["status"], books["bills"][0]["total"]) == ("paid", "20.00")
        seeded.sign_in()
        assert int(seeded.bill("S-2")["bill_id"]) > 460000000070011
