"""Who else owns a project or a commitment's status: Procore's own ERP connection, and workflows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.core.decisions import Deliver, Facts, Held, MappedTarget, Nothing, Waiting
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.core.references import MappingKey
from connectors.core.states import Reason, State
from connectors.engine import drift
from connectors.flows.zoho_books_to_procore.commitment_sink import CommitmentSink
from connectors.models import Document, Link
from connectors.services.replay import replay_documents
from tests.engine.drive import run_until_idle
from tests.flows.commitments import (
    MAPPED,
    decide,
    line,
    live,
    order,
    parts,
    posted,
    standing,
    steps,
)
from tests.flows.conftest import ACTOR, Builder, Job
from tests.flows.test_commitments_faults import forget_policy, hurried
from tests.flows.test_commitments_sink import ref
from tests.flows.upkeep import read_again
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

__all__ = ["forget_policy", "hurried"]


def orders(job: Job) -> list[Document]:
    with job.scope():
        return list(Document.objects.filter(stream="purchase_order").order_by("pk"))


def commitments(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    return [row for row in rows if str(row["origin_id"]).startswith("mlc:")]


# --- Procore's own ERP connection -----------------------------------------------------------------


def test_an_order_for_a_project_of_another_owner_is_held_with_that_sentence() -> None:
    school = MappedTarget(
        key="100", name="School", attributes={"currency": "USD", "erp_integrated": True}
    )
    held = decide(order(), Facts(mappings=MAPPED | {MappingKey("project", "p1"): school}))
    assert isinstance(held, Held)
    assert held.reason is Reason.OTHER_OWNER
    assert "Project p1 is connected to an accounting system by Procore's own ERP" in held.words
    assert "dismiss this document" in held.words


def connect_to_erp(sandbox: SandboxProcess, connected: bool) -> None:
    for row in sandbox.get("/control/books/procore")["projects"]:
        changes = {"is_erp_integrated": connected}
        sandbox.post(f"/control/edit/procore/projects/{row['id']}", changes)


@pytest.mark.soak
def test_projects_with_procores_own_erp_connection_are_refused(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=2)
    connect_to_erp(sandbox, connected=True)
    read_again(job)
    held = orders(job)
    assert {(one.state, one.reason) for one in held} == {(State.HELD, Reason.OTHER_OWNER)}
    assert commitments(sandbox) == []
    connect_to_erp(sandbox, connected=False)
    read_again(job)
    replay_documents(job.tenant_id, [one.pk for one in held], actor=ACTOR)
    run_until_idle(job)
    assert {one.state for one in orders(job)} == {State.POSTED}


# --- workflows ------------------------------------------------------------------------------------

WAITS = "its workflow “PO Approval” is at “Start” and waits for Project Manager"


def test_a_draft_that_a_workflow_owns_waits_and_is_not_asked_to_be_approved() -> None:
    links = posted(decide(order()), status="Draft")
    waiting = decide(order(), standing(links, content={"workflow": WAITS}))
    assert isinstance(waiting, Waiting)
    assert (waiting.reason, waiting.missing, waiting.documents) == (Reason.WORKFLOW, (), ())
    assert "PO-7" in waiting.words
    assert WAITS in waiting.words
    assert "by itself" in waiting.words


@pytest.mark.parametrize("status", ["Processing", "Submitted"])
def test_a_commitment_on_its_way_through_a_workflow_waits_too(status: str) -> None:
    links = posted(decide(order()), status="Draft")
    facts = standing(links, status=status, content={"workflow": WAITS})
    assert isinstance(decide(order(), facts), Waiting)


def test_once_the_workflow_has_approved_nothing_is_left_and_its_status_is_noted() -> None:
    links = posted(decide(order()), status="Draft")
    done = decide(order(), standing(links, status="Approved"))
    assert isinstance(done, Nothing)
    (noted,) = done.noted
    assert (noted.part, noted.status, noted.ended) == ("100", "Approved", False)
    assert noted.payload == links["100"].payload


def test_what_changes_meanwhile_is_written_and_the_approval_is_tried_again() -> None:
    links = posted(decide(order()), status="Draft")
    facts = standing(links, content={"workflow": WAITS})
    decision = decide(order(delivery_date="2026-09-01"), facts)
    assert isinstance(decision, Deliver)
    assert steps(decision) == [("100", "update"), ("100", "approve")]


def test_a_part_that_waits_keeps_no_other_from_being_written() -> None:
    both = order(*(line_of(n) for n in (1, 2)))
    links = posted(decide(both), status="Draft")
    facts = Facts(
        mappings=MAPPED,
        links=links,
        live={
            "100": live(links["100"], content={"workflow": WAITS}),
            "200": live(links["200"]),
        },
    )
    assert steps(decide(both, facts)) == [("200", "approve"), ("100", "approve")]


def line_of(number: int) -> dict[str, Any]:
    return line(f"l{number}", f"p{number}")


@pytest.mark.parametrize("kind", first_here("refused", "ignored", "refused hidden"))
def test_a_commitment_stops_at_draft_and_follows_its_workflow(
    builder: Builder, sandbox: SandboxProcess, hurried: None, kind: str
) -> None:
    says, _, hidden = kind.partition(" ")
    options = {"procore_workflow": says, "procore_workflow_list": hidden or "shown"}
    job = builder(plain=True, orders=1)
    sandbox.post("/control/options", options)
    run_until_idle(job)
    (waiting,) = orders(job)
    assert (waiting.state, waiting.reason) == (State.WAITING, Reason.WORKFLOW), waiting.words
    if hidden:
        assert "whoever approves it in Procore" in waiting.words
    else:
        assert "“Purchase Order Approval Workflow”" in waiting.words
        assert "waits for Project Manager" in waiting.words
    rows = commitments(sandbox)
    assert {row["status"] for row in rows} == {"Draft"}
    assert all(row["line_items"] for row in rows)
    run_until_idle(job)
    assert [one.state for one in orders(job)] == [State.WAITING]
    for row in rows:
        approved = {"status": "Approved"}
        sandbox.post(f"/control/edit/procore/purchase_order_contracts/{row['id']}", approved)
    if says == "ignored":
        # As a webhook has it looked at.
        assert drift.look_at_target(job, "commitment", str(rows[0]["id"])) is False
        run_until_idle(job)
    else:
        read_again(job)
    (done,) = orders(job)
    assert (done.state, done.reason) == (State.POSTED, "")
    with job.scope():
        statuses = set(Link.objects.filter(document=done).values_list("status", flat=True))
    assert statuses == {"Approved"}


def test_a_status_that_is_not_taken_without_any_workflow_is_told(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    options = {"procore_workflow": "ignored", "procore_workflow_list": "empty"}
    job = builder(plain=True, orders=1)
    sandbox.post("/control/options", options)
    run_until_idle(job)
    (held,) = orders(job)
    assert (held.state, held.reason) == (State.HELD, Reason.REFUSED)
    assert "left it at Draft" in held.words
    assert "Approve it there and replay" in held.words


class Busy:
    """Procore as it answers a batch, and has no more calls to give right after it."""

    def __init__(self, *answers: Any) -> None:
        self.answers = answers

    def sync_contracts(self, project_id: str, rows: Any) -> list[Any]:
        return list(self.answers)

    def workflows_of(self, contract_id: str) -> Any:
        raise RetryLater(datetime(2026, 9, 1, tzinfo=UTC), "the limit is used up")


def test_a_limit_reached_while_looking_undoes_nothing_of_the_batch() -> None:
    links = posted(decide(order()), status="Draft")
    (plan,) = parts(decide(order(), standing(links)))
    (approve,) = plan.steps
    part = ref(plan, "7")
    refusal = ProviderError(ErrorFacts(kind=ErrorKind.REJECTED, message="status is not yours"))
    done = {"id": 7, "status": "Approved", "origin_id": plan.reference}
    left = {**done, "status": "Draft"}
    first, second, third = CommitmentSink().perform_batch(
        Busy(done, refusal, left), [(part, approve)] * 3
    )
    assert not isinstance(first, ProviderError)
    for later in (second, third):
        assert isinstance(later, ProviderError)
        assert later.kind is ErrorKind.TRANSIENT
        assert later.facts.retry_at == datetime(2026, 9, 1, tzinfo=UTC)
