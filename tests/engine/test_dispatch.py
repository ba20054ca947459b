"""The dispatcher finds whatever is due, rings once for it, and costs the same however many rest."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from connectors.core.references import MappingKey, MissingMapping
from connectors.core.states import Reason
from connectors.engine import doorbell
from connectors.engine.dispatch import dispatch, housekeeping
from connectors.engine.failures import wait_for
from connectors.models import (
    Alert,
    Connection,
    ConnectionToken,
    Document,
    Health,
    Integration,
    Run,
)
from tenants.models import Tenant
from tenants.routing import route
from tests.engine.tiny.fixtures import MakeWorld
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.target import lost_answer
from tests.engine.tiny.world import Killed, Worker, World, once

Rings = list[tuple[str, tuple[Any, ...]]]


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> Rings:
    """What the doorbell sent, in its order."""
    sent: Rings = []
    monkeypatch.setattr(doorbell, "_send", lambda task, ids, at: sent.append((task, ids)))
    return sent


def rung(rings: Rings, world: World, task: str) -> list[Any]:
    """The ids that this tenant's workers were asked to look at."""
    return [ids[1:] for name, ids in rings if name == task and ids[0] == world.tenant.pk]


def make_due(world: World, minutes_ago: int = 1) -> None:
    world.set(Integration, next_run_at=timezone.now() - timedelta(minutes=minutes_ago))


def runs_of(world: World) -> list[Run]:
    with world.scope():
        return list(Run.objects.filter(integration=world.integration))


def next_run_at(world: World) -> Any:
    with world.scope():
        return Integration.objects.get(pk=world.integration.pk).next_run_at


# --- schedules --------------------------------------------------------------------------------


def test_a_due_integration_gets_one_run_and_its_next_time(world: World, rings: Rings) -> None:
    make_due(world)
    dispatch()
    dispatch()
    [run] = runs_of(world)
    assert (run.trigger, run.actor) == (Run.Trigger.SCHEDULE, "system:schedule")
    assert next_run_at(world) > timezone.now() + timedelta(minutes=14)
    assert set(rung(rings, world, doorbell.ADVANCE_RUN)) == {(run.pk,)}


def test_many_dispatchers_at_once_queue_it_once(world: World, rings: Rings) -> None:
    make_due(world)
    for worker in [Worker(dispatch) for _ in range(5)]:
        worker.end()
    assert len(runs_of(world)) == 1


@pytest.mark.parametrize("why", ["paused", "stopped", "not yet"])
def test_what_must_not_run_does_not(world: World, rings: Rings, why: str) -> None:
    make_due(world)
    if why == "paused":
        world.set(Integration, enabled=False)
    elif why == "stopped":
        world.set(Connection, health=Health.NEEDS_AUTHORISATION)
    else:
        make_due(world, minutes_ago=-1)
    dispatch()
    assert runs_of(world) == []


def test_in_shadow_the_schedule_makes_dry_runs(world: World, rings: Rings) -> None:
    make_due(world)
    world.set(Integration, enabled=False, shadow=True)
    dispatch()
    dispatch()
    [run] = runs_of(world)
    assert run.dry
    assert next_run_at(world) > timezone.now() + timedelta(minutes=14)


def test_a_schedule_follows_the_tenants_zone(world: World, rings: Rings) -> None:
    world.set(Tenant, time_zone="Asia/Kolkata")
    world.set(Integration, cron="30 6 * * *", next_run_at=timezone.now())
    dispatch()
    moment = next_run_at(world)
    assert (moment.hour, moment.minute) == (1, 0)


def test_a_cron_that_cannot_be_read_stops_its_own_integration_only(
    new_world: MakeWorld, rings: Rings
) -> None:
    bad, good = new_world(), new_world()
    bad.set(Integration, cron="every day", next_run_at=timezone.now())
    make_due(good)
    dispatch()
    assert next_run_at(bad) is None
    assert len(runs_of(good)) == 1


def test_tenants_take_turns(new_world: MakeWorld, rings: Rings) -> None:
    """One with many integrations due for long does not go before another's first."""
    greedy, modest = new_world(), new_world()
    make_due(greedy, minutes_ago=60)
    make_due(modest, minutes_ago=1)
    with greedy.scope():
        sample = Integration.objects.get(pk=greedy.integration.pk)
        for number in range(5):
            sample.pk, sample.name = None, f"another {number}"
            sample.save()
    ids = {greedy.tenant.pk, modest.tenant.pk}
    order = [tenant for tenant, _ in route("routing_due_integrations", 200) if tenant in ids]
    assert order[:2] == [greedy.tenant.pk, modest.tenant.pk]
    assert order.count(greedy.tenant.pk) == 6


# --- work -------------------------------------------------------------------------------------


def test_due_documents_get_a_slot_for_every_five(world: World, rings: Rings) -> None:
    for number in range(7):
        world.source.put(PARENTS, f"p{number}")
    world.read()
    dispatch()
    assert len(rung(rings, world, doorbell.WORK_SLOT)) == 2
    slot = world.slot()
    rings.clear()
    dispatch()
    assert (slot.pk,) not in rung(rings, world, doorbell.WORK_SLOT), "somebody is at it"


def test_posting_waits_until_a_run_has_read(world: World, rings: Rings) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.set(Run, phase=Run.Phase.EXTRACT, status=Run.Status.RUNNING)
    dispatch()
    assert rung(rings, world, doorbell.WORK_SLOT) == []
    world.set(Run, phase=Run.Phase.DELIVER)
    dispatch()
    assert len(rung(rings, world, doorbell.WORK_SLOT)) == 1


def test_abandoned_claims_and_lost_writes_are_rung_for(world: World, rings: Rings) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    world.target.after = once(Killed())
    world.kill(world.work)
    dispatch()
    assert rung(rings, world, doorbell.RECOVER) == []
    world.end_claims()
    dispatch()
    assert rung(rings, world, doorbell.RECOVER) == [(world.integration.pk,)]
    world.recover()
    world.work()
    world.source.put(PARENTS, "p2")
    world.read()
    world.target.after = once(lost_answer())
    world.work()
    rings.clear()
    dispatch()
    assert rung(rings, world, doorbell.RECOVER) == []
    world.set(Document, next_at=timezone.now())
    dispatch()
    assert rung(rings, world, doorbell.RECOVER) == [(world.integration.pk,)]


def test_a_run_whose_worker_died_is_rung_for(world: World, rings: Rings) -> None:
    run = world.queue()
    assert world.lease(run) is not None
    dispatch()
    assert rung(rings, world, doorbell.ADVANCE_RUN) == []
    world.pass_time(60)
    dispatch()
    assert rung(rings, world, doorbell.ADVANCE_RUN) == [(run.pk,)]


# --- by the minute ----------------------------------------------------------------------------


def test_tokens_of_enabled_integrations_are_renewed_ahead(world: World, rings: Rings) -> None:
    with world.scope():
        soon = Connection.objects.get(provider="tiny_target")
        later = Connection.objects.get(provider="tiny_source")
        now = timezone.now()
        for side, minutes in ((soon, 3), (later, 30)):
            ConnectionToken.objects.create(
                connection=side, expires_at=now + timedelta(minutes=minutes)
            )
    housekeeping()
    assert rung(rings, world, doorbell.REFRESH_TOKEN) == [(soon.pk,)]
    rings.clear()
    world.set(Integration, enabled=False)
    housekeeping()
    assert rung(rings, world, doorbell.REFRESH_TOKEN) == []


def test_a_suspended_connection_is_tried_when_its_time_comes(world: World, rings: Rings) -> None:
    world.set(Connection, health=Health.SUSPENDED, probe_at=timezone.now() + timedelta(hours=1))
    world.set(Connection, alerted_at=timezone.now())
    housekeeping()
    assert rung(rings, world, doorbell.PROBE_CONNECTION) == []
    world.set(Connection, probe_at=timezone.now())
    housekeeping()
    assert len(rung(rings, world, doorbell.PROBE_CONNECTION)) == 2


def test_news_for_people_is_rung_for_once_an_hour(world: World, rings: Rings) -> None:
    missing = MissingMapping(key=MappingKey("vendor", "X"), label="Vendor X", reason="none")
    job = world.job()
    with world.scope():
        document = Document.objects.create(
            integration=world.integration, stream=PARENTS, key="p1", reason=Reason.VENDOR_MISSING
        )
        wait_for(job, [(document, [missing])], {})
    housekeeping()
    assert rung(rings, world, doorbell.SEND_ALERTS) == [()]
    rings.clear()
    with world.scope():
        Alert.objects.create(at=timezone.now(), subject="Vendor X", body="", recipients=1)
    housekeeping()
    assert rung(rings, world, doorbell.SEND_ALERTS) == [], "an e-mail went out just now"
    world.set(Connection, health=Health.MISCONFIGURED)
    housekeeping()
    assert rung(rings, world, doorbell.SEND_ALERTS) == [()], "what stops is told at once"


@pytest.mark.parametrize("news", ["failed run", "held document"])
def test_every_kind_of_news_is_rung_for(world: World, rings: Rings, news: str) -> None:
    with world.scope():
        if news == "failed run":
            Run.objects.create(integration=world.integration, trigger="schedule", status="failed")
        else:
            held = Document.objects.create(integration=world.integration, stream=PARENTS, key="p1")
            Document.objects.filter(pk=held.pk).update(state="delivering")
            Document.objects.filter(pk=held.pk).update(state="held", reason="refused", words="No.")
    housekeeping()
    assert rung(rings, world, doorbell.SEND_ALERTS) == [()]
    rings.clear()
    world.set(Run, alerted_at=timezone.now())
    world.set(Document, told="refused")
    housekeeping()
    assert rung(rings, world, doorbell.SEND_ALERTS) == []


# --- cost -------------------------------------------------------------------------------------


def queries_of_a_look() -> int:
    with CaptureQueriesContext(connection) as found:
        dispatch()
        housekeeping()
    return len(found)


def test_idle_tenants_cost_nothing(new_world: MakeWorld, rings: Rings) -> None:
    new_world()
    dispatch()
    before = queries_of_a_look()
    for _ in range(6):
        idle = new_world()
        idle.set(Integration, next_run_at=timezone.now() + timedelta(hours=1))
    assert queries_of_a_look() == before


def test_no_redis_is_a_warning_and_no_error(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """Bells and the heartbeat get lost, and come again with Redis: nobody has to do anything."""
    nowhere = "redis://127.0.0.1:9/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    away = Celery("away", broker=nowhere, set_as_current=False)
    away.conf.task_publish_retry_policy = {"max_retries": 0}
    monkeypatch.setattr(doorbell, "current_app", away)
    make_due(world)
    dispatch()
    assert [run.status for run in runs_of(world)] == ["queued"]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert "the heartbeat was not written" in caplog.text
    assert "the broker did not take" in caplog.text


def test_a_broker_that_is_lost_before_it_is_asked_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """Taking a connection from the pool fails in the client's own words, not in kombu's."""

    def lost(*args: Any, **kwargs: Any) -> None:
        raise redis.exceptions.ConnectionError("Connection refused")

    monkeypatch.setattr(doorbell, "current_app", SimpleNamespace(send_task=lost))
    doorbell._send("connectors.dispatch", (), None)
    assert "the broker did not take connectors.dispatch" in caplog.text
