"""Zoho's workflow webhooks leave the sandbox as Zoho would send them, and fail as scripted."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connectors.sandbox.zoho_books.workflows import signature
from tests.sandbox.live import VENDOR, Live, edit, line, live, person_orders
from tests.sandbox.receiver import Receiver, receiver
from tests.timing import eventually

SECRET = "abcdefghij0123456789"


@pytest.fixture
def door() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        yield served


def webhook(zoho: Live, door: Receiver, **more: Any) -> Any:
    made = {"url": door.url, **more}
    return zoho.control("POST", "call/zoho_books/add_webhook", made)["result"]


def noted(zoho: Live, what: str) -> int:
    """How often so far, whatever is still under way."""
    told = zoho.control("GET", "deliveries")["deliveries"]
    return int(told["zoho_books"][what])


def counts(zoho: Live, provider: str = "zoho_books") -> Any:
    return zoho.control("GET", "deliveries/idle?timeout=50")["deliveries"][provider]


def test_a_persons_order_is_told_whole_under_its_key_with_the_organization(
    zoho: Live, door: Receiver
) -> None:
    webhook(zoho, door)
    order = person_orders(zoho)
    told = door.wait_for(1)[0]
    assert told.headers["Content-Type"] == "application/json"
    assert told.json["organization_id"] == 10229182
    assert told.json["purchaseorder"]["purchaseorder_id"] == order["purchaseorder_id"]
    assert told.json["purchaseorder"]["total"] == 10
    assert "X-Zoho-Webhook-Signature" not in told.headers


def test_edits_and_status_changes_are_told_and_deletions_only_if_asked(
    zoho: Live, door: Receiver
) -> None:
    webhook(zoho, door, events=["status"])
    webhook(zoho, door, events=["delete"])
    order = person_orders(zoho)
    edit(zoho, order, notes="new")
    edit(zoho, order, status="cancelled")
    zoho.control("POST", f"delete/zoho_books/purchaseorders/{order['purchaseorder_id']}")
    assert [one.json["purchaseorder"]["status"] for one in door.wait_for(2)] == ["cancelled"] * 2
    assert counts(zoho)["made"] == 2


def test_the_api_fires_nothing_unless_the_option_says_so(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door)
    zoho.sign_in()
    zoho.order("P-1")
    zoho.control("POST", "options", {"zoho_webhooks_for_api": True})
    zoho.order("P-2")
    assert [a.json["purchaseorder"]["purchaseorder_number"] for a in door.wait_for(1)] == ["P-2"]
    assert counts(zoho)["made"] == 1


def test_the_published_example_is_signed_over_sorted_pairs_and_body() -> None:
    pairs = [("subscription_id", "90343"), ("name", "basic")]
    body = b'{"created_date":"2019-03-06","event_id":"5675"}'
    text = b"namebasicsubscription_id90343" + body
    expected = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    assert signature(SECRET, pairs, body) == expected


def test_json_is_signed_over_query_and_bytes(zoho: Live, door: Receiver) -> None:
    door.url += "?z=1"
    parameters = [{"param_name": "a b", "param_value": "${purchaseorder_number}"}]
    webhook(zoho, door, secret=SECRET, query_parameters=parameters)
    person_orders(zoho)
    told = door.wait_for(1)[0]
    assert told.path == "/hook?z=1&a+b=P-1"
    text = b"a bP-1z1" + told.body
    expected = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    assert told.headers["X-Zoho-Webhook-Signature"] == expected


def test_a_form_is_signed_over_its_pairs_alone(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door, secret=SECRET, body_type="form")
    order = person_orders(zoho)
    told = door.wait_for(1)[0]
    form = dict(parse_qsl(told.body.decode()))
    assert told.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form["purchaseorder_id"] == order["purchaseorder_id"]
    assert form["organization_id"] == "10229182"
    text = "".join(key + form[key] for key in sorted(form))
    expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert told.headers["X-Zoho-Webhook-Signature"] == expected


def test_a_raw_body_is_the_template_filled(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door, body_type="raw", raw_data='{"order": "${purchaseorder_number}"}')
    person_orders(zoho)
    assert door.wait_for(1)[0].json == {"order": "P-1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://hooks.example.com/x"},
        {"url": "http://10.0.0.1/x"},
        {"url": "ftp://127.0.0.1/x"},
        {"secret": "short"},
        {"body_type": "xml"},
        {"events": ["printed"]},
        {"colour": "red"},
    ],
)
def test_a_webhook_that_could_not_work_is_refused(
    zoho: Live, door: Receiver, wrong: dict[str, Any]
) -> None:
    answer = zoho.http.post("/control/call/zoho_books/add_webhook", json={"url": door.url, **wrong})
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10
    assert zoho.control("POST", "call/zoho_books/webhooks")["result"] == []


def test_one_in_n_is_lost_some_come_twice_and_some_out_of_order(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door)
    script = {
        "provider": "zoho_books",
        "lose_one_in": 10,
        "duplicate_probability": 0.3,
        "duplicate_after": [0, 0.05],
        "delay_probability": 0.5,
        "delay": [0, 0.2],
        "seed": 3,
    }
    zoho.control("POST", "deliveries", script)
    for number in range(40):
        person_orders(zoho, f"P-{number:02d}")
    found = counts(zoho)
    assert (found["made"], found["lost"], found["pending"]) == (40, 4, 0)
    assert found["duplicated"] > 4
    assert found["delayed"] > 8
    assert found["answered"] == found["sent"] == 36 + found["duplicated"] == len(door.arrived)
    numbers = [one.json["purchaseorder"]["purchaseorder_number"] for one in door.arrived]
    assert len(set(numbers)) == 36
    first_seen = list(dict.fromkeys(numbers))
    assert first_seen != sorted(first_seen)
    assert found["answer_seconds"]["p50"] <= found["answer_seconds"]["max"]


def test_a_refused_delivery_is_tried_again_with_growing_pauses_then_given_up(
    zoho: Live, door: Receiver
) -> None:
    webhook(zoho, door)
    zoho.control("POST", "deliveries", {"first_pause": 0.02, "retries": 2})
    door.answers = [500, 503]
    person_orders(zoho, "P-1")
    door.wait_for(3)
    assert counts(zoho)["retried"] == 2
    door.answers = [500, 404, 302]
    person_orders(zoho, "P-2")
    found = counts(zoho)
    assert (found["failed"], found["answered"], found["refused"]) == (1, 1, 5)
    gaps = [
        later.at - one.at for one, later in zip(door.arrived[3:], door.arrived[4:], strict=False)
    ]
    assert gaps[0] >= 0.02
    assert gaps[1] >= 0.04


def test_pushing_the_clock_ends_a_pause(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door)
    zoho.control("POST", "deliveries", {"first_pause": 3000})
    door.answers = [500]
    person_orders(zoho)
    door.wait_for(1)
    assert eventually(lambda: noted(zoho, "refused") == 1)
    assert zoho.control("GET", "deliveries/idle?timeout=0.05")["idle"] is False
    zoho.control("POST", "clock", {"advance_seconds": 3000})
    assert len(door.wait_for(2)) == 2


def test_an_answer_that_takes_too_long_counts_as_none(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door)
    zoho.control("POST", "deliveries", {"timeout": 0.05, "retries": 0})
    door.pause = 2
    person_orders(zoho)
    found = counts(zoho)
    assert (found["unanswered"], found["failed"]) == (1, 1)
    row = zoho.control("GET", "deliveries/rows?provider=zoho_books")["rows"][0]
    assert (row["state"], row["status"]) == ("failed", None)
    assert "0.05 seconds" in row["problem"]


@pytest.mark.parametrize(
    "wrong", [{"colour": 1}, {"delay": [2, 1]}, {"concurrency": 0}, {"lose_one_in": -1}]
)
def test_a_script_that_makes_no_sense_is_refused(zoho: Live, wrong: dict[str, Any]) -> None:
    assert zoho.http.post("/control/deliveries", json=wrong).status_code == 400
    unknown = zoho.http.post("/control/deliveries", json={"provider": "xero"})
    assert unknown.status_code == 404


def test_deliveries_put_in_from_another_thread_leave_too(zoho: Live, door: Receiver) -> None:
    webhook(zoho, door)
    record = {"vendor_id": VENDOR, "purchaseorder_number": "P-1", "line_items": [line()]}
    thread = threading.Thread(target=zoho.zoho.add, args=("purchaseorders", record))
    thread.start()
    thread.join()
    door.wait_for(1)
