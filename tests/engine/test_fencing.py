"""A worker that was paused is the same case as a dead one: whoever took over is not disturbed.

Workers are threads that stop inside the target's call; claims run out by the database's times.
"""

from collections.abc import Callable

import pytest

from connectors.core.errors import ErrorKind
from connectors.core.states import Reason, State
from connectors.engine import claims, runs
from connectors.models import EPOCH, Document, Outcome, Run, WorkSlot
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.target import Items, error
from tests.engine.tiny.world import Pause, Worker, World

Result = Outcome.Result


def paused_in_create(world: World, *, after: bool) -> tuple[Worker, Pause]:
    """A worker that stops before or after the target has carried out its create."""
    pause = Pause()
    if after:
        world.target.after = pause
    else:
        world.target.before = pause
    world.source.put(PARENTS, "p1")
    world.read()
    worker = Worker(world.work)
    pause.wait()
    return worker, pause


def give_up(world: World) -> None:
    """Recovery looks twice, sees nothing, and has the document sent again."""
    world.target.blind = 2
    world.pass_time(60)
    world.recover()
    world.pass_time(60)
    world.recover()
    assert world.state("p1") == State.DUE


def test_a_late_success_before_recovery_settles_the_document(world: World) -> None:
    worker, pause = paused_in_create(world, after=True)
    world.end_claims()
    pause.go_on()
    worker.end()
    world.settle()
    assert world.state("p1") == State.POSTED
    assert Result.LATE not in world.outcomes("p1")
    assert world.target.most_per_reference() == 1


def test_a_late_success_during_recovery_has_the_rest_decided_anew(world: World) -> None:
    worker, pause = paused_in_create(world, after=True)
    world.target.blind = 1
    world.pass_time(60)
    world.recover()
    assert world.state("p1") == State.UNCONFIRMED
    pause.go_on()
    worker.end()
    assert world.links() == {"p1": "T1"}
    world.settle()
    assert world.state("p1") == State.POSTED
    assert [action for action, _ in world.target.calls] == ["create", "open"]


def test_a_late_success_after_recovery_found_it_is_harmless(world: World) -> None:
    worker, pause = paused_in_create(world, after=True)
    world.settle()
    assert world.state("p1") == State.POSTED
    pause.go_on()
    worker.end()
    assert world.state("p1") == State.POSTED
    assert Result.LATE in world.outcomes("p1")
    assert world.events("incident.two_targets") == []
    assert [action for action, _ in world.target.calls] == ["create", "open"]


def test_a_late_success_after_recovery_gave_up_is_linked_and_not_made_again(world: World) -> None:
    worker, pause = paused_in_create(world, after=True)
    give_up(world)
    pause.go_on()
    worker.end()
    assert world.links() == {"p1": "T1"}
    world.settle()
    assert world.state("p1") == State.POSTED
    assert [action for action, _ in world.target.calls] == ["create", "open"]
    assert world.events("incident.two_targets") == []


def test_a_late_success_takes_the_document_from_a_worker_that_has_not_begun(world: World) -> None:
    worker, pause = paused_in_create(world, after=True)
    world.target.refuses_doubles = False
    give_up(world)
    job = world.job()
    with job.scope():
        [document] = claims.claim_due(job, 1)
    pause.go_on()
    worker.end()
    with job.scope():
        assert not claims.still_ours(document)
    world.settle()
    assert world.target.most_per_reference() == 1
    assert world.state("p1") == State.POSTED


def test_a_late_success_of_a_write_that_a_person_was_to_judge_answers_the_question(
    new_world: Callable[..., World],
) -> None:
    world = new_world(refuses_second=[CHILDREN])
    worker, pause = paused_in_create(world, after=True)
    world.target.blind = 2
    world.settle()
    assert world.document("p1").reason == Reason.OUTCOME_UNKNOWN
    pause.go_on()
    worker.end()
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


@pytest.mark.parametrize("when", ["before recovery", "during recovery", "after recovery"])
def test_a_late_refusal_changes_nothing_that_was_concluded(world: World, when: str) -> None:
    world.target.refused["tiny:parents:P1"] = error(ErrorKind.REJECTED, "no such account")
    worker, pause = paused_in_create(world, after=False)
    world.target.blind = 1 if when == "during recovery" else 0
    if when == "after recovery":
        give_up(world)
        world.target.refused.clear()
        world.work()
        assert world.state("p1") == State.POSTED
        world.target.refused["tiny:parents:P1"] = error(ErrorKind.REJECTED, "no such account")
    elif when == "during recovery":
        world.pass_time(60)
        world.recover()
    else:
        world.end_claims()
    pause.go_on()
    worker.end()
    world.settle()
    expected = State.POSTED if when == "after recovery" else State.HELD
    assert world.state("p1") == expected
    if when == "after recovery":
        assert Result.LATE in world.outcomes("p1"), "it was refused since it stands there"
        assert world.events("incident.two_targets") == []


def test_a_worker_paused_before_sending_sends_nothing_after_its_deadline(
    world: World, engine: Engine
) -> None:
    engine(write_seconds=0.05)
    world.target.refuses_doubles = False
    worker, pause = paused_in_create(world, after=False)
    give_up(world)
    world.target.before = lambda items: None
    engine(write_seconds=5)
    world.work()
    assert world.state("p1") == State.POSTED
    pause.go_on()
    worker.end()
    assert world.state("p1") == State.POSTED
    assert world.outcomes("p1").count(Result.NOT_SENT) == 1
    assert [action for action, _ in world.target.calls] == ["create", "open"]


def test_a_claim_that_was_lost_before_the_call_makes_none(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.put(PARENTS, "p2")
    world.read()

    def lose_the_second(items: Items) -> None:
        world.target.before = lambda items: None
        with world.scope():
            Document.objects.filter(key="p2").update(fence=99)

    world.target.before = lose_the_second
    world.work()
    assert world.state("p1") == State.POSTED
    assert world.state("p2") == State.DELIVERING
    assert world.attempts("p2") == []


def test_claims_are_renewed_while_their_turn_has_not_come(world: World) -> None:
    for key in ("p1", "p2"):
        world.source.put(PARENTS, key)
    world.read()
    before = []

    def look(items: Items) -> None:
        before.append(world.document("p2").claimed_until)
        with world.scope():
            # As if the first document's calls had taken long.
            Document.objects.filter(key="p2").update(claimed_until=EPOCH)

    world.target.before = look
    world.work()
    assert world.states() == {"p1": State.POSTED, "p2": State.POSTED}
    assert all(moment > EPOCH for moment in before)


def test_only_claims_that_are_still_held_are_renewed(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    job = world.job()
    with job.scope():
        [old] = claims.claim_due(job, 1)
    world.end_claims()
    world.recover()
    with job.scope():
        [new] = claims.claim_due(job, 1)
        Document.objects.update(claimed_until=EPOCH)
        claims.renew([old])
    assert world.document("p1").claimed_until == EPOCH
    with job.scope():
        claims.renew([new])
    assert world.document("p1").claimed_until > EPOCH
    with job.scope():
        claims.hand_back([old])
    assert world.state("p1") == State.DELIVERING
    with job.scope():
        claims.hand_back([new])
    assert world.state("p1") == State.DUE


def test_a_slot_is_leased_to_one_worker_and_lost_with_its_fence(world: World) -> None:
    slot = world.slot()
    with world.scope():
        assert claims.lease_slot(slot.pk) is None
        assert claims.extend_slot(slot)
        WorkSlot.objects.filter(pk=slot.pk).update(leased_until=EPOCH)
        taken = claims.lease_slot(slot.pk)
        assert taken is not None
        assert not claims.extend_slot(slot)
        claims.free_slot(slot)
        assert claims.lease_slot(slot.pk) is None, "the old holder frees nothing"
        claims.free_slot(taken)
        assert claims.lease_slot(slot.pk) is not None


def test_a_worker_without_its_slot_claims_nothing_more(world: World, engine: Engine) -> None:
    engine(claim_batch=1)
    for key in ("p1", "p2"):
        world.source.put(PARENTS, key)
    world.read()

    def lose(items: Items) -> None:
        world.set(WorkSlot, fence=99)

    world.target.before = lose
    world.work()
    assert world.states() == {"p1": State.POSTED, "p2": State.DUE}


# --- runs -----------------------------------------------------------------------------------


def test_a_run_is_leased_to_one_worker(world: World) -> None:
    run = world.queue()
    assert world.lease(run) is not None
    assert world.lease(run) is None
    world.pass_time(60)
    taken = world.lease(run)
    assert taken is not None
    assert taken.fence == 2


@pytest.mark.parametrize("where", ["between pages", "in a detail"])
def test_a_paused_run_that_wakes_up_writes_nothing(world: World, where: str) -> None:
    pause = Pause()
    world.source.page_size = 1
    world.source.put(PARENTS, "p1", total="1.00")
    world.source.put(PARENTS, "p2", total="2.00")
    if where == "between pages":
        world.source.between_pages = pause
    else:
        world.source.on_read = pause
    first = world.lease(world.queue())
    assert first is not None
    worker = Worker(lambda: runs.advance(world.job(), first))
    pause.wait()
    world.pass_time(60)
    second = world.lease(first)
    assert second is not None
    runs.advance(world.job(), second)
    world.source.put(PARENTS, "p2", total="3.00")
    before = ledger(world)
    pause.go_on()
    worker.end()
    assert ledger(world) == before
    with world.scope():
        assert Run.objects.get(pk=first.pk).fence == 2


def ledger(world: World) -> list[object]:
    with world.scope():
        rows = Document.objects.filter(integration=world.integration).order_by("key")
        return [
            *rows.values("key", "total", "sightings", "wants_read", "read_at", "state"),
            *Run.objects.values(),
            *world.integration.streams.order_by("stream").values("stream", "cursor", "swept_at"),
        ]


def test_deliveries_of_two_workers_never_mix(world: World) -> None:
    """The one that lost its claim in mid-delivery leaves the later steps to the other."""
    world.source.put(PARENTS, "p1")
    world.read()
    pause = Pause()
    world.target.after = pause
    worker = Worker(world.work)
    pause.wait()
    world.settle()
    calls = list(world.target.calls)
    pause.go_on()
    worker.end()
    assert world.target.calls == calls
