"""Providers' JSON as records: every spelling that occurs is read, what cannot be is named."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.providers.procurify.records import (
    parse_account_code,
    parse_bill,
    parse_currency,
    parse_purchase_order,
    parse_vendor,
)
from connectors.providers.zoho_books.records import bill_state, purchase_order_state
from tests.flows.procurify import account, bill, bill_item, order, order_item


def test_an_order_is_read_whole() -> None:
    record = parse_purchase_order(order())
    assert (record.key, record.number, record.version, record.party) == (
        "812",
        "PO-812",
        "1",
        "Acme Inc.",
    )
    assert (record.day, record.promise_day) == (date(2026, 1, 31), date(2026, 2, 14))
    assert (record.total, record.currency, record.rate) == (
        Decimal("50.00"),
        "USD",
        Decimal("1.000000"),
    )
    (item,) = record.items
    assert (item.account_code, item.account_name, item.price) == (
        "5030",
        "Components",
        Decimal("12.50000000"),
    )


@pytest.mark.parametrize("field", ["uuid", "promise_date", "comment", "discount", "tax", "freight"])
@pytest.mark.parametrize("absent", [True, False])
def test_optional_fields_may_be_null_or_absent(field: str, absent: bool) -> None:
    raw = order()
    raw[field] = None
    if absent:
        del raw[field]
    assert parse_purchase_order(raw).total == Decimal("50.00")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total": None}, "total of purchase order PO-812 is missing"),
        ({"total": "fifty"}, "total of purchase order PO-812 is not a number"),
        ({"state": "open"}, "state of purchase order PO-812"),
        ({"date": "31/01/2026"}, "date of purchase order PO-812 is not a date"),
        ({"order_items": [{}]}, "id of order_items 1 of purchase order PO-812 is missing"),
        (
            {"order_items": [order_item(price="x")]},
            "price of item 501 of purchase order PO-812 is not a number",
        ),
    ],
)
def test_an_order_that_cannot_be_read_names_field_and_record(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        parse_purchase_order(order(**changes))


def test_a_record_without_its_key_is_no_record() -> None:
    with pytest.raises(BadInputError, match="procurify_PO"):
        parse_purchase_order({})
    with pytest.raises(BadInputError, match="uuid"):
        parse_bill({})


def test_a_bill_without_a_group_is_known_by_its_uuid() -> None:
    assert parse_bill(bill(group=None)).key == bill()["uuid"]


def test_references_may_be_bare_ids_with_the_name_beside_them() -> None:
    record = parse_purchase_order(order(pref_vendor=10, vendor_name="Acme Inc."))
    assert (record.vendor_id, record.party) == ("10", "Acme Inc.")


def test_unknown_states_stay_numbers() -> None:
    assert parse_purchase_order(order(state=17)).state == 17
    assert parse_bill(bill(status="23")).status == 23


@pytest.mark.parametrize(
    ("kind", "percent"), [("percent", True), ("amount", False), (0, True), (1, False), ("1", False)]
)
def test_a_tax_says_in_words_or_numbers_what_it_is(kind: object, percent: bool) -> None:
    item = order_item(taxes=[{"type": kind, "value": "5", "name": "GST"}])
    (tax,) = parse_purchase_order(order(item)).items[0].taxes
    assert tax.percent is percent


def test_a_bill_is_read_whole_without_the_dust_of_floats() -> None:
    record = parse_bill(bill(total_cost_with_tax=0.1 + 0.2, gl_post_date=None))
    assert (record.key, record.number, record.total) == ("77", "INV-7", Decimal("0.30"))
    assert record.day == date(2026, 2, 5)
    (item,) = record.items
    assert (item.quantity, item.unit_cost) == (Decimal("4.00000"), Decimal("12.5"))
    assert item.allocations[0].account_code == "5030"


def test_the_posting_day_is_the_bills_day_where_there_is_one() -> None:
    assert parse_bill(bill(gl_post_date="2026-03-01T00:00:00+14:00")).day == date(2026, 3, 1)


def test_an_item_billed_by_cost_has_no_quantity() -> None:
    (item,) = parse_bill(bill(bill_item(quantity=None, unit_cost=None))).items
    assert (item.quantity, item.unit_cost) == (None, None)


def test_a_missing_total_with_tax_is_cost_and_tax() -> None:
    raw = bill_item(total_cost=100.0, tax_amount=5.0)
    del raw["total_cost_with_tax"]
    assert parse_bill(bill(raw)).items[0].total_cost_with_tax == Decimal(105)


def test_the_order_may_stand_on_the_ordered_item_only() -> None:
    raw = bill_item(orderitem=order_item() | {"purchase_order": 812})
    (item,) = parse_bill(bill(raw)).items
    assert (item.order_key, item.order_item_id, item.account_code) == ("812", "501", "5030")


@pytest.mark.parametrize(
    "allocation",
    [
        {"cost_allocation": {"budget": account("6010", "Fuel")}},
        {"cost_allocations": [{"budget": account("6010", "Fuel")}]},
    ],
)
def test_other_costs_have_their_account(allocation: dict[str, Any]) -> None:
    cost = {"id": 5, "name": "Fuel", "amount": "18.75"} | allocation
    (found,) = parse_bill(bill(costs=[cost])).costs
    assert (found.amount, found.account_code, found.account_name) == (
        Decimal("18.75"),
        "6010",
        "Fuel",
    )


def test_master_data_is_read_in_its_several_forms() -> None:
    vendor = parse_vendor({"id": 10, "name": "Acme", "email": ["AP@acme.example", ""]})
    assert (vendor.emails, vendor.active, vendor.type) == (("ap@acme.example",), True, 3)
    assert parse_vendor({"id": 10, "email": "a@x.example, b@x.example"}).emails == (
        "a@x.example",
        "b@x.example",
    )
    assert parse_account_code({"id": 1, "code": 5030}).code == "5030"
    assert parse_currency({"id": 1, "name": "cad", "rate": "0.769231"}).code == "CAD"


def test_zohos_answer_is_kept_in_the_spelling_of_requests() -> None:
    state = bill_state(
        {
            "bill_id": 460000000000123,
            "bill_number": "INV-7",
            "status": "Partially_Paid",
            "total": Decimal("50.10"),
            "currency_code": "usd",
            "vendor_id": "z1",
            "reference_number": "mlc:acme:bill:77",
            "payment_made": 10.5,
            "line_items": [
                {"line_item_id": "l1", "account_id": "a1", "quantity": 4, "rate": 12.50}
            ],
        }
    )
    assert (state.target_id, state.status, state.total, state.currency) == (
        "460000000000123",
        "partially_paid",
        Decimal("50.10"),
        "USD",
    )
    assert state.content["payment_made"] == "10.5"
    assert state.content["lines"][0]["rate"] == "12.5"


def test_a_list_row_of_zoho_has_no_lines_and_a_record_without_id_is_refused() -> None:
    state = purchase_order_state({"purchaseorder_id": "1", "status": "open", "total": ""})
    assert "lines" not in state.content
    assert state.total is None
    with pytest.raises(BadInputError, match="purchaseorder_id"):
        purchase_order_state({"status": "open"})
