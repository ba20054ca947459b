"""Budget codes follow the accounts of Zoho Books, or are made for them: the whole flow over HTTP.

What people do in either system comes through the sandbox's control door; what Procore was asked is
read from the sandbox's log.
"""

from collections import Counter
from typing import Any

import pytest

from connectors.core.states import Reason, State
from connectors.models import Document, Link, Mapping, MappingFailure, Outcome
from connectors.services.replay import replay_documents
from tenants.scope import tenant_scope
from tests.engine.drive import run_until_idle, states
from tests.flows.conftest import Builder, Job
from tests.flows.test_commitments_faults import faults, fired, forget_policy, hurried
from tests.flows.upkeep import read_again
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

__all__ = ["forget_policy", "hurried"]

STREAM, KIND = "cost_code", "budget_code"
FOLLOW: dict[str, Any] = {"codes_follow": True}
CREATE: dict[str, Any] = {"create_codes": True, "code_cost_type": "M"}
PROJECTS = 4
MADE = {"provider": "procore", "method": "POST", "path_regex": "wbs_codes"}
ADDED = {"provider": "procore", "path_regex": "cost_codes/sync"}
CHANGED = {"provider": "procore", "method": "PATCH", "path_regex": "wbs_codes/"}
# Accounts of the company: concrete, roofing and ductwork are linked, fuel is not.
CONCRETE, ROOFING, DUCTWORK, EARTHWORK, FUEL = "5010", "5050", "5090", "5110", "5900"


def company(builder: Builder, *, follow: tuple[str, ...] = (), **integration: Any) -> Job:
    """Four projects. Where codes are followed, only these accounts are linked to any."""
    job = builder(plain=True, orders=1, projects=PROJECTS, integration=integration)
    if follow:
        with tenant_scope(job.tenant_id):
            for mapping in Mapping.objects.filter(kind=STREAM):
                if mapping.source_key.rpartition("|")[2] not in follow:
                    mapping.delete()
    return job


def codes(sandbox: SandboxProcess, flat: str) -> dict[int, dict[str, Any]]:
    """The budget codes of that flat code, by project, of those that the account may use."""
    rows = sandbox.get("/control/books/procore")["wbs_codes"]
    found = {row["project_id"] - 310_000: row for row in rows if row["flat_code"] == flat}
    return {project: row for project, row in found.items() if project <= PROJECTS}


def described(sandbox: SandboxProcess, flat: str) -> Counter[str]:
    return Counter(row["description"] for row in codes(sandbox, flat).values())


def account(sandbox: SandboxProcess, code: str) -> dict[str, Any]:
    rows = sandbox.get("/control/books/zoho_books")["chartofaccounts"]
    found: dict[str, Any] = next(row for row in rows if row["account_code"] == code)
    return found


def change_account(sandbox: SandboxProcess, code: str, **changes: Any) -> None:
    key = account(sandbox, code)["account_id"]
    sandbox.post(f"/control/edit/zoho_books/chartofaccounts/{key}", changes)


def written(sandbox: SandboxProcess) -> Counter[str]:
    """What was written to Procore's codes since this was asked last."""
    asked = sandbox.get("/control/requests", provider="procore")["requests"]
    sandbox.delete("/control/requests")
    writes = (row for row in asked if row["kind"] == "write" and "_codes" in row["path"])
    return Counter(f"{row['method']} {'wbs' if 'wbs' in row['path'] else 'cost'}" for row in writes)


def order(sandbox: SandboxProcess, code: str, project: int, number: str = "PO-FUEL") -> None:
    """Somebody orders on an account for a project."""
    (like,) = sandbox.get("/control/books/zoho_books")["purchaseorders"]
    line = {
        "account_id": account(sandbox, code)["account_id"],
        "project_id": f"770000005{project:06d}",
        "name": "A thing",
        "quantity": 1,
        "rate": 100,
    }
    sandbox.post(
        "/control/add/zoho_books/purchaseorders",
        {
            "purchaseorder_number": number,
            "vendor_id": like["vendor_id"],
            "date": like["date"],
            "status": "open",
            "line_items": [line],
        },
    )


def ordered(job: Job, number: str = "PO-FUEL") -> Document:
    with tenant_scope(job.tenant_id):
        return Document.objects.get(stream="purchase_order", number=number)


def document(job: Job, code: str) -> Document:
    with tenant_scope(job.tenant_id):
        return Document.objects.get(stream=STREAM, key=f"*|{code}")


def order_and_run(sandbox: SandboxProcess, job: Job, code: str, project: int) -> None:
    """The order comes to wait; the next run makes what it waits for."""
    order(sandbox, code, project)
    run_until_idle(job)
    run_until_idle(job)


def results(job: Job) -> set[str]:
    with tenant_scope(job.tenant_id):
        found = Outcome.objects.filter(attempt__document__stream=STREAM)
        return set(found.values_list("result", flat=True))


# --- followed ------------------------------------------------------------------------------------


def test_budget_codes_are_left_alone_unless_that_is_chosen(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder)
    run_until_idle(job)
    assert written(sandbox) == {}
    assert states(job, STREAM) == {}


def test_the_codes_that_accounts_lead_to_are_called_like_them_in_every_project(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, follow=(CONCRETE, DUCTWORK), **FOLLOW)
    run_until_idle(job)
    assert described(sandbox, "03-300.M") == {"Concrete and Cement": PROJECTS}
    ducts = {project: row["description"] for project, row in codes(sandbox, "23-100.M").items()}
    assert ducts.pop(2) == "Ductwork.Materials", "this project has a rule of its own"
    assert set(ducts.values()) == {"HVAC Materials"}
    assert codes(sandbox, "23-200.M")[2]["description"] == "HVAC Materials"
    assert described(sandbox, "05-100.M") == {"Structural Steel.Materials": PROJECTS}
    assert written(sandbox) == {"PATCH wbs": 2 * PROJECTS}
    read_again(job)
    assert written(sandbox) == {}, "what says the same is not written again"
    with tenant_scope(job.tenant_id):
        assert Link.objects.filter(target_kind=KIND).count() == 2 * PROJECTS


@pytest.mark.soak
def test_what_changes_of_an_account_changes_of_its_codes(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, follow=(CONCRETE,), **FOLLOW)
    run_until_idle(job)
    written(sandbox)
    change_account(sandbox, CONCRETE, account_name="Concrete", is_active=False)
    read_again(job)
    rows = codes(sandbox, "03-300.M").values()
    assert {(row["description"], row["status"]) for row in rows} == {("Concrete", "inactive")}
    assert written(sandbox) == {"PATCH wbs": PROJECTS}, "both in one call"


@pytest.mark.soak
def test_a_code_that_two_accounts_lead_to_is_called_like_neither(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, follow=(CONCRETE,), **FOLLOW)
    with tenant_scope(job.tenant_id):
        Mapping.objects.create(
            integration=job.integration,
            kind=STREAM,
            source_key=f"*|{ROOFING}",
            target_key="03-300.M",
        )
    run_until_idle(job)
    assert described(sandbox, "03-300.M") == {"Cast-in-Place Concrete.Materials": PROJECTS}
    for code in (CONCRETE, ROOFING):
        left = document(job, code)
        assert left.state == State.NOT_APPLICABLE
        assert "Several accounts lead to 03-300.M" in left.words
    with tenant_scope(job.tenant_id):
        Mapping.objects.get(source_key=f"*|{ROOFING}").delete()
    run_until_idle(job)
    assert described(sandbox, "03-300.M") == {"Concrete and Cement": PROJECTS}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("policy", "stands", "state"),
    [
        ("alert", "Pat's concrete", State.HELD),
        ("restore", "Concrete and Cement", State.POSTED),
        ("adopt", "Pat's concrete", State.POSTED),
    ],
)
def test_what_somebody_calls_otherwise_in_procore_is_noticed(
    builder: Builder, sandbox: SandboxProcess, policy: str, stands: str, state: State
) -> None:
    job = company(builder, follow=(CONCRETE,), **FOLLOW, drift=policy)
    run_until_idle(job)
    key = codes(sandbox, "03-300.M")[3]["id"]
    sandbox.post(f"/control/edit/procore/wbs_codes/{key}", {"description": "Pat's concrete"})
    read_again(job)
    assert codes(sandbox, "03-300.M")[3]["description"] == stands
    found = document(job, CONCRETE)
    assert found.state == state
    if state == State.HELD:
        assert found.reason == Reason.DRIFTED
        assert "description is Pat's concrete, we posted Concrete and Cement" in found.words


# --- made ----------------------------------------------------------------------------------------


def test_a_code_that_an_order_waits_for_is_made_in_every_project_and_linked(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, **CREATE)
    order_and_run(sandbox, job, FUEL, 3)
    made = codes(sandbox, f"{FUEL}.M")
    assert sorted(made) == list(range(1, PROJECTS + 1))
    names = sandbox.get("/control/books/procore")["cost_codes"]
    assert Counter(row["name"] for row in names if row["code"] == FUEL) == {
        "Fuel Surcharges": PROJECTS
    }
    assert written(sandbox) == {"PATCH cost": PROJECTS, "POST wbs": PROJECTS}
    run_until_idle(job)  # the run that was queued to read what was made
    held = ordered(job)
    assert (held.state, held.reason) == (State.HELD, Reason.UNBUDGETED), "as the option says"
    with tenant_scope(job.tenant_id):
        rule = Mapping.objects.get(kind=STREAM, source_key=f"*|{FUEL}")
        assert rule.target_key == f"{FUEL}.M"
    read_again(job)
    assert written(sandbox) == {}


@pytest.mark.soak
def test_the_order_goes_on_by_itself_where_unbudgeted_codes_are_allowed(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, **CREATE, allow_unbudgeted=True)
    order_and_run(sandbox, job, FUEL, 3)
    run_until_idle(job)
    assert ordered(job).state == State.POSTED


@pytest.mark.soak
def test_a_rules_code_is_made_below_its_division_in_the_project_that_lacks_it(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, **CREATE, allow_unbudgeted=True)
    assert 4 not in codes(sandbox, "31-200.C")
    order_and_run(sandbox, job, EARTHWORK, 4)
    assert written(sandbox) == {"PATCH cost": 1, "POST wbs": 1}
    assert codes(sandbox, "31-200.C")[4]["status"] == "active"
    run_until_idle(job)
    assert ordered(job).state == State.POSTED, "it looks again once the list shows the code"
    with tenant_scope(job.tenant_id):
        assert not MappingFailure.objects.filter(status=MappingFailure.Status.OPEN).exists()


def test_nothing_is_made_unless_that_is_chosen(builder: Builder, sandbox: SandboxProcess) -> None:
    job = company(builder)
    order_and_run(sandbox, job, FUEL, 3)
    assert written(sandbox) == {}
    assert ordered(job).state == State.WAITING


@pytest.mark.soak
def test_a_cost_type_that_the_company_lacks_is_said_to_be_missing(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, **CREATE | {"code_cost_type": "X"})
    order_and_run(sandbox, job, FUEL, 3)
    held = document(job, FUEL)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "no cost type X" in held.words
    assert codes(sandbox, f"{FUEL}.X") == {}


# --- trouble -------------------------------------------------------------------------------------


@pytest.mark.crash
@pytest.mark.parametrize(
    "kind", first_here("drop_before", "drop_after", "error_after", "malformed_body")
)
def test_codes_whose_answers_were_lost_are_made_once(
    builder: Builder, sandbox: SandboxProcess, hurried: None, kind: str
) -> None:
    job = company(builder, **CREATE)
    faults(
        sandbox,
        {"match": ADDED, "kind": kind, "count": 1, "skip": 1},
        {"match": MADE, "kind": kind, "count": 2, "skip": 2},
    )
    order_and_run(sandbox, job, FUEL, 3)
    assert fired(sandbox).total() == 3
    books = sandbox.get("/control/books/procore")
    made = Counter(row["project_id"] for row in books["wbs_codes"] if row["flat_code"] == "5900.M")
    added = Counter(row["project_id"] for row in books["cost_codes"] if row["code"] == FUEL)
    assert set(made.values()) == set(added.values()) == {1}
    assert len(made) == len(added) == PROJECTS
    assert Outcome.Result.UNKNOWN in results(job)
    assert document(job, FUEL).state == State.POSTED


@pytest.mark.soak
def test_a_description_whose_answer_was_lost_is_looked_at_before_it_is_sent_again(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = company(builder, follow=(CONCRETE,), **FOLLOW)
    faults(sandbox, {"match": CHANGED, "kind": "drop_after", "count": 2})
    run_until_idle(job)
    assert fired(sandbox).total() == 2
    assert written(sandbox) == {"PATCH wbs": PROJECTS}
    assert described(sandbox, "03-300.M") == {"Concrete and Cement": PROJECTS}


def test_a_project_that_refuses_holds_the_account_and_the_rest_follows_on_replay(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, follow=(CONCRETE,), **FOLLOW)
    faults(sandbox, {"match": CHANGED, "kind": "status", "status": 403, "count": 1, "skip": 2})
    run_until_idle(job)
    held = document(job, CONCRETE)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "administrator" in held.words
    replay_documents(job.tenant_id, [held.pk], actor="user:1")
    run_until_idle(job)
    assert described(sandbox, "03-300.M") == {"Concrete and Cement": PROJECTS}


@pytest.mark.soak
def test_calls_that_must_wait_are_handed_back_and_made_once(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, follow=(CONCRETE,), **FOLLOW)
    rule = {"match": CHANGED, "kind": "status", "status": 429, "retry_after": "1", "count": 1}
    faults(sandbox, {**rule, "skip": 2})
    run_until_idle(job)
    assert fired(sandbox) == {"status": 1}
    assert Outcome.Result.NOT_SENT in results(job)
    assert described(sandbox, "03-300.M") == {"Concrete and Cement": PROJECTS}
    assert written(sandbox) == {"PATCH wbs": PROJECTS + 1}, "one of them was told to wait"


# --- what budget codes are made of ---------------------------------------------------------------

REGION = {"id": 598_000_077, "name": "Region"}


def made_codes(sandbox: SandboxProcess, sign: str = ".") -> int:
    return len(codes(sandbox, f"{FUEL}{sign}M"))


@pytest.mark.soak
@pytest.mark.parametrize(
    "kind", first_here("optional", "not in the pattern", "own ids", "delimiter")
)
def test_codes_are_made_where_only_optional_segments_are_left_out(
    builder: Builder, sandbox: SandboxProcess, hurried: None, kind: str
) -> None:
    """However a project's codes are put together, as long as a cost code and a type will do."""
    ways: dict[str, dict[str, Any]] = {
        "optional": {"procore_extra_segments": [{**REGION, "required": False}]},
        "not in the pattern": {
            "procore_extra_segments": [{**REGION, "required": True, "included": False}]
        },
        "own ids": {"procore_item_ids": "own"},
        "delimiter": {"procore_delimiter": "/"},
    }
    job = company(builder, **CREATE, allow_unbudgeted=True)
    sandbox.post("/control/options", ways[kind])
    faults(sandbox, {"match": MADE, "kind": "drop_after", "count": 1})
    order_and_run(sandbox, job, FUEL, project=1)
    assert made_codes(sandbox, "/" if kind == "delimiter" else ".") == PROJECTS
    assert document(job, FUEL).state == State.POSTED


@pytest.mark.soak
def test_a_segment_that_codes_cannot_be_without_is_named(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = company(builder, **CREATE)
    sandbox.post("/control/options", {"procore_extra_segments": [{**REGION, "required": True}]})
    order_and_run(sandbox, job, FUEL, project=1)
    held = document(job, FUEL)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "are made of Region too" in held.words
    assert "by hand and link it in the mapping" in held.words
    assert made_codes(sandbox) == 0
