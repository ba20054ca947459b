"""How far a provider's clock is from ours, as its ``Date`` header tells."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from connectors.core import clock


def clock_difference(headers: Mapping[str, str]) -> float | None:
    """Seconds by which the provider is ahead; None where it does not say."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError):
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return (theirs - clock.now()).total_seconds()
