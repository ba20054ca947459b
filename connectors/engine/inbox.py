"""Follows hints: reads the records that webhooks spoke of, once per record, the ordinary way.

Pending inbox events enter; they leave done after a reading that began later than the latest of
them. There is one way into the ledger, and what a fresher reading stored stays.
"""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from connectors.core.errors import ErrorKind, ProviderError, RetryLater
from connectors.core.flow import SOURCE, Stream
from connectors.engine import doorbell, drift, echoes, health
from connectors.engine.extract import read_one
from connectors.engine.job import Job
from connectors.engine.ledger import store
from connectors.engine.policy import policy
from connectors.engine.runs import queue_run
from connectors.engine.sessions import open_client
from connectors.models import Document, InboxEvent, ReferenceState, Run, WorkSlot

logger = logging.getLogger(__name__)
_MOST = 100
_CLAIM = timedelta(seconds=60)


def follow(job: Job, side: str, events: Sequence[InboxEvent]) -> bool:
    """Follow these hints for one integration; False when they must be tried again later."""
    try:
        _follow_streams(job, side, events)
        _follow_references(job, side, events)
        _follow_targets(job, side, events)
    except RetryLater as later:
        _later(job, events, later.at)
        return False
    except ProviderError as error:
        _failed(job, side, events, error)
        return False
    return True


def claim(connection_id: int) -> list[InboxEvent]:
    """The events of a connection that may be followed now, oldest first; inside the scope.

    Every delivery rings, and many arrive at once: what one worker follows, no other does. Should it
    die, the events are due again when its time is over.
    """
    rows = InboxEvent.objects.filter(
        connection=connection_id, status=InboxEvent.Status.PENDING, next_at__lte=Now()
    )
    events = list(rows.select_for_update(skip_locked=True).order_by("pk")[:_MOST])
    InboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        next_at=timezone.now() + _CLAIM
    )
    return events


def done(events: Sequence[InboxEvent], *, used: bool) -> None:
    """Mark events that every integration has followed; inside the scope."""
    status = InboxEvent.Status.DONE if used else InboxEvent.Status.IGNORED
    echoed = [event.pk for event in events if event.words == echoes.WORDS]
    all_of_them = InboxEvent.objects.filter(pk__in=[event.pk for event in events])
    now = timezone.now()
    all_of_them.exclude(pk__in=echoed).update(status=status, done_at=now, words="")
    all_of_them.filter(pk__in=echoed).update(
        status=InboxEvent.Status.IGNORED, done_at=now, words=echoes.WORDS
    )


def _follow_streams(job: Job, side: str, events: Sequence[InboxEvent]) -> None:
    if side != SOURCE:
        return
    streams = {stream.resource: stream for stream in job.flow.streams if stream.resource}
    wanted: dict[str, set[str]] = {}
    for event in events:
        if event.resource in streams:
            wanted.setdefault(event.resource, set()).add(event.key)
    with ExitStack() as stack:
        client = stack.enter_context(open_client(job, SOURCE)) if wanted else None
        for resource, keys in wanted.items():
            _read_keys(job, streams[resource], sorted(keys), client)
    if wanted:
        ring_slots(job)


def _read_keys(job: Job, stream: Stream, keys: Sequence[str], client: Any) -> None:
    with job.scope():
        Document.objects.bulk_create(
            (
                Document(integration=job.integration, stream=stream.name, rank=stream.rank, key=key)
                for key in keys
            ),
            ignore_conflicts=True,
        )
        documents = list(
            Document.objects.filter(integration=job.integration, stream=stream.name, key__in=keys)
        )
    for document in documents:
        reading = read_one(stream, client, document)
        with job.scope():
            store(job, stream, [reading])


def ring_slots(job: Job) -> None:
    """Have somebody post at once what has become due, without waiting for the dispatcher."""
    with job.scope():
        slot = (
            WorkSlot.objects.filter(integration=job.integration, leased_until__lte=Now())
            .order_by("number")
            .first()
        )
        if slot is not None:
            doorbell.ring(doorbell.WORK_SLOT, job.tenant_id, slot.pk)


def _follow_references(job: Job, side: str, events: Sequence[InboxEvent]) -> None:
    """Master data is read again by a run, once for however many hints."""
    kinds = {
        reference.kind
        for reference in job.flow.references
        if reference.side == side and any(event.resource in reference.resources for event in events)
    }
    if not kinds:
        return
    with job.scope():
        ReferenceState.objects.filter(connection=job.connection(side), kind__in=kinds).update(
            read_at=None
        )
        run = queue_run(job.integration, trigger=Run.Trigger.WEBHOOK, actor="system:webhook")
        doorbell.ring(doorbell.ADVANCE_RUN, job.tenant_id, run.pk)


def _follow_targets(job: Job, side: str, events: Sequence[InboxEvent]) -> None:
    """Somebody touched what we may have posted: look whether it still says what we meant."""
    if side == SOURCE:
        return
    kinds = job.flow.watched
    about = [event for event in events if event.resource in kinds]
    ours = {event.pk for event in echoes.among(job, about)}
    # Many hints may speak of one record; one look serves them all.
    touched = dict.fromkeys(
        (kinds[event.resource], event.key) for event in about if event.pk not in ours
    )
    for kind, key in touched:
        drift.look_at_target(job, kind, key)


def _later(job: Job, events: Sequence[InboxEvent], at: Any) -> None:
    with job.scope():
        InboxEvent.objects.filter(pk__in=[e.pk for e in events]).update(next_at=at)


def _failed(job: Job, side: str, events: Sequence[InboxEvent], error: ProviderError) -> None:
    """The hints stay pending; the reconciling poll would find the records in any case."""
    logger.warning("hints could not be followed: %s", error)
    pause = policy().retry_in(max(event.tries for event in events))
    if error.kind is ErrorKind.TRANSIENT:
        pause = min(pause, timedelta(seconds=60))
    with job.scope():
        InboxEvent.objects.filter(pk__in=[e.pk for e in events]).update(
            tries=F("tries") + 1, next_at=timezone.now() + pause, words=str(error)
        )
    if error.kind in health.CONNECTION_KINDS:
        health.report(job, side, error)
