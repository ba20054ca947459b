"""`python -m benchmarks.backfill`: a first reading as a worker does it, for so many seconds.

Takes a tenant and an integration. The engine's own extract lists, reads, fingerprints and stores
orders that come from memory, so that no provider's limit slows it down. Prints as JSON how many
records it stored, and when it read each of them.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import benchmarks.with_django  # noqa: F401 - before everything with models
from benchmarks.orders import Orders
from benchmarks.service import BACKFILL_BEGINS
from connectors import registry
from connectors.engine.extract import read_details, read_listing, states_of
from connectors.engine.job import Job, load_job

# Two pages, listed twice as lists that may shift are, then the details of their orders.
WINDOW = 400


def main(arguments: Sequence[str] | None = None) -> int:
    command = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    command.add_argument("tenant", type=int)
    command.add_argument("integration", type=int)
    command.add_argument("seconds", type=float)
    command.add_argument("--first", type=int, default=0, help="the first order's number")
    command.add_argument("--pace", type=float, default=0, help="records a second; 0 takes all")
    chosen = command.parse_args(arguments)
    job = load_job(chosen.tenant, chosen.integration, registry.resolve)
    print(BACKFILL_BEGINS, flush=True)
    print(json.dumps(backfill(job, chosen.first, chosen.seconds, chosen.pace)))
    return 0


def backfill(job: Job, first: int, seconds: float, pace: float = 0) -> dict[str, Any]:
    """Read window after window until the time is over, at most at this pace."""
    orders = Orders()
    stream = orders.stream()
    read: list[float] = []
    begin = time.time()

    def note(*, inside: bool = False) -> None:
        """The engine asks before each detail; its batch is stored within a tenth of a second."""
        if not inside:
            read.append(time.time())

    upto = first
    while time.time() < begin + seconds:
        orders.show(range(upto, upto + WINDOW))
        upto += WINDOW
        state = states_of(job, [stream])[f"{stream.name}/orders"]
        read_listing(job, stream, stream.listings[0], state, None, _go_on)
        read_details(job, stream, None, note)
        if pace:
            time.sleep(max(0.0, begin + (upto - first) / pace - time.time()))
    return {"stored": upto - first, "read_at": [round(instant, 2) for instant in read]}


def _go_on(*, inside: bool = False) -> None:
    """Nobody else has this work."""


if __name__ == "__main__":
    sys.exit(main())
