"""Old hints and sessions go; what waits, what is young, and what other tenants keep stays."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from pytest_django import Settings

from connectors import tasks
from connectors.core import clock
from connectors.engine import doorbell
from connectors.models import InboxEvent
from connectors.services import retention
from tenants.scope import tenant_scope
from tests.people import make_tenant
from tests.web.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = InboxEvent.Status


@pytest.fixture
def worlds() -> tuple[World, World]:
    return make_world(make_tenant("acme").pk), make_world(make_tenant("other").pk)


def hints(world: World, *, days: int, status: str, number: int = 1) -> None:
    with tenant_scope(world.tenant_id):
        InboxEvent.objects.all().delete()
        InboxEvent.objects.bulk_create(
            InboxEvent(
                tenant_id=world.tenant_id,
                connection=world.source,
                resource="purchaseorder",
                key=str(key),
                event_id=str(key),
                status=status,
                received_at=clock.now() - timedelta(days=days),
            )
            for key in range(number)
        )


def left(world: World) -> int:
    with tenant_scope(world.tenant_id):
        return InboxEvent.objects.count()


@pytest.mark.parametrize(
    ("days", "status", "kept"),
    [
        (91, STATUS.DONE, 0),
        (91, STATUS.IGNORED, 0),
        (91, STATUS.PENDING, 3),
        (89, STATUS.DONE, 3),
    ],
)
def test_followed_hints_go_by_age(
    worlds: tuple[World, World], days: int, status: str, kept: int
) -> None:
    ours, theirs = worlds
    for world in worlds:
        hints(world, days=days, status=status, number=3)
    assert retention.prune(ours.tenant_id) == 3 - kept
    assert (left(ours), left(theirs)) == (kept, 3)


def test_many_go_in_batches(worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    hints(worlds[0], days=91, status=STATUS.DONE, number=5)
    assert retention.prune(worlds[0].tenant_id) == 5
    assert left(worlds[0]) == 0


def test_each_tenant_that_has_old_ones_is_rung_for(
    worlds: tuple[World, World], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INBOX_DAYS = 10
    hints(worlds[0], days=11, status=STATUS.DONE)
    hints(worlds[1], days=9, status=STATUS.DONE)
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(doorbell, "ring", lambda *given: rung.append(given))
    tasks.daily()
    assert rung == [("connectors.prune", worlds[0].tenant_id)]
    tasks.prune(worlds[0].tenant_id)
    assert left(worlds[0]) == 0


def test_ended_sessions_go() -> None:
    store = import_module(django_settings.SESSION_ENGINE).SessionStore
    for days in (-1, 1):
        session = store()
        session["of"] = days
        session.set_expiry(clock.now() + timedelta(days=days))
        session.save(must_create=True)
    retention.ring_for_old()
    assert [row.get_decoded()["of"] for row in Session.objects.all()] == [1]
