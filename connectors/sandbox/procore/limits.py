"""Procore's two limits: per hour and per ten seconds, counted for one company.

Windows are fixed and run on the simulated clock. Options: procore_hourly (3600) and procore_spike
(25), 0 for none; procore_retry_after true makes refusals carry Retry-After too. The headers
describe whichever limit is nearer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.procore.errors import Refusal

HOUR, SPIKE = 3600, 10
PER_HOUR, PER_SPIKE = 3600, 25
UNLIMITED = 1_000_000
SURPASSED = (
    "You have surpassed the max number of requests for an hour. Please wait until your limit "
    "resets."
)


@dataclass(slots=True)
class Window:
    """How often was asked since the window began."""

    seconds: int
    began: float = 0.0
    used: int = 0

    def turn(self, now: float) -> None:
        if now >= self.began + self.seconds:
            self.began, self.used = now, 0

    @property
    def resets(self) -> int:
        return int(self.began + self.seconds) + 1


class Limiter:
    """Counts one company's requests."""

    def __init__(self, clock: Clock, options: Mapping[str, Any]) -> None:
        self._clock = clock
        self._options = options
        self._hour = Window(HOUR)
        self._spike = Window(SPIKE)

    def admit(self) -> None:
        """Count a request in, or refuse it."""
        self._turn()
        if any(limit <= window.used for window, limit in self._limits()):
            raise Refusal(429, SURPASSED)
        self._hour.used += 1
        self._spike.used += 1

    def headers(self, status: int) -> dict[str, str]:
        """What every answer carries about the nearer limit."""
        self._turn()
        window, limit = min(self._limits(), key=lambda pair: pair[1] - pair[0].used)
        found = {
            "X-Rate-Limit-Limit": str(limit),
            "X-Rate-Limit-Remaining": str(max(0, limit - window.used)),
            "X-Rate-Limit-Reset": str(window.resets),
        }
        if status == 429 and self._options.get("procore_retry_after"):
            found["Retry-After"] = str(max(1, window.resets - int(self._now())))
        return found

    def _limits(self) -> list[tuple[Window, int]]:
        hourly = int(self._options.get("procore_hourly", PER_HOUR)) or UNLIMITED
        spike = int(self._options.get("procore_spike", PER_SPIKE)) or UNLIMITED
        return [(self._spike, spike), (self._hour, hourly)]

    def _turn(self) -> None:
        now = self._now()
        self._hour.turn(now)
        self._spike.turn(now)

    def _now(self) -> float:
        return self._clock.now().timestamp()
