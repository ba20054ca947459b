"""Follows hints: reads the records that webhooks spoke of, once per record, the ordinary way.

Pending inbox events enter; they leave done after a reading that began later than the latest of
them. There is one way into the ledger, and what a fresher reading stored stays.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.errors import (
    BadInputError,
    ConnectorError,
    ErrorKind,
    ProviderError,
    RetryLater,
)
from connectors.core.flow import SOURCE, Stream
from connectors.engine import doorbell, drift, echoes, health, references, rest
from connectors.engine.apart import our_mistake
from connectors.engine.away import DATABASE_AWAY
from connectors.engine.extract import FAILURES_IN_A_ROW, is_passing, is_the_records, read_one
from connectors.engine.job import Job
from connectors.engine.ledger import store
from connectors.engine.policy import policy
from connectors.engine.runs import queue_run
from connectors.engine.sessions import open_client
from connectors.engine.unread import note
from connectors.models import Document, InboxEvent, Run, WorkSlot

logger = logging.getLogger(__name__)
_MOST = 100
# A record as its provider names it: resource and key.
Named = tuple[str, str]
Unread = dict[Named, ConnectorError]


def follow(job: Job, side: str, events: Sequence[InboxEvent]) -> set[int]:
    """Follow these hints for one integration; returns the ids of those to be tried again later."""
    try:
        unread = _follow_streams(job, side, events)
        _follow_references(job, side, events)
        unread |= _follow_targets(job, side, events)
    except RetryLater as later:
        rest.note(job, side, later)
        _later(job, events, rest.own_wait(later.at) or clock.now())
        return {event.pk for event in events}
    except ProviderError as error:
        _failed(job, events, error)
        if error.kind in health.CONNECTION_KINDS:
            health.report(job, side, error)
        return {event.pk for event in events}
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("hints met an error that nobody expected")
        _failed(job, events, ConnectorError(our_mistake(error)), bounded=True)
        return {event.pk for event in events}
    left: set[int] = set()
    known = {stream.resource for stream in job.flow.streams} if side == SOURCE else set()
    for record, why in unread.items():
        about = [event for event in events if (event.resource, event.key) == record]
        # A document keeps the wish to be read; a refusal will not turn into an answer.
        _failed(job, about, why, bounded=record[0] in known or _is_refusal(why))
        left.update(event.pk for event in about)
    return left


def claim(connection_id: int) -> list[InboxEvent]:
    """The events of a connection that may be followed now, oldest first; inside the scope.

    Every delivery rings, and many arrive at once: what one worker follows, no other does. Should it
    die, the events are due again when its time is over, which is no longer than for documents.
    """
    rows = InboxEvent.objects.filter(
        connection=connection_id, status=InboxEvent.Status.PENDING, next_at__lte=Now()
    )
    events = list(rows.select_for_update(skip_locked=True).order_by("pk")[:_MOST])
    _keep(events)
    return events


def _keep(events: Sequence[InboxEvent]) -> None:
    """They are ours for as long as one more record may take, inside the scope."""
    until = clock.now() + timedelta(seconds=policy().claim_seconds)
    mine = InboxEvent.objects.filter(pk__in=[event.pk for event in events])
    mine.filter(status=InboxEvent.Status.PENDING).update(next_at=until)


def done(events: Sequence[InboxEvent], *, used: bool) -> None:
    """Mark events that every integration has followed; inside the scope."""
    status = InboxEvent.Status.DONE if used else InboxEvent.Status.IGNORED
    echoed = [event.pk for event in events if event.words == echoes.WORDS]
    all_of_them = InboxEvent.objects.filter(pk__in=[event.pk for event in events])
    now = clock.now()
    all_of_them.exclude(pk__in=echoed).update(status=status, done_at=now, words="")
    all_of_them.filter(pk__in=echoed).update(
        status=InboxEvent.Status.IGNORED, done_at=now, words=echoes.WORDS
    )


def _follow_streams(job: Job, side: str, events: Sequence[InboxEvent]) -> Unread:
    if side != SOURCE:
        return {}
    streams = {stream.resource: stream for stream in job.flow.streams if stream.resource}
    about = {(event.resource, event.key) for event in events if event.resource in streams}
    if not about:
        return {}
    documents = _documents(job, streams, sorted(about))
    with open_client(job, SOURCE) as client:

        def read(record: Named) -> None:
            stream = streams[record[0]]
            try:
                reading = read_one(stream, client, documents[record])
            except (ProviderError, BadInputError) as error:
                if is_the_records(error):
                    note(job, documents[record], error)
                raise
            with job.scope():
                store(job, stream, [reading])

        unread = _one_by_one(job, events, documents, read)
    ring_slots(job)
    return unread


def _documents(
    job: Job, streams: Mapping[str, Stream], about: Sequence[Named]
) -> dict[Named, Document]:
    """Their documents; those that nobody has heard of yet are made."""
    keys = {key for _, key in about}
    with job.scope():
        Document.objects.bulk_create(
            (
                Document(
                    integration=job.integration,
                    stream=streams[resource].name,
                    rank=streams[resource].rank,
                    key=key,
                )
                for resource, key in about
            ),
            ignore_conflicts=True,
        )
        found = {
            (document.stream, document.key): document
            for document in Document.objects.filter(integration=job.integration, key__in=keys)
        }
    return {(resource, key): found[streams[resource].name, key] for resource, key in about}


def _one_by_one(
    job: Job,
    events: Sequence[InboxEvent],
    records: Iterable[Named],
    look: Callable[[Named], object],
) -> Unread:
    """Look at each; one that fails by itself holds up no other, several in a row end it."""
    unread: Unread = {}
    in_a_row = 0
    for record in records:
        with job.scope():
            _keep(events)
        try:
            look(record)
            in_a_row = 0
        except ProviderError as error:
            in_a_row = in_a_row + 1 if is_passing(error) else 0
            if not is_the_records(error) or in_a_row >= FAILURES_IN_A_ROW:
                raise
            unread[record] = error
        except (BadInputError, drift.OnItsWayError) as error:
            unread[record] = error
    return unread


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
        references.read_again(job.connection(side), kinds, deleted=_deleted(events))
        run = queue_run(job.integration, trigger=Run.Trigger.WEBHOOK, actor="system:webhook")
        doorbell.ring(doorbell.ADVANCE_RUN, job.tenant_id, run.pk)


def _deleted(events: Sequence[InboxEvent]) -> bool | None:
    """Whether any of these tells of a deletion; None where one does not say of what it tells."""
    said = {event.action.lower() for event in events}
    if any("delet" in action or "destroy" in action for action in said):
        return True
    return None if "" in said else False


def _follow_targets(job: Job, side: str, events: Sequence[InboxEvent]) -> Unread:
    """Somebody touched what we may have posted: look whether it still says what we meant."""
    if side == SOURCE:
        return {}
    kinds = job.flow.watched
    about = [event for event in events if event.resource in kinds]
    ours = {event.pk for event in echoes.among(job, about)}
    # Many hints may speak of one record; one look serves them all.
    touched = dict.fromkeys((e.resource, e.key) for e in about if e.pk not in ours)
    return _one_by_one(
        job, events, touched, lambda of: drift.look_at_target(job, kinds[of[0]], of[1])
    )


def _later(job: Job, events: Sequence[InboxEvent], at: Any) -> None:
    with job.scope():
        InboxEvent.objects.filter(pk__in=[e.pk for e in events]).update(next_at=at)


def _is_refusal(error: ConnectorError) -> bool:
    if isinstance(error, ProviderError):
        return not is_passing(error)
    return isinstance(error, BadInputError)


def _failed(
    job: Job, events: Sequence[InboxEvent], error: ConnectorError, *, bounded: bool = False
) -> None:
    """The hints stay pending for a later try; ``bounded`` ones are given up after several.

    The reconciling poll would find their records in any case.
    """
    logger.warning("hints could not be followed: %s", error)
    tries = max(event.tries for event in events)
    pause = policy().retry_in(tries)
    if isinstance(error, ProviderError) and error.kind is ErrorKind.TRANSIENT:
        pause = min(pause, timedelta(seconds=60))
    given_up = bounded and tries + 1 >= policy().read_tries
    ended = {"status": InboxEvent.Status.DONE, "done_at": clock.now()} if given_up else {}
    with job.scope():
        InboxEvent.objects.filter(pk__in=[e.pk for e in events]).update(
            tries=F("tries") + 1, next_at=clock.now() + pause, words=str(error), **ended
        )
