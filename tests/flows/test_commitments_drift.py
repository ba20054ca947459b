"""What somebody changes on a posted commitment in Procore is noticed, and dealt with as chosen.

The whole flow over real HTTP; people's edits come through the sandbox's control door.
"""

from typing import Any

import pytest

from connectors.core.states import Reason, State
from connectors.engine.drift import look_at_target
from connectors.flows.zoho_books_to_procore.words import COMMITMENTS
from connectors.models import Document, Link
from tenants.scope import tenant_scope
from tests.engine.drive import fresh_job, run_until_idle
from tests.flows.conftest import Builder, Job
from tests.flows.test_commitments_faults import of_order
from tests.flows.test_commitments_whole import judged
from tests.sandbox_process import SandboxProcess

CONTRACTS = "/control/edit/procore/purchase_order_contracts"


def one_link(job: Job) -> Link:
    with tenant_scope(job.tenant_id):
        links = Link.objects.filter(target_kind=COMMITMENTS).select_related("document")
        return links.order_by("pk")[0]


def look(job: Job, link: Link) -> bool:
    return look_at_target(fresh_job(job), "commitment", link.target_id)


def document(job: Job, link: Link) -> Document:
    with tenant_scope(job.tenant_id):
        return Document.objects.get(pk=link.document_id)


def lines_of(sandbox: SandboxProcess, link: Link) -> list[dict[str, Any]]:
    rows = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    (found,) = [row["line_items"] for row in rows if str(row["id"]) == link.target_id]
    return list(found)


def test_what_nobody_changed_is_no_drift(builder: Builder) -> None:
    job = builder(plain=True, orders=6)
    run_until_idle(job)
    with tenant_scope(job.tenant_id):
        links = list(Link.objects.filter(target_kind=COMMITMENTS))
    assert [look(job, link) for link in links] == [False] * len(links)


@pytest.mark.soak
def test_what_ended_by_other_hands_before_we_ended_it_is_no_drift(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=6, projects=10, edited=5, moves=True)
    run_until_idle(job)
    with tenant_scope(job.tenant_id):
        # The order whose second project gets nothing any more.
        rows = Link.objects.filter(document__number="PO-00005").order_by("target_number")
        stays, goes = rows.select_related("document")
    sandbox.post(f"{CONTRACTS}/{goes.target_id}", {"status": "Closed"})
    sandbox.post("/control/act")
    run_until_idle(job, sweep=True)
    result = judged(sandbox, job)
    assert result.ok, str(result)
    with tenant_scope(job.tenant_id):
        goes.refresh_from_db()
    assert (goes.status, goes.payload["status"]) == ("Closed", "Closed")
    assert [look(job, link) for link in (stays, goes)] == [False, False]
    assert document(job, goes).state == State.POSTED


def test_an_edit_is_flagged_with_what_it_was_and_is(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1)
    run_until_idle(job)
    link = one_link(job)
    (line, *_) = lines_of(sandbox, link)
    sandbox.post(f"{CONTRACTS}/{link.target_id}", {"title": "Something else"})
    sandbox.post(f"/control/edit/procore/line_items/{line['id']}", {"description": "Other"})
    assert look(job, link)
    held = document(job, link)
    assert (held.state, held.reason) == (State.HELD, Reason.DRIFTED)
    assert "title is Something else, we posted PO-00001" in held.words
    assert "description is Other" in held.words


def test_restoring_puts_back_what_we_posted_and_takes_off_what_was_typed_in(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1, integration={"drift": "restore"})
    run_until_idle(job)
    link = one_link(job)
    (line, *_) = lines_of(sandbox, link)
    extra = {"contract_id": int(link.target_id), "wbs_code_id": line["wbs_code"]["id"]}
    sandbox.post("/control/add/procore/line_items", {**extra, "amount": "5.00"})
    sandbox.post(f"/control/edit/procore/line_items/{line['id']}", {"description": "Other"})
    assert look(job, link)
    run_until_idle(job)
    assert document(job, link).state == State.POSTED
    result = judged(sandbox, job)
    assert result.ok, str(result)
    assert not look(job, link)


def test_a_deleted_commitment_is_made_anew_in_the_next_generation_when_restored(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=1, integration={"drift": "restore"})
    run_until_idle(job)
    link = one_link(job)
    sandbox.post(f"/control/delete/procore/purchase_order_contracts/{link.target_id}")
    assert look(job, link)
    run_until_idle(job)
    again = one_link(job)
    assert again.target_id != link.target_id
    assert again.reference == link.reference.removesuffix(":1") + ":2"
    standing = [row for row in of_order(sandbox, again.document.key) if not row.get("deleted_at")]
    assert [str(row["id"]) for row in standing] == [again.target_id]
    result = judged(sandbox, job)
    assert result.ok, str(result)


@pytest.mark.soak
def test_an_adopted_edit_is_left_alone(builder: Builder, sandbox: SandboxProcess) -> None:
    job = builder(plain=True, orders=1, integration={"drift": "adopt"})
    run_until_idle(job)
    link = one_link(job)
    sandbox.post(f"{CONTRACTS}/{link.target_id}", {"title": "Theirs"})
    assert look(job, link)
    run_until_idle(job)
    assert document(job, link).state == State.POSTED
    (row,) = of_order(sandbox, link.document.key)
    assert row["title"] == "Theirs"
    assert not look(job, link), "the same edit is not found twice"
