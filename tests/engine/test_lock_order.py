"""Whoever changes several documents locks them in one order, so that nobody waits in a circle."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from connectors.core import clock
from connectors.core.states import Reason, State
from connectors.engine import claims, recover, watch
from connectors.models import Document
from connectors.services import news, replay
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import Worker, World
from tests.timing import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def replay_all(world: World, ids: list[int]) -> Any:
    return replay.replay_documents(world.tenant.pk, ids, actor="user:1")


def flag_all(world: World, ids: list[int]) -> Any:
    with world.scope():
        watch._flag(ids)


def tell_of_all(world: World, ids: list[int]) -> Any:
    del ids
    with world.scope():
        news.take(clock.now(), urgent_only=False)


def free_all(world: World, ids: list[int]) -> Any:
    del ids
    recover.free_abandoned(world.job())


def renew_all(world: World, ids: list[int]) -> Any:
    with world.scope():
        claims.renew(reversed(list(Document.objects.filter(pk__in=ids).order_by("pk"))))


def hold(world: World) -> None:
    world.set(Document, state=State.DELIVERING)
    world.set(Document, state=State.HELD, reason=Reason.REFUSED, words="Refused.")


def claim(world: World) -> None:
    world.set(Document, state=State.DELIVERING)


def as_read(world: World) -> None:
    """They are due."""


@pytest.mark.parametrize(
    ("prepared", "act"),
    [
        (as_read, replay_all),
        (as_read, flag_all),
        (hold, tell_of_all),
        (claim, free_all),
        (claim, renew_all),
    ],
)
def test_the_lowest_is_locked_first(
    world: World,
    prepared: Callable[[World], None],
    act: Callable[[World, list[int]], Any],
) -> None:
    for key in ("p1", "p2", "p3"):
        world.source.put(PARENTS, key)
    world.read()
    prepared(world)
    with world.scope():
        first, *others = Document.objects.order_by("pk").values_list("pk", flat=True)
        # It lies last in the table then, and has the least money.
        Document.objects.filter(pk__in=others).update(total=1000)
        put_last(first)
    with world.scope():
        Document.objects.select_for_update().get(pk=first)
        worker = Worker(lambda: in_table_order(lambda: act(world, [first, *others])))
        assert eventually(somebody_waits)
        free = Document.objects.select_for_update(skip_locked=True).filter(pk__in=others)
        assert set(free.values_list("pk", flat=True)) == set(others)
    worker.end()


def put_last(pk: int) -> None:
    """Update it until its row is the table's last; holes of older rows are filled first."""
    for total in range(1, 500):
        Document.objects.filter(pk=pk).update(total=total)
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM connectors_document ORDER BY ctid DESC LIMIT 1")
            if cursor.fetchone() == (pk,):
                return
    raise AssertionError("The row never came to lie last.")


def in_table_order(work_on: Callable[[], Any]) -> None:
    """Do it as PostgreSQL does where no index helps: rows come as they lie in the table."""
    with connection.cursor() as cursor:
        for way in ("indexscan", "indexonlyscan", "bitmapscan"):
            cursor.execute(f"SET enable_{way} = off")
    work_on()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
