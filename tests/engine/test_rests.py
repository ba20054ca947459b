"""A quota is used up for long: the integration rests, says until when, reads before it posts.

The systems are in this process; what a real 429 does comes last, through transport and simulator.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from connectors.core.errors import RetryLater
from connectors.core.flow import TARGET
from connectors.core.states import State
from connectors.engine import claims, health, rest, runs, sessions
from connectors.engine.job import Job
from connectors.models import EPOCH, Connection, Document, InboxEvent, Integration, Run, WorkSlot
from tenants.routing import route
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states, step
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import PARENTS, WATCHED
from tests.engine.tiny.world import World, once
from tests.sandbox_process import SandboxProcess

USED_UP = "the connection's calls for today are used up"
ROUTES = ("routing_due_integrations", "routing_runs", "routing_slots", "routing_doubtful")


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(hours=10)


def used_up() -> RetryLater:
    return RetryLater(tomorrow(), USED_UP)


def rings(world: World) -> list[str]:
    """What a dispatcher would ring for."""
    found = [name for name in ROUTES if world.tenant.pk in {row[0] for row in route(name, 500)}]
    inbox = {row[0] for row in route("routing_inbox", 500)}
    return [*found, *(["routing_inbox"] if world.tenant.pk in inbox else [])]


def may_lease_slot(world: World) -> bool:
    with world.scope():
        slots = WorkSlot.objects.filter(integration=world.integration, leased_until=EPOCH)
        return claims.lease_slot(slots.order_by("pk")[0].pk) is not None


def connections(world: World) -> dict[str, Connection]:
    with world.scope():
        return {row.name: row for row in Connection.objects.all()}


def the_run(world: World) -> Run:
    with world.scope():
        return Run.objects.exclude(status__in=["finished", "failed"]).order_by("pk")[0]


def end_rest(world: World) -> None:
    """As if its time had come."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    world.set(Connection, resting_until=past)
    world.set(Run, next_at=EPOCH)


def worked_into_the_quota(world: World, engine: Engine) -> None:
    """Three parents are due; the first call of their delivery is one too many for today."""
    engine(claim_batch=1)
    for key in ("p1", "p2", "p3"):
        world.source.put(PARENTS, key)
    world.read()
    world.target.before = once(used_up())
    world.work()


def test_everything_rests_and_not_only_what_was_claimed(world: World, engine: Engine) -> None:
    worked_into_the_quota(world, engine)
    world.set(Integration, next_run_at=EPOCH)
    assert set(world.states().values()) == {State.DUE}
    assert world.target.calls == []
    assert rings(world) == [], "somebody would spin until tomorrow"
    assert not may_lease_slot(world)
    assert world.lease(the_run(world)) is None
    # Of nothing but the connection is tomorrow said, so that it all goes on whenever that may.
    with world.scope():
        soon = datetime.now(UTC) + timedelta(minutes=1)
        assert not Document.objects.filter(next_at__gt=soon).exists()
        assert not WorkSlot.objects.filter(leased_until__gt=soon).exists()


def test_it_says_until_when(world: World, engine: Engine) -> None:
    worked_into_the_quota(world, engine)
    found = connections(world)
    until = found["tiny_target"].resting_until
    assert until is not None
    assert abs(until - tomorrow()) < timedelta(minutes=1)
    assert found["tiny_target"].resting_words == USED_UP
    assert found["tiny_source"].resting_until is None
    words = the_run(world).words
    assert f"“tiny_target” rests until {until:%Y-%m-%d %H:%M} UTC: {USED_UP}." in words
    [event] = world.events("connection.resting")
    assert event.details["words"] == words


def test_after_the_rest_it_reads_before_it_posts(world: World, engine: Engine) -> None:
    worked_into_the_quota(world, engine)
    world.source.put(PARENTS, "p1", total="12.00")
    end_rest(world)
    assert not may_lease_slot(world), "what is due is a day old"
    assert rings(world) == ["routing_runs"]
    run = world.lease(the_run(world))
    assert run is not None
    runs.advance(world.job(), run)
    world.settle()
    assert {row["total"] for row in world.target.records.values()} == {"10.00", "12.00"}
    assert set(world.states().values()) == {State.POSTED}
    assert world.target.most_per_reference() == 1


def test_a_run_that_is_told_to_wait_begins_its_reading_anew(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.put("children", "c1", parent="p1")
    world.source.on_read = once(used_up())
    run = world.read()
    with world.scope():
        run.refresh_from_db()
    assert (run.status, run.finished_at) == (Run.Status.RUNNING, None)
    assert "“tiny_source” rests until" in run.words
    assert rings(world) == []
    assert world.lease(run) is None
    end_rest(world)
    world.source.lists.clear()
    again = world.lease(run)
    assert again is not None
    runs.advance(world.job(), again)
    assert world.source.lists == [PARENTS, "children"], "both lists may have changed by now"
    world.settle()
    assert world.state("p1") == State.POSTED


def test_a_reading_that_began_before_the_rest_does_not_count(world: World) -> None:
    for number in range(3):
        world.source.put(PARENTS, f"p{number}")
    world.source.page_size = 2

    def rest_now(page: int) -> None:
        rest.note(world.job(), TARGET, used_up())

    world.source.between_pages = rest_now
    run = world.read()
    with world.scope():
        assert Integration.objects.get().reads_after is not None
    world.source.between_pages = lambda page: None
    end_rest(world)
    assert not may_lease_slot(world)
    world.set(Run, next_at=EPOCH, leased_until=EPOCH)
    again = world.lease(run)
    assert again is not None
    runs.advance(world.job(), again)
    assert may_lease_slot(world)


def test_a_test_that_gets_through_ends_the_rest(world: World, engine: Engine) -> None:
    worked_into_the_quota(world, engine)
    health.recover(connections(world)["tiny_target"], "tested")
    world.set(Run, next_at=EPOCH)
    assert rings(world) == ["routing_runs"]
    run = world.lease(the_run(world))
    assert run is not None
    runs.advance(world.job(), run)
    world.settle()
    assert set(world.states().values()) == {State.POSTED}


def test_a_short_wait_is_no_rest(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    soon = datetime.now(UTC) + timedelta(seconds=5)
    world.target.before = once(RetryLater(soon, "the calls of this minute are used up"))
    world.work()
    assert connections(world)["tiny_target"].resting_until is None
    assert world.events("connection.resting") == []
    world.settle()
    assert world.state("p1") == State.POSTED


def test_hints_wait_for_the_end_of_the_rest(world: World) -> None:
    with world.scope():
        InboxEvent.objects.create(
            connection=world.integration.target, resource=WATCHED, key="T1", event_id="1"
        )
    assert rings(world) == ["routing_inbox"]
    rest.note(world.job(), TARGET, used_up())
    assert rings(world) == []


def test_it_rests_once_however_many_workers_are_told(world: World) -> None:
    for _ in range(3):
        rest.note(world.job(), TARGET, used_up())
    assert len(world.events("connection.resting")) == 1


@pytest.fixture
def fresh_quotas(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Quotas that no other test counts; called with a name: as if their time had passed."""

    def begin(name: str) -> None:
        settings.REDIS_KEY_PREFIX = f"rests-{name}"
        sessions.governor.cache_clear()

    begin("before")
    yield begin
    sessions.governor.cache_clear()


def test_a_long_retry_after_is_a_rest(
    connected: Connected, sandbox: SandboxProcess, fresh_quotas: Callable[[str], None]
) -> None:
    job = connected(plain=True, orders=3, bills=0)
    order = {"provider": "zoho_books", "method": "POST", "path_regex": "/purchaseorders"}
    rule = {"match": order, "kind": "status", "status": 429, "retry_after": "3600", "count": 1}
    sandbox.post("/control/faults", {"rules": [rule]})
    with job.scope():
        run = runs.queue_run(job.integration, trigger=Run.Trigger.PERSON, actor="user:1")
    while zoho(job).resting_until is None:
        step(job)
    assert states(job) == {State.DUE: 3}
    left = zoho(job).resting_until - datetime.now(UTC)  # type: ignore[operator]
    assert timedelta(minutes=58) < left < timedelta(minutes=61)
    sandbox.delete("/control/requests")
    for _ in range(3):
        step(job)
    assert sandbox.get("/control/requests")["requests"] == [], "it asked again"
    with job.scope():
        run.refresh_from_db()
        assert "rests until" in run.words
        Connection.objects.filter(pk=job.target.pk).update(resting_until=datetime.now(UTC))
    fresh_quotas("after")
    run_until_idle(job)
    assert states(job) == {State.POSTED: 3}
    rows = sandbox.get("/control/requests")["requests"]
    assert rows[0]["provider"] == "procurify", "it did not read before it posted"


def zoho(job: Job) -> Connection:
    with job.scope():
        return Connection.objects.get(pk=job.target.pk)
