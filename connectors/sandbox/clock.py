"""The sandbox's clock: real time plus an offset that tests may push forward.

Every simulator takes its time from here (tokens expire, days change, records get their times).
It knows nothing of providers, and goes back only together with all that was written since.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time, shifted; always aware and in UTC."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this whenever the clock is pushed, so that who waits looks at it again."""
        self._listeners.append(listener)

    def now(self) -> datetime:
        """The simulated moment."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> datetime:
        """Push the clock forward and return the new time."""
        if seconds < 0:
            raise ValueError("The clock only goes forward: advance_seconds must be 0 or more.")
        self._offset += timedelta(seconds=seconds)
        for listener in self._listeners:
            listener()
        return self.now()

    def turn_back_to(self, offset_seconds: float) -> None:
        """Where everything is put back that was held then, or made anew: nothing is of later."""
        self._offset = timedelta(seconds=offset_seconds)
        for listener in self._listeners:
            listener()

    @property
    def offset_seconds(self) -> float:
        """How far simulated time is ahead of real time."""
        return self._offset.total_seconds()
