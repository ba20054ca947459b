"""What is to be taken back and is gone at the target has ended: nobody is asked about it."""

from typing import Any

import pytest

from connectors.core.errors import ErrorKind
from connectors.core.states import Over, Reason, State
from connectors.engine.job import Job
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle
from tests.engine.test_over_there import ORDER
from tests.engine.test_suspicion import the_one, zoho
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.target import error, lost_answer
from tests.engine.tiny.world import World, once
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def withdrawn(world: World) -> World:
    """A posted parent that the source has no longer, read but not cancelled yet."""
    world.source.put(PARENTS, "p1")
    world.sync()
    world.source.delete(PARENTS, "p1")
    world.read(sweep=True)
    assert world.state("p1") == State.DUE
    return world


def delete_there(world: World) -> None:
    world.target.records.clear()


def test_a_record_that_was_deleted_there_ends_cancelled(withdrawn: World) -> None:
    delete_there(withdrawn)
    withdrawn.settle()
    assert withdrawn.state("p1") == State.CANCELLED
    assert withdrawn.link("p1").status == Over.DELETED
    assert [action for action, _ in withdrawn.target.calls].count("cancel") == 1


def test_one_that_was_deleted_after_a_lost_answer_ends_cancelled(withdrawn: World) -> None:
    withdrawn.target.after = once(lost_answer())
    withdrawn.work()
    assert withdrawn.state("p1") == State.UNCONFIRMED
    delete_there(withdrawn)
    withdrawn.settle()
    assert withdrawn.state("p1") == State.CANCELLED


def test_one_that_cannot_be_seen_is_not_taken_for_gone(
    withdrawn: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise error(ErrorKind.PERMISSION)

    delete_there(withdrawn)
    monkeypatch.setattr(withdrawn.target, "read", refuse)
    withdrawn.settle()
    document = withdrawn.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.TARGET_MISSING)


def test_what_is_to_stay_is_still_held_where_it_was_deleted(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    delete_there(world)
    world.source.put(PARENTS, "p1", total="12.00")
    world.sync()
    assert world.document("p1").reason == Reason.TARGET_MISSING


# --- through the simulators -----------------------------------------------------------------------


def delete_posted(sandbox: SandboxProcess, kind: str, key: str) -> None:
    [there] = zoho(sandbox, kind)
    sandbox.post(f"/control/delete/zoho_books/{kind}/{there[key]}")


def posted(connected: Connected, **counts: int) -> Job:
    job = connected(plain=True, **counts)
    run_until_idle(job)
    return job


def test_an_order_cancelled_in_procurify_and_deleted_in_zoho_ends_cancelled(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = posted(connected, orders=1, bills=0)
    delete_posted(sandbox, "purchaseorders", "purchaseorder_id")
    sandbox.post(f"{ORDER}/{the_one(job, 'purchase_order').key}", {"action": "cancel"})
    run_until_idle(job)
    document = the_one(job, "purchase_order")
    assert document.state == State.CANCELLED, document.words


def test_a_bill_withdrawn_in_procurify_and_deleted_in_zoho_ends_cancelled(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = posted(connected, orders=0, bills=1)
    delete_posted(sandbox, "bills", "bill_id")
    key = the_one(job, "bill").key
    sandbox.post(f"/control/edit/procurify/bill/{key}", {"action": "withdraw"})
    run_until_idle(job)
    document = the_one(job, "bill")
    assert document.state == State.CANCELLED, document.words
