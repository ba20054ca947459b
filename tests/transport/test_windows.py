"""Limits by ten seconds and by the hour: paced, and paused when a provider says one is over."""

import time
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from connectors.core import clock
from connectors.core.errors import RetryLater
from connectors.transport.governor import Limits, QuotaFacts
from connectors.transport.redis_governor import RedisGovernor
from tests.timing import is_after
from tests.transport.fakes import Flying, MemoryBudget

QUICK = Limits(per_minute=60_000, concurrency=50)
SUBJECT = "example:window"


@pytest.fixture
def governor() -> Iterator[RedisGovernor]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield RedisGovernor(client, prefix=f"test-{uuid4().hex}", budget=MemoryBudget())
    client.flushdb()
    client.close()


def admit(governor: RedisGovernor, limits: Limits = QUICK) -> None:
    with governor.admit(SUBJECT, limits):
        pass


def told(governor: RedisGovernor, *said: tuple[int, int]) -> None:
    """Answers of calls that left before any of them was here: calls left, in how many seconds."""
    flying = Flying(governor, SUBJECT, QUICK, len(said))
    for remaining, seconds in said:
        quota = QuotaFacts(limit=100, remaining=remaining, reset_seconds=seconds, short=True)
        flying.answered(quota)


def refused(governor: RedisGovernor, limits: Limits = QUICK) -> datetime:
    """Until when the next call is refused."""
    with pytest.raises(RetryLater) as caught:
        admit(governor, limits)
    return caught.value.at


@pytest.fixture
def began() -> datetime:
    """Before the test."""
    return clock.now()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the governor slept; it sleeps all the same."""
    found: list[float] = []

    def sleep(seconds: float) -> None:
        found.append(seconds)
        time.sleep(seconds)

    clock = SimpleNamespace(sleep=sleep, monotonic=time.monotonic)
    monkeypatch.setattr("connectors.transport.redis_governor.time", clock)
    return found


@pytest.mark.parametrize("per_10_seconds", [1, 5, 25, 100, 1000])
@pytest.mark.parametrize("per_minute", [60, 150, 6000])
def test_burst_and_rate_together_stay_below_ten_seconds_and_a_minute(
    per_10_seconds: int, per_minute: int
) -> None:
    limits = Limits(per_minute=per_minute, per_10_seconds=per_10_seconds, concurrency=1)
    assert limits.burst + 10 / limits.interval <= max(per_10_seconds * 0.98, 1.5) + 1e-9
    assert limits.burst + 60 / limits.interval <= max(per_minute * 0.98, 1.5) + 1e-9


@pytest.mark.parametrize("per_hour", [1, 10, 600, 3600])
def test_burst_and_rate_together_stay_below_the_hour(per_hour: int) -> None:
    limits = Limits(per_minute=600, per_hour=per_hour, concurrency=1)
    calls = limits.hourly_burst + 3600 / limits.hourly_interval
    assert calls <= max(per_hour * 0.98, 1.5) + 1e-9
    assert Limits(per_minute=600, concurrency=1).hourly_interval == 0


def test_the_hour_slows_down_what_the_minute_would_allow(
    governor: RedisGovernor, began: datetime
) -> None:
    # Nothing at once, for an unknown past counts as used; then one in four seconds.
    hourly = Limits(per_minute=60_000, per_hour=1200, concurrency=5)
    assert 4 < hourly.hourly_interval < 4.2
    assert is_after(refused(governor, hourly), began, hourly.hourly_interval)
    admit(governor)


def test_a_window_that_is_used_up_pauses_until_it_resets(
    governor: RedisGovernor, began: datetime
) -> None:
    told(governor, (2, 30))
    admit(governor)
    admit(governor)
    assert is_after(refused(governor), began, 30)


def test_the_end_of_a_short_window_is_waited_for(
    governor: RedisGovernor, slept: list[float]
) -> None:
    started = time.monotonic()
    told(governor, (0, 1))
    admit(governor)
    assert time.monotonic() - started >= 0.95
    slept.clear()
    admit(governor)
    assert sum(slept) < 0.5, "it has reset"


def test_within_a_window_the_smaller_number_counts(
    governor: RedisGovernor, began: datetime
) -> None:
    overtaken, the_other_limit = (9, 30), (5, 3000)
    told(governor, (1, 30), overtaken, the_other_limit)
    admit(governor)
    assert is_after(refused(governor), began, 30)


def test_a_nearer_limit_takes_the_place_of_the_one_known(
    governor: RedisGovernor, began: datetime
) -> None:
    told(governor, (20, 9), (0, 2000))
    assert is_after(refused(governor), began, 2000)


def test_a_window_is_not_taken_for_the_day(governor: RedisGovernor) -> None:
    admit(governor)
    told(governor, (0, 30))
    with pytest.raises(RetryLater, match="asked for a pause"):
        admit(governor)


def test_a_window_that_is_over_already_says_nothing(governor: RedisGovernor) -> None:
    told(governor, (0, 0))
    admit(governor)
