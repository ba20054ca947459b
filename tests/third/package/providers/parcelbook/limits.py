"""How hard Parcelbook may be used: 600 calls a minute and house, says its guide."""

from collections.abc import Mapping
from typing import Any

from connectors.transport.governor import Limits
from connectors.transport.provider import positive_int

_PER_MINUTE = 600
_CONCURRENCY = 4


def limits(settings: Mapping[str, Any], profile: Mapping[str, Any]) -> Limits:
    """The published limit; a day's limit where the tenant bought one."""
    del profile
    return Limits(
        per_minute=_PER_MINUTE,
        concurrency=_CONCURRENCY,
        per_day=positive_int(settings, "per_day"),
    )


def quota_subject(settings: Mapping[str, Any]) -> str:
    """Parcelbook counts by house."""
    return f"parcelbook:{settings.get('house', '')}"
