"""How hard Procore may be used: by the hour and by ten seconds, as its own headers tell.

Settings, profile and headers enter; ``Limits`` and quota facts leave. Procore counts per app and
company, so those two together are the quota subject.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.core import clock
from connectors.transport.governor import Limits, QuotaFacts
from connectors.transport.provider import positive_int

# Procore's own example of its spike limit: until a connection's test has seen the real one.
_PER_10_SECONDS = 25
_CONCURRENCY = 4
# Ten seconds, and one lost to whole numbers at each end.
_SPIKE = 12
_HOUR = 3600
_LEEWAY = 60
_DIGITS = 12


def limits(settings: Mapping[str, Any], profile: Mapping[str, Any]) -> Limits:
    """What the settings say, else what Procore's headers said at the last test.

    The hourly limit needs no number here: calls pause when the headers say that it is used up. A
    number in the settings leaves some of it to other programs.
    """
    per_10_seconds = (
        positive_int(settings, "per_10_seconds")
        or positive_int(profile, "per_10_seconds")
        or _PER_10_SECONDS
    )
    per_hour = positive_int(settings, "per_hour")
    return Limits(
        per_minute=6 * per_10_seconds,
        per_10_seconds=per_10_seconds,
        per_hour=per_hour,
        per_day=24 * per_hour if per_hour else None,
        concurrency=positive_int(settings, "concurrency") or _CONCURRENCY,
    )


def quota_subject(settings: Mapping[str, Any], client_id: str = "") -> str:
    """Whose quota calls count against: an application's in a company."""
    app = hashlib.sha256(client_id.encode()).hexdigest()[:12] if client_id else "unknown"
    company = settings.get("company_id") or "unknown"
    return f"procore:{settings.get('environment', '')}:{app}:{company}"


def read_quota(headers: Mapping[str, str]) -> QuotaFacts | None:
    """The nearer of the two limits, as every answer states it."""
    wait = reset_in(headers)
    try:
        return QuotaFacts(
            limit=int(headers["x-rate-limit-limit"]),
            remaining=int(headers["x-rate-limit-remaining"]),
            # A part of a second is a second: the window must be over for certain.
            reset_seconds=-(-wait // timedelta(seconds=1)) if wait else 0,
            short=True,
        )
    except (KeyError, ValueError):
        return None


def reset_in(headers: Mapping[str, str]) -> timedelta | None:
    """How long until the limit resets, by Procore's own clock where the answer shows it.

    No limit is longer than an hour: a reset beyond that is told by another clock, and not believed.
    """
    text = headers.get("x-rate-limit-reset", "").strip()
    if not text.isdigit() or len(text) > _DIGITS:
        return None
    seconds = int(text) - _their_time(headers)
    return timedelta(seconds=seconds) if 0 < seconds <= _HOUR + _LEEWAY else None


def spike_limit(quota: QuotaFacts | None) -> int | None:
    """The limit per ten seconds, if that is the one that an answer spoke of."""
    if quota is None or not 0 < quota.reset_seconds <= _SPIKE or quota.limit < 1:
        return None
    return quota.limit


def _their_time(headers: Mapping[str, str]) -> float:
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError):
        return clock.now().timestamp()
    return (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)).timestamp()
