"""What old attempts have sent goes by age; young, open and last ones stay, whoever asks."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from connectors.core import clock
from connectors.engine import doorbell
from connectors.models import Attempt, Document, Outcome
from connectors.services import retention
from tenants.models import Role, User
from tenants.roles import as_owner
from tenants.scope import tenant_scope
from tenants.services import add_member
from tests.people import make_tenant
from tests.web.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"payload": {"total": "12.50"}}
STEP = {"action": "create", "creates": True, "body": {"number": "PO-41"}}


@pytest.fixture
def world() -> World:
    return make_world(make_tenant("acme").pk)


def attempted(world: World, days: int, *, part: str = "a", answered: bool = True) -> Attempt:
    """An attempt of the held document, made so many days ago."""
    with tenant_scope(world.tenant_id):
        attempt = Attempt.objects.create(
            tenant_id=world.tenant_id,
            document=world.held,
            part=part,
            action="create",
            reference=f"mlc:acme:bill:{part}",
            plan=BODY,
            step=STEP,
            fence=1,
            deadline=clock.now(),
            at=clock.now() - timedelta(days=days),
        )
        if answered:
            Outcome.objects.create(
                tenant_id=world.tenant_id, attempt=attempt, result=Outcome.Result.DONE
            )
    return attempt


def emptied(world: World, *attempts: Attempt) -> list[bool]:
    with tenant_scope(world.tenant_id):
        found = Attempt.objects.in_bulk([attempt.pk for attempt in attempts])
    return [found[attempt.pk].emptied for attempt in attempts]


def test_old_bodies_go_and_the_last_of_each_part_stays(world: World) -> None:
    tries = [attempted(world, days) for days in (900, 401, 399, 1)]
    other = attempted(world, 900, part="b")
    assert retention.prune(world.tenant_id) == 2
    assert emptied(world, *tries, other) == [True, True, False, False, False]
    with tenant_scope(world.tenant_id):
        row = Attempt.objects.get(pk=tries[0].pk)
        assert (row.plan, row.step) == ({}, {"emptied": True, "creates": True})
        assert row.outcomes.get().result == Outcome.Result.DONE
        # Whether a create has ever left under this mark is still known.
        assert Attempt.objects.filter(reference=row.reference, step__creates=True).count() == 4
    assert retention.prune(world.tenant_id) == 0


def test_what_is_open_or_was_never_answered_stays(world: World) -> None:
    unanswered = attempted(world, 900, answered=False)
    doubtful = attempted(world, 900)
    attempted(world, 1)
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(open_attempt=doubtful.pk)
    assert retention.prune(world.tenant_id) == 0
    assert emptied(world, unanswered, doubtful) == [False, False]


def test_other_tenants_keep_theirs(world: World) -> None:
    other = make_world(make_tenant("other").pk)
    theirs = attempted(other, 900)
    attempted(other, 1)
    assert retention.prune(world.tenant_id) == 0
    assert emptied(other, theirs) == [False]


def test_tenants_with_old_bodies_are_rung_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(doorbell, "ring", lambda *given: rung.append(given))
    attempted(world, 900)
    assert retention.ring_for_old() == 0
    attempted(world, 1)
    assert retention.ring_for_old() == 1
    assert rung == [(doorbell.PRUNE, world.tenant_id)]


def test_many_go_in_batches_that_wait_for_no_lock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for _ in range(5):
        attempted(world, 900)
    attempted(world, 1)
    assert retention.prune(world.tenant_id) == 5


def _call(before: str) -> str:
    return f"SELECT empty_old_attempts({before}, 1000)"


@pytest.mark.parametrize("before", ["now()", "'infinity'", "now() + interval '9 years'"])
def test_the_running_login_empties_nothing_young(world: World, before: str) -> None:
    young = attempted(world, 89)
    attempted(world, 1)
    with tenant_scope(world.tenant_id), connection.cursor() as cursor:
        cursor.execute(_call(before))
        assert cursor.fetchone()[0] == 0
    assert emptied(world, young) == [False]


def test_without_a_tenants_scope_nothing_is_emptied(world: World) -> None:
    old = attempted(world, 900)
    attempted(world, 1)
    with connection.cursor() as cursor:
        cursor.execute(_call("now()"))
        assert cursor.fetchone()[0] == 0
    assert emptied(world, old) == [False]


CHANGES = [
    "UPDATE connectors_attempt SET plan = '{}' WHERE id = %s",
    "UPDATE connectors_attempt SET step = '{}', plan = '{}' WHERE id = %s",
    "UPDATE connectors_attempt SET at = now() WHERE id = %s",
    "UPDATE connectors_attempt SET reference = 'x', plan = '{}', step = '{}' WHERE id = %s",
    "DELETE FROM connectors_attempt WHERE id = %s",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_running_login_changes_no_attempt(world: World, change: str) -> None:
    old = attempted(world, 900)
    attempted(world, 1)
    refused = pytest.raises(DatabaseError, match="permission denied")
    with refused, tenant_scope(world.tenant_id), connection.cursor() as cursor:
        cursor.execute(change, [old.pk])


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_changes_more_than_old_bodies(world: World, change: str) -> None:
    old, last = attempted(world, 900), attempted(world, 1)
    for attempt in (old, last):
        refused = pytest.raises(DatabaseError, match="never changed or removed")
        with as_owner(), refused, tenant_scope(world.tenant_id), connection.cursor() as cursor:
            cursor.execute(change, [attempt.pk])


@pytest.mark.parametrize("place", ["staff", "member"])
def test_the_page_says_that_it_was_deleted(client: Client, world: World, place: str) -> None:
    attempted(world, 900)
    attempted(world, 1)
    retention.prune(world.tenant_id)
    person: Any = User.objects.create_superuser("anna@example.com")
    add_member(tenant_id=world.tenant_id, user=person, role=Role.VIEWER, actor="system:tests")
    client.force_login(person)
    pages = {
        "staff": f"/admin/connectors/document/{world.held.pk}/change/",
        "member": f"/w/acme/documents/{world.held.pk}/",
    }
    page = client.get(pages[place]).content.decode()
    assert "deleted after 400 days" in page
    assert "12.50" in page or "PO-41" in page
