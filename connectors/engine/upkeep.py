"""Keeps linked master data as its owner has it: cached rows become documents, changes are noticed.

The caches of both sides and the mappings enter; documents leave, and are decided and delivered like
any other. Calls a provider only to make sure that the other side says something else by now.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from django.db.models import Q

from connectors.core.flow import SOURCE, ReferenceStream, Stream, Upkeep
from connectors.core.records import Raw
from connectors.core.references import ReferenceRow
from connectors.core.states import State
from connectors.core.upkeep import Creates, record_of
from connectors.engine import drift, trail
from connectors.engine.claims import lock_found
from connectors.engine.extract import Guard
from connectors.engine.job import Job
from connectors.engine.ledger import Reading, make_due, store
from connectors.engine.link_states import link_state
from connectors.engine.references import OVERLAP, to_row
from connectors.models import (
    Document,
    Link,
    Mapping,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
)

_AT_ONCE = 500
_KNOWN = ("key", "record", "wants_read")


def observe(job: Job, guard: Guard) -> int:
    """Make documents of what is linked, or missing and wanted; returns how many became due."""
    return sum(
        _observe(view, stream, stream.upkeep, guard)
        for view in job.views()
        for stream in _kept(view)
        if stream.upkeep is not None
    )


def look_for_drift(
    job: Job, guard: Guard, alone: Callable[[str], AbstractContextManager[None]]
) -> int:
    """Look at what the other side's cache says otherwise than we posted; returns how much it was.

    The cache only raises the suspicion: it may be older than our own last write. Each look is made
    ``alone``: a record that cannot be seen keeps nobody from the next.
    """
    found = 0
    for view in job.views():
        for stream in _kept(view):
            for link in _suspects(view, stream):
                guard()
                # The next list tells again of what is being posted at this moment.
                with alone(f"A look at {link}"), suppress(drift.OnItsWayError):
                    found += drift.look_at_target(view, link.target_kind, link.target_id)
    return found


def has_made(job: Job, documents: Sequence[Document]) -> bool:
    """Have the lists read again that show what was made of these; True when there are any.

    What is read there is then linked like anything else that carries our reference or its name.
    Of a document that is not done yet nothing is linked: its rest would be missing no longer.
    """
    upkeeps = {stream.name: stream.upkeep for stream in _kept(job)}
    kinds = set()
    with job.scope():
        for document in Document.objects.filter(
            pk__in=[document.pk for document in documents], state=State.POSTED, stream__in=upkeeps
        ):
            upkeep = upkeeps.get(document.stream)
            record = document.record or {}
            if upkeep and record and (record.get("needed") or not record.get("linked")):
                kinds.add(upkeep.kind)
        ReferenceState.objects.filter(connection=job.target, kind__in=kinds).update(read_at=None)
    return bool(kinds)


def _kept(view: Job) -> Iterator[Stream]:
    return (s for s in view.flow.streams if s.upkeep is not None and s.owner == view.owner)


def _observe(view: Job, stream: Stream, upkeep: Upkeep, guard: Guard) -> int:
    with view.reading():
        reading = ReferenceState.objects.filter(connection=view.source, kind=upkeep.kind).first()
        if reading is None or reading.read_at is None:
            return 0  # about to be read again
        wishes = list(_wishes(view, stream, upkeep, reading))
        if not wishes and not _documents(view, stream).exists():
            return 0  # nothing is there to let go of or to look at again
    now_due = 0
    for start in range(0, len(wishes), _AT_ONCE):
        guard()
        some = dict(wishes[start : start + _AT_ONCE])
        with view.scope():
            now_due += _store(view, stream, some, reading.read_at)
    with view.scope():
        linked, _ = _linked(view, upkeep)
        _release_links(view, stream, linked)
        if upkeep.enabled(view.context):
            now_due += _look_again(view, stream, upkeep, linked)
        # Of those that are listed no more there is nothing to read.
        unread = _documents(view, stream).filter(wants_read=True)
        lock_found(unread)
        unread.update(wants_read=False)
    return now_due


def _wishes(
    view: Job, stream: Stream, upkeep: Upkeep, reading: ReferenceState
) -> Iterator[tuple[str, Raw]]:
    """Keys and records of rows that are news, or that somebody wants to see decided again.

    Rows without a document get one only where that could lead to anything.
    """
    linked, confirmed = _linked(view, upkeep)
    # Said in the record, so that whoever is left with it alone is decided anew.
    shared = _shared(linked)
    missing = _missing(view, upkeep.kind)
    mode, followed = upkeep.creates(view.context), upkeep.enabled(view.context)
    known = {
        key: (record, again) for key, record, again in _documents(view, stream).values_list(*_KNOWN)
    }
    if not (followed or known or mode != Creates.NEVER):
        return
    for item in _listed(view, upkeep.kind, reading):
        others = linked.get(item.key, [])
        needed = [key for key in missing if upkeep.serves(item.key, key)]
        # One that is linked may lack what documents wait for all the same, where it leads by rules.
        needed = needed if not others or (upkeep.leads and mode == Creates.NEEDED) else []
        asked = item.active and _is_wanted(mode, needed)
        wanted = asked and not others
        if not ((others and followed) or wanted or (asked and needed) or item.key in known):
            continue
        record = record_of(
            to_row(item),
            others,
            wanted=wanted,
            needed=needed,
            followed=followed,
            shared=[key for key in others if key in shared],
            unconfirmed=set(others) - set(confirmed.get(item.key, ())),
        )
        before, again = known.get(item.key, (None, True))
        if again or before != record:
            yield item.key, record


_UNDER_WAY = (State.DELIVERING, State.UNCONFIRMED)


def _is_wanted(mode: str, needed: Sequence[str]) -> bool:
    return mode == Creates.ALWAYS or (mode == Creates.NEEDED and bool(needed))


def _listed(view: Job, kind: str, reading: ReferenceState) -> list[ReferenceItem]:
    """What the owner's last list had. A row that is not listed any more says nothing: a project
    that the account may not see any longer is not one that was closed.
    """
    items = ReferenceItem.objects.filter(connection=view.source, kind=kind)
    if not _stream_of(view, kind).incremental and reading.read_at is not None:
        items = items.filter(seen_at__gte=reading.read_at + OVERLAP)
    return list(items.order_by("pk"))


def _stream_of(view: Job, kind: str) -> ReferenceStream:
    return next(r for r in view.flow.references if r.kind == kind and r.side == view.owner)


def _linked(view: Job, upkeep: Upkeep) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The owner's keys with those of the other side: by all mappings, and by confirmed ones."""
    mappings = Mapping.objects.filter(integration=view.integration, kind=upkeep.kind)
    rows = list(mappings.values_list("source_key", "target_key", "origin"))
    pairs = [(source, target) for source, target, _ in rows]
    confirmed = [
        (source, target) for source, target, origin in rows if origin != Mapping.Origin.AUTOMATIC
    ]
    items: list[ReferenceRow] = []
    if upkeep.leads is not None:
        named = {pair[1 if view.owner == SOURCE else 0] for pair in pairs}
        kind = ReferenceItem.objects.filter(connection=view.target, kind=upkeep.kind)
        items = [to_row(item) for item in kind.filter(key__in=named)]
    return _led(view, upkeep, pairs, items), _led(view, upkeep, confirmed, items)


def _led(
    view: Job, upkeep: Upkeep, pairs: Sequence[tuple[str, str]], items: Sequence[ReferenceRow]
) -> dict[str, list[str]]:
    """Where these pairs lead, by the owner's keys."""
    found: dict[str, list[str]] = defaultdict(list)
    if upkeep.leads is not None:
        named = {pair[1 if view.owner == SOURCE else 0] for pair in pairs}
        led = upkeep.leads(pairs, (item for item in items if item.key in named))
        found.update({ours: list(theirs) for ours, theirs in led.items()})
        return found
    for source_key, target_key in pairs:
        ours, theirs = (source_key, target_key)[:: 1 if view.owner == SOURCE else -1]
        found[ours].append(theirs)
    return found


def _shared(linked: dict[str, list[str]]) -> set[str]:
    """The other side's keys that several of the owner's rows lead to."""
    number = Counter(key for others in linked.values() for key in others)
    return {key for key, times in number.items() if times > 1}


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
    documents = _documents(view, stream).filter(key__in=records)
    # A mapping may be younger than the list: what counts is when we looked at both.
    readings = [Reading(d, records[d.key], max(read_at, d.read_at or read_at)) for d in documents]
    return store(view, stream, readings)


def _documents(view: Job, stream: Stream) -> Any:
    return Document.objects.filter(integration=view.integration, stream=stream.name)


def _release_links(view: Job, stream: Stream, linked: dict[str, list[str]]) -> None:
    """Let go of records that somebody has linked otherwise since: they are not ours to keep up.

    What was made for a row and is not linked yet stays, or it would be made a second time.
    """
    taken = {key for others in linked.values() for key in others}
    links = Link.objects.filter(
        connection=view.target, document__integration=view.integration, document__stream=stream.name
    ).exclude(document__state__in=_UNDER_WAY)
    for link in links.select_related("document"):
        others = linked.get(link.document.key, [])
        if link.target_id in others or not (others or link.target_id in taken):
            continue
        trail.write([_released(link)])
        link.delete()


def _released(link: Link) -> trail.Event:
    return trail.document_event(
        "link.released",
        link.document,
        target_kind=link.target_kind,
        target_id=link.target_id,
        target_number=link.target_number,
        details={"reference": link.reference},
    )


def _look_again(view: Job, stream: Stream, upkeep: Upkeep, linked: dict[str, list[str]]) -> int:
    """Have rows decided anew that were left as they were, once the other side was read again."""
    reading = ReferenceState.objects.filter(connection=view.target, kind=upkeep.kind).first()
    if reading is None or reading.read_at is None:
        return 0
    resting = _documents(view, stream).filter(
        state__in=[State.POSTED, State.NOT_APPLICABLE], state_at__lt=reading.read_at
    )
    links = defaultdict(set)
    for document_id, key in Link.objects.filter(document__in=resting).values_list(
        "document", "target_id"
    ):
        links[document_id].add(key)
    unlinked = [
        pk for pk, key in resting.values_list("pk", "key") if set(linked.get(key, ())) - links[pk]
    ]
    return make_due(_documents(view, stream).filter(pk__in=unlinked)) if unlinked else 0


def _suspects(view: Job, stream: Stream) -> list[Link]:
    """Links of posted documents whose cached row, read since, says something else."""
    upkeep = stream.upkeep
    if upkeep is None or view.flow.differences is None or not upkeep.enabled(view.context):
        return []
    with view.reading():
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
        followed = _followed(view, upkeep)
    return [
        link
        for link in links
        if link.target_id in rows
        and (link.document.key, link.target_id) in followed
        and drift.differences(
            view, link, upkeep.state_of(to_row(rows[link.target_id]), link_state(link))
        )
    ]


def _rows(view: Job, kind: str, links: Sequence[Link]) -> dict[str, ReferenceItem]:
    wanted = Q(connection=view.target, kind=kind, key__in=[link.target_id for link in links])
    return {item.key: item for item in ReferenceItem.objects.filter(wanted)}


def _followed(view: Job, upkeep: Upkeep) -> set[tuple[str, str]]:
    """Rows of both sides that are surely the same, and the other side's linked to no second one."""
    linked, confirmed = _linked(view, upkeep)
    shared = _shared(linked)
    return {(own, key) for own, others in confirmed.items() for key in others if key not in shared}
