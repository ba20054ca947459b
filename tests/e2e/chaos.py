"""Strikes the processes of a running service at random, and counts what it did.

A service and a seeded chance enter. Blows come after so many calls to the simulators, not after so
much time: a slow machine meets as many as a fast one. Knows nothing of what the service does.
"""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from tests.e2e.stack import Service

WORKERS = ("worker", "second")
# Each of these comes once before any comes again.
BAG = (
    *("worker killed",) * 3,
    *("worker paused",) * 2,
    "web killed",
    "beat killed",
    "Redis lost",
)


class Chaos:
    """Call ``tick`` often; ``blows`` says what happened."""

    def __init__(self, service: Service, chance: random.Random, *, pause_seconds: float) -> None:
        """A paused worker stands still for ``pause_seconds``: longer than its claims last."""
        self.blows: Counter[str] = Counter()
        self._service = service
        self._chance = chance
        self._pause = pause_seconds
        self._bag: list[str] = []
        self._left = 0
        self._next = 0
        self._paused: tuple[str, float] | None = None

    def begin(self, blows: int) -> None:
        """So many blows at most until the next time."""
        self._left = blows
        self._next = self._calls() + self._gap()

    def calm(self) -> None:
        """No more blows; who stands still goes on."""
        self._left = 0
        if self._paused is not None:
            self._resume(self._paused[0])

    def tick(self) -> None:
        """Strike if it is time."""
        if self._paused is not None and time.monotonic() > self._paused[1]:
            self._resume(self._paused[0])
        if not self._left or self._calls() < self._next:
            return
        if not self._bag:
            self._bag = self._chance.sample(BAG, len(BAG))
        self._strike(self._bag.pop())
        self._left -= 1
        self._next = self._calls() + self._gap()

    def _strike(self, what: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "worker killed": lambda: self._kill(self._chance.choice(WORKERS)),
            "worker paused": lambda: self._stand_still(self._chance.choice(WORKERS)),
            "web killed": lambda: self._kill("web"),
            "beat killed": lambda: self._kill("beat"),
            "Redis lost": self._service.lose_redis,
        }
        acts[what]()
        self.blows[what] += 1

    def _kill(self, name: str) -> None:
        if self._paused is not None and self._paused[0] == name:
            self._paused = None
        self._service.stack.kill(name)
        self._service.stack.restart(name)

    def _stand_still(self, name: str) -> None:
        if self._paused is not None:
            self._resume(self._paused[0])
        self._service.let_stand_still(name)
        self._paused = (name, time.monotonic() + self._pause)

    def _resume(self, name: str) -> None:
        self._service.stack.signal(name, signal.SIGCONT)
        self._paused = None

    def _calls(self) -> int:
        totals = self._service.control("GET", "totals")["totals"]
        return sum(int(of_one["requests"]) for of_one in totals.values())

    def _gap(self) -> int:
        return self._chance.randint(10, 40)
