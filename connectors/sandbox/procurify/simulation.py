"""What a resource of the simulator may use: the state, the clock, the options.

A protocol, so that resources do not import the simulator that lists them.
"""

from __future__ import annotations

from typing import Protocol

from connectors.sandbox.procurify.oauth import Now
from connectors.sandbox.procurify.options import Options
from connectors.sandbox.procurify.store import Store


class Simulation(Protocol):
    store: Store
    clock: Now
    options: Options
