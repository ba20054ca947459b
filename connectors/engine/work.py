"""One worker's slice at an integration's documents: claim, decide, deliver, again and again.

A leased slot enters; it is given back with a time when the provider's limits or the slice say so.
"""

import time
from contextlib import ExitStack
from typing import Any, NoReturn

from connectors.core.errors import ProviderError, RetryLater
from connectors.core.flow import TARGET, PartRef
from connectors.core.records import TargetState
from connectors.engine import claims, doorbell, health, trail, upkeep
from connectors.engine.claims import Slot
from connectors.engine.decide import Decided, decide_batch, settle_decided
from connectors.engine.deliver import Stop, deliver
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.engine.runs import count_calls, queue_run
from connectors.engine.sessions import open_client
from connectors.models import Run


def work_slot(job: Job, slot: Slot) -> None:
    """Work on due documents until none is left, the slice ends, or a limit says to come later."""
    ends = time.monotonic() + policy().slice_seconds
    at = None
    try:
        with ExitStack() as stack:
            views = [(view, _Lazy(view, stack)) for view in job.views()]
            while time.monotonic() < ends and any(
                # Stops at the first that had work: what the target owns comes before the rest.
                _one_batch(view, slot, client)
                for view, client in views
            ):
                pass
    except (Stop, RetryLater) as stop:
        at = stop.at
    finally:
        with job.scope():
            claims.free_slot(slot, at=at)
        count_calls(job)


def _one_batch(job: Job, slot: Slot, client: "_Lazy") -> bool:
    """Claim and carry out one batch; False when nothing is due or the slot was lost."""
    with job.scope():
        if not claims.extend_slot(slot):
            return False
        documents = claims.claim_due(job, policy().claim_batch)
    if not documents:
        return False
    try:
        decided = decide_batch(job, documents, client.read)
        to_deliver = settle_decided(job, decided)
    except RetryLater as later:
        with job.scope():
            claims.hand_back(documents, at=later.at)
        raise
    except ProviderError as error:
        _could_not_read(job, documents, error)
    else:
        if to_deliver:
            deliver(job, _opened(job, client, to_deliver), to_deliver)
            _read_what_was_made(job, to_deliver)
    return True


def _read_what_was_made(job: Job, delivered: list[Decided]) -> None:
    """Master data that was made is to be linked soon, so that what waits for it goes on."""
    if upkeep.has_made(job, [item.document for item in delivered]):
        with job.scope():
            run = queue_run(job.integration, trigger=Run.Trigger.SCHEDULE, actor=trail.WORKER)
            doorbell.ring(doorbell.ADVANCE_RUN, job.tenant_id, run.pk)


def _opened(job: Job, client: "_Lazy", decided: list[Any]) -> Any:
    """The target's client; claims go back when it cannot be had."""
    try:
        return client.open()
    except RetryLater as later:
        with job.scope():
            claims.hand_back([item.document for item in decided], at=later.at)
        raise
    except ProviderError as error:
        _could_not_read(job, [item.document for item in decided], error)


def _could_not_read(job: Job, documents: Any, error: ProviderError) -> NoReturn:
    with job.scope():
        claims.hand_back(documents, at=error.facts.retry_at)
    if error.kind in health.CONNECTION_KINDS:
        health.report(job, TARGET, error)
    raise Stop(error.facts.retry_at) from error


class _Lazy:
    """Connects to the target only when a decision or a delivery needs it."""

    def __init__(self, job: Job, stack: ExitStack) -> None:
        self._job = job
        self._stack = stack
        self._client: Any = None

    def open(self) -> Any:
        if self._client is None:
            self._client = self._stack.enter_context(open_client(self._job, TARGET))
        return self._client

    def read(self, part: PartRef) -> TargetState | None:
        return self._job.flow.sink.read(self.open(), part)
