"""Each row of the providers' error tables: its answer, and the kind and words that it gives."""

import json
from typing import Any

import pytest

from connectors.core.errors import ErrorKind, ProviderError, UnknownOutcomeError
from connectors.providers.procurify import errors as procurify
from connectors.providers.zoho_books import errors as zoho
from connectors.transport.error_table import ErrorTable
from connectors.transport.wire import Reply

K = ErrorKind
DUPLICATE = (
    "A bill with this number has already been created for this vendor. Please check and try again."
)


def failed(table: ErrorTable, status: int, body: Any, *, write: bool) -> ProviderError:
    reply = Reply(status=status, headers={}, body=body, readable=True, seconds=0.1)
    error = table.failed(reply, write=write)
    assert error is not None
    return error


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, 14, "The request could not be authenticated", K.AUTHORISATION),
        (401, 57, "You are not authorized to perform this operation", K.PERMISSION),
        (400, 57, "You are not authorized to perform this operation", K.PERMISSION),
        (429, 44, "For security reasons your organization has been blocked", K.RATE_LIMITED),
        (429, 45, "exceeded the maximum call rate limit of 1,000.", K.RATE_LIMITED),
        (429, 1070, "maximum number of in process requests", K.RATE_LIMITED),
        (429, 99999, "something else", K.RATE_LIMITED),
        (400, 6041, "This user is not associated with the CompanyID", K.CONFIGURATION),
        (400, 9017, "This user is not associated with any organization.", K.CONFIGURATION),
        (400, 103001, "Your trial of Zoho Books is over.", K.SUSPENDED),
        (400, 3062, 'The customer "X" already exists.', K.REJECTED),
        (400, 4, "Invalid value passed for date", K.REJECTED),
        (200, 4, "Invalid value passed for date", K.REJECTED),
        (405, 37, "Method not allowed", K.REJECTED),
    ],
)
def test_zohos_rows(status: int, code: int, message: str, kind: ErrorKind, write: bool) -> None:
    error = failed(zoho.TABLE, status, {"code": code, "message": message}, write=write)
    assert error.kind is kind
    assert not isinstance(error, UnknownOutcomeError)
    assert error.facts.hint
    assert message.split(maxsplit=1)[0] in error.facts.message


@pytest.mark.parametrize("status", [400, 404])
def test_a_record_that_is_not_there(status: int) -> None:
    body = {"code": 1002, "message": "Bill does not exist."}
    assert failed(zoho.TABLE, status, body, write=False).kind is K.NOT_FOUND
    other = {"code": 36005, "message": "Purchase Order does not exist."}
    assert failed(zoho.TABLE, status, other, write=False).kind is K.NOT_FOUND


@pytest.mark.parametrize(
    "said",
    ["Enter a value for location_id.", "Location does not exist.", "Select a location"],
)
def test_a_location_that_is_wanted_is_found_by_testing_the_connection(said: str) -> None:
    error = failed(zoho.TABLE, 400, {"code": 4, "message": said}, write=True)
    assert error.kind is K.REJECTED
    assert "Test the Zoho Books connection" in error.facts.hint


def test_a_write_that_names_something_gone_is_a_refusal_to_correct() -> None:
    error = failed(zoho.TABLE, 400, {"code": 1002, "message": "Vendor does not exist."}, write=True)
    assert error.kind is K.REJECTED
    assert "mapping" in error.facts.hint
    gone = failed(zoho.TABLE, 404, {"code": 1002, "message": "Bill does not exist."}, write=True)
    assert gone.kind is K.NOT_FOUND


@pytest.mark.parametrize("code", [1, 13011, 36026])
def test_a_duplicate_is_known_by_its_sentence_whatever_its_number(code: int) -> None:
    error = failed(zoho.TABLE, 400, {"code": code, "message": DUPLICATE}, write=True)
    assert error.kind is K.REJECTED
    assert zoho.is_duplicate_number(error.facts)
    assert not zoho.is_closed_period(error.facts)


@pytest.mark.parametrize(
    "message",
    [
        "Transactions dated on or before 2026-06-30 are locked. You cannot create them.",
        "You cannot do this as the transaction lock date is 2026-06-30",
        "This period has been locked by your accountant.",
    ],
)
def test_a_closed_period_is_known_by_its_sentence(message: str) -> None:
    error = failed(zoho.TABLE, 400, {"code": 1, "message": message}, write=True)
    assert zoho.is_closed_period(error.facts)
    assert not zoho.is_duplicate_number(error.facts)
    assert "accountant" in error.facts.hint


@pytest.mark.parametrize("message", [DUPLICATE, "Transactions are locked", "Internal error"])
def test_a_server_error_stays_one_whatever_it_says(message: str) -> None:
    error = failed(zoho.TABLE, 500, {"code": 1000, "message": message}, write=True)
    assert isinstance(error, UnknownOutcomeError)


@pytest.mark.parametrize("code", [0, "0", 0.0, None, ""])
def test_a_good_answer_of_zoho_has_code_0(code: Any) -> None:
    good = Reply(status=201, headers={}, body={"code": code}, readable=True, seconds=0.1)
    assert zoho.TABLE.failed(good, write=True) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, K.AUTHORISATION),
        (403, K.PERMISSION),
        (404, K.NOT_FOUND),
        (429, K.RATE_LIMITED),
        (301, K.CONFIGURATION),
        (500, K.TRANSIENT),
        (504, K.TRANSIENT),
        (400, K.REJECTED),
    ],
)
def test_procurifys_rows(status: int, kind: ErrorKind) -> None:
    error = failed(procurify.TABLE, status, {"detail": "Words."}, write=False)
    assert error.kind is kind
    assert error.facts.message == "Procurify said: Words."
    assert error.facts.hint


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"detail": "Not found."}, "", "Not found."),
        ({"message": "No.", "code": "x1"}, "x1", "No."),
        ({"error": "invalid_client", "error_description": "Bad."}, "invalid_client", "Bad."),
        ({"errors": {"null": {"message": "Active.", "code": "A1"}}}, "A1", "Active."),
        ({"name": ["Required.", "Long."]}, "", "name: Required. Long."),
        ({"non_field_errors": ["Odd."]}, "", "Odd."),
        ("<html>", "", ""),
        ({}, "", ""),
    ],
)
def test_every_form_of_procurifys_errors_is_read(body: Any, code: str, message: str) -> None:
    assert procurify.read_error(body) == (code, message), json.dumps(body)
