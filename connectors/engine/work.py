"""One worker's slice at an integration's documents: claim, decide, deliver, again and again.

A leased slot enters; it is given back with a time when the provider's limits or the slice say so.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, NoReturn

from connectors.core.decisions import Deliver
from connectors.core.errors import CallInsideTransactionError, ProviderError, RetryLater
from connectors.core.flow import TARGET
from connectors.core.states import Reason
from connectors.engine import claims, doorbell, health, looks, rest, trail, upkeep
from connectors.engine.apart import our_mistake
from connectors.engine.away import DATABASE_AWAY
from connectors.engine.claims import Slot
from connectors.engine.decide import Decided, decide_batch, settle_decided
from connectors.engine.deliver import Stop, deliver
from connectors.engine.job import Job, with_options_of_now
from connectors.engine.outcomes import hold
from connectors.engine.policy import policy
from connectors.engine.runs import count_calls, queue_run
from connectors.engine.sessions import LazyTarget, open_client
from connectors.models import Document, Run

logger = logging.getLogger(__name__)
# Ends of a slice, a database that is away, and a call of ours in a transaction, after which nothing
# can be trusted: none of them is a document's fault.
_EXPECTED = (
    *(Stop, RetryLater, ProviderError, CallInsideTransactionError),
    *DATABASE_AWAY,
)


def work_slot(job: Job, slot: Slot) -> None:
    """Work on due documents until none is left, the slice ends, or a limit says to come later.

    What the target owns comes first. A side that says to come later does not keep the other one.
    """
    ends = time.monotonic() + policy().slice_seconds
    stops: list[datetime | None] = []
    try:
        stops.extend(_work_until(ends, view, slot) for view in job.views())
    finally:
        with job.scope():
            claims.free_slot(slot, at=_soonest(stops))
        count_calls(job)


def _soonest(stops: Sequence[datetime | None]) -> datetime | None:
    """When the slot is of use again: at once where any side has no limit that keeps it back."""
    return None if None in stops else min((at for at in stops if at is not None), default=None)


def _work_until(ends: float, job: Job, slot: Slot) -> datetime | None:
    """Work on one side's documents; returns from when on its limits allow more."""
    try:
        with ExitStack() as stack:
            client = LazyTarget(job, stack, open_client)
            while time.monotonic() < ends and _one_batch(job, slot, client):
                pass
    except RetryLater as later:
        rest.note(job, TARGET, later)
        return later.at
    except Stop as stop:
        if stop.why is not None:
            rest.note(job, TARGET, stop.why)
        ends_at: datetime | None = stop.at
        return ends_at
    return None


def _one_batch(job: Job, slot: Slot, client: LazyTarget) -> bool:
    """Claim and carry out one batch; False when nothing is due or the slot was lost."""
    with job.scope():
        if not claims.extend_slot(slot):
            return False
        documents = claims.claim_due(job, policy().claim_batch)
        job = with_options_of_now(job)
    if not documents:
        return False
    try:
        _carry_out(job, documents, client)
    except _EXPECTED:
        raise
    except Exception:
        logger.exception("a batch of %s documents met an error", len(documents))
        for document in documents:
            _one_alone(job, document, client)
    return True


def _one_alone(job: Job, document: Document, client: LazyTarget) -> None:
    """One document of a batch that met an error: whichever brings it again is held for it."""
    with job.scope():
        claims.renew([document])
        ours = claims.is_untouched(document)
    if not ours:
        return
    try:
        _carry_out(job, [document], client)
    except _EXPECTED:
        raise
    except Exception as error:
        logger.exception("document %s met an error", document.pk)
        with job.scope():
            if claims.is_untouched(document):
                hold(document, Reason.UNREADABLE, our_mistake(error))


def _carry_out(job: Job, documents: Sequence[Document], client: LazyTarget) -> None:
    """Decide these claimed documents and deliver what is to be delivered."""
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
        try:
            if to_deliver:
                deliver(job, _opened(job, client, to_deliver), to_deliver)
        except Stop:
            _read_what_was_made(job, decided)
            raise
        _read_what_was_made(job, decided)
        looks.look_after_posting(job, documents)


def _read_what_was_made(job: Job, decided: list[Decided]) -> None:
    """Master data that was made is to be linked soon, so that what waits for it goes on.

    That it was made may have been found out by a look, so that nothing was left to deliver.
    """
    maybe = [d.document for d in decided if isinstance(d.decision, Deliver) or d.facts.links]
    if upkeep.has_made(job, maybe):
        with job.scope():
            run = queue_run(job.integration, trigger=Run.Trigger.SCHEDULE, actor=trail.WORKER)
            doorbell.ring(doorbell.ADVANCE_RUN, job.tenant_id, run.pk)


def _opened(job: Job, client: LazyTarget, decided: list[Any]) -> Any:
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
    raise Stop(error.facts.retry_at, error) from error
