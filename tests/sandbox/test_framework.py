"""Faults, log, clock and control door of the sandbox, seen over the wire."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.live import VENDOR, Live, line, live
from tests.timing import PATIENCE, eventually

ROOT = Path(__file__).resolve().parents[2]
BILL = {"vendor_id": VENDOR, "bill_number": "F-1", "line_items": [line()]}


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        served.sign_in()
        yield served


def fault(zoho: Live, kind: str, **rule: object) -> None:
    zoho.control("POST", "faults", {"rules": [{"kind": kind, "match": {}, **rule}]})


def bills(zoho: Live) -> int:
    return len(zoho.control("GET", "books/zoho_books")["bills"])


def test_a_status_fault_changes_nothing_and_carries_retry_after(zoho: Live) -> None:
    fault(zoho, "status", status=429, retry_after=7, match={"write": True}, count=1)
    answer = zoho.call("POST", "/bills", BILL)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["code"] == 44
    assert bills(zoho) == 0
    assert zoho.call("POST", "/bills", BILL).status_code == 201


def test_drop_before_commits_nothing_and_drop_after_commits(zoho: Live) -> None:
    fault(zoho, "drop_before", count=1)
    with pytest.raises(httpx.TransportError):
        zoho.call("POST", "/bills", BILL)
    assert bills(zoho) == 0
    fault(zoho, "drop_after", count=1)
    with pytest.raises(httpx.TransportError):
        zoho.call("POST", "/bills", BILL)
    assert bills(zoho) == 1


def test_people_edit_in_the_moment_in_which_a_fault_strikes(zoho: Live) -> None:
    zoho.bill("F-0")
    bill = zoho.control("GET", "books/zoho_books")["bills"][0]["bill_id"]
    edit = {"provider": "zoho_books", "kind": "bills", "id": bill, "changes": {"notes": "Seen"}}
    fault(zoho, "drop_after", count=1, match={"write": True}, meanwhile=[edit])
    assert zoho.control("GET", "books/zoho_books")["bills"][0]["notes"] == ""
    with pytest.raises(httpx.TransportError):
        zoho.call("POST", "/bills", BILL)
    assert zoho.control("GET", "books/zoho_books")["bills"][0]["notes"] == "Seen"
    assert bills(zoho) == 2


def test_error_after_commits_first(zoho: Live) -> None:
    fault(zoho, "error_after", count=1, match={"method": "post"})
    answer = zoho.call("POST", "/bills", BILL)
    assert (answer.status_code, answer.json()["code"]) == (500, 1000)
    assert bills(zoho) == 1


def test_a_truncated_body_breaks_off_and_a_malformed_one_does_not_parse(zoho: Live) -> None:
    fault(zoho, "truncated_body", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        zoho.call("POST", "/bills", BILL)
    assert bills(zoho) == 1
    fault(zoho, "malformed_body", count=1)
    answer = zoho.call("GET", "/bills")
    with pytest.raises(ValueError):
        answer.json()


def test_repeat_page_gives_the_page_before_again(zoho: Live) -> None:
    for number in range(5):
        zoho.bill(f"R-{number}")
    fault(zoho, "repeat_page", count=1)
    first = zoho.done("GET", "/bills", page=1, per_page=2)["bills"]
    repeated = zoho.done("GET", "/bills", page=2, per_page=2)["bills"]
    second = zoho.done("GET", "/bills", page=2, per_page=2)["bills"]
    assert repeated == first
    assert {one["bill_id"] for one in second}.isdisjoint(one["bill_id"] for one in first)


def test_tokens_expire_and_grants_die_by_fault(zoho: Live) -> None:
    fault(zoho, "expire_tokens", count=1)
    assert zoho.refused(401, "GET", "/bills")["code"] == 57
    refresh = zoho.sign_in()
    fault(zoho, "revoke_grant", count=1)
    zoho.refused(401, "GET", "/bills")
    form = {"client_id": "1000.APP", "client_secret": "s3cret", "refresh_token": refresh}
    assert zoho.post_token(grant_type="refresh_token", **form).json() == {"error": "invalid_code"}


def test_probability_repeats_itself_with_the_same_seed(zoho: Live) -> None:
    def run() -> list[int]:
        zoho.control("DELETE", "faults")
        fault(zoho, "status", status=500, probability=0.4, seed=11)
        return [zoho.call("GET", "/users").status_code for _ in range(30)]

    first, second = run(), run()
    assert first == second
    assert {200, 500} == set(first)


def test_fired_faults_are_counted_by_kind_and_delay_lets_others_follow(zoho: Live) -> None:
    fault(zoho, "delay", delay=0.05, count=2)
    fault(zoho, "status", status=503, count=1)
    started = time.monotonic()
    assert zoho.call("GET", "/users").status_code == 503
    assert zoho.call("GET", "/users").status_code == 200
    assert time.monotonic() - started >= 0.1
    counted = zoho.control("GET", "faults")
    assert counted["fired"] == {"delay": 2, "status": 1}
    assert counted["rules"] == 0
    assert zoho.control("DELETE", "faults?counts=1")["fired"] == {}


def test_a_rule_only_fires_where_its_match_says(zoho: Live) -> None:
    match = {"provider": "zoho_books", "path_regex": r"/bills\?.*bill_number=X", "write": False}
    fault(zoho, "status", status=500, match=match)
    assert zoho.call("GET", "/bills", bill_number="Y").status_code == 200
    assert zoho.call("GET", "/bills", bill_number="X").status_code == 500


def test_a_match_may_look_into_the_body(zoho: Live) -> None:
    match = {"method": "POST", "body_regex": r'"bill_number":\s*"B-2"'}
    fault(zoho, "status", status=500, match=match)
    for number, status in (("B-1", 201), ("B-2", 500)):
        assert zoho.call("POST", "/bills", {**BILL, "bill_number": number}).status_code == status


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "explode"},
        {"kind": "status", "match": {"provder": "zoho_books"}},
        {"kind": "status", "match": {"path_regex": "("}},
        {"kind": "status", "match": {"body_regex": "("}},
    ],
)
def test_a_rule_that_could_never_fire_is_refused(zoho: Live, rule: dict[str, object]) -> None:
    answer = zoho.http.post("/control/faults", json={"rules": [rule]})
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert zoho.control("GET", "faults")["rules"] == 0


def test_the_log_counts_by_kind_and_status_and_masks_secrets(zoho: Live) -> None:
    zoho.control("DELETE", "requests")
    zoho.bill("L-1")
    zoho.call("GET", "/bills/404")
    zoho.http.post("/zoho/us/accounts/oauth/v2/token?client_id=a&client_secret=hush&grant_type=x")
    log = zoho.control("GET", "requests?provider=zoho_books")
    assert log["totals"]["zoho_books"]["by_kind"] == {"read": 1, "token": 1, "write": 1}
    assert log["totals"]["zoho_books"]["by_status"] == {"200": 1, "201": 1, "404": 1}
    assert log["requests"][0]["key"] == {"bill_number": "L-1", "vendor_id": VENDOR}
    assert "hush" not in str(log)
    assert zoho.control("GET", f"requests?since={log['last']}")["requests"] == []


def test_a_dropped_answer_is_logged_with_status_0_and_its_fault(zoho: Live) -> None:
    fault(zoho, "drop_after", count=1)
    with pytest.raises(httpx.TransportError):
        zoho.call("POST", "/bills", BILL)
    row = zoho.control("GET", "requests")["requests"][-1]
    assert (row["status"], row["fault"]) == (0, "drop_after")


def test_a_gate_before_holds_a_request_that_outlives_its_client(zoho: Live) -> None:
    gate = zoho.control("POST", "gates", {"match": {"write": True}, "phase": "before", "nth": 2})
    zoho.bill("G-1")
    with sent(zoho, {**BILL, "bill_number": "G-2"}):
        hit = zoho.control("GET", f"gates/{gate['id']}/wait?timeout=50")
    assert (hit["hit"], hit["seen"], bills(zoho)) == (True, 2, 1)
    zoho.control("POST", f"gates/{gate['id']}/release", {"action": "continue"})
    assert eventually(lambda: bills(zoho) == 2)


def sent(zoho: Live, body: dict[str, object]) -> socket.socket:
    """A connection on which a bill was posted; whoever closes it has given up on the answer."""
    url = "/zoho/us/api/books/v3/bills?organization_id=10229182"
    token = {"Authorization": f"Zoho-oauthtoken {zoho.token}"}
    request = httpx.Request("POST", f"{zoho.url}{url}", json=body, headers=token)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    line = socket.create_connection((request.url.host, request.url.port or 80), PATIENCE)
    line.sendall(f"POST {url} HTTP/1.1\r\n{head}\r\n".encode() + request.content)
    return line


@pytest.mark.parametrize(("phase", "committed"), [("before", 0), ("after", 1)])
def test_an_aborted_gate_cuts_the_connection(zoho: Live, phase: str, committed: int) -> None:
    gate = zoho.control("POST", "gates", {"match": {"write": True}, "phase": phase})
    failed: list[Exception] = []

    def send() -> None:
        try:
            zoho.call("POST", "/bills", BILL)
        except httpx.TransportError as error:
            failed.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    assert zoho.control("GET", f"gates/{gate['id']}/wait?timeout=50")["hit"]
    assert bills(zoho) == committed
    zoho.control("POST", f"gates/{gate['id']}/release", {"action": "abort"})
    sender.join(PATIENCE)
    assert len(failed) == 1
    assert bills(zoho) == committed


def test_a_gate_that_is_not_hit_says_so_after_its_timeout(zoho: Live) -> None:
    gate = zoho.control("POST", "gates", {"match": {"method": "DELETE"}})
    waited = zoho.control("GET", f"gates/{gate['id']}/wait?timeout=0.05")
    assert waited["hit"] is False
    assert zoho.control("GET", "gates") == {"gates": [waited]}


def test_the_clock_only_goes_forward(zoho: Live) -> None:
    before = zoho.control("POST", "clock", {"advance_seconds": 0})["offset_seconds"]
    after = zoho.control("POST", "clock", {"advance_seconds": 90})["offset_seconds"]
    assert after - before == 90
    answer = zoho.http.post("/control/clock", json={"advance_seconds": -1})
    assert answer.status_code == 400


def test_bad_questions_at_the_control_door_get_a_sentence(zoho: Live) -> None:
    for path, body in (
        ("/control/edit/zoho_books/bills/1", {}),
        ("/control/edit/zoho_books/invoices/1", {}),
        ("/control/edit/xero/bills/1", {}),
        ("/control/reset", {"company": "nobody"}),
        ("/control/act", {}),
        ("/control/gates/9/release", {}),
    ):
        answer = zoho.http.post(path, json=body)
        assert answer.status_code == 404, path
        assert len(answer.json()["error"]) > 10
    assert zoho.http.post("/control/clock", content=b"[1]").status_code == 400


def test_faults_and_log_never_touch_the_control_door(zoho: Live) -> None:
    zoho.control("DELETE", "requests")
    fault(zoho, "drop_before")
    assert zoho.control("GET", "health")["ok"] is True
    assert zoho.control("GET", "requests")["requests"] == []


def test_the_process_says_when_it_is_ready_and_ends_on_sigterm() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "connectors.sandbox", "--option", "zoho_per_minute=5"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert ready.startswith("sandbox ready on http://127.0.0.1:")
        url = ready.split()[-1]
        answer = httpx.get(f"{url}/control/options", trust_env=False).json()
        assert answer == {"zoho_per_minute": 5}
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_simulators_start_without_django() -> None:
    check = "import sys; import connectors.sandbox.__main__; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0


def test_manage_py_sandbox_becomes_the_same_process() -> None:
    command = [sys.executable, "manage.py", "sandbox", "--port", "x"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 2
    assert "sandbox: error: argument --port: invalid int value" in result.stderr


def test_nothing_is_loaded_before_a_company_is(zoho: Live) -> None:
    zoho.zoho.organizations.clear()
    zoho.zoho.accounts.clients.clear()
    assert zoho.control("GET", "books/zoho_books") == {}
    for call in ("grant_code", "use_daily"):
        answer = zoho.http.post(f"/control/call/zoho_books/{call}", json={"calls": 1})
        assert (answer.status_code, "none is loaded" in answer.json()["error"]) == (404, True)
