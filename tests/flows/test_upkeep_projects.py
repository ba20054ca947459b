"""Zoho projects follow those of Procore, or are made: the whole flow over real HTTP.

What people do in either system comes through the sandbox's control door; what Zoho Books was asked
is read from the sandbox's log.
"""

from typing import Any

import pytest

from connectors.core.states import Reason, State
from connectors.models import Document, Link, Mapping, Outcome
from connectors.providers.zoho_books import oauth
from connectors.services.replay import replay_documents
from tenants.scope import tenant_scope
from tests.engine.drive import run_until_idle, states
from tests.flows.conftest import Builder, Job
from tests.flows.test_commitments_faults import faults, fired, forget_policy, hurried
from tests.flows.upkeep import read_again
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

__all__ = ["forget_policy", "hurried"]

STREAM, KIND = "project", "zoho_project"
CUSTOMER = "770000006000001"
# The numbers that both sides' ids end in.
ALDER, BANNOCK, DEPOT = 1, 2, 4
PROJECTS = 4
RENAMED = {"provider": "zoho_books", "method": "PUT", "path_regex": "/projects/"}
MADE = {"provider": "zoho_books", "method": "POST", "path_regex": r"/projects\?"}
STATUS = {"provider": "zoho_books", "path_regex": "/projects/.*/(in)?active"}


def zoho_id(number: int) -> str:
    return f"7700000{5:02d}{number:06d}"


def procore_id(number: int) -> str:
    return str(310_000 + number)


def names(sandbox: SandboxProcess) -> dict[str, str]:
    rows = sandbox.get("/control/books/zoho_books")["projects"]
    return {row["project_id"]: row["project_name"] for row in rows}


def status(sandbox: SandboxProcess, number: int) -> str:
    rows = sandbox.get("/control/books/zoho_books")["projects"]
    return str(next(row["status"] for row in rows if row["project_id"] == zoho_id(number)))


def in_procore(sandbox: SandboxProcess, number: int, **changes: Any) -> None:
    sandbox.post(f"/control/edit/procore/projects/{procore_id(number)}", changes)


def in_zoho(sandbox: SandboxProcess, number: int, **changes: Any) -> None:
    sandbox.post(f"/control/edit/zoho_books/projects/{zoho_id(number)}", changes)


def written(sandbox: SandboxProcess) -> list[str]:
    """What was written to Zoho's projects since this was asked last."""
    asked = sandbox.get("/control/requests", provider="zoho_books")["requests"]
    sandbox.delete("/control/requests")
    found = (row for row in asked if row["kind"] == "write" and "/projects" in row["path"])
    return [
        f"{row['method']} {row['path'].partition('?')[0].rpartition('/projects')[2]}"
        for row in found
    ]


def document(job: Job, number: int) -> Document:
    with tenant_scope(job.tenant_id):
        return Document.objects.get(stream=STREAM, key=procore_id(number))


def unlinked(job: Job, number: int) -> None:
    """The project of that number is linked to none of Zoho's, and none is called like it."""
    with tenant_scope(job.tenant_id):
        assert Mapping.objects.filter(kind=STREAM, target_key=procore_id(number)).delete()[0]


def outcomes(job: Job) -> list[str]:
    with tenant_scope(job.tenant_id):
        found = Outcome.objects.filter(attempt__document__stream=STREAM).order_by("pk")
        return list(found.values_list("result", flat=True))


# --- followed ----------------------------------------------------------------------------------


def test_linked_projects_are_called_as_in_procore_and_nothing_else_is_touched(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    in_zoho(sandbox, BANNOCK, project_name="26-002 - BANNOCK STREET LOFTS")
    read_again(job)
    found = names(sandbox)
    assert found[zoho_id(ALDER)] == "Alder Elementary School Addition"
    assert found[zoho_id(BANNOCK)] == "26-002 - BANNOCK STREET LOFTS", "says the same"
    assert found[zoho_id(101)] == "JOP-B site utilities", "linked to nothing"
    assert found[zoho_id(102)] == "Company yard and shop"
    assert states(job, STREAM) == {State.POSTED: PROJECTS}
    assert written(sandbox)
    with tenant_scope(job.tenant_id):
        linked = Link.objects.filter(target_kind=KIND)
        assert linked.count() == PROJECTS, "those that agree are linked too"
    read_again(job)
    assert written(sandbox) == [], "what says the same is not written again"


@pytest.mark.soak
def test_a_project_that_procore_closes_or_opens_is_set_inactive_or_active(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    written(sandbox)
    in_procore(sandbox, DEPOT, active=False, name="Depot Square")
    read_again(job)
    assert written(sandbox) == [f"PUT /{zoho_id(DEPOT)}", f"POST /{zoho_id(DEPOT)}/inactive"]
    assert (names(sandbox)[zoho_id(DEPOT)], status(sandbox, DEPOT)) == ("Depot Square", "inactive")
    in_procore(sandbox, DEPOT, active=True)
    read_again(job)
    assert written(sandbox) == [f"POST /{zoho_id(DEPOT)}/active"]
    assert status(sandbox, DEPOT) == "active"


@pytest.mark.soak
def test_a_rename_leaves_the_customer_and_the_billing_as_they_are(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    kept = {"billing_type": "based_on_project_hours", "rate": "120.50"}
    in_zoho(sandbox, ALDER, **kept)
    run_until_idle(job)
    rows = sandbox.get("/control/books/zoho_books")["projects"]
    (row,) = [row for row in rows if row["project_id"] == zoho_id(ALDER)]
    assert row["project_name"] == "Alder Elementary School Addition"
    assert (row["billing_type"], row["rate"]) == ("based_on_project_hours", "120.5")
    assert row["customer_name"] == "Mesa School District"


@pytest.mark.soak
def test_a_project_that_may_not_be_seen_any_more_says_nothing(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    written(sandbox)
    in_procore(sandbox, DEPOT, active=False)
    others = [int(procore_id(number)) for number in range(1, PROJECTS + 1) if number != DEPOT]
    sandbox.post("/control/call/procore/permit", {"projects": others})
    read_again(job)
    assert written(sandbox) == []
    assert document(job, DEPOT).state == State.POSTED


def test_nothing_is_written_where_the_option_is_off(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1, integration={"projects_follow": False})
    run_until_idle(job)
    assert written(sandbox) == []
    assert states(job, STREAM) == {}


@pytest.mark.soak
def test_two_zoho_projects_of_one_keep_their_names(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    with tenant_scope(job.tenant_id):
        Mapping.objects.create(
            integration=job.integration,
            kind=STREAM,
            source_key=zoho_id(102),
            target_key=procore_id(ALDER),
        )
    run_until_idle(job)
    assert names(sandbox)[zoho_id(ALDER)] == "Alder Elementary Addition"
    left = document(job, ALDER)
    assert left.state == State.NOT_APPLICABLE
    assert "Company yard and shop" in left.words


# --- drift -------------------------------------------------------------------------------------


def test_a_rename_in_zoho_books_is_flagged_with_both_names(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    in_zoho(sandbox, BANNOCK, project_name="Lofts")
    read_again(job)
    held = document(job, BANNOCK)
    assert (held.state, held.reason) == (State.HELD, Reason.DRIFTED)
    assert "name is Lofts, we posted Bannock Street Lofts" in held.words


@pytest.mark.soak
def test_what_was_changed_in_zoho_books_is_put_back_where_that_is_chosen(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1, integration={"drift": "restore"})
    run_until_idle(job)
    written(sandbox)
    in_zoho(sandbox, BANNOCK, project_name="Lofts", status="inactive")
    read_again(job)
    assert (names(sandbox)[zoho_id(BANNOCK)], status(sandbox, BANNOCK)) == (
        "Bannock Street Lofts",
        "active",
    )
    assert written(sandbox) == [f"POST /{zoho_id(BANNOCK)}/active", f"PUT /{zoho_id(BANNOCK)}"]
    assert document(job, BANNOCK).state == State.POSTED


@pytest.mark.soak
def test_what_was_changed_in_zoho_books_stays_where_it_is_adopted(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1, integration={"drift": "adopt"})
    run_until_idle(job)
    written(sandbox)
    in_zoho(sandbox, BANNOCK, project_name="Lofts")
    read_again(job)
    read_again(job)
    assert written(sandbox) == []
    assert document(job, BANNOCK).state == State.POSTED


# --- made --------------------------------------------------------------------------------------

CREATE: dict[str, Any] = {"create_projects": True, "project_customer": CUSTOMER}


def test_a_missing_project_is_made_and_linked_and_kept_up(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1, integration=CREATE)
    unlinked(job, DEPOT)
    run_until_idle(job)
    rows = sandbox.get("/control/books/zoho_books")["projects"]
    (made,) = [row for row in rows if row["project_name"] == "Depot Square Retail - Shell"]
    assert made["customer_id"] == CUSTOMER
    assert made["description"].endswith(f"Ref mlc:562001:project:{procore_id(DEPOT)}")
    assert len(rows) == PROJECTS + 3, "and two of Zoho's own, and this one"
    run_until_idle(job)  # the run that was queued to read what was made
    with tenant_scope(job.tenant_id):
        found = Mapping.objects.get(kind=STREAM, target_key=procore_id(DEPOT))
        assert found.source_key == made["project_id"]
        assert "made for that project" in found.evidence
    in_procore(sandbox, DEPOT, name="Depot Square Retail - Shell East")
    read_again(job)
    assert names(sandbox)[made["project_id"]] == "Depot Square Retail - Shell East"


@pytest.mark.soak
def test_one_of_the_same_name_is_not_doubled(builder: Builder, sandbox: SandboxProcess) -> None:
    job = builder(plain=True, orders=1, integration=CREATE)
    unlinked(job, DEPOT)
    # Typed into Zoho Books after its list was read.
    typed = {
        "project_name": "depot square retail - shell",
        "customer_id": CUSTOMER,
        "status": "active",
    }
    sandbox.post("/control/add/zoho_books/projects", typed)
    run_until_idle(job)
    held = document(job, DEPOT)
    assert (held.state, held.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert "depot square retail - shell" in held.words
    assert "POST " not in written(sandbox)


@pytest.mark.crash
@pytest.mark.parametrize("kind", first_here("drop_after", "error_after", "malformed_body"))
def test_a_project_whose_answer_was_lost_is_found_by_our_reference(
    builder: Builder, sandbox: SandboxProcess, hurried: None, kind: str
) -> None:
    job = builder(plain=True, orders=1, integration=CREATE)
    unlinked(job, DEPOT)
    faults(sandbox, {"match": MADE, "kind": kind, "count": 1})
    run_until_idle(job)
    assert fired(sandbox).total() == 1
    assert list(names(sandbox).values()).count("Depot Square Retail - Shell") == 1
    assert Outcome.Result.UNKNOWN in outcomes(job)
    assert document(job, DEPOT).state == State.POSTED


@pytest.mark.soak
def test_a_project_that_stays_absent_is_sent_again_by_a_person_only(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = builder(plain=True, orders=1, integration=CREATE)
    unlinked(job, DEPOT)
    faults(sandbox, {"match": MADE, "kind": "drop_before", "count": 1})
    run_until_idle(job)
    held = document(job, DEPOT)
    assert (held.state, held.reason) == (State.HELD, Reason.OUTCOME_UNKNOWN)
    in_procore(sandbox, DEPOT, name="Depot Square Retail - Shell West")
    read_again(job)
    assert document(job, DEPOT).state == State.HELD, "not even a newer name sends it again"
    assert len(names(sandbox)) == PROJECTS + 2
    replay_documents(job.tenant_id, [held.pk], actor="user:1")
    run_until_idle(job)
    assert list(names(sandbox).values()).count("Depot Square Retail - Shell West") == 1


# --- trouble -----------------------------------------------------------------------------------


@pytest.mark.crash
@pytest.mark.parametrize("kind", first_here("drop_before", "drop_after", "error_after"))
def test_a_change_whose_answer_was_lost_is_looked_at_before_it_is_sent_again(
    builder: Builder, sandbox: SandboxProcess, hurried: None, kind: str
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    written(sandbox)
    in_procore(sandbox, DEPOT, active=False, name="Depot Square")
    faults(
        sandbox,
        {"match": RENAMED, "kind": kind, "count": 1},
        {"match": STATUS, "kind": kind, "count": 1},
    )
    read_again(job)
    assert fired(sandbox).total() == 2
    assert (names(sandbox)[zoho_id(DEPOT)], status(sandbox, DEPOT)) == ("Depot Square", "inactive")
    assert document(job, DEPOT).state == State.POSTED
    once = [f"PUT /{zoho_id(DEPOT)}", f"POST /{zoho_id(DEPOT)}/inactive"]
    seen = written(sandbox)
    if kind != "drop_before":
        assert seen == once
    assert sorted(set(seen)) == sorted(once)


@pytest.mark.soak
def test_calls_that_must_wait_are_handed_back_and_made_once(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    in_procore(sandbox, DEPOT, name="Depot Square")
    faults(
        sandbox,
        {"match": RENAMED, "kind": "status", "status": 429, "retry_after": "1", "count": 1},
    )
    read_again(job)
    assert fired(sandbox) == {"status": 1}
    assert Outcome.Result.NOT_SENT in outcomes(job)
    assert names(sandbox)[zoho_id(DEPOT)] == "Depot Square"


@pytest.mark.soak
def test_a_consent_without_the_permission_says_who_must_connect_again(
    builder: Builder, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = ("projects.UPDATE", "projects.CREATE")
    older = tuple(scope for scope in oauth.SCOPES if not scope.endswith(needed))
    monkeypatch.setattr(oauth, "SCOPES", older)
    job = builder(plain=True, orders=2)
    run_until_idle(job)
    held = document(job, ALDER)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "reconnects" in held.words
    assert names(sandbox)[zoho_id(ALDER)] == "Alder Elementary Addition"
    assert states(job, "purchase_order") == {State.POSTED: 2}, "orders go on all the same"
