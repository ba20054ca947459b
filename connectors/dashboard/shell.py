"""The frame of every page of a workspace: its navigation, and what calls for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.models import Connection, Health
from connectors.services import review_queue

if TYPE_CHECKING:
    from connectors.dashboard.workspace import Workspace

# Name of the address, title, and whether it goes below the gap and into the narrow sheet.
_PAGES = (
    ("overview", "Overview", False),
    ("review", "Review", False),
    ("documents", "Documents", False),
    ("mappings", "Mappings", False),
    ("integrations", "Integrations", True),
    ("connections", "Connections", True),
    ("activity", "Activity", True),
    ("settings", "Settings", True),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the navigation."""

    name: str
    title: str
    url: str
    later: bool
    current: bool


def frame(here: Workspace, active: str) -> dict[str, Any]:
    """What the base template shows; inside the tenant's scope."""
    entries = [
        Entry(name, title, here.url(name), later, name == active) for name, title, later in _PAGES
    ]
    usable = [Health.NEW, Health.READY]
    return {
        "entries": entries,
        "later": [entry for entry in entries if entry.later],
        "needs": review_queue.size(),
        "stopped": Connection.objects.exclude(health__in=usable).count(),
    }
