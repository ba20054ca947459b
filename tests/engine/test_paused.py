"""Paused is paused: nothing is written at a provider, whoever asks; what waits goes on later."""

import pytest

from connectors.core.states import Reason, State
from connectors.engine import claims, runs, work
from connectors.engine.decide import decide_batch
from connectors.models import EPOCH, Document, InboxEvent, Integration, Run, WorkSlot
from connectors.services import drift as drift_service
from connectors.services import integrations, replay, webhooks
from tenants.routing import route
from tests.engine.tiny.flow import PARENTS, WATCHED
from tests.engine.tiny.target import Items, lost_answer
from tests.engine.tiny.world import World, once

ANNA = "user:1 anna@example.com"


def pause(world: World) -> None:
    world.set(Integration, enabled=False)


def resume(world: World) -> None:
    world.set(Integration, enabled=True)


def ring_slots(world: World) -> int:
    """As if somebody had rung for every slot; returns how many could be had."""
    with world.scope():
        ids = WorkSlot.objects.filter(integration=world.integration).values_list("pk", flat=True)
        return sum(claims.lease_slot(pk) is not None for pk in ids)


def due(world: World, *keys: str) -> None:
    for key in keys:
        world.source.put(PARENTS, key)
    world.read()


def test_no_slot_can_be_had(world: World) -> None:
    due(world, "p1")
    pause(world)
    assert ring_slots(world) == 0
    assert (world.state("p1"), world.target.calls) == (State.DUE, [])
    resume(world)
    world.settle()
    assert world.state("p1") == State.POSTED


def test_a_batch_in_delivery_stops_before_its_next_call(world: World) -> None:
    due(world, "p1", "p2", "p3")

    def somebody_pauses(items: Items) -> None:
        pause(world)

    world.target.after = somebody_pauses
    world.work()
    assert [action for action, _ in world.target.calls] == ["create"]
    assert set(world.states().values()) == {State.DUE}, "handed back, not left claimed"
    assert ring_slots(world) == 0
    world.target.after = lambda items: None
    resume(world)
    world.settle()
    assert set(world.states().values()) == {State.POSTED}
    assert world.target.most_per_reference() == 1


def test_what_was_decided_is_not_begun(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pauses between the decision and the first call."""
    due(world, "p1")
    decide = decide_batch

    def then_paused(*arguments: object) -> object:
        decided = decide(*arguments)  # type: ignore[arg-type]
        pause(world)
        return decided

    monkeypatch.setattr(work, "decide_batch", then_paused)
    world.work()
    assert (world.state("p1"), world.target.calls) == (State.DUE, [])


@pytest.mark.parametrize("written", [True, False])
def test_unknown_fates_are_looked_up_and_nothing_is_sent(world: World, written: bool) -> None:
    hook = once(lost_answer())
    if written:
        world.target.after = hook
    else:
        world.target.before = hook
    due(world, "p1")
    world.work()
    pause(world)
    calls = list(world.target.calls)
    for _ in range(3):
        world.pass_time(120)
        world.recover()
    assert world.target.looks != []
    assert world.state("p1") == State.DUE
    assert ring_slots(world) == 0
    assert world.target.calls == calls
    resume(world)
    world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


def test_a_run_reads_and_posts_nothing(world: World) -> None:
    pause(world)
    world.source.put(PARENTS, "p1")
    run = world.read()
    assert ring_slots(world) == 0
    world.set(Run, next_at=EPOCH)
    again = world.lease(run)
    if again is not None:
        runs.advance(world.job(), again)
    with world.scope():
        run.refresh_from_db()
    assert (run.status, world.state("p1")) == (Run.Status.FINISHED, State.DUE)
    assert "paused" in run.words
    assert world.target.calls == []


def test_replay_and_restore_wait(world: World) -> None:
    due(world, "p1")
    world.settle()
    world.target.edit("T1", total="11.00")
    with world.scope():
        document = Document.objects.get()
        Document.objects.update(state=State.DUE)
        Document.objects.update(state=State.DELIVERING)
        Document.objects.update(state=State.HELD, reason=Reason.DRIFTED, words="changed there")
    pause(world)
    calls = list(world.target.calls)
    drift_service.restore(
        world.tenant.pk, document.pk, resolve=lambda _: world.resolved, actor=ANNA
    )
    replay.replay_documents(world.tenant.pk, [document.pk], actor=ANNA)
    assert ring_slots(world) == 0
    assert (world.state("p1"), world.target.calls) == (State.DUE, calls)
    resume(world)
    world.settle()
    assert world.target.records["T1"]["total"] == "10.00"


def test_what_changed_during_the_pause_is_read_before_it_is_posted(world: World) -> None:
    due(world, "p1", "p2")
    integrations.pause(world.integration, resolved=world.resolved, actor=ANNA)
    world.source.put(PARENTS, "p1", total="77.00")
    world.source.put(PARENTS, "p2", status="draft")
    integrations.resume(world.integration, resolved=world.resolved, actor=ANNA)
    assert ring_slots(world) == 0, "what is due is as old as the pause"
    world.read()
    world.settle()
    assert [row["total"] for row in world.target.records.values()] == ["77.00"]


def test_hints_stay_until_it_resumes(world: World) -> None:
    due(world, "p1")
    world.settle()
    world.target.edit("T1", total="11.00")
    with world.scope():
        InboxEvent.objects.create(
            connection=world.integration.target, resource=WATCHED, key="T1", event_id="1"
        )
    pause(world)
    follow = (world.tenant.pk, world.integration.target_id, lambda *_: world.job())
    assert webhooks.follow_inbox(*follow) == 0
    assert world.tenant.pk not in {row[0] for row in route("routing_inbox", 500)}
    assert world.state("p1") == State.POSTED
    resume(world)
    assert world.tenant.pk in {row[0] for row in route("routing_inbox", 500)}
    assert webhooks.follow_inbox(*follow) == 1
    assert (world.state("p1"), world.document("p1").reason) == (State.HELD, Reason.DRIFTED)
