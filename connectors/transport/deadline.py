"""How long a call may take in all: a moment after which nothing may leave and nobody waits.

The engine sets a deadline for the writes of one claim; the transport reads it right before sending
and cuts the wait for the answer with it. Knows no call and no claim.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from connectors.core import clock


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, kept on two clocks of this machine.

    The monotonic clock is right when somebody sets the wall clock, the wall clock when the whole
    machine was suspended; whichever says "late" first is believed.
    """

    monotonic: float
    wall: float

    @classmethod
    def until(cls, at: datetime) -> "Deadline":
        """``at`` is the database's time, which this machine's wall clock need not show."""
        return cls.within((at - clock.now()).total_seconds())

    @classmethod
    def within(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds, time.time() + seconds)

    def left(self) -> float:
        """Seconds that remain; negative once it has passed."""
        return min(self.wall - time.time(), self.monotonic - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left() <= 0

    def earlier(self, other: "Deadline | None") -> "Deadline":
        """The one that comes first."""
        return self if other is None or self.left() <= other.left() else other


_writes: ContextVar[Deadline | None] = ContextVar("write_deadline", default=None)


@contextmanager
def write_deadline(at: datetime) -> Iterator[Deadline]:
    """Writes inside the block must be answered by ``at`` (aware), or are not sent at all."""
    deadline = Deadline.until(at)
    token = _writes.set(deadline)
    try:
        yield deadline
    finally:
        _writes.reset(token)


def current_write_deadline() -> Deadline | None:
    """The deadline that the engine set for writes, if any."""
    return _writes.get()
