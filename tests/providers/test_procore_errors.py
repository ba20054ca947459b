"""Every shape of Procore's errors becomes one sentence, every status a kind with a way out."""

import json
from typing import Any

import pytest

from connectors.core import clock
from connectors.core.errors import ErrorKind, ProviderError, UnknownOutcomeError
from connectors.providers.procore.errors import (
    TABLE,
    is_already_there,
    is_locked,
    is_origin_taken,
    read_error,
    row_error,
)
from connectors.transport.wire import Reply

K = ErrorKind


def failed(status: int, body: Any, *, write: bool = False, **headers: str) -> ProviderError:
    reply = Reply(status=status, headers=headers, body=body, readable=True, seconds=0.1)
    error = TABLE.failed(reply, write=write)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (
            {"errors": {"city": ["can't be blank"], "address": ["can't be blank", "is short"]}},
            "",
            "city can't be blank; address can't be blank; address is short",
        ),
        ({"errors": ["App is not connected."]}, "", "App is not connected."),
        ({"errors": "text"}, "", "text"),
        ({"errors": {"base": ["It is locked."]}}, "", "It is locked."),
        ({"errors": {"line": {"amount": ["is bad"]}}}, "", "line (amount is bad)"),
        ({"errors": [{"message": "Wrong.", "code": "x"}]}, "", "Wrong."),
        (
            {"code": 403, "message": "No.", "fields": "id", "reason": "Why", "error": "Forbidden"},
            "403",
            "No., Why, Forbidden, field id",
        ),
        (
            {"code": 400, "message": "Same", "fields": "", "reason": "Same", "error": "Same"},
            "400",
            "Same",
        ),
        ({"message": "You have surpassed the max."}, "", "You have surpassed the max."),
        (
            {
                "error": {
                    "code": "BAD_REQUEST",
                    "message": "Bad Request",
                    "details": [
                        {"reason_code": "INVALID", "message": "is bad", "source": "number"},
                        {"reason_code": "MISSING", "source": "title"},
                    ],
                }
            },
            "BAD_REQUEST",
            "Bad Request: number: is bad; title: MISSING",
        ),
        (
            {"error": {"code": "X", "message": "M", "details": [{"code": "C", "message": "m"}]}},
            "X",
            "M: m",
        ),
        ({"error": {"reason": "It is so."}}, "", "It is so."),
        ({"error": "invalid_client", "error_description": "Bad."}, "invalid_client", "Bad."),
        ({"error": "Words."}, "", "Words."),
        (["One.", "Two."], "", "One.; Two."),
        ("Words.", "", "Words."),
        ({"errors": {}}, "", ""),
        ({"errors": [], "message": "M"}, "", "M"),
        ({"error": {}}, "", ""),
        ({"error": {"details": "odd"}}, "", ""),
        ({"error": {"message": None, "details": [1, None]}}, "", ""),
        (None, "", ""),
        (12, "", ""),
        ({}, "", ""),
    ],
)
def test_every_shape_is_read(body: Any, code: str, sentence: str) -> None:
    assert read_error(body) == (code, sentence), json.dumps(body)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "filters is invalid", K.REJECTED),
        (400, "Missing Procore-Company-Id header! Send it.", K.CONFIGURATION),
        (403, "Missing Procore-Company-Id header!", K.CONFIGURATION),
        (401, "The access token is invalid", K.AUTHORISATION),
        (403, "App is not connected to this company.", K.CONFIGURATION),
        (403, "The app has not been installed in this company", K.CONFIGURATION),
        (403, "You do not have permission to access this project.", K.PERMISSION),
        (403, "", K.PERMISSION),
        (404, "The requested resource was not found.", K.NOT_FOUND),
        (406, "no such field", K.REJECTED),
        (409, "Conflict", K.REJECTED),
        (413, "too many rows", K.REJECTED),
        (422, "number has already been taken", K.REJECTED),
        (429, "You have surpassed the max number of requests", K.RATE_LIMITED),
    ],
)
def test_every_status_has_a_kind_and_a_hint(
    status: int, words: str, kind: ErrorKind, write: bool
) -> None:
    error = failed(status, {"errors": [words]}, write=write)
    assert error.kind is kind
    assert not isinstance(error, UnknownOutcomeError)
    assert error.facts.hint
    assert words in error.facts.message
    assert error.facts.message.startswith("Procore said: ")


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_a_server_error_stays_one_whatever_it_says(status: int) -> None:
    body = {"errors": ["origin_id has already been taken, it is locked"]}
    assert failed(status, body).kind is K.TRANSIENT
    assert isinstance(failed(status, body, write=True), UnknownOutcomeError)


@pytest.mark.parametrize(
    ("words", "locked", "taken"),
    [
        ("This contract is locked", True, False),
        ("The SOV cannot be changed while the commitment is Approved", True, False),
        ("status is Approved, so it must be Draft to do this: must be draft", True, False),
        ("An approved contract cannot be deleted", True, False),
        ("origin_id has already been taken", False, True),
        ("Origin ID must be unique", False, True),
        ("number has already been taken", False, False),
        ("vendor is blocked", False, False),
        ("title is not complete", False, False),
    ],
)
def test_words_tell_what_a_refusal_is_about(words: str, locked: bool, taken: bool) -> None:
    for status in (400, 409, 422):
        facts = failed(status, {"errors": [words]}, write=True).facts
        assert (is_locked(facts), is_origin_taken(facts)) == (locked, taken)
    field = row_error({"origin_id": "a", "errors": [words]})
    assert (is_locked(field.facts), is_origin_taken(field.facts)) == (locked, taken)
    assert not is_locked(failed(500, {"errors": [words]}).facts)


def test_a_row_without_a_reason_is_refused_all_the_same() -> None:
    silent: tuple[dict[str, Any], ...] = ({"errors": {}}, {"errors": None}, {}, {"errors": [[]]})
    for row in silent:
        error = row_error(row)
        assert error.kind is K.REJECTED
        assert "without a reason" in error.facts.message
        assert error.facts.hint


@pytest.mark.parametrize(
    ("status", "words", "there"),
    [
        (409, "Conflict", False),
        (409, "Vendor has already been added to this project", True),
        (422, "has already been added", True),
        (422, "Vendor exists", True),
        (422, "is inactive", False),
        (400, "already there", True),
        (400, "Vendor was added already; it cannot be added again", True),
        (400, "No vendor with this id exists", False),
        (400, "Vendor has not been added", False),
        (403, "already", False),
        (500, "already", False),
    ],
)
def test_what_is_there_already(status: int, words: str, there: bool) -> None:
    facts = failed(status, {"message": words}, write=True).facts
    assert is_already_there(facts) is there


def test_a_limit_waits_for_the_time_that_procore_names() -> None:
    now = clock.now()
    reset = str(int(now.timestamp()) + 40)
    cases: tuple[tuple[dict[str, Any], int, int], ...] = (
        ({"x-rate-limit-reset": reset}, 38, 41),
        ({"x-rate-limit-reset": reset, "retry-after": "7"}, 6, 8),
        ({}, 58, 61),
        ({"x-rate-limit-reset": "soon"}, 58, 61),
    )
    for headers, low, high in cases:
        at = failed(429, {"message": "x"}, **headers).facts.retry_at
        assert at is not None
        assert low < (at - now).total_seconds() < high, headers


def test_a_token_never_gets_into_the_sentence() -> None:
    facts = failed(400, {"errors": ["Bearer abcdef123 is odd"]}).facts
    assert "abcdef123" not in facts.message
    assert "abcdef123" not in row_error({"errors": ["Bearer abcdef123 is odd"]}).facts.message
