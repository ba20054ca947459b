"""Times as a busy machine keeps them: nothing here depends on how fast a test gets on."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

# A standstill, not slowness.
PATIENCE = 60.0
_ROUNDED = timedelta(seconds=0.01)


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether the condition comes true before patience ends."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def is_after(at: datetime, began: datetime, seconds: float) -> bool:
    """Whether ``at`` is so many seconds after some moment between ``began`` and now."""
    span = timedelta(seconds=seconds)
    return began + span - _ROUNDED <= at <= datetime.now(UTC) + span + _ROUNDED
