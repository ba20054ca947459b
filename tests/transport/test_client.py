"""Reads are retried, writes are sent once, and every failure says whether anything happened."""

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from connectors.core import clock
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    NotSentError,
    ProviderError,
    RetryLater,
    UnknownOutcomeError,
)
from connectors.transport.client import ApiClient
from connectors.transport.deadline import write_deadline
from connectors.transport.tokens import NewToken
from tests.timing import is_after
from tests.transport.fakes import TABLE, Rig, script


@pytest.fixture(autouse=True)
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("connectors.transport.client.time.sleep", slept.append)
    monkeypatch.setattr(ApiClient, "_futile", {})
    return slept


def ok(**body: object) -> httpx.Response:
    return httpx.Response(200, json=body)


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, json={"message": "no"}, headers=headers)


def test_a_read_carries_token_and_values_and_is_reported_without_its_ids() -> None:
    rig = Rig(script(ok(a=1)))
    params = {"since": "2026-01-01T00:00:00+0000", "flag": True, "none": None}
    reply = rig.client.get("/bills/{id}", params, parts={"id": "a/b"})
    assert reply.body == {"a": 1}
    request = rig.sent[0]
    assert request.headers["authorization"] == "Bearer token-1"
    assert str(request.url) == (
        "https://api.example.com/v1/bills/a%2Fb?since=2026-01-01T00%3A00%3A00%2B0000&flag=true"
    )
    report = rig.reports[0]
    assert (report.kind, report.method, report.path, report.status) == (
        "read", "GET", "/bills/{id}", 200,
    )  # fmt: skip


@pytest.mark.parametrize("value", ["", "..", " "])
def test_an_id_that_leads_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(BadInputError):
        Rig(script()).client.get("/bills/{id}", parts={"id": value})


@pytest.mark.parametrize(
    "first",
    [
        status(500),
        status(503),
        httpx.Response(200, text="<html>"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.ConnectError("refused"),
    ],
)
def test_a_read_is_tried_again(first: httpx.Response | Exception) -> None:
    rig = Rig(script(first, ok(a=1)))
    assert rig.client.get("/bills").body == {"a": 1}
    assert len(rig.sent) == 2


def test_but_three_times_only_with_growing_pauses(sleeps: list[float]) -> None:
    rig = Rig(script(status(500), status(502), status(500)))
    with pytest.raises(ProviderError) as caught:
        rig.client.get("/bills")
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert len(rig.sent) == 3
    assert 0.1 < sleeps[0] < 0.5
    assert 0.2 < sleeps[1] < 1.0


def test_a_time_out_is_not_retried_where_the_provider_minds() -> None:
    rig = Rig(script(httpx.ReadTimeout("slow")), retry_time_outs=False)
    with pytest.raises(ProviderError) as caught:
        rig.client.get("/bills")
    assert caught.value.facts.code == "timed_out"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, ErrorKind.REJECTED),
        (403, ErrorKind.PERMISSION),
        (404, ErrorKind.NOT_FOUND),
        (302, ErrorKind.CONFIGURATION),
    ],
)
def test_a_definite_refusal_of_a_read_is_not_retried(code: int, kind: ErrorKind) -> None:
    rig = Rig(script(status(code)))
    with pytest.raises(ProviderError) as caught:
        rig.client.get("/bills")
    assert caught.value.kind is kind
    assert caught.value.facts.hint


def test_a_short_retry_after_is_slept_and_a_long_one_handed_back(
    sleeps: list[float],
) -> None:
    rig = Rig(script(status(429, **{"Retry-After": "1"}), ok(a=1)))
    assert rig.client.get("/bills").body == {"a": 1}
    assert 0 < sleeps[0] <= 1
    began = clock.now()
    rig = Rig(script(status(429, **{"Retry-After": "90"})))
    with pytest.raises(RetryLater) as caught:
        rig.client.get("/bills")
    assert is_after(caught.value.at, began, 90)
    assert rig.governor.pauses == [caught.value.at]


def test_a_503_with_a_long_retry_after_is_handed_back() -> None:
    at = (clock.now() + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with pytest.raises(RetryLater) as caught:
        Rig(script(status(503, **{"Retry-After": at}))).client.get("/bills")
    assert caught.value.at - clock.now() > timedelta(minutes=4)


# --- writes --------------------------------------------------------------------------------------


def test_a_write_sends_exact_numbers_once() -> None:
    rig = Rig(script(httpx.Response(201, json={"id": "7"})))
    reply = rig.client.write("POST", "/bills", json={"rate": Decimal("0.10")})
    assert reply.body == {"id": "7"}
    assert rig.sent[0].content == b'{"rate":0.1}'
    assert rig.sent[0].headers["content-type"] == "application/json"
    assert rig.reports[0].kind == "write"


@pytest.mark.parametrize(
    "doubt",
    [
        status(500),
        status(503, **{"Retry-After": "1"}),
        status(408),
        status(307),
        httpx.Response(200, text="<html>"),
        httpx.Response(201),
        httpx.ReadTimeout("slow"),
        httpx.WriteError("broken"),
        httpx.RemoteProtocolError("cut"),
    ],
)
def test_a_write_of_unknown_fate_is_said_to_be_one_and_not_repeated(
    doubt: httpx.Response | Exception,
) -> None:
    rig = Rig(script(doubt))
    with pytest.raises(UnknownOutcomeError) as caught:
        rig.client.write("POST", "/bills", json={})
    assert caught.value.kind is ErrorKind.UNKNOWN_OUTCOME
    assert len(rig.sent) == 1


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow")])
def test_a_write_that_did_not_leave_is_said_not_to_have(error: Exception) -> None:
    rig = Rig(script(error))
    with pytest.raises(NotSentError):
        rig.client.write("POST", "/bills", json={})
    assert rig.reports == []


@pytest.mark.parametrize("code", [400, 403, 404, 422])
def test_a_refused_write_is_definite(code: int) -> None:
    rig = Rig(script(status(code)))
    with pytest.raises(ProviderError) as caught:
        rig.client.write("POST", "/bills", json={})
    assert not isinstance(caught.value, UnknownOutcomeError)
    assert caught.value.kind is not ErrorKind.TRANSIENT


def test_a_limited_write_is_handed_back_at_once() -> None:
    rig = Rig(script(status(429, **{"Retry-After": "1"})))
    with pytest.raises(RetryLater):
        rig.client.write("POST", "/bills", json={})
    assert len(rig.sent) == 1
    assert len(rig.governor.pauses) == 1


def test_no_write_leaves_after_its_deadline() -> None:
    rig = Rig(script())
    past = clock.now() - timedelta(seconds=1)
    with write_deadline(past), pytest.raises(NotSentError):
        rig.client.write("POST", "/bills", json={})
    assert rig.sent == []


def test_time_spent_on_the_way_counts_towards_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(script())
    load = rig.store.load

    def slow_load() -> object:
        end = time.monotonic() + 0.15
        while time.monotonic() < end:
            pass
        return load()

    monkeypatch.setattr(rig.store, "load", slow_load)
    soon = clock.now() + timedelta(seconds=0.1)
    with write_deadline(soon), pytest.raises(NotSentError):
        rig.client.write("POST", "/bills", json={})
    assert rig.sent == []


# --- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["read", "write"])
def test_an_expired_token_is_renewed_once_and_the_call_repeated(kind: str) -> None:
    rig = Rig(script(status(401), ok(a=1)))
    reply = rig.client.get("/x") if kind == "read" else rig.client.write("POST", "/x", json={})
    assert reply.body == {"a": 1}
    assert [r.headers["authorization"] for r in rig.sent] == ["Bearer token-1", "Bearer fresh"]
    assert rig.store.saves == 1


def test_a_second_401_is_the_answer_and_spends_no_more_tokens() -> None:
    rig = Rig(script(status(401), status(401), status(401)))
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            rig.client.get("/x")
        assert caught.value.kind is ErrorKind.AUTHORISATION
    assert len(rig.sent) == 3
    assert rig.store.saves == 1


def test_a_failing_token_server_leaves_a_write_unsent() -> None:
    def failing() -> NewToken:
        raise ProviderError(ErrorFacts(kind=ErrorKind.TRANSIENT, message="no token"))

    rig = Rig(script(status(401)), grant=failing)
    with pytest.raises(NotSentError):
        rig.client.write("POST", "/x", json={})


# --- what some providers need besides -------------------------------------------------------------


def test_headers_of_the_connection_go_with_every_call_but_never_over_its_token() -> None:
    rig = Rig(script(ok(), ok()))
    account = replace(rig.client._account, headers={"Company": "7", "Authorization": "mine"})
    client = ApiClient(rig.client._dialect, account)
    client.get("/bills")
    client.write("POST", "/bills", json={}, headers={"Company": "8"})
    assert [request.headers["company"] for request in rig.sent] == ["7", "8"]
    assert {request.headers["authorization"] for request in rig.sent} == {"Bearer token-1"}


def test_a_list_of_values_is_repeated_in_the_query() -> None:
    rig = Rig(script(ok()))
    rig.client.get("/bills", {"filters[id][]": ["a:1", "b"], "none": None})
    assert rig.sent[0].url.params.get_list("filters[id][]") == ["a:1", "b"]
    assert "none" not in rig.sent[0].url.params


def test_success_without_a_body_is_believed_only_where_it_is_expected() -> None:
    rig = Rig(script(httpx.Response(200), httpx.Response(200), httpx.Response(500)))
    rig.client.write("DELETE", "/bills/1", may_be_empty=True)
    with pytest.raises(UnknownOutcomeError, match="no JSON"):
        rig.client.write("DELETE", "/bills/1")
    with pytest.raises(UnknownOutcomeError):
        rig.client.write("DELETE", "/bills/1", may_be_empty=True)


def test_a_limit_without_retry_after_waits_for_the_reset_that_the_provider_names() -> None:
    began = clock.now()
    table = replace(TABLE, resets=lambda headers: timedelta(seconds=int(headers["reset"])))
    rig = Rig(script(status(429, reset="40")), table=table)
    with pytest.raises(RetryLater) as caught:
        rig.client.get("/bills")
    assert is_after(caught.value.at, began, 40)
    assert rig.governor.pauses == [caught.value.at]
    rig = Rig(script(status(429, reset="40", **{"Retry-After": "90"})), table=table)
    with pytest.raises(RetryLater) as caught:
        rig.client.write("POST", "/bills", json={})
    assert is_after(caught.value.at, began, 90)
