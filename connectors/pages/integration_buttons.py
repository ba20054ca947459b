"""The buttons of an integration's page: what each is called in addresses, does, and says then."""

from collections.abc import Callable
from typing import Any

from connectors.engine.job import Resolved
from connectors.models import Integration
from connectors.services import integrations

BUTTONS: dict[str, tuple[str, Callable[[Integration, Resolved, str], Any]]] = {
    "run": (
        "A run is queued.",
        lambda row, resolved, actor: integrations.run_now(row, actor=actor),
    ),
    "sweep": (
        "A run is queued that also looks for deleted and missed records.",
        lambda row, resolved, actor: integrations.run_now(row, actor=actor, sweep=True),
    ),
    "pause": (
        "Paused: nothing is posted until somebody resumes it.",
        lambda row, resolved, actor: integrations.pause(row, resolved=resolved, actor=actor),
    ),
    "resume": (
        "Started; a run is queued.",
        lambda row, resolved, actor: integrations.resume(row, resolved=resolved, actor=actor),
    ),
}
