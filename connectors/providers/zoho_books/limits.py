"""What Zoho Books allows an organisation: calls per minute, at once, and per day by plan.

Settings and profile enter, ``Limits`` leave. The organisation is the quota subject, so two
connections to one organisation share its quota.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.answers import told
from connectors.transport.governor import Limits, QuotaFacts
from connectors.transport.provider import positive_int

_PER_MINUTE = 100
# By words in the plan's name; the smallest plan where the name says nothing.
_PER_DAY = (
    ("ultimate", 10_000),
    ("elite", 10_000),
    ("premium", 10_000),
    ("professional", 5_000),
    ("standard", 2_000),
    ("free", 1_000),
)
_CONCURRENCY_PAID = 10
_CONCURRENCY_FREE = 5


def daily_allowance(plan_name: str) -> int:
    """Calls per day of a plan, by its name as ``GET /organizations`` has it."""
    name = plan_name.casefold()
    return next((calls for word, calls in _PER_DAY if word in name), 1_000)


def limits(settings: Mapping[str, Any], profile: Mapping[str, Any]) -> Limits:
    """An organisation's limits; settings override the plan's.

    Before the plan has been read no daily limit is known: other connections may have used more of
    the organisation's calls today than the smallest plan has, and the reading must not fail for it.
    """
    plan = profile.get("plan_name")
    per_day = None if plan is None else daily_allowance(str(plan))
    # Older plans have other allowances than the published ones: what the account said counts.
    per_day = told(profile, "calls_per_day") or per_day
    paid = per_day is not None and per_day > daily_allowance("free")
    return Limits(
        per_minute=positive_int(settings, "per_minute") or _PER_MINUTE,
        concurrency=positive_int(settings, "concurrency")
        or (_CONCURRENCY_PAID if paid else _CONCURRENCY_FREE),
        per_day=positive_int(settings, "per_day") or per_day,
        day_zone=_zone(str(profile.get("time_zone", ""))),
    )


def quota_subject(settings: Mapping[str, Any]) -> str:
    """Whose quota calls count against."""
    organization = settings.get("organization_id") or "unknown"
    return f"zoho_books:{settings.get('region', '')}:{organization}"


def read_quota(headers: Mapping[str, str]) -> QuotaFacts | None:
    """The daily quota as every answer states it."""
    try:
        return QuotaFacts(
            limit=int(headers["x-rate-limit-limit"]),
            remaining=int(headers["x-rate-limit-remaining"]),
            reset_seconds=int(headers["x-rate-limit-reset"]),
        )
    except (KeyError, ValueError):
        return None


def _zone(name: str) -> str:
    """The organisation's zone, UTC for names like PST that are none."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
