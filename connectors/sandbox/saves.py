"""Named copies of what the simulators hold, so that a state that took many calls is had at once.

A simulator names the attributes that are its whole state; copies of these enter and leave. What it
shares with others (clock, options, the queue of deliveries) stays shared.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Saves(Protocol):
    """A simulator that can be saved.

    ``SAVED`` are names of attributes; ``forget`` clears what else it holds of the time since.
    """

    SAVED: tuple[str, ...]

    def forget(self) -> None:
        """Drop hooks, limits and the like."""


@dataclass(frozen=True)
class Save:
    """What the simulators held, and how far their clock was pushed: its times are of then."""

    simulators: Mapping[str, Mapping[str, Any]]
    loaded: Any
    options: Mapping[str, Any]
    clock_offset: float


def taken(simulator: Saves, *shared: object) -> dict[str, Any]:
    """A copy of the simulator's state."""
    state = {name: getattr(simulator, name) for name in simulator.SAVED}
    return copied(simulator, state, *shared)


def copied(simulator: Saves, state: Mapping[str, Any], *shared: object) -> dict[str, Any]:
    """A copy of a state in which everything but the state itself is the simulator's own."""
    own = [value for name, value in vars(simulator).items() if name not in simulator.SAVED]
    memo = {id(one): one for one in (simulator, *own, *shared)}
    return copy.deepcopy(dict(state), memo)
