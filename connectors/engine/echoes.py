"""Recognises what our own writes made the target tell us of: nothing in it is news.

Hints and a job enter, those that are echoes leave. Our account's name alone proves nothing, since
another program may act under it too: the moment must also lie within a write of ours to that very
record.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Min, Q

from connectors.core.flow import TARGET
from connectors.engine.job import Job
from connectors.models import Attempt, InboxEvent, Link

WORDS = "Our own write, told back to us: there is nothing to look at."
# How far the target's clock and ours may be apart, and a second's fraction lost in texts.
_CLOCKS = timedelta(seconds=2)


def among(job: Job, events: Sequence[InboxEvent]) -> list[InboxEvent]:
    """The hints about posted records that only tell of our own writes; gives them these words."""
    moments = _moments(job, events)
    if not moments:
        return []
    with job.scope():
        parts = _parts(job, moments)
        writes = _writes(parts)
    found = []
    for event in moments:
        link = parts.get((job.flow.watched[event.resource], event.key))
        if link is not None and _within(moments[event], writes.get((link.document_id, link.part))):
            # By these words whoever marks followed events knows them.
            event.words = WORDS
            found.append(event)
    return found


def _moments(job: Job, events: Sequence[InboxEvent]) -> dict[InboxEvent, datetime]:
    """When our own account made the change, by event. A person's replay is always looked at."""
    webhooks = job.spec(TARGET).webhooks
    own = webhooks.own if webhooks is not None else None
    if own is None:
        return {}
    asked = {event: own(event.source, job.target.profile) for event in events if not event.done_at}
    return {event: moment for event, moment in asked.items() if moment is not None}


def _parts(job: Job, moments: dict[InboxEvent, datetime]) -> dict[tuple[str, str], Link]:
    links = Link.objects.filter(
        connection=job.target, target_id__in={event.key for event in moments}
    ).only("document_id", "part", "target_kind", "target_id")
    return {(link.target_kind, link.target_id): link for link in links}


Span = tuple[datetime, datetime]


def _writes(parts: dict[tuple[str, str], Link]) -> dict[tuple[int, str], list[Span]]:
    """When each part was written: from the intent to the first that was known of its outcome."""
    wanted = Q(pk__in=())
    for link in parts.values():
        wanted |= Q(document_id=link.document_id, part=link.part)
    attempts = Attempt.objects.filter(wanted).annotate(known=Min("outcomes__at"))
    found: dict[tuple[int, str], list[Span]] = {}
    rows = attempts.values_list("document_id", "part", "at", "deadline", "known")
    for document_id, part, at, deadline, known in rows:
        end = deadline if known is None else min(known, deadline)
        found.setdefault((document_id, part), []).append((at, end))
    return found


def _within(moment: datetime, spans: list[Span] | None) -> bool:
    return any(begin - _CLOCKS <= moment <= end + _CLOCKS for begin, end in spans or ())
