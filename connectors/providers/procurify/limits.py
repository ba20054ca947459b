"""How hard Procurify may be used. Its limits are not published, so these are polite ones.

Settings enter, ``Limits`` leave. The domain is the quota subject.
"""

from collections.abc import Mapping
from typing import Any

from connectors.transport.governor import Limits
from connectors.transport.provider import positive_int

_PER_MINUTE = 120
_CONCURRENCY = 2


def limits(settings: Mapping[str, Any], profile: Mapping[str, Any]) -> Limits:
    """Two calls a second, two at once, unless the settings say otherwise."""
    del profile
    per_minute = positive_int(settings, "per_minute") or _PER_MINUTE
    return Limits(
        per_minute=per_minute,
        # Evenly spaced: calls that pile up are what Procurify warns of.
        per_second=max(1, -(-per_minute // 60)),
        concurrency=positive_int(settings, "concurrency") or _CONCURRENCY,
        per_day=positive_int(settings, "per_day"),
    )


def quota_subject(settings: Mapping[str, Any]) -> str:
    """Whose quota calls count against."""
    return f"procurify:{settings.get('subdomain', '')}"
