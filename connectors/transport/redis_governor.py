"""The governor over Redis: pace, slots and daily budget that all workers share.

One script per admission decides and books everything at once. An emptied Redis begins with an
empty bucket and with the day's count from the persisted budget; an unreachable one lets nothing
through, because a call that nobody counted may be the one too many.
"""

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import redis

from connectors.core import clock
from connectors.core.errors import RetryLater
from connectors.transport.governor import MAX_SLEEP, Admission, DailyBudget, Limits, QuotaFacts
from connectors.transport.redis_scripts import ADMIT, LEAVE, PAUSE

# Longer than any call's deadline: a slot outlives its call only if the worker died.
_SLOT_LEASE = 45.0
_SAVE_EVERY = 20
_SAVE_AFTER = 10.0
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class _Verdict:
    word: str
    wait: float
    unsaved: int


class RedisGovernor:
    """See transport.governor.Governor. ``prefix`` keeps installations on one server apart."""

    def __init__(self, client: "redis.Redis", *, prefix: str, budget: DailyBudget) -> None:
        self._redis = client
        self._prefix = prefix
        self._budget = budget
        self._admit = client.register_script(ADMIT)
        self._end = client.register_script(LEAVE)
        self._pause = client.register_script(PAUSE)

    @contextmanager
    def admit(self, subject: str, limits: Limits, cost: int = 1) -> Iterator[Admission]:
        """Hold a slot while the call is made; sleeps two seconds at most, or raises RetryLater."""
        slot, admission = uuid.uuid4().hex, Admission()
        try:
            time.sleep(self._enter(subject, limits, cost, slot))
            yield admission
        finally:
            self._leave(subject, limits, slot, admission.quota)

    def pause(self, subject: str, until: datetime) -> None:
        """Let nothing through before that moment."""
        seconds = (until - clock.now()).total_seconds()
        if seconds > 0:
            self._quietly(self._pause, [self._key(subject, "pause")], [_micro(seconds)])

    def _enter(self, subject: str, limits: Limits, cost: int, slot: str) -> float:
        """Ask until the answer is yes; returns how long to sleep before going."""
        try:
            return self._enter_paced(subject, limits, cost, slot)
        except redis.RedisError as error:
            raise RetryLater(_soon(5), f"calls cannot be counted: {type(error).__name__}") from None

    def _enter_paced(self, subject: str, limits: Limits, cost: int, slot: str) -> float:
        started = time.monotonic()
        floor = -1
        while True:
            patience = MAX_SLEEP - (time.monotonic() - started)
            now = clock.now()
            day = limits.day(now)
            verdict = self._ask(subject, limits, cost, slot, day, floor, patience)
            if verdict.word == "go":
                self._save(subject, day, verdict.unsaved)
                return verdict.wait
            if verdict.word == "load":
                floor = self._budget.used(subject, day)
            elif verdict.word == "busy" and patience > _POLL:
                time.sleep(_POLL)
            else:
                raise _refusal(verdict, limits, now)

    def _ask(
        self,
        subject: str,
        limits: Limits,
        cost: int,
        slot: str,
        day: date,
        floor: int,
        patience: float,
    ) -> _Verdict:
        names = ("pace", "slots", f"day:{day}", "pause", "window", "hour")
        pace = [_micro(limits.interval), limits.burst, _micro(max(patience, 0))]
        slots: list[str | int] = [slot, limits.concurrency, _micro(_SLOT_LEASE)]
        budget = [cost, limits.per_day or 0, floor, _SAVE_EVERY, _micro(_SAVE_AFTER)]
        hourly = [_micro(limits.hourly_interval), limits.hourly_burst]
        answer = self._admit(
            keys=[self._key(subject, name) for name in names],
            args=[*pace, *slots, *budget, *hourly],
        )
        word, wait, unsaved = answer
        text = word.decode() if isinstance(word, bytes) else str(word)
        return _Verdict(text, int(wait) / 1e6, int(unsaved))

    def _save(self, subject: str, day: date, unsaved: int) -> None:
        if not unsaved:
            return
        try:
            self._budget.add(subject, day, unsaved)
        except Exception:
            # The next batch takes them along; the call itself was not made yet.
            self._redis.hincrby(self._key(subject, f"day:{day}"), "unsaved", unsaved)
            raise

    def _leave(self, subject: str, limits: Limits, slot: str, quota: QuotaFacts | None) -> None:
        """Free the slot and say what the answer told, in one go."""
        slots = told_key = self._key(subject, "slots")
        told: list[str | int] = ["", 0, 0]
        if quota is not None:
            name = "window" if quota.short else f"day:{limits.day(clock.now())}"
            told_key = self._key(subject, name)
            kind = "window" if quota.short else "day"
            told = [kind, max(quota.remaining, 0), _micro(max(quota.reset_seconds, 0))]
        self._quietly(self._end, [slots, told_key], [slot, *told])

    def _quietly(self, script: Any, keys: list[str], arguments: list[str | int]) -> None:
        """What follows an answer must not lose it; an unfreed slot is freed by its lease."""
        try:
            script(keys=keys, args=arguments)
        except redis.RedisError:
            return

    def _key(self, subject: str, name: str) -> str:
        # The braces keep a subject's keys together on a Redis cluster.
        return f"{self._prefix}:quota:{{{subject}}}:{name}"


def _refusal(verdict: _Verdict, limits: Limits, now: datetime) -> RetryLater:
    if verdict.word == "day":
        return RetryLater(limits.next_day(now), "the connection's calls for today are used up")
    if verdict.word == "quota":
        return RetryLater(_soon(verdict.wait), "the provider allows no more calls today")
    if verdict.word == "paused":
        return RetryLater(_soon(verdict.wait), "the provider asked for a pause")
    if verdict.word == "hour":
        return RetryLater(_soon(verdict.wait), "the calls of this hour are used up")
    if verdict.word == "busy":
        return RetryLater(_soon(1 + random.random()), "all parallel calls are taken")  # noqa: S311
    return RetryLater(_soon(verdict.wait), "the calls of this minute are used up")


def _soon(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def _micro(seconds: float) -> int:
    return int(seconds * 1_000_000)
