"""One target record per document part, whatever happens to the call that makes it."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from connectors.core.errors import ErrorKind
from connectors.core.states import Reason, State
from connectors.models import Attempt, Document, Link, Outcome
from connectors.services import replay
from tests.engine.tiny.fixtures import Engine, MakeWorld
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.target import Items, error, lost_answer
from tests.engine.tiny.world import Killed, Worker, World, once


def test_the_intent_is_committed_and_no_transaction_open_when_the_call_is_made(
    world: World,
) -> None:
    world.source.put(PARENTS, "p1", total="12.34")
    world.read()
    seen: list[dict[str, Any]] = []
    transactions: list[bool] = []

    def look(items: Items) -> None:
        transactions.append(connection.in_atomic_block)
        seen.append(Worker(lambda: intent(world, "p1")).end())

    world.target.before = look
    world.work()
    assert transactions == [False, False]
    create, opening = seen
    assert (create["action"], create["open"]) == ("create", True)
    assert create["reference"] == "tiny:parents:P1"
    assert create["payload"]["total"] == "12.34"
    assert create["seconds"] == pytest.approx(12, abs=2)
    assert create["outcomes"] == 0
    assert (opening["action"], opening["open"]) == ("open", True)
    assert opening["outcomes"] == 1, "the outcome of the step before is committed first"


def intent(world: World, key: str) -> dict[str, Any]:
    """What another connection sees of the newest attempt."""
    with world.scope():
        attempt = Attempt.objects.filter(document__key=key).latest("pk")
        document = Document.objects.get(key=key)
        return {
            "action": attempt.action,
            "reference": attempt.reference,
            "payload": attempt.plan["payload"],
            "open": document.open_attempt == attempt.pk,
            "seconds": (attempt.deadline - attempt.at).total_seconds(),
            "outcomes": Outcome.objects.filter(attempt__document=document).count(),
        }


def test_a_write_of_unknown_fate_is_looked_up_and_never_repeated(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.after = once(lost_answer())
    world.work()
    document = world.document("p1")
    assert document.state == State.UNCONFIRMED
    assert "the connection broke" in document.words
    world.work()
    assert [action for action, _ in world.target.calls] == ["create"]
    world.pass_time(5)
    assert world.recover() == 1
    assert world.outcomes("p1") == [Outcome.Result.UNKNOWN, Outcome.Result.FOUND]
    world.work()
    assert world.state("p1") == State.POSTED
    assert [action for action, _ in world.target.calls] == ["create", "open"]
    assert world.links() == {"p1": "T1"}


def test_a_worker_that_dies_after_the_write_costs_nothing(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.after = once(Killed())
    world.kill(world.work)
    assert world.state("p1") == State.DELIVERING
    world.recover()
    assert world.state("p1") == State.DELIVERING, "its claim has not run out"
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


def test_absent_takes_two_looks_the_second_after_the_deadline_and_some_time(
    world: World, engine: Engine
) -> None:
    engine(settle_seconds=30, write_seconds=12)
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.before = once(lost_answer())
    world.work()
    world.pass_time(2)
    assert world.recover() == 1
    assert world.recover() == 0, "the next look has its time"
    world.set(Document, next_at=world.document("p1").created_at)
    assert world.recover() == 1, "whoever looks early"
    assert world.state("p1") == State.UNCONFIRMED, "learns nothing"
    world.pass_time(38)
    world.set(Document, next_at=world.document("p1").created_at)
    world.recover()
    assert world.state("p1") == State.UNCONFIRMED, "two seconds are missing"
    world.pass_time(3)
    world.recover()
    assert world.state("p1") == State.DUE
    assert world.outcomes("p1").count(Outcome.Result.ABSENT) == 2
    world.work()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


def test_one_empty_look_is_not_believed_however_late_it_comes(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.before = once(lost_answer())
    world.work()
    world.pass_time(3600)
    world.recover()
    assert world.state("p1") == State.UNCONFIRMED
    assert len(world.target.looks) == 1


def test_a_record_that_shows_late_is_not_made_twice(world: World) -> None:
    world.target.refuses_doubles = False
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.after = once(lost_answer())
    world.target.blind = 1
    world.work()
    world.pass_time(2)
    world.recover()
    assert world.state("p1") == State.UNCONFIRMED
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


def test_what_the_target_would_take_twice_is_sent_again_by_a_person_only(
    new_world: MakeWorld,
) -> None:
    world = new_world(refuses_second=[CHILDREN])
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.before = once(lost_answer())
    world.settle()
    document = world.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.OUTCOME_UNKNOWN)
    assert "the target would accept it twice" in document.words
    world.source.put(PARENTS, "p1", total="11.00")
    world.read()
    world.settle()
    assert world.state("p1") == State.HELD, "a newer version is no person's decision"
    assert world.target.calls == []
    replay.replay_documents(world.tenant.pk, [document.pk], actor="user:1")
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.records["T1"]["total"] == "11.00"


def test_a_refused_create_that_stands_there_by_our_reference_is_adopted(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.add(
        kind=PARENTS, number="P1", reference="tiny:parents:P1", body={"total": "10.00"}
    )
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.links() == {"p1": "T1"}
    assert [action for action, _ in world.target.calls] == ["create", "open"]
    [created, opened] = [*world.events("target.create"), *world.events("target.open")]
    assert (created.details["found"], created.target_id) == (True, "T1")
    assert "found" not in opened.details


def test_one_that_stands_there_by_number_alone_is_held(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.add(kind=PARENTS, number="P1")
    world.settle()
    document = world.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert world.links() == {}


def test_a_lost_write_that_finds_a_stranger_is_held(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.before = once(lost_answer())
    world.work()
    world.target.add(kind=PARENTS, number="P1")
    world.settle()
    document = world.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)


@pytest.mark.parametrize("how", ["answer", "found after a refusal", "found after a lost answer"])
def test_a_second_document_of_the_same_target_is_held(
    world: World, how: str, engine: Engine
) -> None:
    """Two source records with one number, and so with one reference."""
    engine(slice_seconds=1)
    world.target.refuses_doubles = how != "answer"
    world.source.put(PARENTS, "p1", number="SAME")
    world.sync()
    world.source.put(PARENTS, "p2", number="SAME")
    world.read()
    if how == "found after a lost answer":
        world.target.before = once(lost_answer())
    world.settle()
    first, second = world.document("p1"), world.document("p2")
    assert first.state == State.POSTED
    assert (second.state, second.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert "another document is linked" in second.words
    assert world.links() == {"p1": "T1"}


def test_two_links_to_one_target_or_reference_are_impossible(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.put(PARENTS, "p2")
    world.sync()
    link, other = world.link("p1"), world.link("p2")
    for same, name in (("reference", "one_link_per_reference"), ("target_id", "one_link_per_t")):
        with world.scope(), pytest.raises(IntegrityError, match=name), transaction.atomic():
            Link.objects.filter(pk=other.pk).update(**{same: getattr(link, same)})


@pytest.mark.parametrize("kind", [ErrorKind.REJECTED, ErrorKind.PERMISSION])
def test_a_refusal_is_told_to_a_person(world: World, kind: ErrorKind) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.refused["tiny:parents:P1"] = error(kind, "the vendor is inactive")
    world.settle()
    document = world.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.REFUSED)
    assert "the vendor is inactive" in document.words


def test_what_a_bug_of_ours_leaves_behind_is_looked_up_too(world: World) -> None:
    """An answer that our code cannot read says nothing about the write."""
    world.source.put(PARENTS, "p1")
    world.source.put(PARENTS, "p2")
    world.read()
    world.target.after = once(KeyError("id"))
    world.work()
    assert world.states() == {"p1": State.UNCONFIRMED, "p2": State.POSTED}
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


def test_workers_at_once_post_everything_once(world: World) -> None:
    for number in range(24):
        world.source.put(PARENTS, f"p{number}")
    world.target.refuses_doubles = False
    world.read()
    start = threading.Barrier(3)

    def work() -> None:
        start.wait(30)
        world.work()

    for worker in [Worker(work) for _ in range(3)]:
        worker.end()
    world.settle()
    assert set(world.states().values()) == {State.POSTED}
    assert world.target.most_per_reference() == 1
