"""Rings for doors: the first at once, many as one, none before the commit, none forgotten."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import transaction

from connectors.engine import doorbell
from tests.timing import PATIENCE, eventually

Ring = tuple[str, tuple[int, ...]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Ring]:
    """What was sent, in order."""
    found: list[Ring] = []
    monkeypatch.setattr(doorbell, "_send", lambda task, ids, at: found.append((task, ids)))
    return found


def until(done: Callable[[], bool]) -> None:
    assert eventually(done), "it was never rung"


def test_many_rings_in_a_moment_are_the_first_and_one_more(
    sent: list[Ring], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    moment_over = threading.Event()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        moment_over.wait(PATIENCE)

    monkeypatch.setattr(doorbell, "time", SimpleNamespace(sleep=sleep))
    soon = doorbell._Soon(pause=1.0)
    soon.put("follow", (1, 2))
    until(lambda: pauses == [1.0])
    for _ in range(100):
        soon.put("follow", (1, 2))
    soon.put("follow", (1, 3))
    assert sent == [("follow", (1, 2))]
    moment_over.set()
    until(lambda: len(pauses) == 2)
    soon.put("follow", (1, 4))
    until(lambda: len(sent) == 4)
    assert sent == [("follow", (1, number)) for number in (2, 2, 3, 4)]


def test_what_is_rung_while_another_is_sent_is_sent_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    soon = doorbell._Soon(pause=0.0)
    rung: list[int] = []

    def send(task: str, ids: tuple[int, ...], at: object) -> None:
        rung.append(ids[0])
        if len(rung) == 1:
            soon.put("follow", (7,))

    monkeypatch.setattr(doorbell, "_send", send)
    soon.put("follow", (7,))
    until(lambda: rung == [7, 7])


def test_a_broker_that_fails_unexpectedly_ends_no_later_ring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    soon = doorbell._Soon(pause=0.0)
    rung: list[int] = []

    def send(task: str, ids: tuple[int, ...], at: object) -> None:
        rung.append(ids[0])
        if ids == (1,):
            raise RuntimeError("nobody has thought of this")

    monkeypatch.setattr(doorbell, "_send", send)
    soon.put("follow", (1,))
    until(lambda: rung == [1])
    soon.put("follow", (2,))
    until(lambda: rung == [1, 2])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_rung_before_the_commit_or_without_one(
    sent: list[Ring], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "_soon", doorbell._Soon(pause=0.0))
    with transaction.atomic():
        doorbell.ring_soon("follow", 1)
        transaction.set_rollback(True)
    with transaction.atomic():
        doorbell.ring_soon("follow", 2)
        time.sleep(0.1)
        assert sent == []
    until(lambda: sent == [("follow", (2,))])
