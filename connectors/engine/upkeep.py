"""Keeps linked master data as its owner has it: cached rows become documents, changes are noticed.

The caches of both sides and the mappings enter; documents leave, and are decided and delivered like
any other. Calls a provider only to make sure that the other side says something else by now.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q

from connectors.core.flow import SOURCE, ReferenceStream, Stream, Upkeep
from connectors.core.records import Raw
from connectors.core.states import State
from connectors.core.upkeep import Creates, record_of
from connectors.engine import drift
from connectors.engine.extract import Guard
from connectors.engine.facts import link_state
from connectors.engine.job import Job
from connectors.engine.ledger import Reading, store
from connectors.engine.references import to_row
from connectors.models import (
    Document,
    Link,
    Mapping,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
)

_AT_ONCE = 500


def observe(job: Job, guard: Guard) -> int:
    """Make documents of what is linked, or missing and wanted; returns how many became due."""
    return sum(
        _observe(view, stream, stream.upkeep, guard)
        for view in job.views()
        for stream in _kept(view)
        if stream.upkeep is not None and stream.upkeep.enabled(job.context)
    )


def look_for_drift(job: Job, guard: Guard) -> int:
    """Look at what the other side's cache says otherwise than we posted; returns how much it was.

    The cache only raises the suspicion: it may be older than our own last write.
    """
    found = 0
    for view in job.views():
        for stream in _kept(view):
            for link in _suspects(view, stream):
                guard()
                found += drift.look_at_target(view, link.target_kind, link.target_id)
    return found


def has_made(job: Job, documents: Sequence[Document]) -> bool:
    """Have the lists read again that show what was made of these; True when there are any.

    What is read there is then linked like anything else that carries our reference or its name.
    """
    upkeeps = {stream.name: stream.upkeep for stream in _kept(job)}
    kinds = set()
    with job.scope():
        for document in documents:
            upkeep = upkeeps.get(document.stream)
            if upkeep and document.record and not document.record.get("linked"):
                kinds.add(upkeep.kind)
        ReferenceState.objects.filter(connection=job.target, kind__in=kinds).update(read_at=None)
    return bool(kinds)


def _kept(view: Job) -> Iterator[Stream]:
    return (s for s in view.flow.streams if s.upkeep is not None and s.owner == view.owner)


def _observe(view: Job, stream: Stream, upkeep: Upkeep, guard: Guard) -> int:
    with view.scope():
        reading = ReferenceState.objects.filter(connection=view.source, kind=upkeep.kind).first()
        if reading is None or reading.read_at is None:
            return 0  # about to be read again
        wishes = list(_wishes(view, stream, upkeep, reading))
    now_due = 0
    for start in range(0, len(wishes), _AT_ONCE):
        guard()
        some = dict(wishes[start : start + _AT_ONCE])
        with view.scope():
            now_due += _store(view, stream, some, reading.read_at)
    return now_due


def _wishes(
    view: Job, stream: Stream, upkeep: Upkeep, reading: ReferenceState
) -> Iterator[tuple[str, Raw]]:
    """Keys and records of rows that are news, or that somebody wants to see decided again."""
    linked = _linked(view, upkeep.kind)
    missing = _missing(view, upkeep.kind)
    mode = upkeep.creates(view.context)
    mine = Document.objects.filter(integration=view.integration, stream=stream.name)
    known = {key: (record, again) for key, record, again in mine.values_list(*_KNOWN)}
    for item in _listed(view, upkeep.kind, reading):
        others = linked.get(item.key, [])
        needed = [] if others else [key for key in missing if upkeep.serves(item.key, key)]
        wanted = not others and item.active and _is_wanted(mode, needed)
        if not (others or wanted or item.key in known):
            continue
        record = record_of(to_row(item), others, wanted=wanted, needed=needed)
        before, again = known.get(item.key, (None, True))
        if again or before != record:
            yield item.key, record


_KNOWN = ("key", "record", "wants_read")


def _is_wanted(mode: str, needed: Sequence[str]) -> bool:
    return mode == Creates.ALWAYS or (mode == Creates.NEEDED and bool(needed))


def _listed(view: Job, kind: str, reading: ReferenceState) -> list[ReferenceItem]:
    """What the owner's last list had. A row that is not listed any more says nothing: a project
    that the account may not see any longer is not one that was closed.
    """
    items = ReferenceItem.objects.filter(connection=view.source, kind=kind)
    if not _stream_of(view, kind).incremental:
        items = items.filter(seen_at__gte=reading.read_at)
    return list(items.order_by("pk"))


def _stream_of(view: Job, kind: str) -> ReferenceStream:
    return next(r for r in view.flow.references if r.kind == kind and r.side == view.owner)


def _linked(view: Job, kind: str) -> dict[str, list[str]]:
    """The owner's keys with those of the other side."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = Mapping.objects.filter(integration=view.integration, kind=kind)
    for source_key, target_key in rows.values_list("source_key", "target_key"):
        ours, theirs = (source_key, target_key)[:: 1 if view.owner == SOURCE else -1]
        found[ours].append(theirs)
    return found


def _missing(view: Job, kind: str) -> list[str]:
    failures = MappingFailure.objects.filter(
        integration=view.integration, kind=kind, status=MappingFailure.Status.OPEN
    )
    return list(failures.values_list("source_key", flat=True))


def _store(view: Job, stream: Stream, records: dict[str, Raw], read_at: Any) -> int:
    Document.objects.bulk_create(
        (
            Document(integration=view.integration, stream=stream.name, rank=stream.rank, key=key)
            for key in records
        ),
        ignore_conflicts=True,
    )
    documents = Document.objects.filter(
        integration=view.integration, stream=stream.name, key__in=records
    )
    # A mapping may be younger than the list: what counts is when we looked at both.
    readings = [Reading(d, records[d.key], max(read_at, d.read_at or read_at)) for d in documents]
    return store(view, stream, readings)


def _suspects(view: Job, stream: Stream) -> list[Link]:
    """Links of posted documents whose cached row, read since, says something else."""
    upkeep = stream.upkeep
    if upkeep is None or view.flow.differences is None:
        return []
    with view.scope():
        reading = ReferenceState.objects.filter(connection=view.target, kind=upkeep.kind).first()
        if reading is None or reading.read_at is None:
            return []
        links = list(
            Link.objects.filter(
                connection=view.target,
                confirmed_at__lt=reading.read_at,
                document__integration=view.integration,
                document__stream=stream.name,
                document__state=State.POSTED,
            ).select_related("document")
        )
        rows = _rows(view, upkeep.kind, links)
    return [
        link
        for link in links
        if link.target_id in rows
        and drift.differences(
            view, link, upkeep.state_of(to_row(rows[link.target_id]), link_state(link))
        )
    ]


def _rows(view: Job, kind: str, links: Sequence[Link]) -> dict[str, ReferenceItem]:
    wanted = Q(connection=view.target, kind=kind, key__in=[link.target_id for link in links])
    return {item.key: item for item in ReferenceItem.objects.filter(wanted)}
