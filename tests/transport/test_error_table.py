"""Rows decide what an error means; what no row knows is read cautiously."""

from datetime import timedelta

import pytest

from connectors.core import clock
from connectors.core.errors import ErrorKind, ProviderError, UnknownOutcomeError
from connectors.transport.error_table import ErrorTable, Rule, retry_at
from connectors.transport.wire import Reply
from tests.timing import is_after


def reply(status: int, body: object = None, **headers: str) -> Reply:
    return Reply(status=status, headers=headers, body=body, readable=True, seconds=0.1)


def read(body: object) -> tuple[str, str]:
    return str(body["code"]), str(body["message"])  # type: ignore[index]


OWN = Rule(
    kind=ErrorKind.CONFIGURATION,
    codes=frozenset({"7"}),
    says="wrong (company|place)",
    hint="Choose another.",
)
TABLE = ErrorTable(
    provider="example",
    title="Example",
    rules=(OWN,),
    read=read,
    refuses=lambda body: body["code"] != 0,
)


def failed(status: int, code: int, message: str, *, write: bool = False) -> ProviderError:
    error = TABLE.failed(reply(status, {"code": code, "message": message}), write=write)
    assert error is not None
    return error


def test_a_good_answer_is_no_error() -> None:
    assert TABLE.failed(reply(200, {"code": 0, "message": "success"}), write=True) is None


def test_a_providers_row_comes_first_and_needs_all_it_names() -> None:
    assert failed(404, 7, "The WRONG company").kind is ErrorKind.CONFIGURATION
    assert failed(404, 8, "The wrong company").kind is ErrorKind.NOT_FOUND
    assert failed(404, 7, "Something else").kind is ErrorKind.NOT_FOUND


def test_a_refusal_in_a_good_status_is_definite() -> None:
    error = failed(200, 99, "no", write=True)
    assert error.kind is ErrorKind.REJECTED
    assert not isinstance(error, UnknownOutcomeError)


def test_an_unknown_status_is_cautious() -> None:
    assert isinstance(failed(599, 1, "?", write=True), UnknownOutcomeError)
    assert failed(599, 1, "?").kind is ErrorKind.TRANSIENT
    assert failed(418, 1, "?", write=True).kind is ErrorKind.REJECTED


def test_words_and_facts_are_kept_without_secrets() -> None:
    error = failed(400, 12, "bad access_token=1000.abcdef0123.abcdef0123 sent" + "x" * 600)
    assert "1000." not in str(error)
    assert len(error.facts.message) <= 500
    assert (error.facts.provider, error.facts.status, error.facts.code) == ("example", 400, "12")
    assert str(error).endswith("tell the operator."), "nobody corrects a record for a question"
    assert str(failed(400, 12, "no", write=True)).endswith(
        "no. Correct the record at the source, or its mapping here, and run it again."
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7), ("", 30), ("rubbish", 30), ("999999999", 86400), ("-5", 30)]
)
def test_retry_after_in_seconds(text: str, seconds: int) -> None:
    began = clock.now()
    at = retry_at({"retry-after": text}, timedelta(seconds=30))
    assert at is not None
    assert is_after(at, began, seconds)


def test_retry_after_as_a_date_never_lies_in_the_past() -> None:
    began = clock.now()
    at = retry_at({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None)
    assert at is not None
    assert is_after(at, began, 0)
    assert retry_at({}, None) is None
