"""What a preview of applying a mapping or options shows: documents, fields and names in words."""

from typing import Any

from connectors.engine.job import Job
from connectors.engine.renewal import Change, Preview
from connectors.services import posted_policy

# More are counted and summed, and applied all the same.
MOST_SHOWN = 200


def context(job: Job, found: Preview) -> dict[str, Any]:
    """What the templates of both audiences show of a preview."""
    names = posted_policy.names(job, found)
    changing = [
        {
            "document": one.document,
            "target_number": one.target_number,
            "changes": [_shown(change, names) for change in one.changes],
        }
        for one in found.changing[:MOST_SHOWN]
    ]
    return {
        "preview": found,
        "sums": sorted(found.sums.items()),
        "changing": changing,
        "more": max(0, len(found.changing) - MOST_SHOWN),
        "standing": [(one.document, one.obstacle) for one in found.standing[:MOST_SHOWN]],
    }


def _shown(change: Change, names: dict[str, str]) -> dict[str, str]:
    """A field in plain words: “account of Bearing block”, with names in the place of ids."""
    field = change.field.removesuffix("_id").replace("_", " ")
    return {
        "field": f"{field} of {change.line}" if change.line else field,
        "before": names.get(change.before, change.before) or "–",
        "after": names.get(change.after, change.after) or "–",
    }
