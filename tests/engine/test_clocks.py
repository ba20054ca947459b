"""A worker whose machine shows a wrong time: nobody is served later, twice or without end for it.

The machine's clock is set wrong in this process; the database's is right, as on a second machine.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from django.utils import timezone

from connectors.core import clock
from connectors.core.states import State
from connectors.engine import dispatch, inbox, runs
from connectors.engine.tokens import DatabaseTokenStore
from connectors.models import EPOCH, Document, InboxEvent, Integration, Run, WorkSlot
from tenants.routing import route
from tests.engine.tiny.flow import PARENTS, WATCHED
from tests.engine.tiny.target import lost_answer
from tests.engine.tiny.world import Pause, Worker, World, once

# Seconds by which the machine is wrong: less than a claim lasts, and more; behind, and ahead.
WRONG = pytest.mark.parametrize("wrong", [-300, -30, 30, 300])


@contextmanager
def machine_is(seconds: float) -> Iterator[None]:
    """Set this machine's clock wrong; a process that starts there knows no other time yet."""
    by, real = timedelta(seconds=seconds), time.time

    class Machine(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + by

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "datetime", Machine)
        patch.setattr(clock, "_clock", clock.Clock())
        patch.setattr(timezone, "now", lambda: datetime.now(UTC) + by)
        patch.setattr(time, "time", lambda: real() + seconds)
        yield


@WRONG
def test_it_posts(world: World, wrong: float) -> None:
    world.source.put(PARENTS, "p1")
    with machine_is(wrong):
        world.sync()
    assert world.state("p1") == State.POSTED
    assert [action for action, _ in world.target.calls] == ["create", "open"]


@WRONG
def test_its_claim_is_not_taken_from_it_and_ends_in_time(world: World, wrong: float) -> None:
    pause = Pause()
    world.target.before = pause
    world.source.put(PARENTS, "p1")
    with machine_is(wrong):
        world.read()
        worker = Worker(world.work)
        pause.wait()
        busy = route("routing_doubtful", 10)
        until = world.document("p1").claimed_until
        pause.go_on()
        worker.end()
    assert (world.tenant.pk, world.integration.pk) not in busy, "it was taken for abandoned"
    left = (until - datetime.now(UTC)).total_seconds()
    assert 0 < left < 30, "an abandoned claim would not be found within 30 s"


@WRONG
def test_a_write_of_unknown_fate_is_looked_up_when_it_is_time(world: World, wrong: float) -> None:
    world.target.after = once(lost_answer())
    world.source.put(PARENTS, "p1")
    with machine_is(wrong):
        world.read()
        world.work()
        due_in = world.document("p1").next_at - datetime.now(UTC)
        assert 0 < due_in.total_seconds() < 5
        world.settle()
    assert world.state("p1") == State.POSTED
    assert world.target.most_per_reference() == 1


@WRONG
def test_absent_is_believed_after_its_time_and_no_earlier(world: World, wrong: float) -> None:
    world.target.before = once(lost_answer())
    world.source.put(PARENTS, "p1")
    with machine_is(wrong):
        world.read()
        world.work()
        world.pass_time(2)
        # The look that counts is some 40 s away; asking at once is told so, and does not insist.
        assert world.recover() == 1
        assert world.recover() == 0
        assert world.state("p1") == State.UNCONFIRMED
        assert len(world.target.looks) == 1
        world.settle()
    assert world.state("p1") == State.POSTED


@WRONG
def test_what_it_read_another_reads_again_when_it_changes(world: World, wrong: float) -> None:
    world.source.put(PARENTS, "p1")
    with machine_is(wrong):
        world.read()
    world.source.put(PARENTS, "p1", total="12.00")
    world.source.reads.clear()
    world.read()
    assert world.source.reads == ["p1"]
    assert str(world.document("p1").total) == "12.000000"


def test_a_reading_of_tomorrow_proves_nothing(world: World) -> None:
    """As a worker of an older version may have stored it."""
    world.source.put(PARENTS, "p1")
    world.read()
    world.set(Document, read_at=datetime.now(UTC) + timedelta(minutes=5))
    world.source.put(PARENTS, "p1", total="12.00")
    world.source.reads.clear()
    world.read()
    assert world.source.reads == ["p1"]


def test_a_reading_that_is_always_too_late_is_not_repeated_without_end(world: World) -> None:
    """Somebody else stores a fresher one while each of ours is under way."""
    world.source.put(PARENTS, "p1")
    world.source.on_read = lambda key: world.set(Document, read_at=clock.now(), wants_read=True)
    world.read()
    assert world.source.reads == ["p1"]
    world.source.on_read = lambda key: None
    world.set(Document, read_next_at=EPOCH)
    world.read()
    assert world.source.reads == ["p1", "p1"]
    assert not world.document("p1").wants_read


@WRONG
def test_runs_are_leased_for_their_time_and_end(world: World, wrong: float) -> None:
    with machine_is(wrong):
        run = world.lease(world.queue())
        assert run is not None
        left = run.leased_until - datetime.now(UTC)
        assert 20 < left.total_seconds() < 60
        assert world.lease(run) is None, "a second worker has it at the same time"
        runs.advance(world.job(), run)
    with world.scope():
        run.refresh_from_db()
    assert run.status == Run.Status.FINISHED


@WRONG
def test_the_schedule_goes_on(world: World, wrong: float) -> None:
    world.set(Integration, next_run_at=EPOCH, interval_minutes=15)
    with machine_is(wrong):
        dispatch.start_scheduled(world.tenant.pk, world.integration.pk)
    with world.scope():
        [integration] = Integration.objects.all()
    assert integration.next_run_at is not None
    wait = integration.next_run_at - datetime.now(UTC)
    assert 14 < wait.total_seconds() / 60 < 16


@WRONG
def test_hints_are_claimed_for_their_time(world: World, wrong: float) -> None:
    with world.scope():
        InboxEvent.objects.create(
            connection=world.integration.target, resource=WATCHED, key="T1", event_id="1"
        )
    with machine_is(wrong), world.scope():
        first = inbox.claim(world.integration.target_id)
        second = inbox.claim(world.integration.target_id)
    assert (len(first), second) == (1, [])
    with world.scope():
        until = InboxEvent.objects.get(pk=first[0].pk).next_at
    assert 0 < (until - datetime.now(UTC)).total_seconds() < 30


@WRONG
def test_slots_and_token_leases_last_as_long_as_they_say(world: World, wrong: float) -> None:
    with machine_is(wrong):
        world.slot()
        with world.scope():
            ends = WorkSlot.objects.exclude(leased_until=EPOCH).get().leased_until
        store = DatabaseTokenStore(world.integration.source)
        assert store.lease(15) is not None
        assert store.lease(15) is None, "two workers would refresh"
    assert 0 < (ends - datetime.now(UTC)).total_seconds() < 30
