"""Commitments that people typed into Procore before the first run: held, linked, or posted anew.

The whole flow over real HTTP. What was typed in is what the flow would post, without any mark.
"""

from collections.abc import Callable
from typing import Any

import pytest

from connectors import registry
from connectors.core.states import Reason, State
from connectors.engine.job import Job
from connectors.models import Document, Link, ReferenceState
from connectors.services import linking, replay
from tests.engine.drive import run_until_idle
from tests.flows.conftest import Builder
from tests.sandbox_process import SandboxProcess

ANNA = "user:1 anna@example.com"
EDIT = "/control/edit/procore"


def as_it_is(number: str) -> str:
    return number


def without_suffix(number: str) -> str:
    """People give the order's own number to its commitment in each project."""
    return number.rsplit("-", 1)[0] if number.count("-") > 1 else number


def contracts(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    rows = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    return [row for row in rows if row["number"].startswith("PO-") and not row["deleted_at"]]


def typed_in(sandbox: SandboxProcess, job: Job, number: Callable[[str], str] = as_it_is) -> None:
    """Post everything, then take every mark off and forget all links, as if people had done it."""
    run_until_idle(job)
    for contract in contracts(sandbox):
        for line in contract["line_items"]:
            sandbox.post(f"{EDIT}/line_items/{line['id']}", {"origin_id": None})
        changes = {"origin_id": None, "number": number(contract["number"])}
        sandbox.post(f"{EDIT}/purchase_order_contracts/{contract['id']}", changes)
    with job.scope():
        Link.objects.all().delete()
        ReferenceState.objects.filter(kind__startswith="index:").update(since="", read_at=None)
    again(job)
    assert {(d.state, d.reason) for d in documents(job)} == {
        (State.HELD, Reason.DUPLICATE_SUSPECTED)
    }, [d.words for d in documents(job)]


def documents(job: Job) -> list[Document]:
    with job.scope():
        return list(Document.objects.filter(stream="purchase_order").order_by("key"))


def again(job: Job) -> None:
    ids = [document.pk for document in documents(job)]
    replay.replay_documents(job.tenant_id, ids, actor=ANNA)
    run_until_idle(job)


def totals(sandbox: SandboxProcess) -> list[str]:
    return sorted(str(row["grand_total"]) for row in contracts(sandbox))


def test_exact_commitments_are_linked_at_once_and_nothing_is_posted(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=3)
    typed_in(sandbox, job)
    before = contracts(sandbox)
    number, left = linking.link_exact(
        job.tenant_id, job.integration.pk, resolve=registry.resolve, actor=ANNA
    )
    run_until_idle(job)
    assert (number, left) == (3, [])
    assert {document.state for document in documents(job)} == {State.POSTED}
    assert contracts(sandbox) == before


@pytest.mark.soak
def test_an_order_over_two_projects_typed_in_under_its_own_number_is_linked_part_by_part(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=4)
    typed_in(sandbox, job, without_suffix)
    before = totals(sandbox)
    document = documents(job)[-1]
    linked: list[str] = []
    while document.state != State.POSTED and len(linked) < 3:
        offer = linking.offers(job.tenant_id, document.pk, resolve=registry.resolve)[0]
        assert {record.part for record in offer.records} == {offer.plan.part}
        linked.append(offer.plan.part)
        linking.link(
            job.tenant_id,
            document.pk,
            part=offer.plan.part,
            target=document.number,
            align=False,
            resolve=registry.resolve,
            actor=ANNA,
        )
        run_until_idle(job)
        document = documents(job)[-1]
    assert document.state == State.POSTED, document.words
    assert len(set(linked)) == len(linked) == 2
    assert totals(sandbox) == before


@pytest.mark.soak
def test_a_commitment_that_was_deleted_there_holds_nothing_after_a_replay(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=2)
    typed_in(sandbox, job)
    before = totals(sandbox)
    for contract in contracts(sandbox):
        sandbox.post(f"/control/delete/procore/purchase_order_contracts/{contract['id']}")
    again(job)
    assert {document.state for document in documents(job)} == {State.POSTED}
    assert totals(sandbox) == before
