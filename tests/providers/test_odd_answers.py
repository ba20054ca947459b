"""The connection's test against answers of any shape and refusals of any kind: words, no crash."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.core import clock
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.providers.procore.spec import SPEC as PROCORE
from connectors.providers.procurify.spec import SPEC as PROCURIFY
from connectors.providers.zoho_books.behaviour import ask
from connectors.providers.zoho_books.spec import SPEC as ZOHO_BOOKS
from connectors.transport.client import ApiClient
from connectors.transport.findings import readable
from connectors.transport.provider import ClientContext, Finding, ProviderSpec
from connectors.transport.tokens import TokenSource
from connectors.transport.wire import Wire
from tests.transport.fakes import MemoryStore, OpenGovernor, fresh, stored

SETTINGS = {
    "zoho_books": {"accounts_region": "us", "organization_id": "7"},
    "procurify": {"subdomain": "acme"},
    "procore": {"environment": "production", "company_id": "7"},
}
SPECS = (ZOHO_BOOKS, PROCURIFY, PROCORE)
ODD: tuple[Any, ...] = (
    None,
    "",
    "x",
    0,
    7,
    1.5,
    True,
    [],
    [None],
    [[]],
    ["x"],
    [{}],
    {},
    {"a": None},
)
ORGANISATION = {
    "organization_id": 7,
    "name": "Acme",
    "currency_code": "EUR",
    "price_precision": "x",
}
LISTS = [
    *("organizations", "contacts", "purchaseorders", "bills", "chartofaccounts", "taxes"),
    *("currencies", "locations", "reporting_tags", "transaction_locks", "page_context"),
    *("data", "metadata", "pagination"),
]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiClient, "_futile", {})
    monkeypatch.setattr(ApiClient, "_pause_after", _at_once)


def _at_once(self: ApiClient, error: ProviderError, attempt: int) -> float:
    raise self._later(error) if error.kind is ErrorKind.RATE_LIMITED else error


def client(spec: ProviderSpec, answer: Any, **profile: Any) -> Any:
    """A client to which every call is answered alike, or by a function of its path."""
    settings = spec.clean(SETTINGS[spec.key])

    def respond(request: httpx.Request) -> httpx.Response:
        status, body = answer(request.url.path)
        return httpx.Response(status, json=body)

    return spec.open(
        ClientContext(
            connection="odd",
            settings=settings,
            profile=profile,
            endpoints=spec.endpoints(settings, ""),
            tokens=TokenSource(
                MemoryStore(stored()),
                fresh,
                margin=timedelta(minutes=5),
                provider=spec.key,
                title=spec.title,
            ),
            governor=OpenGovernor(),
            wire=Wire(httpx.MockTransport(respond)),
            client_id="app",
        )
    )


def findings_of(spec: ProviderSpec, answer: Any) -> list[Finding]:
    return spec.ping(client(spec, answer), spec.clean(SETTINGS[spec.key]))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_answer_of_any_shape_is_told_in_words(spec: ProviderSpec, odd: Any) -> None:
    envelope = {"code": 0, **dict.fromkeys(LISTS, odd)}
    within = {**envelope, "organizations": [odd, ORGANISATION], "id": 7}
    for body in (odd, envelope, within):
        findings = findings_of(spec, lambda path, body=body: (200, body))
        assert findings
        assert all(finding.words for finding in findings)
    settings = {"region": "us", **spec.clean(SETTINGS[spec.key])}
    if spec is ZOHO_BOOKS:
        profile = spec.resolve(client(spec, lambda path: (200, within)), settings)
        assert (profile["organization_id"], profile["currency_code"]) == ("7", "EUR")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422, 429, 500])
def test_a_refusal_of_any_kind_is_told_in_words(spec: ProviderSpec, status: int) -> None:
    bodies: tuple[Any, ...] = ({}, [], None, {"message": "No way"}, {"errors": [[1]]})
    for body in bodies:
        (found,) = findings_of(spec, lambda path, body=body: (status, body))[:1]
        assert not found.ok
        assert found.words.endswith("."), "a sentence with a way out"
        assert "at the source" not in found.words, "there is no record to correct"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ErrorKind.PERMISSION, "May not read bills. No."),
        (ErrorKind.TRANSIENT, "Could not read bills. No."),
        (ErrorKind.REJECTED, "Could not read bills. No."),
        (None, "Could not read bills. Too many calls. Test again in 30 s."),
    ],
)
def test_only_a_missing_permission_is_called_one(error: ErrorKind | None, words: str) -> None:
    def read() -> Any:
        if error is None:
            raise RetryLater(clock.now() + timedelta(seconds=30), "Too many calls")
        raise ProviderError(ErrorFacts(kind=error, message="No.", provider="example"))

    found = readable("bills", "bills", read)
    assert found == Finding(name="bills", ok=False, words=words, later=error is None)


def test_one_limited_call_leaves_what_the_others_found() -> None:
    def answer(path: str) -> tuple[int, Any]:
        if path.endswith("/taxes"):
            return 429, {"code": 44, "message": "Blocked"}
        return 200, {"code": 0, "organizations": [ORGANISATION]}

    found = {finding.name: finding for finding in findings_of(ZOHO_BOOKS, answer)}
    assert [name for name, finding in found.items() if not finding.ok] == ["taxes"]
    assert "Test again in" in found["taxes"].words


@pytest.mark.parametrize(
    ("rows", "words", "value"),
    [
        ([{"location_id": 1, "is_primary": "false"}, {"location_id": 2, "is_primary": "true"}],
         "location 2", "2"),
        ([{"location_id": "", "is_primary": True}, {"location_id": "2"}, {"location_id": 3}],
         "Choose one", ""),
        ([{"location_id": ["x"]}, {"location_id": 3}], "one location at most", ""),
    ],
)  # fmt: skip
def test_locations_are_known_by_their_ids_alone(rows: Any, words: str, value: str) -> None:
    answer = {"code": 0, "locations": rows, "reporting_tags": [{"is_mandatory": "true"}]}
    zoho = client(ZOHO_BOOKS, lambda path: (200, answer))
    told: dict[str, Any] = {}
    zoho.learn = lambda one: told.update({one.name: one.value})
    assert words in ask(zoho, SETTINGS["zoho_books"])[0].words
    assert told == {"location": value, "mandatory_tags": 1}


def test_an_answer_without_the_list_changes_no_answer_of_earlier() -> None:
    answers = {"location": {"value": "5", "words": "Main"}}
    zoho = client(ZOHO_BOOKS, lambda path: (200, {"code": 0}), answers=answers)
    zoho.learn = None  # nothing is learnt, or this fails
    words = [finding.words for finding in ask(zoho, SETTINGS["zoho_books"])]
    assert "the location that an earlier test found" in words[0]
    assert "does not tell whether reporting tags" in words[1]


def test_a_projects_trouble_is_not_called_a_missing_permission() -> None:
    def answer(path: str) -> tuple[int, Any]:
        if path.endswith("/purchase_order_contracts"):
            return 500, {}
        return 200, [{"id": 7, "name": "Depot"}, {"id": None, "name": "?"}, None]

    found = {finding.name: finding for finding in findings_of(PROCORE, answer)}["projects"]
    assert found.words.startswith("Could not read commitments of Depot. Procore said: status 500")
