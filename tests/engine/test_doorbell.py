"""Rings for doors: the first at once, many as one, none before the commit, none forgotten."""

import time
from collections.abc import Callable

import pytest
from django.db import transaction

from connectors.engine import doorbell

Ring = tuple[str, tuple[int, ...]]
PATIENCE = 10.0


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, Ring]]:
    """What was sent, and when."""
    found: list[tuple[float, Ring]] = []
    monkeypatch.setattr(
        doorbell, "_send", lambda task, ids, at: found.append((time.monotonic(), (task, ids)))
    )
    return found


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends, "it was never rung"
        time.sleep(0.005)


def test_many_rings_in_a_moment_are_the_first_and_one_more(
    sent: list[tuple[float, Ring]],
) -> None:
    soon = doorbell._Soon(pause=1.0)
    soon.put("follow", (1, 2))
    until(lambda: len(sent) == 1)
    for _ in range(100):
        soon.put("follow", (1, 2))
    soon.put("follow", (1, 3))
    until(lambda: len(sent) == 3)
    assert [ring for _, ring in sent] == [
        ("follow", (1, 2)),
        ("follow", (1, 2)),
        ("follow", (1, 3)),
    ]
    assert sent[1][0] - sent[0][0] >= 0.9
    time.sleep(1.2)
    assert len(sent) == 3


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
    sent: list[tuple[float, Ring]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "_soon", doorbell._Soon(pause=0.0))
    with transaction.atomic():
        doorbell.ring_soon("follow", 1)
        transaction.set_rollback(True)
    with transaction.atomic():
        doorbell.ring_soon("follow", 2)
        time.sleep(0.1)
        assert sent == []
    until(lambda: [ring for _, ring in sent] == [("follow", (2,))])
