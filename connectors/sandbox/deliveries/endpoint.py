"""One address that deliveries go to: what waits for it, and how its failures hold it up.

Times are seconds of the simulated clock, so that pushing the clock ends a pause. No I/O here.
"""

from __future__ import annotations

import heapq

from connectors.sandbox.deliveries.delivery import Delivery
from connectors.sandbox.deliveries.script import Settings


class Endpoint:
    """The queue of one address, in order of due time."""

    def __init__(self) -> None:
        self.active = 0
        self._heap: list[tuple[float, int, Delivery]] = []
        self._pause = 0.0
        self._paused_until = 0.0
        self._failing_since = 0.0

    def push(self, delivery: Delivery) -> None:
        heapq.heappush(self._heap, (delivery.due, delivery.number, delivery))

    def next(self, now: float, settings: Settings) -> Delivery | None:
        """The delivery to start now, if there is one."""
        # An address that is failing is tried with one delivery at a time.
        allowed = 1 if self._pause else settings.concurrency
        if not self._heap or self.active >= allowed or self.due(now) > now:
            return None
        return heapq.heappop(self._heap)[2]

    def due(self, now: float) -> float:
        """When something can start; never, when nothing waits."""
        if not self._heap:
            return float("inf")
        return max(self._heap[0][0], self._paused_until)

    def succeeded(self) -> None:
        """A success forgets all earlier failures."""
        self._pause = self._paused_until = self._failing_since = 0.0

    def failed(self, started: float, now: float, settings: Settings) -> bool:
        """Pause, twice as long each time; true when it has gone on for too long."""
        if not self._pause:
            self._failing_since = started
        if started >= self._paused_until:
            grown = self._pause * 2 or settings.first_pause
            self._pause = min(grown, settings.largest_pause)
            self._paused_until = now + self._pause
        return now - self._failing_since >= settings.give_up_after

    def flush(self) -> list[Delivery]:
        """Give up on everything that waits; the next delivery begins afresh."""
        dropped = [delivery for _, _, delivery in self._heap]
        self._heap.clear()
        self.succeeded()
        return dropped
