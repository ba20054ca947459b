"""The API's front: authorisation, scopes, organisations, limits, envelope, unknown addresses."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tests.sandbox.live import ORG, VENDOR, Live, line, live, zoho_state
from tests.timing import PATIENCE, eventually


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        served.sign_in()
        yield served


@pytest.mark.parametrize("header", ["", "Bearer {}", "zoho-oauthtoken {}", "Zoho-oauthtoken"])
def test_only_the_exact_scheme_authenticates(zoho: Live, header: str) -> None:
    answer = zoho.call("GET", "/bills", headers={"Authorization": header.format(zoho.token)})
    assert (answer.status_code, answer.json()["code"]) == (401, 14)


def test_unknown_tokens_and_missing_scopes_get_57(zoho: Live) -> None:
    zoho.sign_in("ZohoBooks.bills.READ,ZohoBooks.contacts.ALL")
    assert zoho.call("GET", "/bills").status_code == 200
    assert zoho.call("PUT", f"/contacts/{VENDOR}", {"phone": "1"}).status_code == 200
    assert zoho.refused(401, "POST", "/bills", {})["code"] == 57
    assert zoho.refused(401, "GET", "/purchaseorders")["code"] == 57
    zoho.token = "1000.no.no"
    assert zoho.refused(401, "GET", "/bills")["code"] == 57


def test_the_organisation_must_be_one_of_the_users_own() -> None:
    state = zoho_state()
    state["organizations"].append({"organization_id": "77", "name": "Not hers"})
    state["users"][0]["organizations"] = [ORG]
    with live(state) as zoho:
        zoho.sign_in()
        for wrong in ("77", "1", ""):
            error = zoho.refused(400, "GET", "/bills", organization_id=wrong)
            assert error["code"] == 6041
            assert error["message"].endswith(f":{wrong}.")
        listed = zoho.done("GET", "/organizations", organization_id="")["organizations"]
        assert [one["organization_id"] for one in listed] == [ORG]
        assert zoho.done("GET", f"/organizations/{ORG}")["organization"]["name"] == "Zillium"
        assert zoho.refused(400, "GET", "/organizations/77")["code"] == 6041


def test_organisations_come_without_a_page_context(zoho: Live) -> None:
    answer = zoho.done("GET", "/organizations")
    assert set(answer) == {"code", "message", "organizations"}
    row = answer["organizations"][0]
    assert (row["plan_name"], row["currency_code"]) == ("STANDARD", "USD")
    assert row["fiscal_year_start_month"] == "january"


def test_every_answer_has_the_daily_quota_headers(zoho: Live) -> None:
    first, second = zoho.call("GET", "/bills"), zoho.call("GET", "/bills/1")
    assert first.headers["X-Rate-Limit-Limit"] == "2000"
    left = [int(answer.headers["X-Rate-Limit-Remaining"]) for answer in (first, second)]
    assert left == [1999, 1998]
    assert 0 < int(first.headers["X-Rate-Limit-Reset"]) <= 25 * 3600


def test_the_day_ends_at_the_organisations_own_midnight(zoho: Live) -> None:
    zoho.control("POST", "options", {"zoho_daily": 2})
    zoho.call("GET", "/users")
    reset = int(zoho.call("GET", "/users").headers["X-Rate-Limit-Reset"])
    error = zoho.refused(429, "GET", "/users")
    assert error["code"] == 45
    assert "limit of 2." in error["message"]
    zoho.control("POST", "clock", {"advance_seconds": reset + 1})
    zoho.sign_in()
    assert zoho.call("GET", "/users").headers["X-Rate-Limit-Remaining"] == "1"


def test_over_the_minute_the_organisation_is_blocked(zoho: Live) -> None:
    zoho.control("POST", "options", {"zoho_per_minute": 5})
    statuses = [zoho.call("GET", "/users").status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    assert zoho.refused(429, "GET", "/users")["code"] == 44
    by_status = zoho.control("GET", "totals")["totals"]["zoho_books"]["by_status"]
    assert by_status["429"] == 3


def test_a_refused_call_does_not_use_up_the_day(zoho: Live) -> None:
    zoho.control("POST", "options", {"zoho_per_minute": 1})
    zoho.call("GET", "/users")
    assert zoho.call("GET", "/users").headers["X-Rate-Limit-Remaining"] == "1999"


def test_more_than_ten_at_once_are_refused(zoho: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    async def until_all_are_here(seconds: float) -> None:
        await asyncio.to_thread(go_on.wait, PATIENCE)

    clock = SimpleNamespace(sleep=until_all_are_here)
    monkeypatch.setattr("connectors.sandbox.zoho_books.api.asyncio", clock)
    zoho.control("POST", "options", {"zoho_latency": 1})
    with ThreadPoolExecutor(14) as pool:
        asked = [pool.submit(zoho.call, "GET", "/users") for _ in range(14)]
        four_are_back = eventually(lambda: sum(one.done() for one in asked) == 4)
        go_on.set()
        answers = [one.result() for one in asked]
    assert four_are_back
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 10 + [429] * 4
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["code"] for answer in refused} == {1070}


def test_unknown_addresses_and_methods_get_zoho_errors(zoho: Live) -> None:
    assert zoho.refused(404, "GET", "/invoicez")["code"] == 5
    zoho.refused(405, "PATCH", "/bills")
    zoho.refused(405, "POST", "/bills/1")


def test_a_body_may_come_as_form_field_jsonstring(zoho: Live) -> None:
    body = {"vendor_id": VENDOR, "bill_number": "J-1", "line_items": [line("1.10", 3)]}
    answer = zoho.http.post(
        "/zoho/us/api/books/v3/bills",
        params={"organization_id": ORG},
        data={"JSONString": json.dumps(body)},
        headers={"Authorization": f"Zoho-oauthtoken {zoho.token}"},
    )
    assert answer.status_code == 201
    assert answer.json()["bill"]["total"] == 3.3


@pytest.mark.parametrize("body", ["{", "[1]", '"text"'])
def test_a_body_that_is_no_object_is_refused(zoho: Live, body: str) -> None:
    answer = zoho.http.post(
        "/zoho/us/api/books/v3/bills",
        params={"organization_id": ORG},
        content=body,
        headers={
            "Authorization": f"Zoho-oauthtoken {zoho.token}",
            "Content-Type": "application/json",
        },
    )
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid value passed for JSONString"


def test_numbers_of_unverified_errors_are_options(zoho: Live) -> None:
    zoho.bill("N-1")
    zoho.control("POST", "options", {"zoho_error_codes": {"duplicate_bill": 13011}})
    again = {"vendor_id": VENDOR, "bill_number": "N-1", "line_items": [line()]}
    assert zoho.refused(400, "POST", "/bills", again)["code"] == 13011


def test_a_suspended_organisation_refuses_until_resumed(zoho: Live) -> None:
    zoho.control("POST", "call/zoho_books/suspend")
    assert zoho.refused(400, "GET", "/bills")["code"] == 103001
    zoho.control("POST", "call/zoho_books/resume")
    assert zoho.call("GET", "/bills").status_code == 200


def test_calls_of_other_programs_use_up_the_day(zoho: Live) -> None:
    left = zoho.control("POST", "call/zoho_books/use_daily", {"calls": 1990})["result"]
    assert left == 10
