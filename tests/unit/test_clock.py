"""The one clock: believes the database, measures no worse than before, takes no small step back."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.core import clock
from connectors.core.clock import Clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Steady:
    """A steady clock that tests move."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Steady:
    moved = Steady()
    monkeypatch.setattr(clock, "steady", moved)
    return moved


def apart(one: datetime, other: datetime) -> float:
    return (one - other).total_seconds()


def test_it_goes_on_from_what_the_database_said(steady: Steady) -> None:
    told = Clock()
    told.learn(NOON, 1000.0, 1000.0)
    steady.at = 1060.0
    assert told.now() == NOON + timedelta(minutes=1)


def test_before_it_was_told_anything_it_is_the_machine_s() -> None:
    assert abs(apart(Clock().now(), datetime.now(UTC))) < 60


def test_a_slow_answer_does_not_spoil_a_quick_one(steady: Steady) -> None:
    told = Clock()
    told.learn(NOON, 999.999, 1000.001)
    # The same truth, but the answer came 4 s after the database had said it.
    told.learn(NOON + timedelta(seconds=1), 1001.0, 1005.0)
    steady.at = 1005.0
    assert abs(apart(told.now(), NOON + timedelta(seconds=5))) < 0.01


def test_a_database_whose_clock_was_set_is_believed(steady: Steady) -> None:
    told = Clock()
    told.learn(NOON, 999.999, 1000.001)
    assert told.now() == NOON
    steady.at = 1001.0
    told.learn(NOON - timedelta(minutes=5), 1000.5, 1001.5)
    assert abs(apart(told.now(), NOON - timedelta(minutes=5))) < 1


def test_a_better_estimate_takes_no_small_step_back(steady: Steady) -> None:
    told = Clock()
    told.learn(NOON + timedelta(milliseconds=300), 999.0, 1001.0)
    first = told.now()
    told.learn(NOON, 999.999, 1000.001)
    assert told.now() == first
    steady.at = 1002.0
    assert abs(apart(told.now(), NOON + timedelta(seconds=2))) < 0.01


def test_an_old_estimate_gives_way(steady: Steady) -> None:
    told = Clock()
    told.learn(NOON, 999.999, 1000.001)
    steady.at = 1000.0 + 86_400
    # A day later two quartzes may be seconds apart: a fresh answer counts, be it a little slow.
    told.learn(NOON + timedelta(days=1, seconds=3), steady.at - 0.01, steady.at + 0.01)
    assert abs(apart(told.now(), NOON + timedelta(days=1, seconds=3))) < 0.1
