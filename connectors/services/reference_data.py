"""Reading both sides' master data on a person's wish, so that mapping can begin before a first run.

A job enters; the cache of reference items is filled and links that need no person are made. Reads
only; what the provider's limits put off is left to the caller, who is told from when on it may.
"""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from connectors.engine import references
from connectors.engine.job import Job
from connectors.engine.sessions import open_client
from connectors.services import identity


def read_all(job: Job) -> int:
    """Read every kind of master data of both sides; returns how many links were made.

    Raises RetryLater when the limits say so: what was read stays, and a later call goes on.
    """
    sides = {
        job.source.pk: (job.source, job.resolved.source),
        job.target.pk: (job.target, job.resolved.target),
    }
    # No run's lease stands behind this reading, so it looks itself whose accounts these are.
    job = replace(job, check_lease=identity.guard_reading(sides))
    with ExitStack() as stack:
        clients: dict[str, Any] = {}
        for stream in references.due(job, wanted=frozenset()):
            if stream.side not in clients:
                clients[stream.side] = stack.enter_context(open_client(job, stream.side))
            references.refresh(job, stream, clients[stream.side], _never_stop)
    return references.link_automatically(job)


def _never_stop(*, inside: bool = False) -> None:
    """No lease to lose: reading the same list twice does no harm."""
