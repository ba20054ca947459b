"""The one clock: the database's time, whatever the clock of this machine says.

Each scope asks the database for its time along with what it asks anyway. Between two answers the
time goes on by a clock that nobody sets; before the first one it is the machine's own.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# How far two machines' quartzes may drift apart in a second.
_DRIFT = 1e-4
# A smaller step back is the error of an estimate: whoever compares must not see it.
_JITTER = timedelta(seconds=1)
# Unlike the monotonic clock, which other systems have to do with, it goes on in a machine's sleep.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> float:
    """Seconds of a clock that nobody sets; only differences mean anything."""
    return time.clock_gettime(_STEADY)


@dataclass(frozen=True, slots=True)
class _Told:
    """What one answer told: ``ahead`` of the steady clock, with its greatest error."""

    ahead: float
    error: float
    at: float

    def error_at(self, moment: float) -> float:
        """The error grows with time."""
        return self.error + (moment - self.at) * _DRIFT


class Clock:
    """Tells the database's time in this process, any of its threads."""

    def __init__(self) -> None:
        self._told: _Told | None = None
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The database's time, aware."""
        told = self._told
        if told is None:
            return datetime.now(UTC)
        at = datetime.fromtimestamp(told.ahead + steady(), UTC)
        if at < self._last and self._last - at < _JITTER:
            return self._last
        self._last = at
        return at

    def learn(self, database: datetime, asked: float, answered: float) -> None:
        """Take note that between two moments of the steady clock the database said this."""
        middle, error = (asked + answered) / 2, (answered - asked) / 2
        ahead, before = database.timestamp() - middle, self._told
        if before is not None:
            worst = before.error_at(answered)
            if error > worst and abs(ahead - before.ahead) <= error + worst:
                return  # an answer that took its time says less than we know
        self._told = _Told(ahead, error, answered)


_clock = Clock()


def now() -> datetime:
    """The database's time, as this process knows it."""
    return _clock.now()


def learn(database: datetime, asked: float, answered: float) -> None:
    """See ``Clock.learn``."""
    _clock.learn(database, asked, answered)
