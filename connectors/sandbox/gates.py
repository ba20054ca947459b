"""Gates hold a request at a boundary until a test lets it go.

"before" means that the request has arrived and nothing was done, "after" that its effect is
committed and the answer not yet sent. Kill and pause tests stand at these two places; the gate
knows nothing of what the request does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.matching import Incoming, Match

PHASES = ("before", "after")
ACTIONS = ("continue", "abort")


class Gate:
    """Stops the nth matching request at one phase, once."""

    def __init__(self, number: int, raw: Mapping[str, Any]) -> None:
        self.id = str(number)
        self.phase = raw.get("phase", "before")
        if self.phase not in PHASES:
            raise ValueError(f"A gate's phase is one of {PHASES}, not {self.phase!r}.")
        self.match = Match.parse(raw.get("match") or {})
        self.nth = int(raw.get("nth", 1))
        if self.nth < 1:
            raise ValueError("A gate's nth counts from 1.")
        self.seen = 0
        self.request: dict[str, str] = {}
        self.action = "continue"
        self.hit = asyncio.Event()
        self.released = asyncio.Event()

    def counts(self, incoming: Incoming) -> bool:
        """Count a matching request; true for the one that is to be held."""
        if self.hit.is_set() or self.released.is_set() or not self.match.covers(incoming):
            return False
        self.seen += 1
        return self.seen == self.nth

    async def hold(self, incoming: Incoming) -> str:
        """Hold the request until released; returns what the test wants done with it."""
        self.request = {"method": incoming.method, "path": incoming.path, "query": incoming.query}
        self.hit.set()
        await self.released.wait()
        return self.action

    def release(self, action: str) -> None:
        """Let the request go on, or have its connection aborted."""
        if action not in ACTIONS:
            raise ValueError(f"A gate is released with one of {ACTIONS}, not {action!r}.")
        self.action = action
        self.released.set()

    def summary(self) -> dict[str, Any]:
        """What a waiting test wants to know."""
        return {
            "id": self.id,
            "phase": self.phase,
            "hit": self.hit.is_set(),
            "released": self.released.is_set(),
            "seen": self.seen,
            "request": self.request,
        }


class Gates:
    """All gates of the process, by id."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}
        self._number = 0

    def add(self, raw: Mapping[str, Any]) -> Gate:
        """Set up a gate; it counts requests from now on."""
        gate = Gate(self._number + 1, raw)
        self._number += 1
        self._gates[gate.id] = gate
        return gate

    def get(self, gate_id: str) -> Gate:
        """The gate of that id."""
        if gate_id not in self._gates:
            raise LookupError(f"There is no gate {gate_id}.")
        return self._gates[gate_id]

    def all(self) -> list[dict[str, Any]]:
        """What a test wants to know that waits at several."""
        return [gate.summary() for gate in self._gates.values()]

    def clear(self) -> None:
        """Open every gate and forget them, so that no request stays held."""
        for gate in self._gates.values():
            gate.release("continue")
        self._gates.clear()

    async def pass_through(self, phase: str, incoming: Incoming) -> str:
        """Hold the request where a gate says so; "continue" when none does."""
        for gate in list(self._gates.values()):
            if gate.phase == phase and gate.counts(incoming):
                return await gate.hold(incoming)
        return "continue"
