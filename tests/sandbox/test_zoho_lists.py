"""Lists: filters, sort, pages, delayed visibility, and reference data, over the wire."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.live import (
    ACCOUNT,
    INACTIVE_ACCOUNT,
    KWD,
    OTHER_VENDOR,
    USD,
    USER,
    VENDOR,
    Live,
    line,
    live,
)


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        served.sign_in()
        yield served


def numbers(zoho: Live, **query: Any) -> list[str]:
    return [one["bill_number"] for one in zoho.done("GET", "/bills", **query)["bills"]]


def tick(zoho: Live, seconds: float = 2) -> None:
    zoho.control("POST", "clock", {"advance_seconds": seconds})


def test_pages_say_whether_there_are_more(zoho: Live) -> None:
    for number in range(5):
        zoho.bill(f"B-{number}")
    answer = zoho.done("GET", "/bills", page=2, per_page=2)
    assert answer["page_context"] == {
        "page": 2,
        "per_page": 2,
        "has_more_page": True,
        "report_name": "Bills",
        "applied_filter": "Status.All",
        "custom_fields": [],
        "sort_column": "created_time",
        "sort_order": "D",
    }
    assert [one["bill_number"] for one in answer["bills"]] == ["B-2", "B-1"]
    assert zoho.done("GET", "/bills", page=3, per_page=2)["page_context"]["has_more_page"] is False
    assert zoho.done("GET", "/bills", page=9)["bills"] == []
    assert zoho.done("GET", "/bills", per_page=1000)["page_context"]["per_page"] == 200
    zoho.refused(400, "GET", "/bills", page=0)


def test_bills_honour_filters_and_ignore_what_they_do_not_know(zoho: Live) -> None:
    zoho.bill("A-1", line(10), reference_number="r1", date="2026-06-01", due_date="2030-01-01")
    zoho.bill("A-2", line(20), reference_number="r2", date="2026-06-02", vendor_id=OTHER_VENDOR)
    zoho.bill("C-3", line(30), date="2026-06-03")
    assert numbers(zoho, bill_number="A-2") == ["A-2"]
    assert numbers(zoho, bill_number="a-2") == []
    assert numbers(zoho, reference_number="r1") == ["A-1"]
    assert numbers(zoho, bill_number_startswith="a-") == ["A-2", "A-1"]
    assert numbers(zoho, bill_number_contains="3") == ["C-3"]
    assert numbers(zoho, vendor_id=OTHER_VENDOR) == ["A-2"]
    assert numbers(zoho, vendor_id=OTHER_VENDOR, bill_number="A-1") == []
    assert numbers(zoho, date_start="2026-06-02", date_end="2026-06-02") == ["A-2"]
    assert numbers(zoho, date_after="2026-06-02") == ["C-3"]
    assert numbers(zoho, total_greater_equals="20", total_less_than=30) == ["A-2"]
    assert numbers(zoho, status="open") == ["A-1"]
    assert numbers(zoho, filter_by="Status.Overdue") == ["C-3", "A-2"]
    assert numbers(zoho, search_text="bolt") == ["A-2"]
    assert numbers(zoho, colour="red") == ["C-3", "A-2", "A-1"]
    error = zoho.refused(400, "GET", "/bills", filter_by="Status.Blue")
    assert error == {"code": 2, "message": "Invalid value passed for filter_by"}


def test_bills_sort_both_ways_and_orders_ignore_sort_order(zoho: Live) -> None:
    for number, rate in (("B-1", 30), ("B-2", 10), ("B-3", 20)):
        zoho.bill(number, line(rate))
        zoho.order(number, line(rate))
    assert numbers(zoho, sort_column="total", sort_order="A") == ["B-2", "B-3", "B-1"]
    assert numbers(zoho, sort_column="total", sort_order="D") == ["B-1", "B-3", "B-2"]
    zoho.refused(400, "GET", "/bills", sort_column="colour")
    answer = zoho.done("GET", "/purchaseorders", sort_order="A")
    assert answer["page_context"]["sort_order"] == "D"
    found = [one["purchaseorder_number"] for one in answer["purchaseorders"]]
    assert found == ["B-3", "B-2", "B-1"]


def test_modified_after_excludes_its_own_second_unless_the_option_says(zoho: Live) -> None:
    first = zoho.bill("B-1")
    tick(zoho)
    second = zoho.bill("B-2")
    stamp = first["last_modified_time"]
    assert numbers(zoho, last_modified_time=stamp) == ["B-2"]
    assert numbers(zoho, last_modified_time=second["last_modified_time"]) == []
    zoho.control("POST", "options", {"zoho_modified_inclusive": True})
    assert numbers(zoho, last_modified_time=stamp) == ["B-2", "B-1"]
    tick(zoho)
    zoho.done("PUT", f"/bills/{first['bill_id']}", {"notes": "again"})
    moved = numbers(zoho, sort_column="last_modified_time", sort_order="D")
    assert moved == ["B-1", "B-2"]


def test_a_plus_that_is_not_encoded_is_refused(zoho: Live) -> None:
    path = "/purchaseorders?last_modified_time=2026-01-01T00:00:00{}0530"
    url = f"/zoho/us/api/books/v3{path}&organization_id=10229182"
    token = {"Authorization": f"Zoho-oauthtoken {zoho.token}"}
    assert zoho.http.get(url.format("+"), headers=token).status_code == 400
    assert zoho.http.get(url.format("%2B"), headers=token).status_code == 200


def test_contacts_have_no_modified_filter_but_sort_by_it(zoho: Live) -> None:
    tick(zoho)
    zoho.done("PUT", f"/contacts/{OTHER_VENDOR}", {"phone": "1"})
    future = (datetime.now().astimezone() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S%z")
    query = {"sort_column": "last_modified_time", "sort_order": "D"}
    rows = zoho.done("GET", "/contacts", last_modified_time=future, **query)["contacts"]
    assert [one["contact_name"] for one in rows] == ["Bolt", "Acme"]


def test_contacts_may_be_unique_by_name_and_follow_their_bills(zoho: Live) -> None:
    body = {"contact_name": " acme ", "contact_type": "vendor"}
    second = zoho.done("POST", "/contacts", body)["contact"]["contact_id"]
    zoho.done("DELETE", f"/contacts/{second}")
    zoho.control("POST", "options", {"zoho_unique_contact_names": True})
    error = zoho.refused(400, "POST", "/contacts", body)
    assert error["code"] == 3062
    assert error["message"].startswith('The customer "acme" already exists.')
    answer = zoho.call("POST", "/contacts", {"contact_name": "Cogs", "payment_terms": 30})
    contact = answer.json()["contact"]
    assert (answer.status_code, contact["contact_type"]) == (201, "customer")
    assert contact["currency_id"] == USD
    path = f"/contacts/{contact['contact_id']}"
    assert zoho.refused(400, "PUT", path, {"contact_name": "Bolt"})["code"] == 3062
    zoho.done("PUT", path, {"contact_name": "Cogs", "billing_address": {"city": "Bern"}})
    assert zoho.done("GET", path)["contact"]["billing_address"]["city"] == "Bern"
    vendors = zoho.done("GET", "/contacts", contact_type="vendor")["contacts"]
    assert [one["contact_name"] for one in vendors] == ["Acme", "Bolt"]
    bill = zoho.bill("B-1", line(12))
    assert zoho.done("GET", f"/contacts/{VENDOR}")["contact"]["outstanding_payable_amount"] == 12
    assert "transactions" in zoho.refused(400, "DELETE", f"/contacts/{VENDOR}")["message"]
    zoho.done("DELETE", f"/bills/{bill['bill_id']}")
    zoho.done("DELETE", f"/contacts/{VENDOR}")
    zoho.refused(404, "GET", f"/contacts/{VENDOR}")
    zoho.done("POST", f"/contacts/{OTHER_VENDOR}/inactive")
    active = zoho.done("GET", "/contacts", filter_by="Status.Active")["contacts"]
    assert [one["contact_name"] for one in active] == ["Cogs"]


def test_visibility_is_delayed_for_lists_and_look_ups_only(zoho: Live) -> None:
    old = zoho.bill("B-1", notes="old")
    zoho.control("POST", "options", {"visibility_delay": 30})
    tick(zoho, 60)
    new = zoho.bill("B-2", reference_number="mine")
    zoho.done("PUT", f"/bills/{old['bill_id']}", {"bill_number": "B-1b"})
    assert numbers(zoho) == ["B-1"]
    assert numbers(zoho, reference_number="mine") == []
    assert zoho.done("GET", f"/bills/{new['bill_id']}")["bill"]["bill_number"] == "B-2"
    again = {"vendor_id": VENDOR, "bill_number": "B-2", "line_items": [line()]}
    zoho.refused(400, "POST", "/bills", again)
    tick(zoho, 31)
    assert numbers(zoho) == ["B-2", "B-1b"]
    assert numbers(zoho, reference_number="mine") == ["B-2"]


def test_the_chart_of_accounts_comes_whole_and_active(zoho: Live) -> None:
    answer = zoho.done("GET", "/chartofaccounts")
    assert answer["page_context"]["per_page"] == 5000
    assert answer["page_context"]["applied_filter"] == "AccountType.Active"
    assert [one["account_id"] for one in answer["chartofaccounts"]] == [ACCOUNT]
    both = zoho.done("GET", "/chartofaccounts", filter_by="AccountType.All")["chartofaccounts"]
    assert {one["account_id"] for one in both} == {ACCOUNT, INACTIVE_ACCOUNT}
    body = {"account_name": "Freight", "account_type": "expense", "account_code": "6100"}
    assert zoho.call("POST", "/chartofaccounts", body).status_code == 201
    found = zoho.done("GET", "/chartofaccounts", account_code="6100")["chartofaccounts"]
    one = zoho.done("GET", f"/chartofaccounts/{found[0]['account_id']}")["chart_of_account"]
    assert one["account_name"] == "Freight"
    zoho.refused(400, "POST", "/chartofaccounts", {**body, "account_type": "magic"})


def test_taxes_currencies_and_users(zoho: Live) -> None:
    taxes = zoho.done("GET", "/settings/taxes")["taxes"]
    assert [(one["tax_name"], one["tax_percentage"]) for one in taxes] == [
        ("GST", 5),
        ("PST", 7.25),
    ]
    assert zoho.done("GET", f"/settings/taxes/{taxes[0]['tax_id']}")["tax"]["tax_name"] == "GST"
    answer = zoho.done("GET", "/settings/currencies")
    assert set(answer["page_context"]) == {"page", "per_page", "has_more_page", "report_name"}
    by_code = {one["currency_code"]: one for one in answer["currencies"]}
    assert [by_code[code]["price_precision"] for code in ("USD", "JPY", "KWD")] == [2, 0, 3]
    assert by_code["USD"]["is_base_currency"] is True
    only = {"filter_by": "Currencies.ExcludeBaseCurrency"}
    assert len(zoho.done("GET", "/settings/currencies", **only)["currencies"]) == 2
    assert zoho.done("GET", f"/settings/currencies/{KWD}")["currency"]["currency_code"] == "KWD"
    users = zoho.done("GET", "/users")["users"]
    assert [(one["user_id"], one["is_current_user"]) for one in users] == [(USER, True)]
    assert zoho.done("GET", "/users/me")["user"]["email"] == "ada@example.com"
