"""Quotas over a real Redis: paced, shared, persisted, and kept when Redis forgets everything."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import redis
from django.conf import settings

from connectors.core.errors import RetryLater
from connectors.transport.governor import Limits, QuotaFacts
from connectors.transport.redis_governor import RedisGovernor
from tests.transport.fakes import MemoryBudget

# Fast enough that a test sees many calls: ten a second.
QUICK = Limits(per_minute=600, per_second=10, concurrency=50)
SUBJECT = "example:org-1"


@pytest.fixture
def server() -> Iterator["redis.Redis"]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def budget() -> MemoryBudget:
    return MemoryBudget()


@pytest.fixture
def governor(server: "redis.Redis", budget: MemoryBudget) -> RedisGovernor:
    return RedisGovernor(server, prefix=f"test-{uuid4().hex}", budget=budget)


def admit(governor: RedisGovernor, limits: Limits = QUICK, subject: str = SUBJECT) -> float:
    """Make a call that takes no time; returns when it left."""
    with governor.admit(subject, limits):
        return time.monotonic()


def try_until(governor: RedisGovernor, end: float, limits: Limits = QUICK) -> list[float]:
    left = []
    while time.monotonic() < end:
        try:
            left.append(admit(governor, limits))
        except RetryLater:
            time.sleep(0.05)
    return left


def most_ahead(times: list[float], began: float, per_second: float) -> float:
    """By how many calls the pace was ever exceeded, counted from the beginning.

    A thread that wakes up late on a busy machine makes calls meet, but none more of them.
    """
    return max(n - per_second * (at - began) for n, at in enumerate(sorted(times), start=1))


@pytest.mark.parametrize("per_minute", [1, 2, 5, 10, 60, 100, 120, 1000])
@pytest.mark.parametrize("per_second", [None, 2])
def test_burst_and_rate_together_stay_below_the_minute(
    per_minute: int, per_second: int | None
) -> None:
    limits = Limits(per_minute=per_minute, per_second=per_second, concurrency=1)
    assert limits.burst + 60 / limits.interval <= max(per_minute * 0.98, 1.5) + 1e-9
    if per_second:
        assert int(limits.burst + 1 / limits.interval) <= per_second


def test_many_workers_together_keep_the_pace(governor: RedisGovernor) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        rounds = pool.map(lambda _: try_until(governor, began + 2), range(8))
        times = [at for left in rounds for at in left]
    assert len(times) >= 10
    # The first may go at once, and one more is the sleep's own inaccuracy.
    assert most_ahead(times, began, per_second=10) <= 2


def test_a_flushed_redis_begins_with_an_empty_bucket(
    governor: RedisGovernor, server: "redis.Redis"
) -> None:
    burst = Limits(per_minute=600, concurrency=50)
    assert burst.burst == 60
    end = time.monotonic() + 1.0
    before = try_until(governor, end, burst)
    # This worker's own database only: others of a parallel run count in theirs.
    server.flushdb()
    end = time.monotonic() + 1.0
    with ThreadPoolExecutor(10) as pool:
        after = [
            at
            for left in pool.map(lambda _: try_until(governor, end, burst), range(10))
            for at in left
        ]
    # Waiting admissions of up to two seconds finish after the end.
    span = 3.0 / burst.interval
    assert before
    assert 1 <= len(after) <= span + 1


def test_a_wait_above_two_seconds_is_handed_back_and_ends(governor: RedisGovernor) -> None:
    slow = Limits(per_minute=20, concurrency=5)
    assert 2 < slow.interval < 5
    started = time.monotonic()
    with pytest.raises(RetryLater) as caught:
        admit(governor, slow)
    assert time.monotonic() - started < 1
    wait = (caught.value.at - datetime.now(UTC)).total_seconds()
    assert 1.5 < wait <= slow.interval
    time.sleep(max(0.0, wait - 1.9))
    assert admit(governor, slow) - started >= slow.interval - 0.05


def test_subjects_do_not_share_and_connections_of_a_subject_do(
    governor: RedisGovernor, server: "redis.Redis", budget: MemoryBudget
) -> None:
    one = Limits(per_minute=600, per_second=10, concurrency=1)
    with governor.admit(SUBJECT, one):
        admit(governor, one, "example:org-2")
        with pytest.raises(RetryLater, match="parallel"):
            admit(governor, one)


def test_a_slot_is_free_again_after_its_call(governor: RedisGovernor) -> None:
    one = Limits(per_minute=600, per_second=10, concurrency=1)
    for _ in range(3):
        admit(governor, one)
    with pytest.raises(ZeroDivisionError), governor.admit(SUBJECT, one):
        raise ZeroDivisionError
    admit(governor, one)


def test_a_killed_workers_slot_frees_itself(
    governor: RedisGovernor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.transport.redis_governor._SLOT_LEASE", 0.5)
    one = Limits(per_minute=600, per_second=10, concurrency=1)
    held = governor.admit(SUBJECT, one)
    held.__enter__()  # and its worker never leaves
    started = time.monotonic()
    admit(governor, one)
    assert time.monotonic() - started >= 0.3


def test_the_days_calls_are_kept_and_end_at_midnight_of_the_zone(
    governor: RedisGovernor,
) -> None:
    limits = Limits(
        per_minute=600, per_second=10, concurrency=5, per_day=3, day_zone="Pacific/Auckland"
    )
    for _ in range(3):
        admit(governor, limits)
    with pytest.raises(RetryLater, match="today") as caught:
        admit(governor, limits)
    local = caught.value.at.astimezone(ZoneInfo("Pacific/Auckland"))
    assert (local.hour, local.minute) == (0, 0)
    assert timedelta(0) < caught.value.at - datetime.now(UTC) <= timedelta(hours=25)


def test_a_lost_redis_takes_the_day_up_from_the_persisted_count(
    governor: RedisGovernor,
    server: "redis.Redis",
    budget: MemoryBudget,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.transport.redis_governor._SAVE_EVERY", 2)
    limits = Limits(per_minute=600, per_second=20, concurrency=5, per_day=6)
    for _ in range(4):
        admit(governor, limits)
    assert budget.adds == [2, 2]
    # This worker's own database only: others of a parallel run count in theirs.
    server.flushdb()
    for _ in range(2):
        admit(governor, limits)
    with pytest.raises(RetryLater, match="today"):
        admit(governor, limits)
    assert budget.calls == 6


def test_a_failed_save_is_made_up_for(
    governor: RedisGovernor, budget: MemoryBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.transport.redis_governor._SAVE_EVERY", 1)

    def failing(*_: object) -> None:
        raise ConnectionError("no database")

    one = Limits(per_minute=600, per_second=10, concurrency=1)
    with monkeypatch.context() as patch:
        patch.setattr(budget, "add", failing)
        with pytest.raises(ConnectionError):
            admit(governor, one)
    admit(governor, one)
    assert budget.calls == 2


def test_the_providers_own_count_is_believed(governor: RedisGovernor) -> None:
    admit(governor)
    governor.observe(SUBJECT, QUICK, QuotaFacts(limit=1000, remaining=2, reset_seconds=600))
    # An answer that was overtaken on its way says more than is left.
    governor.observe(SUBJECT, QUICK, QuotaFacts(limit=1000, remaining=9, reset_seconds=600))
    admit(governor)
    admit(governor)
    with pytest.raises(RetryLater, match="no more calls today") as caught:
        admit(governor)
    assert 500 < (caught.value.at - datetime.now(UTC)).total_seconds() <= 600
    governor.observe(SUBJECT, QUICK, QuotaFacts(limit=1000, remaining=1000, reset_seconds=86_400))
    admit(governor)


def test_a_pause_holds_everybody_and_is_only_prolonged(governor: RedisGovernor) -> None:
    until = datetime.now(UTC) + timedelta(seconds=30)
    governor.pause(SUBJECT, until)
    governor.pause(SUBJECT, datetime.now(UTC) + timedelta(seconds=5))
    with pytest.raises(RetryLater, match="pause") as caught:
        admit(governor)
    assert abs((caught.value.at - until).total_seconds()) < 1
    admit(governor, subject="example:org-2")


def test_a_short_pause_is_slept(governor: RedisGovernor) -> None:
    started = time.monotonic()
    governor.pause(SUBJECT, datetime.now(UTC) + timedelta(seconds=0.5))
    admit(governor)
    assert time.monotonic() - started >= 0.45


def test_an_unreachable_redis_lets_nothing_through(budget: MemoryBudget) -> None:
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    with pytest.raises(RetryLater, match="cannot be counted"):
        admit(RedisGovernor(nobody, prefix="x", budget=budget))
    nobody.close()
