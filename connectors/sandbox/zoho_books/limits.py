"""Zoho's three limits per organization: per minute, per day, and in process at once.

The minute is a sliding window of 60 real seconds counted at arrival; going over blocks the
organization for ``zoho_block_seconds``. The day is the organization's own calendar day on the
simulated clock. Options: zoho_per_minute, zoho_daily, zoho_concurrency (0 means no limit).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.clock import Clock
from connectors.sandbox.zoho_books.errors import ZohoError

PER_MINUTE = 100
BLOCK_SECONDS = 60
DAILY_BY_PLAN = {"FREE": 1000, "STANDARD": 2000, "PROFESSIONAL": 5000}
DAILY_LARGEST = 10_000
WINDOW = 60.0


class Limiter:
    """Counts one organization's requests."""

    def __init__(self, clock: Clock, options: Mapping[str, Any], zone: ZoneInfo, plan: str) -> None:
        self._clock = clock
        self._options = options
        self._zone = zone
        self._plan = plan.upper()
        self._recent: deque[float] = deque()
        self._blocked_until = 0.0
        self._in_process = 0
        self._day: date | None = None
        self._used = 0

    def admit(self) -> None:
        """Count a request in, or refuse it; every admitted one must leave again."""
        self._check_minute(time.monotonic())
        self._turn_day()
        if self.daily and self._used >= self.daily:
            raise ZohoError(
                "daily",
                "The API call for this organization has exceeded the maximum call rate limit "
                f"of {self.daily:,}.",
                429,
            )
        if self.concurrency and self._in_process >= self.concurrency:
            raise ZohoError(
                "concurrency",
                "You have reached the maximum number of in process requests allowed. Kindly try "
                "again after some time.",
                429,
            )
        self._recent.append(time.monotonic())
        self._used += 1
        self._in_process += 1

    def leave(self) -> None:
        """The request is answered."""
        self._in_process -= 1

    def headers(self) -> dict[str, str]:
        """The quota headers, which describe the day."""
        self._turn_day()
        return {
            "X-Rate-Limit-Limit": str(self.daily),
            "X-Rate-Limit-Remaining": str(max(0, self.daily - self._used)),
            "X-Rate-Limit-Reset": str(self._seconds_to_midnight()),
        }

    @property
    def daily(self) -> int:
        """Requests per day that the plan, or the option, allows."""
        plan = DAILY_BY_PLAN.get(self._plan, DAILY_LARGEST)
        return int(self._options.get("zoho_daily", plan))

    @property
    def concurrency(self) -> int:
        """Requests at once."""
        return int(self._options.get("zoho_concurrency", 5 if self._plan == "FREE" else 10))

    def use(self, calls: int) -> None:
        """Count calls that other programs of the organization made today."""
        self._turn_day()
        self._used += calls

    def _check_minute(self, now: float) -> None:
        while self._recent and self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        per_minute = int(self._options.get("zoho_per_minute", PER_MINUTE))
        if not per_minute:
            return
        if len(self._recent) >= per_minute and now >= self._blocked_until:
            self._blocked_until = now + float(
                self._options.get("zoho_block_seconds", BLOCK_SECONDS)
            )
        if now < self._blocked_until or len(self._recent) >= per_minute:
            raise ZohoError(
                "per_minute",
                "For security reasons your organization has been blocked as it have exceeded the "
                "maximum number of requests per minute that can originate from an organization.",
                429,
            )

    def _turn_day(self) -> None:
        today = self._local().date()
        if self._day != today:
            self._day, self._used = today, 0

    def _local(self) -> datetime:
        return self._clock.now().astimezone(self._zone)

    def _seconds_to_midnight(self) -> int:
        now = self._local()
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), self._zone)
        return max(1, int(midnight.timestamp() - now.timestamp()))
