"""Finds abandoned claims and settles writes of unknown fate by looking at the target.

A claim that ran out without an open write goes back to the queue; one with an open write becomes
unconfirmed. *Absent* is believed only at the second empty look, some time after the write's
deadline; until then nothing is ever sent again.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.decisions import Conflict, Found, Probe
from connectors.core.errors import ProviderError, RetryLater
from connectors.core.flow import TARGET
from connectors.core.states import Over, Reason, State
from connectors.engine import claims, health, links, outcomes, plans, rest
from connectors.engine.away import DATABASE_AWAY
from connectors.engine.job import Job
from connectors.engine.outcomes import Result, Sent
from connectors.engine.policy import policy
from connectors.models import EPOCH, Attempt, Document, Link, Outcome

logger = logging.getLogger(__name__)


def recover(job: Job, open_target: Callable[[Job], AbstractContextManager[Any]]) -> None:
    """Free what was abandoned, then look up what is in doubt, at whichever side it was written.

    A side that cannot be asked does not keep us from asking the other one; its error comes last.
    """
    free_abandoned(job)
    errors = []
    for view in job.views():
        try:
            with open_target(view) as client:
                look_up(view, client)
        except RetryLater as later:
            rest.note(view, TARGET, later)
        except ProviderError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def free_abandoned(job: Job) -> int:
    """Move documents whose claim ran out: a worker died, was paused, or lost its database."""
    with job.scope():
        lost = Document.objects.filter(
            integration=job.integration, state=State.DELIVERING, claimed_until__lte=Now()
        )
        claims.lock_found(lost)
        clean = lost.filter(open_attempt=None).update(
            state=State.DUE, state_at=clock.now(), claimed_until=EPOCH, next_at=EPOCH
        )
        doubtful = lost.filter(~Q(open_attempt=None)).update(
            state=State.UNCONFIRMED,
            state_at=clock.now(),
            claimed_until=EPOCH,
            next_at=EPOCH,
            words="A worker stopped between sending and answer. We look at the target first.",
        )
    return clean + doubtful


def look_up(job: Job, client: Any) -> int:
    """Look at the target for every write whose fate is unknown and due; returns how many."""
    seen = 0
    while True:
        with job.scope():
            documents = claims.claim_unconfirmed(job, policy().claim_batch)
        if not documents:
            return seen
        for index, document in enumerate(documents):
            if not _look_at(job, client, document):
                _give_back(job, documents[index + 1 :])
                return seen
            seen += 1


def _give_back(job: Job, documents: list[Document]) -> None:
    with job.scope():
        for document in documents:
            Document.objects.filter(pk=document.pk, fence=document.fence).update(
                claimed_until=EPOCH
            )


def _look_at(job: Job, client: Any, document: Document) -> bool:
    """One probe and what follows; False when no further look should be made now."""
    with job.scope():
        attempt = Attempt.objects.get(pk=document.open_attempt or 0)
        link = Link.objects.filter(document=document, part=attempt.part).first()
    sent = Sent(document=document, attempt=attempt)
    try:
        probe = job.flow.sink.probe(client, plans.ref_of(attempt, link), plans.step_of(attempt))
    except RetryLater as error:
        rest.note(job, TARGET, error)
        _later(job, document, rest.own_wait(error.at) or clock.now())
        return False
    except DATABASE_AWAY:
        raise
    except ProviderError as error:
        _later(job, document, clock.now() + policy().retry_in(document.tries), tried=True)
        if error.kind in health.CONNECTION_KINDS:
            health.report(job, TARGET, error)
            return False
        return True
    except Exception:
        # What it says cannot be read, or we cannot read it: the others are looked at all the same.
        logger.exception("what the target says of %s cannot be read", attempt.reference)
        _later(job, document, clock.now() + policy().retry_in(document.tries), tried=True)
        return True
    with job.scope():
        if _still_open(sent):
            _conclude(job, sent, probe)
    return True


def _still_open(sent: Sent) -> bool:
    return (
        Document.objects.select_for_update()
        .filter(
            pk=sent.document.pk,
            fence=sent.document.fence,
            open_attempt=sent.attempt.pk,
            state=State.UNCONFIRMED,
        )
        .exists()
    )


def _conclude(job: Job, sent: Sent, probe: Probe) -> None:
    if isinstance(probe, Found):
        if outcomes.found(job, sent, probe):
            # Decided anew, so that only what remains is done: a later step, a newer version.
            outcomes.settle(sent.document, State.DUE)
    elif isinstance(probe, Conflict) and probe.state is None and plans.step_of(sent.attempt).ends:
        # What was to be taken back is gone: that is decided anew, and ends.
        outcomes.fail(sent, Result.CONFLICT, None, probe.words)
        links.note_status(sent, Over.DELETED)
        outcomes.settle(sent.document, State.DUE)
    elif isinstance(probe, Conflict):
        outcomes.fail(sent, Result.CONFLICT, None, probe.words)
        missing = probe.state is None and not sent.attempt.step["creates"]
        reason = Reason.TARGET_MISSING if missing else probe.reason
        outcomes.hold(sent.document, reason, probe.words)
    else:
        _absent(job, sent)


def _absent(job: Job, sent: Sent) -> None:
    """Note an empty look; the one that counts comes after the write's deadline has settled."""
    counts_from = sent.attempt.deadline + timedelta(seconds=policy().settle_seconds)
    looked_before = Outcome.objects.filter(attempt=sent.attempt, result=Result.ABSENT).exists()
    if looked_before and clock.now() >= counts_from:
        outcomes.fail(sent, Result.ABSENT, None, "Not found at two looks: it was never written.")
        _send_again(job, sent)
        return
    if not looked_before:
        Outcome.objects.create(
            attempt=sent.attempt, result=Result.ABSENT, words="Not found at the first look."
        )
    Document.objects.filter(pk=sent.document.pk).update(
        claimed_until=EPOCH, next_at=max(counts_from, clock.now() + timedelta(seconds=1))
    )


def _send_again(job: Job, sent: Sent) -> None:
    """Back to the queue where the target would refuse a second one; else a person decides."""
    attempt = sent.attempt
    kind = attempt.plan["target_kind"]
    if not attempt.step["creates"] or kind in job.flow.refuses_second:
        _try_again(sent.document)
        return
    # Not even a newer version may send it again: only a person can say that it is missing.
    Document.objects.filter(pk=sent.document.pk).update(again=False)
    outcomes.hold(
        sent.document,
        Reason.OUTCOME_UNKNOWN,
        f"We could not learn whether {attempt.reference} was written, and the target would accept "
        "it twice. Look for it there; replay if it is missing, dismiss if it is there.",
    )


def _try_again(document: Document) -> None:
    """At once the first time, then with growing pauses: it may be what upsets the target."""
    pause = policy().retry_in(document.tries) if document.tries else timedelta()
    outcomes.settle(document, State.DUE, next_at=clock.now() + pause, tries=document.tries + 1)


def _later(job: Job, document: Document, at: datetime, *, tried: bool = False) -> None:
    with job.scope():
        Document.objects.filter(pk=document.pk, fence=document.fence).update(
            claimed_until=EPOCH, next_at=at, tries=document.tries + tried
        )
