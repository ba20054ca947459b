"""What Zoho Books is told besides the source: where it belongs, and that nothing is billable.

A payload with what was posted before enters, the payload to send leaves. What stands there already
stays as it was posted, since no record, paid perhaps, is touched for that.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.answers import told
from connectors.core.decisions import Facts
from connectors.core.flow import Context

LOCATION = "location_id"
_BILLABLE = "is_billable"


def at_location(
    payload: Mapping[str, Any], posted: Mapping[str, Any], facts: Facts, context: Context
) -> dict[str, Any]:
    """The payload with the location that a person chose, else the one that the account told of.

    Zoho Books wants it in organisations of several locations.
    """
    chosen = context.target_settings.get(LOCATION) or told(facts.target_profile, "location")
    location = str((posted.get(LOCATION) if posted else chosen) or "")
    return {**payload, LOCATION: location} if location else dict(payload)


def nothing_billable(payload: Mapping[str, Any], posted: Mapping[str, Any]) -> dict[str, Any]:
    """The bill with each line said to be no cost of a customer, whatever Zoho would assume."""
    before = posted.get("lines", ())
    if before and not any(_BILLABLE in line for line in before):
        return dict(payload)
    return {**payload, "lines": [{**line, _BILLABLE: False} for line in payload["lines"]]}
