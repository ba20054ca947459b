"""What the test of a Zoho Books connection asks the account, and what a first record teaches."""

from typing import Any

import pytest

from connectors.core.answers import Answer, with_answer
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.records import Raw
from connectors.providers.zoho_books.limits import limits
from connectors.providers.zoho_books.ping import ping, resolve
from tests.providers.conftest import OpenZoho
from tests.providers.test_zoho_client import bill_body, fault
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def told() -> list[Answer]:
    return []


def options(sandbox: SandboxProcess, **values: Any) -> None:
    sandbox.post("/control/options", {f"zoho_{name}": value for name, value in values.items()})


def add_locations(sandbox: SandboxProcess, *names: str) -> list[str]:
    rows = [
        sandbox.post("/control/add/zoho_books/locations", {"location_name": name}) for name in names
    ]
    return [row["location_id"] for row in rows]


def findings_of(open_zoho: OpenZoho, told: list[Answer], **settings: str) -> dict[str, str]:
    """Findings' words by their names."""
    client = open_zoho(learn=told.append, **settings)
    known = {"organization_id": client._params()["organization_id"], "region": "us", **settings}
    findings = ping(client, known)
    assert all(finding.ok for finding in findings), findings
    return {finding.name: finding.words for finding in findings}


def answers(told: list[Answer]) -> dict[str, Any]:
    return {answer.name: answer.value for answer in told}


def test_one_location_need_not_be_named(open_zoho: OpenZoho, told: list[Answer]) -> None:
    words = findings_of(open_zoho, told)
    assert "one location at most" in words["location"]
    assert answers(told)["location"] == ""


def test_of_several_locations_the_primary_one_is_taken(
    open_zoho: OpenZoho, sandbox: SandboxProcess, told: list[Answer]
) -> None:
    main, depot = add_locations(sandbox, "Main", "Depot")
    options(sandbox, primary_location=True)
    assert "posted to the location Main, one of 2" in findings_of(open_zoho, told)["location"]
    assert answers(told)["location"] == main
    findings_of(open_zoho, told, location_id=depot)
    assert answers(told)["location"] == depot


def test_of_several_locations_without_a_mark_a_person_chooses(
    open_zoho: OpenZoho, sandbox: SandboxProcess, told: list[Answer], world: dict[str, Any]
) -> None:
    main, depot = add_locations(sandbox, "Main", "Depot")
    assert "(Main, Depot). Choose one" in findings_of(open_zoho, told)["location"]
    assert answers(told)["location"] == ""
    settings = {"organization_id": world["zoho_books"]["organization_id"], "region": "us"}
    offered = resolve(open_zoho(), settings)["locations"]
    assert offered == [{"id": main, "name": "Main"}, {"id": depot, "name": "Depot"}]


def test_an_account_that_tells_no_locations_is_no_worse(
    open_zoho: OpenZoho, sandbox: SandboxProcess, told: list[Answer]
) -> None:
    for path in ("/locations", "/reportingtags"):
        fault(sandbox, "status", status=404, match={"path_regex": path})
    words = findings_of(open_zoho, told)
    assert "tells no locations" in words["location"]
    assert "does not tell" in words["mandatory_tags"]
    assert {"location", "mandatory_tags"}.isdisjoint(answers(told))


def test_mandatory_reporting_tags_are_named_before_anything_is_refused(
    open_zoho: OpenZoho, sandbox: SandboxProcess, told: list[Answer]
) -> None:
    for name, mandatory in (("Region", True), ("Team", False)):
        tag = {"tag_name": name, "is_mandatory": mandatory, "options": []}
        sandbox.post("/control/add/zoho_books/reportingtags", tag)
    words = findings_of(open_zoho, told)["mandatory_tags"]
    assert "Mandatory reporting tags: Region." in words
    assert answers(told)["mandatory_tags"] == 1


@pytest.mark.parametrize("asked", [False, True])
def test_a_refusal_says_that_a_mandatory_tag_may_be_behind_it(
    open_zoho: OpenZoho, sandbox: SandboxProcess, told: list[Answer], asked: bool
) -> None:
    tag = {"tag_name": "Region", "is_mandatory": True, "options": []}
    sandbox.post("/control/add/zoho_books/reportingtags", tag)
    options(sandbox, untagged_message="Pflichtfeld fehlt.")
    findings_of(open_zoho, told)
    answer = next(answer for answer in told if answer.name == "mandatory_tags")
    client = open_zoho(profile=with_answer({}, answer) if asked else {})
    with pytest.raises(ProviderError, match="Pflichtfeld") as caught:
        client.create_bill(bill_body(client))
    assert caught.value.kind is ErrorKind.REJECTED
    assert ("Perhaps: Mandatory reporting tags: Region." in caught.value.facts.hint) is asked


def test_the_days_allowance_is_what_the_account_says(
    open_zoho: OpenZoho, told: list[Answer]
) -> None:
    findings_of(open_zoho, told)
    asked = next(answer for answer in told if answer.name == "calls_per_day")
    older_plan = Answer(name="calls_per_day", value=7500, words="")
    profile: Raw = {"plan_name": "Standard"}
    assert limits({}, with_answer(profile, older_plan)).per_day == 7500
    assert limits({}, with_answer(profile, asked)).per_day == asked.value
    assert limits({}, profile).per_day == 2000


@pytest.mark.parametrize("nested", [False, True])
def test_an_inactive_organisation_is_one_wherever_it_says_so(
    open_zoho: OpenZoho, sandbox: SandboxProcess, world: dict[str, Any], nested: bool
) -> None:
    options(sandbox, org_settings_nested=nested)
    organization = world["zoho_books"]["organization_id"]
    path = f"/control/edit/zoho_books/organizations/{organization}"
    sandbox.post(path, {"is_org_active": False})
    findings = ping(open_zoho(), {"organization_id": organization, "region": "us"})
    found = next(finding for finding in findings if finding.name == "organization")
    assert (found.ok, "not active" in found.words) == (False, True)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("open", "New bills are open in Zoho Books at once."),
        ("draft", "New bills are draft in Zoho Books until"),
        ("pending_approval", "New bills are pending approval in Zoho Books until"),
    ],
)
def test_the_first_bill_tells_which_status_new_ones_get(
    open_zoho: OpenZoho, sandbox: SandboxProcess, told: list[Answer], status: str, words: str
) -> None:
    options(sandbox, new_bill_status=status, overdue=False)
    client = open_zoho(learn=told.append)
    for number in ("INV-1", "INV-2"):
        client.create_bill(bill_body(client, number))
    assert [(answer.name, answer.value) for answer in told] == [("bill_status", status)]
    assert told[0].words.startswith(words)
    known = open_zoho(profile=with_answer({}, told[0]), learn=told.append)
    known.create_bill(bill_body(known, "INV-3"))
    assert len(told) == 1
