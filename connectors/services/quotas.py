"""How much of each connection's calls a day is used, and when the day's budget would end.

Read inside the tenant's scope, from the counts that are kept of our own calls; nobody is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.core import clock
from connectors.engine import quota
from connectors.models import Connection, Health
from connectors.transport.governor import Limits
from connectors.transport.provider import ProviderSpec

# Sooner after a day's beginning, a rate says nothing of the rest of it.
_EARLY_SECONDS = 3_600
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One connection's calls of its provider's day. ``used`` None is not known, ``allowed`` None
    no daily limit; ``expected`` is by the day's end at this rate, ``ends_at`` when none is left.
    """

    connection: Connection
    used: int | None
    allowed: int | None
    expected: int | None
    ends_at: datetime | None
    resets_at: datetime

    @property
    def share(self) -> float:
        """Of the allowed calls, in percent."""
        return _percent(self.used or 0, self.allowed)

    @property
    def ahead(self) -> float:
        """What is expected beyond what is used, in percent of the allowed calls."""
        return max(0.0, _percent(self.expected or 0, self.allowed) - self.share)


def gauges(provider_of: Callable[[str], ProviderSpec]) -> list[Gauge]:
    """Of every connection that works, by name. One that was never tested proves no account."""
    rows = Connection.objects.filter(health=Health.READY).defer("sealed_credentials")
    now = clock.now()
    asked = []
    for row in rows.order_by("name", "pk"):
        provider = provider_of(row.provider)
        limits = provider.limits(row.settings, row.profile)
        asked.append((row, provider.quota_subject(row.settings), limits))
    counts = quota.used_of({(subject, limits.day(now)) for _, subject, limits in asked})
    return [
        _gauge(row, counts.get((subject, limits.day(now))), limits, now)
        for row, subject, limits in asked
    ]


def _gauge(row: Connection, used: int | None, limits: Limits, now: datetime) -> Gauge:
    allowed, resets_at = limits.per_day, limits.next_day(now)
    left = (resets_at - now).total_seconds()
    gone = _DAY_SECONDS - left
    expected, ends_at = None, None
    if used and gone >= _EARLY_SECONDS:
        rate = used / gone
        expected = round(used + rate * left)
        if allowed is not None and expected > allowed:
            ends_at = now + (resets_at - now) * (max(0, allowed - used) / (rate * left))
    return Gauge(
        connection=row,
        used=used,
        allowed=allowed,
        expected=expected,
        ends_at=ends_at,
        resets_at=resets_at,
    )


def _percent(number: int, whole: int | None) -> float:
    return min(100.0, round(100 * number / whole, 1)) if whole else 0.0
