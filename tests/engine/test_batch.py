"""One call over many documents is one call, and many outcomes: each document is settled alone.

The rounds at the end kill or pause a worker at every boundary of a batch and print what they did.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from connectors.core.errors import ErrorKind, RetryLater
from connectors.core.states import Reason, State
from connectors.engine import deliver, links, outcomes
from connectors.models import Attempt, Document, Outcome
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import CHILDREN
from tests.engine.tiny.target import Items, error, lost_answer
from tests.engine.tiny.world import Killed, Pause, Worker, World, once
from tests.sampling import first_here

Result = Outcome.Result
KEYS = ["c1", "c2", "c3", "c4"]
LOST = ["c2", "c3"]


@pytest.fixture
def read(world: World) -> World:
    """Four children have been read and can be created in one call."""
    for key in KEYS:
        world.source.put(CHILDREN, key)
    world.read()
    return world


def posted_once(world: World) -> bool:
    return (
        set(world.states().values()) == {State.POSTED}
        and world.target.most_per_reference() == 1
        and len(world.target.records) == len(KEYS)
        and set(world.links()) == set(KEYS)
    )


def test_many_documents_leave_in_one_call(read: World) -> None:
    read.work()
    assert read.target.calls == [("create", tuple(f"tiny:children:{k.upper()}" for k in KEYS))]
    assert posted_once(read)
    with read.scope():
        batches = set(Attempt.objects.values_list("batch", flat=True))
    assert len(batches) == 1
    assert None not in batches
    assert len(read.events("target.create")) == len(KEYS)


def test_every_intent_is_committed_before_the_call(read: World) -> None:
    seen: list[int] = []

    def look(items: Items) -> None:
        seen.append(Worker(lambda: len([k for k in KEYS if read.attempts(k)])).end())

    read.target.before = look
    read.work()
    assert seen == [len(KEYS)]


def test_a_refused_row_holds_its_own_document(read: World) -> None:
    read.target.refused["tiny:children:C2"] = error(ErrorKind.REJECTED, "no such tax")
    read.target.refused["tiny:children:C3"] = lost_answer()
    read.work()
    assert read.states() == {
        "c1": State.POSTED,
        "c2": State.HELD,
        "c3": State.UNCONFIRMED,
        "c4": State.POSTED,
    }
    assert read.document("c2").reason == Reason.REFUSED
    read.target.refused.clear()
    read.settle()
    assert read.state("c3") == State.POSTED


def test_a_lost_answer_makes_every_document_unconfirmed_and_each_is_looked_up(
    read: World,
) -> None:
    read.target.after = once(lost_answer())
    read.work()
    assert set(read.states().values()) == {State.UNCONFIRMED}
    read.settle()
    assert posted_once(read)
    assert sorted(read.target.looks) == [f"tiny:children:{key.upper()}" for key in KEYS]


def test_a_call_that_was_half_carried_out_is_completed(read: World) -> None:
    """The target took some rows before the connection broke."""
    take = read.target._take_effect

    def break_off(part: object, step: object) -> object:
        if len(read.target.records) == 2:
            raise lost_answer()
        return take(part, step)  # type: ignore[arg-type]

    read.target._take_effect = break_off  # type: ignore[method-assign,assignment]
    read.work()
    assert len(read.target.records) == 2
    read.target._take_effect = take  # type: ignore[method-assign]
    read.settle()
    assert posted_once(read)


def test_a_limit_hands_every_document_back(read: World) -> None:
    at = read.document("c1").created_at
    read.target.before = once(RetryLater(at, "no calls left"))
    read.work()
    assert set(read.states().values()) == {State.DUE}
    read.work()
    assert posted_once(read)
    assert read.outcomes("c1") == [Result.NOT_SENT, Result.DONE]


def test_documents_whose_claim_was_lost_before_are_left_out(
    read: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = deliver._keep

    def lose_some(job: object, queue: object) -> None:
        keep(job, queue)  # type: ignore[arg-type]
        monkeypatch.setattr(deliver, "_keep", keep)
        with read.scope():
            Document.objects.filter(key__in=LOST).update(fence=99)

    monkeypatch.setattr(deliver, "_keep", lose_some)
    read.work()
    assert read.target.calls == [("create", ("tiny:children:C1", "tiny:children:C4"))]
    assert {key: read.attempts(key) for key in LOST} == {key: [] for key in LOST}
    read.settle()
    assert posted_once(read)


def test_a_batch_of_one_is_an_ordinary_call(world: World) -> None:
    world.source.put(CHILDREN, "c1")
    world.read()
    world.work()
    assert [attempt.batch for attempt in world.attempts("c1")] == [None]
    assert world.state("c1") == State.POSTED


# --- killed and paused at every boundary ------------------------------------------------------

Patch = Callable[[World, pytest.MonkeyPatch, Callable[..., None]], None]


def _inside(module: object, name: str, call: int) -> Patch:
    """Strike right before the so-manieth call of a function of the engine."""

    def patch(world: World, monkeypatch: pytest.MonkeyPatch, strike: Callable[..., None]) -> None:
        real, calls = getattr(module, name), Counter[str]()

        def struck(*args: object, **named: object) -> object:
            calls["made"] += 1
            if calls["made"] == call:
                monkeypatch.setattr(module, name, real)
                strike()
            return real(*args, **named)

        monkeypatch.setattr(module, name, struck)

    return patch


def _before_the_target(world: World, _: object, strike: Callable[..., None]) -> None:
    world.target.before = strike


def _after_the_target(world: World, _: object, strike: Callable[..., None]) -> None:
    world.target.after = strike


BOUNDARIES: dict[str, Patch] = {
    "after the claim": _inside(deliver, "_keep", 1),
    "before any intent": _inside(outcomes, "begin", 1),
    "between intents": _inside(outcomes, "begin", 3),
    "before the target": _before_the_target,
    "after the target": _after_the_target,
    "before any outcome": _inside(deliver, "_settle", 1),
    "between outcomes": _inside(deliver, "_settle", 3),
    "inside an outcome": _inside(links, "put", 2),
    "at the last settling": _inside(deliver, "finish", 4),
}

# Elsewhere a transaction is open, and whoever takes over has to wait for its end anyhow.
PAUSES = [
    "after the claim",
    "before the target",
    "after the target",
    "before any outcome",
    "between outcomes",
]


@pytest.mark.parametrize("boundary", list(BOUNDARIES))
def test_a_batch_survives_a_kill_at(
    read: World, boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read.target.refuses_doubles = False

    def strike(*_: object) -> None:
        read.target.before = read.target.after = lambda items: None
        raise Killed

    BOUNDARIES[boundary](read, monkeypatch, strike)
    read.kill(read.work)
    read.settle()
    assert posted_once(read)


@pytest.mark.parametrize("boundary", first_here(*PAUSES))
def test_a_batch_survives_a_pause_at(
    read: World, boundary: str, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    """The worker wakes up when another one has finished its work."""
    if boundary == "before the target":
        engine(write_seconds=0.05)
    read.target.refuses_doubles = False
    pause = Pause()
    BOUNDARIES[boundary](read, monkeypatch, pause)
    worker = Worker(read.work)
    pause.wait()
    engine()
    read.settle()
    pause.go_on()
    worker.end()
    read.settle()
    assert posted_once(read)
