"""Quotas over a real Redis: paced, shared, persisted, and kept when Redis forgets everything."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.core import clock
from connectors.core.errors import RetryLater
from connectors.transport.governor import Limits, QuotaFacts
from connectors.transport.redis_governor import RedisGovernor
from tests.timing import PATIENCE, is_after
from tests.transport.fakes import Flying, MemoryBudget

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


def made_by_many(governor: RedisGovernor, calls: int, limits: Limits = QUICK) -> list[float]:
    """When so many calls, or a few more, left that eight workers made together."""
    left: list[float] = []
    ends = time.monotonic() + PATIENCE

    def work(_: int) -> None:
        while len(left) < calls:
            assert time.monotonic() < ends, left
            try:
                left.append(admit(governor, limits))
            except RetryLater:
                time.sleep(0.05)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
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
    times = made_by_many(governor, 20)
    # The first may go at once, and one more is the sleep's own inaccuracy.
    assert most_ahead(times, began, per_second=10) <= 2


def test_a_flushed_redis_begins_with_an_empty_bucket(
    governor: RedisGovernor, server: "redis.Redis"
) -> None:
    burst = Limits(per_minute=600, concurrency=50)
    assert burst.burst == 60
    made_by_many(governor, 10, burst)
    # This worker's own database only: others of a parallel run count in theirs.
    server.flushdb()
    began = time.monotonic()
    after = made_by_many(governor, 20, burst)
    assert most_ahead(after, began, per_second=1 / burst.interval) <= 2


def test_a_wait_above_two_seconds_is_handed_back_and_ends(governor: RedisGovernor) -> None:
    slow = Limits(per_minute=20, concurrency=5)
    assert 2 < slow.interval < 5
    began, started = clock.now(), time.monotonic()
    with pytest.raises(RetryLater) as caught:
        admit(governor, slow)
    assert is_after(caught.value.at, began, slow.interval), "at once, with the whole wait"
    wait = (caught.value.at - clock.now()).total_seconds()
    time.sleep(max(0.0, wait - 1))
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
    started = time.monotonic()
    held.__enter__()  # and its worker never leaves
    admit(governor, one)
    assert time.monotonic() - started >= 0.45


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
    assert timedelta(0) < caught.value.at - clock.now() <= timedelta(hours=25)


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
    began = clock.now()
    flying = Flying(governor, SUBJECT, QUICK, 3)
    flying.answered(QuotaFacts(limit=1000, remaining=2, reset_seconds=600))
    # An answer that was overtaken on its way says more than is left.
    flying.answered(QuotaFacts(limit=1000, remaining=9, reset_seconds=600))
    admit(governor)
    admit(governor)
    with pytest.raises(RetryLater, match="no more calls today") as caught:
        admit(governor)
    assert is_after(caught.value.at, began, 600)
    flying.answered(QuotaFacts(limit=1000, remaining=1000, reset_seconds=86_400))
    admit(governor)


@pytest.mark.parametrize(
    "quota",
    [
        None,
        QuotaFacts(limit=1000, remaining=900, reset_seconds=600),
        QuotaFacts(limit=1000, remaining=900, reset_seconds=600, short=True),
    ],
    ids=["nothing told", "the day", "a window"],
)
def test_a_call_asks_redis_once_and_tells_it_once(
    governor: RedisGovernor, monkeypatch: pytest.MonkeyPatch, quota: QuotaFacts | None
) -> None:
    """The first admission loads the day's count and the scripts; from then on two trips a call."""
    admit(governor)
    sent: list[str] = []
    execute = redis.Redis.execute_command

    def counted(self: "redis.Redis", name: str, *arguments: Any, **options: Any) -> Any:
        sent.append(name)
        return execute(self, name, *arguments, **options)

    monkeypatch.setattr(redis.Redis, "execute_command", counted)
    with governor.admit(SUBJECT, QUICK) as admission:
        asked = list(sent)
        admission.quota = quota
    assert (asked, sent) == (["EVALSHA"], ["EVALSHA"] * 2)


def test_a_pause_holds_everybody_and_is_only_prolonged(governor: RedisGovernor) -> None:
    began = clock.now()
    governor.pause(SUBJECT, began + timedelta(seconds=30))
    governor.pause(SUBJECT, clock.now() + timedelta(seconds=5))
    with pytest.raises(RetryLater, match="pause") as caught:
        admit(governor)
    assert is_after(caught.value.at, began, 30)
    admit(governor, subject="example:org-2")


def test_a_short_pause_is_slept(governor: RedisGovernor) -> None:
    started = time.monotonic()
    governor.pause(SUBJECT, clock.now() + timedelta(seconds=0.5))
    admit(governor)
    assert time.monotonic() - started >= 0.45


def test_an_unreachable_redis_lets_nothing_through(budget: MemoryBudget) -> None:
    nobody = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    with pytest.raises(RetryLater, match="cannot be counted"):
        admit(RedisGovernor(nobody, prefix="x", budget=budget))
    nobody.close()
