"""Testing a Procore connection: what is fine, what is not, and what a person may choose from."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.providers.procore.limits import limits
from connectors.providers.procore.ping import ping, resolve
from connectors.providers.procore.reopening import NUMBER
from connectors.transport.provider import Finding
from tests.providers.procore_world import (
    ACME,
    COMPANY,
    HARBOUR,
    OLD,
    OTHER_COMPANY,
    SCHOOL,
    SECRET,
    ProcoreWorld,
    procore_world,
    state,
)

SETTINGS = {"environment": "production", "company_id": COMPANY}


@pytest.fixture
def procore() -> Iterator[ProcoreWorld]:
    with procore_world() as world:
        yield world


def findings_of(procore: ProcoreWorld, **changes: Any) -> dict[str, Finding]:
    found = ping(procore.client(**changes), {**SETTINGS, **changes})
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding for finding in found}


def test_everything_is_fine(procore: ProcoreWorld) -> None:
    found = findings_of(procore)
    assert all(finding.ok for finding in found.values()), found
    assert list(found) == [
        "authorised", "organization", "vendors", "projects", "project_vendors", "cost_codes",
        "wbs_codes", "budget", "currency", "origin_lists", "erp", "workflows", "segments",
        "webhooks", "clock", "quota",
    ]  # fmt: skip
    assert found["currency"].words == "Commitments of Harbour are in USD."
    assert "Harbour Builders" in found["organization"].words
    assert "3 projects" in found["projects"].words
    assert "3 budget codes" in found["budget"].words


@pytest.mark.parametrize("said", ["silent", "refused", "missing"])
def test_a_currency_that_procore_does_not_say_is_told_and_not_assumed(
    procore: ProcoreWorld, said: str
) -> None:
    procore.options["procore_currency"] = said
    found = findings_of(procore)["currency"]
    assert found.ok
    assert "does not say which currency Harbour is kept in" in found.words
    assert resolve(procore.client(), SETTINGS)["currency_code"] == ""


def test_rows_of_companies_and_projects_carry_no_currency(procore: ProcoreWorld) -> None:
    client = procore.client()
    rows = [row for page in client.projects() for row in page.rows]
    rows += [client.project(HARBOUR), *client.companies()]
    assert not [row for row in rows if any("currency" in name for name in row)]


def test_the_profile_offers_companies_and_projects(procore: ProcoreWorld) -> None:
    profile = resolve(procore.client(), SETTINGS)
    assert (profile["company_id"], profile["name"]) == (COMPANY, "Harbour Builders")
    assert profile["companies"] == [{"company_id": COMPANY, "name": "Harbour Builders"}]
    assert profile["currency_code"] == "USD"
    assert profile["projects"][0] == {
        "id": HARBOUR,
        "name": "Harbour",
        "number": "P-1",
        "active": True,
    }
    assert [row["active"] for row in profile["projects"]] == [True, True, False]
    assert profile["permitted"] == [HARBOUR, SCHOOL, OLD]
    assert profile["user_id"] == "599000001"
    assert profile["web_root"] == f"{procore.url}/procore/web"


def test_chosen_projects_are_the_permitted_ones(procore: ProcoreWorld) -> None:
    chosen: dict[str, Any] = {"project_ids": f"{SCHOOL},{HARBOUR}"}
    profile = resolve(procore.client(**chosen), {**SETTINGS, **chosen})
    assert profile["permitted"] == [SCHOOL, HARBOUR]
    assert len(profile["projects"]) == 3
    found = findings_of(procore, **chosen)
    assert found["projects"].ok
    assert "2 projects" in found["projects"].words


def test_a_chosen_project_that_is_not_permitted_is_named(procore: ProcoreWorld) -> None:
    chosen: dict[str, Any] = {"project_ids": f"{HARBOUR},{SECRET}"}
    found = findings_of(procore, **chosen)
    assert not found["projects"].ok
    assert SECRET in found["projects"].words
    assert "App Management" in found["projects"].words
    assert resolve(procore.client(**chosen), {**SETTINGS, **chosen})["permitted"] == [HARBOUR]


def test_a_project_whose_commitments_are_refused_is_named(procore: ProcoreWorld) -> None:
    match = {"path_regex": f"purchase_order_contracts.*project_id={SCHOOL}"}
    procore.fault("status", status=403, match=match)
    found = findings_of(procore)
    assert not found["projects"].ok
    assert "School" in found["projects"].words
    assert "Harbour" not in found["projects"].words


@pytest.mark.parametrize("shown", ["shown", "hidden"])
@pytest.mark.parametrize("says", ["refused", "ignored"])
def test_a_workflow_that_owns_approvals_is_told_and_nothing_is_left(
    procore: ProcoreWorld, says: str, shown: str
) -> None:
    procore.options.update(procore_workflow=says, procore_workflow_list=shown)
    found = findings_of(procore, try_project=HARBOUR)["reopening"]
    assert found.ok
    assert "workflow of Procore owns the status" in found.words
    assert ("workflows" in procore.learned) is (shown == "hidden")
    assert procore.simulator.books()["purchase_order_contracts"] == []


# --- what is asked where nothing published says it ------------------------------------------------


@pytest.mark.parametrize("form", ["bracketed", "repeated", "none", "refused"])
def test_the_form_of_lists_of_origin_ids_is_asked_by_records_that_are_there(
    procore: ProcoreWorld, form: str
) -> None:
    procore.options["procore_origin_lists"] = form
    row = {"project_id": int(HARBOUR), "number": "1", "title": "T", "origin_id": "mlc:1:2:1:1"}
    procore.simulator.add("purchase_order_contracts", row)
    found = findings_of(procore)["origin_lists"]
    several = form in ("bracketed", "repeated")
    how = f"by several origin ids at once ({form} list)" if several else "by one origin id at a"
    assert found.ok
    assert f"Procore looks commitments up {how}" in found.words
    assert f"Procore looks vendors up {how}" in found.words
    value = form if several else "one at a time"
    assert procore.learned["commitment_origin_lists"].value == value
    assert procore.learned["vendor_origin_lists"].value == value


def test_an_account_without_origin_ids_is_told_that_it_is_learnt_later(
    procore: ProcoreWorld,
) -> None:
    procore.simulator.edit("vendors", ACME, {"origin_id": None})
    assert "until the first one shows" in findings_of(procore)["origin_lists"].words
    assert "commitment_origin_lists" not in procore.learned


def test_projects_of_another_owner_are_named(procore: ProcoreWorld) -> None:
    assert "No project is connected" in findings_of(procore)["erp"].words
    procore.simulator.edit("projects", SCHOOL, {"is_erp_integrated": True})
    found = findings_of(procore)["erp"]
    assert found.ok
    assert "makes the commitments of School: orders for them are held" in found.words
    assert procore.learned["erp_projects"].value == "School"
    procore.fault("status", status=403, match={"path_regex": f"projects/{HARBOUR}\\?"})
    procore.simulator.edit("projects", SCHOOL, {"is_erp_integrated": False})
    assert "does not say" in findings_of(procore)["erp"].words


@pytest.mark.parametrize(("said", "words"), [("shown", "can be read"), ("hidden", "not show")])
def test_it_is_told_whether_workflows_are_shown(
    procore: ProcoreWorld, said: str, words: str
) -> None:
    procore.options.update(procore_workflow="refused", procore_workflow_list=said)
    found = findings_of(procore)["workflows"]
    assert found.ok
    assert words in found.words


def test_segments_that_codes_cannot_be_without_are_named(procore: ProcoreWorld) -> None:
    assert "made of a cost code and a cost type." in findings_of(procore)["segments"].words
    region = {"id": 77, "name": "Region", "required": True}
    crew = {"id": 78, "name": "Crew", "required": False}
    site = {"id": 79, "name": "Site", "required": True, "included": False}
    procore.options["procore_extra_segments"] = [region, crew, site]
    found = findings_of(procore)["segments"].words
    assert found.endswith("and need Region too: missing ones are made by hand.")
    assert procore.learned["segments"].value == "Region"


def test_a_question_that_may_not_be_asked_speaks_against_nothing(procore: ProcoreWorld) -> None:
    procore.fault("status", status=403, match={"path_regex": "structure/segments"})
    found = findings_of(procore)["segments"]
    assert found.ok
    assert "could not be asked" in found.words


def test_no_project_at_all_is_no_good_connection(procore: ProcoreWorld) -> None:
    procore.call("permit", projects=[])
    found = findings_of(procore)
    assert not found["projects"].ok
    assert "none is permitted" in found["projects"].words
    assert "cost_codes" not in found
    assert resolve(procore.client(), SETTINGS)["permitted"] == []


def test_wrong_credentials_end_the_test(procore: ProcoreWorld) -> None:
    found = ping(procore.client(client_secret="wrong"), SETTINGS)
    assert [(finding.name, finding.ok) for finding in found] == [("authorised", False)]
    assert "Check both" in found[0].words


def test_a_missing_permission_is_named_and_the_rest_goes_on(procore: ProcoreWorld) -> None:
    procore.fault("status", status=403, match={"path_regex": "budget_views"})
    found = findings_of(procore)
    assert not found["budget"].ok
    assert "May not read budgets" in found["budget"].words
    assert found["webhooks"].ok


# --- which company --------------------------------------------------------------------------------


def test_the_only_company_is_learnt_where_it_may_be_asked_for(procore: ProcoreWorld) -> None:
    procore.options["procore_companies_need_header"] = False
    client = procore.client(company_id="")
    profile = resolve(client, {"environment": "production"})
    assert profile["company_id"] == COMPANY
    assert profile["companies"] == [{"company_id": COMPANY, "name": "Harbour Builders"}]
    found = ping(client, {"environment": "production"})
    assert [finding.ok for finding in found[:2]] == [True, False]
    assert f"Harbour Builders ({COMPANY})" in found[1].words


def test_where_it_may_not_be_asked_for_a_person_is_told_to_enter_it(procore: ProcoreWorld) -> None:
    found = ping(procore.client(company_id=""), {"environment": "production"})
    assert [(finding.name, finding.ok) for finding in found] == [("authorised", False)]
    assert "Enter the company ID" in found[0].words


def test_several_companies_are_offered_and_none_is_guessed(procore: ProcoreWorld) -> None:
    other = {"id": int(OTHER_COMPANY), "name": "Other"}
    procore.simulator.load({**state(), "other_companies": [other]})
    procore.options["procore_companies_need_header"] = False
    profile = resolve(procore.client(company_id=""), {"environment": "production"})
    assert "company_id" not in profile
    assert [row["company_id"] for row in profile["companies"]] == [COMPANY, OTHER_COMPANY]


def test_a_company_that_is_not_among_them(procore: ProcoreWorld) -> None:
    settings = {**SETTINGS, "company_id": "77"}
    with pytest.raises(BadInputError, match=f"Harbour Builders \\({COMPANY}\\)"):
        resolve(procore.client(), settings)
    organization = ping(procore.client(), settings)[1]
    assert (organization.name, organization.ok) == ("organization", False)


# --- limits ---------------------------------------------------------------------------------------


def test_the_test_learns_how_fast_procore_lets_us_go(procore: ProcoreWorld) -> None:
    procore.options.update(procore_spike=90, procore_hourly=3600)
    profile = resolve(procore.client(), SETTINGS)
    assert profile["per_10_seconds"] == 90
    assert limits({}, profile).per_10_seconds == 90
    procore.options.update(procore_spike=0, procore_hourly=500)
    assert "per_10_seconds" not in resolve(procore.client(), SETTINGS)


# --- whether approved commitments can be changed --------------------------------------------------


def commitments(procore: ProcoreWorld) -> list[tuple[str, str]]:
    rows = procore.simulator.books()["purchase_order_contracts"]
    return [(row["number"], row["status"]) for row in rows if not row.get("deleted_at")]


def profile_after_test(procore: ProcoreWorld, **changes: Any) -> dict[str, Any]:
    """As a connection's test learns it: the profile by the client that has just tried."""
    settings: dict[str, Any] = {**SETTINGS, **changes}
    client = procore.client(**changes)
    ping(client, settings)
    return resolve(client, settings)


def test_nothing_is_tried_where_nobody_asked_for_it(procore: ProcoreWorld) -> None:
    assert "reopening" not in findings_of(procore)
    assert "reopens_approved" not in profile_after_test(procore)
    assert procore.requests("write") == []


def test_a_company_that_reopens_is_known_by_its_test_and_nothing_is_left(
    procore: ProcoreWorld,
) -> None:
    found = findings_of(procore, try_project=HARBOUR)["reopening"]
    assert found.ok
    assert "can be set back to draft" in found.words
    assert profile_after_test(procore, try_project=HARBOUR)["reopens_approved"] is True
    assert commitments(procore) == []


def test_a_company_that_keeps_them_locked_is_no_worse_a_connection(procore: ProcoreWorld) -> None:
    procore.options["procore_reopen_approved"] = False
    for _ in range(2):  # the second test finds what the first had to leave
        found = findings_of(procore, try_project=HARBOUR)["reopening"]
        assert found.ok
        assert "stay locked" in found.words
        assert commitments(procore) == [(NUMBER, "Closed")]
    assert profile_after_test(procore, try_project=HARBOUR)["reopens_approved"] is False
    procore.options["procore_reopen_approved"] = True
    assert profile_after_test(procore, try_project=HARBOUR)["reopens_approved"] is True


def test_what_could_not_be_tried_is_said_and_teaches_nothing(procore: ProcoreWorld) -> None:
    procore.fault("status", status=422, match={"write": True})
    found = findings_of(procore, try_project=HARBOUR)["reopening"]
    assert not found.ok
    assert "Could not try" in found.words
    procore.fault("drop_after", match={"write": True})
    assert "reopens_approved" not in profile_after_test(procore, try_project=HARBOUR)
    assert commitments(procore) == [(NUMBER, "Draft")], "its answer was lost"
    assert profile_after_test(procore, try_project=HARBOUR)["reopens_approved"] is True
    assert commitments(procore) == []


def test_where_it_is_tried_must_be_permitted_and_have_a_vendor(procore: ProcoreWorld) -> None:
    found = findings_of(procore, try_project=SECRET)["reopening"]
    assert not found.ok
    assert SECRET in found.words
    found = findings_of(procore, try_project=OLD)["reopening"]
    assert not found.ok
    assert "no vendor in its directory" in found.words
    assert procore.requests("write") == []


def test_a_commitment_that_somebody_numbered_so_is_left_alone(procore: ProcoreWorld) -> None:
    theirs = {"number": NUMBER, "title": "Ours", "status": "Draft"}
    procore.client().create_contract(HARBOUR, theirs)
    assert findings_of(procore, try_project=HARBOUR)["reopening"].ok
    assert commitments(procore) == [(NUMBER, "Draft")]
