"""Zoho Books and Procore refuse, fail and answer oddly at every read: the rest goes on."""

import pytest

from connectors.core.states import State
from connectors.flows.zoho_books_to_procore.words import ORDERS
from connectors.models import Document, ReferenceState, Run
from tests.engine.drive import Job, run_until_idle, states
from tests.flows.conftest import Builder
from tests.flows.refusals import (
    ANSWERS,
    each_turn,
    for_lists,
    for_records,
    odd,
    read_all_again,
    told,
    unreadable,
)
from tests.flows.refusals import hurried as hurried
from tests.flows.test_commitments_whole import judged
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("hurried")
LISTS = {
    "Purchase orders, the list of orders": ("zoho_books", r"/purchaseorders\?"),
    "The list of vendors of Zoho Books": ("zoho_books", r"/contacts\?"),
    "The list of projects of Zoho Books": ("zoho_books", r"/projects\?"),
    "The list of cost codes of Zoho Books": ("zoho_books", r"/chartofaccounts\?"),
    "The list of vendors of Procore": ("procore", r"/rest/v1.0/vendors\?"),
    "The list of projects of Procore": ("procore", r"/rest/v1.0/projects\?"),
    "The list of cost codes of Procore": ("procore", r"/rest/v1.0/projects\?"),
}
HEADS = {"What Procore lists of commitments": ("procore", r"/purchase_order_contracts\?")}


def right(job: Job, sandbox: SandboxProcess) -> None:
    """The faults are over: the next run brings the books to where they belong."""
    sandbox.delete("/control/faults")
    with job.scope():
        Document.objects.filter(state=State.DUE).update(next_at=job.integration.created_at)
    run = run_until_idle(job)
    assert (run.status, run.words) == (Run.Status.FINISHED, "")
    result = judged(sandbox, job)
    assert result.ok, str(result)


def test_a_record_with_any_answer_is_held_and_all_others_are_posted(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job, number = builder(plain=True, orders=12), len(ANSWERS)
    books = sandbox.get("/control/books/zoho_books")
    orders = [str(row["purchaseorder_id"]) for row in books["purchaseorders"]][:number]
    for_records(sandbox, "zoho_books", [f"/purchaseorders/{key}" for key in orders])
    read_all_again(job)
    run = run_until_idle(job)
    held = unreadable(job)
    assert set(held) == set(orders)
    assert all("Zoho Books did not let us read it" in words for words in held.values()), held
    assert run.status == Run.Status.FINISHED
    assert states(job, ORDERS) == {State.HELD: number, State.POSTED: 12 - number}
    right(job, sandbox)


@pytest.mark.parametrize("turn", each_turn())
def test_each_list_with_another_answer_stops_itself_and_is_named(
    builder: Builder, sandbox: SandboxProcess, turn: int
) -> None:
    job = builder(plain=True, orders=3)
    read_all_again(job)
    for_lists(sandbox, LISTS.values(), turn)
    run = run_until_idle(job)
    assert run.status == Run.Status.FAILED
    assert [name for name in LISTS if name not in run.words] == []
    assert "Purchase orders, the list of orders" in told(job)
    right(job, sandbox)


@pytest.mark.soak
@pytest.mark.parametrize("turn", each_turn())
def test_nothing_is_posted_while_the_numbers_at_the_target_cannot_be_read(
    builder: Builder, sandbox: SandboxProcess, turn: int
) -> None:
    job = builder(plain=True, orders=3)
    read_all_again(job)
    for_lists(sandbox, HEADS.values(), turn)
    before = numbers(sandbox)
    run = run_until_idle(job, blocked=True)
    assert run.status == Run.Status.FAILED
    assert [name for name in HEADS if name not in run.words] == []
    assert numbers(sandbox) == before
    right(job, sandbox)


def numbers(sandbox: SandboxProcess) -> list[str]:
    books = sandbox.get("/control/books/procore")
    return [row["number"] for row in books["purchase_order_contracts"]]


POISON = "a NUL \x00 and half an emoji \ud83d"


def test_odd_rows_and_text_that_cannot_be_stored_cost_no_other_row(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=3)
    read_all_again(job)
    nobody = {"instead": {"name": "who am I"}, "first": True}
    odd(sandbox, *((who, path, nobody) for who, path in {*LISTS.values(), *HEADS.values()}))
    odd(sandbox, ("zoho_books", r"/purchaseorders/\d+", {"set": {"notes": POISON}}))
    run = run_until_idle(job)
    assert run.status == Run.Status.FINISHED, run.words
    assert states(job, ORDERS)[State.POSTED] == 3
    [(key, words)] = unreadable(job).items()
    assert key.startswith("row:order:")
    assert "purchaseorder_id" in words
    with job.scope():
        told = set(ReferenceState.objects.exclude(unreadable="").values_list("kind", flat=True))
        record = Document.objects.filter(stream=ORDERS, state=State.POSTED)[0].record
    assert told >= {"vendor", "project", "cost_code"}
    assert record is not None
    assert record["notes"] == "a NUL  and half an emoji \ufffd"
