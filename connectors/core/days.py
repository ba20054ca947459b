"""Business days and instants as providers write them.

A business date is the source's own day in the source's own offset: 2026-01-31T23:30-08:00 is a
January bill, whatever day it is in UTC. Knows no provider.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from connectors.core.errors import BadInputError


def parse_instant(text: str, *, zone: str = "UTC") -> datetime:
    """Read an ISO 8601 instant (offset with or without colon, or Z); aware in its own offset.

    A text without an offset is taken to be in ``zone``.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInputError(f"not a date and time: {text!r}") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))


def business_day(text: str, *, zone: str = "") -> date:
    """The day that the source itself would print for this date or date-time text.

    With ``zone`` given, instants are moved to that zone first (for sources that write UTC).
    """
    text = text.strip()
    if len(text) == len("2026-01-31"):
        return _day(text)
    instant = parse_instant(text, zone=zone or "UTC")
    return instant.astimezone(ZoneInfo(zone)).date() if zone else instant.date()


def optional_day(text: str | None, *, zone: str = "") -> date | None:
    """Like business_day, with None for an absent or empty text."""
    return business_day(text, zone=zone) if text else None


def instant_text(instant: datetime) -> str:
    """UTC in one fixed-width spelling, so that texts compare like the instants they name."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"not a date: {text!r}") from None
