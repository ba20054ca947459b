"""A statement, lock or transaction that took too long means "later", never a held document."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from connectors.core.states import State
from connectors.engine import decide, phases, runs, work
from connectors.models import Document, Run
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.world import Pause, Worker, World
from tests.timing import PATIENCE

TINY = 20  # milliseconds


def too_long(*_: Any, **__: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {TINY}")
        cursor.execute("SELECT pg_sleep(60)")


def stood_idle(*_: Any, **__: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {TINY}")
        # What the server says by itself can here only be its good-bye.
        assert select.select([connection.connection.pgconn.socket], [], [], PATIENCE)[0]
        cursor.execute("SELECT 1")


def stood_idle_with_an_answer_unread(*_: Any, **__: Any) -> None:
    """As for a worker paused between a statement and its answer: libpq drops the good-bye."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {TINY}")
        server = connection.connection.pgconn
        server.send_query(b"SELECT 1")
        # The socket closes with the good-bye: both are waiting when the answer is read.
        closed = select.poll()
        closed.register(server.socket, select.POLLRDHUP)
        assert closed.poll(PATIENCE * 1000)
        server.consume_input()
        while server.get_result():
            pass
        cursor.execute("SELECT 1")


pytestmark = pytest.mark.django_db(transaction=True)
ENDED = pytest.mark.parametrize("ended", [too_long, stood_idle, stood_idle_with_an_answer_unread])
CUT = "timeout|server closed the connection unexpectedly"


@contextmanager
def cut_in(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, ended: Callable[..., None]
) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(module, name, ended)
        yield
    connection.close()


@pytest.fixture
def due(world: World) -> World:
    world.source.put(PARENTS, "p1")
    world.read()
    return world


@ENDED
@pytest.mark.parametrize(("module", "name"), [(work, "decide_batch"), (decide, "_decide_on")])
def test_a_cut_statement_holds_no_document(due, monkeypatch, ended, module, name) -> None:
    with (
        cut_in(monkeypatch, module, name, ended),
        pytest.raises(DatabaseError, match=CUT),
    ):
        due.work()
    connection.close()
    assert due.state("p1") == State.DELIVERING, "claimed until the claim ends"
    due.settle()
    assert due.state("p1") == State.POSTED


@ENDED
def test_a_cut_statement_fails_no_run(world, monkeypatch, ended) -> None:
    run = world.lease(world.queue())
    with (
        cut_in(monkeypatch, phases, "read_source", ended),
        pytest.raises(DatabaseError, match=CUT),
    ):
        runs.advance(world.job(), run)
    connection.close()
    with world.scope():
        assert Run.objects.get().status == Run.Status.RUNNING
        assert Run.objects.get().counts.get("troubles", {}) == {}
    world.pass_time(600)
    assert world.lease(run) is not None


def test_a_lock_that_somebody_keeps_is_waited_for_later(due, monkeypatch) -> None:
    keeps = Pause()

    def keep() -> None:
        with due.scope():
            Document.objects.select_for_update().get(key="p1")
            keeps()

    def wait_for_it(*_: Any, **__: Any) -> None:
        with due.scope():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {TINY}")
            Document.objects.select_for_update().get(key="p1")

    def lock_meanwhile(*_: Any, **__: Any) -> None:
        other = Worker(keep)
        keeps.wait()
        try:
            wait_for_it()
        finally:
            keeps.go_on()
            other.end()

    with (
        cut_in(monkeypatch, work, "decide_batch", lock_meanwhile),
        pytest.raises(DatabaseError, match="lock timeout"),
    ):
        due.work()
    assert due.state("p1") == State.DELIVERING
    due.settle()
    assert due.state("p1") == State.POSTED
