"""Quotas as words: what a provider allows to whom, and who asks before each call.

The key is the provider's quota subject (an organisation, a domain), which several connections may
share. Where the counting happens is another module's business.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

# Two percent are left unused: calls reach a provider at other intervals than they left here.
_MARGIN = 0.98
MAX_SLEEP = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one subject may do. ``per_day`` None is no daily limit; its days are ``day_zone``'s.

    ``per_10_seconds`` and ``per_hour`` are for providers that count so, beside ``per_minute``.
    """

    per_minute: int
    concurrency: int
    per_second: int | None = None
    per_day: int | None = None
    day_zone: str = "UTC"
    per_10_seconds: int | None = None
    per_hour: int | None = None

    @property
    def burst(self) -> int:
        """How many calls may go at once after a quiet time."""
        if self.per_second:
            return 1
        some = self.per_minute // 10
        return max(1, min(some, self.per_10_seconds // 4) if self.per_10_seconds else some)

    @property
    def interval(self) -> float:
        """Seconds between calls, such that no 60 seconds hold more than the limit.

        Pacing with a burst b and rate r lets at most b + 60 r calls into a sliding minute.
        """
        per_minute = max(self.per_minute * _MARGIN - self.burst, 0.5)
        if self.per_second:
            per_minute = min(per_minute, self.per_second * _MARGIN * 60)
        if self.per_10_seconds:
            per_minute = min(per_minute, max(self.per_10_seconds * _MARGIN - self.burst, 0.5) * 6)
        return 60 / per_minute

    @property
    def hourly_burst(self) -> int:
        """How much of the hour's calls may go as fast as the minute allows."""
        return max(1, self.per_hour // 4) if self.per_hour else 1

    @property
    def hourly_interval(self) -> float:
        """Seconds between calls once that is used up; 0 where nobody counts by the hour."""
        if not self.per_hour:
            return 0.0
        return 3600 / max(self.per_hour * _MARGIN - self.hourly_burst, 0.5)

    def day(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.day_zone)).date()

    def next_day(self, now: datetime) -> datetime:
        """The moment the daily count starts anew."""
        zone = ZoneInfo(self.day_zone)
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFacts:
    """What a provider says in its headers: calls left today, and in how many seconds it resets.

    ``short`` is said of a window of seconds or of an hour: once it is used up, calls wait for its
    end instead of for another day.
    """

    limit: int
    remaining: int
    reset_seconds: int
    short: bool = False


ReadQuota = Callable[[Mapping[str, str]], QuotaFacts | None]


@dataclass(slots=True)
class Admission:
    """A call that was let through; the provider's own count is put here once it has answered."""

    quota: QuotaFacts | None = None


class Governor(Protocol):
    """Asked once before each call; sleeps two seconds at most, or raises RetryLater."""

    def admit(
        self, subject: str, limits: Limits, cost: int = 1
    ) -> AbstractContextManager[Admission]:
        """Hold one of the subject's slots while the call is made; then believe its quota."""

    def pause(self, subject: str, until: datetime) -> None:
        """Let nothing through before that moment (after a 429)."""


class DailyBudget(Protocol):
    """A record of calls per day that outlives Redis."""

    def used(self, subject: str, day: date) -> int: ...

    def add(self, subject: str, day: date, calls: int) -> None: ...
