"""Keeps cached master data and the index of target records fresh, and links what needs no person.

Reads providers page by page; what it stores is looked at by facts. A kind with open mapping
failures is read at every run, so that a vendor added at the target is noticed by the next poll.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from connectors.core import clock
from connectors.core.flow import SOURCE, TARGET, ReferenceStream
from connectors.core.references import AutomaticLink, MappingKey, ReferenceRow
from connectors.core.states import SETTLED, Reason, State
from connectors.engine import trail
from connectors.engine.extract import Guard
from connectors.engine.facts import PERIOD_LOCK
from connectors.engine.job import Job
from connectors.engine.ledger import make_due
from connectors.engine.release import lock_mappings, release_mappings
from connectors.models import (
    Connection,
    Document,
    Mapping,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
    UnlinkedPair,
)

# How much earlier than it began a reading is said to be: whether "modified after" includes its
# bound is not documented.
OVERLAP = timedelta(seconds=1)
# A list that is read by its changes never says what was deleted: it is read to its end this often.
WHOLE = timedelta(days=1)
# Sooner where documents wait: one that was deleted or merged there may keep its twin from matching.
WHOLE_WHEN_WAITED_FOR = timedelta(hours=1)
# So many unreadable rows of a list are told one by one.
_TOLD = 20
_FIELDS = ["name", "number", "active", "gone", "attributes", "seen_at"]
# Why a document is held whose target named something that has gone since.
_PERHAPS_GONE = (Reason.REFUSED, Reason.TARGET_MISSING)


def due(job: Job, *, wanted: frozenset[str]) -> list[ReferenceStream]:
    """The kinds that must be read: never read, too old, or something waits for them."""
    states = known_states(job)
    _see_what_is_gone(job, states, wanted)
    return [
        stream
        for stream in job.flow.references
        if _is_due(stream, states.get((job.connection(stream.side).pk, stream.kind)), wanted)
    ]


def _see_what_is_gone(
    job: Job, states: dict[tuple[int, str], ReferenceState], wanted: frozenset[str]
) -> None:
    """Have lists by change that are waited for read to their end, if that was not done lately."""
    before = clock.now() - WHOLE_WHEN_WAITED_FOR
    old = [s.pk for s in states.values() if s.kind in wanted and (s.whole_at or before) < before]
    if old:
        with job.scope():
            ReferenceState.objects.filter(pk__in=old).update(whole_at=None)


def _is_due(stream: ReferenceStream, state: ReferenceState | None, wanted: frozenset[str]) -> bool:
    if state is None or state.read_at is None or stream.kind in wanted:
        return True
    return _is_whole(stream, state) or clock.now() - state.read_at > stream.every


def kinds_waited_for(job: Job) -> frozenset[str]:
    """The kinds of master data that documents wait for now, the target's period lock included."""
    with job.reading():
        kinds = frozenset(
            MappingFailure.objects.filter(
                integration=job.integration, status=MappingFailure.Status.OPEN
            ).values_list("kind", flat=True)
        )
        closed = Document.objects.filter(_held_for_period(job.target)).exists()
    return kinds | {PERIOD_LOCK} if closed else kinds


def _held_for_period(target: Connection) -> Q:
    """Those that are just being decided again are meant as well."""
    held = Q(integration__target=target, reason=Reason.PERIOD_CLOSED)
    return held & ~Q(state__in=SETTLED)


def _is_whole(stream: ReferenceStream, state: ReferenceState) -> bool:
    """Whether a list that is read by its changes must be read to its end."""
    if not stream.incremental:
        return False
    return state.whole_at is None or clock.now() - state.whole_at > WHOLE


def read_whole_soon(connection: Connection, kinds: Collection[str] | None = None) -> None:
    """Have the next run see what is gone: the target refused something that we took for there, or
    told us that it was deleted.
    """
    states = ReferenceState.objects.filter(connection=connection, whole_at__isnull=False)
    if kinds is not None:
        states = states.filter(kind__in=kinds)
    states.update(whole_at=None)


def read_again(connection: Connection, kinds: Collection[str], *, deleted: bool | None) -> None:
    """Have the next run read these lists; to their end where something was deleted, and now and
    then where it was not said what happened.
    """
    states = ReferenceState.objects.filter(connection=connection, kind__in=kinds)
    states.update(read_at=None)
    if deleted is None:
        states = states.filter(whole_at__lt=clock.now() - WHOLE_WHEN_WAITED_FOR)
    if deleted is not False:
        states.update(whole_at=None)


def refresh(job: Job, stream: ReferenceStream, client: Any, guard: Guard) -> int:
    """Read one kind of master data of one side; returns how many rows could not be read."""
    state = state_of(job, stream.side, stream.kind)
    whole = _is_whole(stream, state)
    since = state.since if stream.incremental and not whole else ""
    started, newest = clock.now(), since
    unreadable, remarks = list[str](), list[str]()
    guard()
    for page in stream.fetch(client, since or None):
        guard(inside=True)
        unreadable += page.unreadable
        remarks += page.remarks
        with job.scope():
            news = _store_items(job.connection(stream.side), page.rows)
            # With the rows: whoever reads them again finds no news any more.
            if news and stream.side == TARGET:
                _look_again(job, stream.kind, news)
        newest = max([newest, *(str(row.attributes.get("modified", "")) for row in page.rows)])
    with job.scope():
        lost: set[str] = set()
        # A row that cannot be read may be the one that seems to be missing.
        if (whole or not stream.incremental) and not unreadable:
            lost = _lose(job.connection(stream.side), stream.kind, started)
        note_read(state, started, newest, [*unreadable, *remarks])
        if whole:
            # What pages missed because rows moved would be taken for gone: look once more, soon.
            ReferenceState.objects.filter(pk=state.pk).update(whole_at=None if lost else started)
        if lost and stream.side == TARGET:
            _look_at_posted(job, stream.kind, lost)
        if lost:
            _free_namesakes(job, stream.kind)
    if state.trouble:
        tell(job, stream.side, stream.kind, "")
    return len(unreadable)


def _lose(connection: Connection, kind: str, started: datetime) -> set[str]:
    """Mark what a whole reading did not list; returns the keys that this is news of."""
    unseen = ReferenceItem.objects.filter(
        connection=connection, kind=kind, seen_at__lt=started, gone=False
    )
    lost = set(unseen.values_list("key", flat=True))
    if lost:
        unseen.update(active=False, gone=True)
    return lost


def _free_namesakes(job: Job, kind: str) -> None:
    """Decide anew on master data that was not made because something there was called the same."""
    streams = [s.name for s in job.flow.streams if s.upkeep is not None and s.upkeep.kind == kind]
    held = Document.objects.filter(integration=job.integration, stream__in=streams)
    make_due(held.filter(state=State.HELD, reason=Reason.DUPLICATE_SUSPECTED))


def _look_at_posted(job: Job, kind: str, lost: set[str]) -> None:
    """Decide anew on held documents that were posted to what is gone now: its mapping counts."""
    held = Document.objects.filter(
        integration=job.integration, state=State.HELD, reason__in=_PERHAPS_GONE
    ).prefetch_related("links")
    ids = [
        document.pk
        for document in held
        if any(
            row["kind"] == kind and row["target_key"] in lost
            for link in document.links.all()
            for row in link.mappings
        )
    ]
    make_due(Document.objects.filter(pk__in=ids))


def tell(job: Job, side: str, kind: str, trouble: str) -> None:
    """Keep why a list cannot be read, for what waits for it; no words where it was read."""
    with job.scope():
        states = ReferenceState.objects.filter(connection=job.connection(side), kind=kind)
        if not states.exclude(trouble=trouble).update(trouble=trouble):
            return
        # Those that wait say why: now otherwise than before.
        failures = MappingFailure.objects.filter(
            integration=job.integration, kind=kind, status=MappingFailure.Status.OPEN
        )
        make_due(Document.objects.filter(waits__failure__in=failures))


def link_automatically(job: Job) -> int:
    """Make the links that the flow says need no person; returns how many."""
    made = 0
    for kind in job.flow.mapping_kinds:
        with job.reading():
            source, target = _rows(job.source, kind), _rows(job.target, kind)
            linked = frozenset(
                Mapping.objects.filter(integration=job.integration, kind=kind).values_list(
                    "source_key", "target_key"
                )
            )
        if links := job.flow.autolink(source, target, linked):
            with job.scope():
                made += _save_links(job, links)
    return made


def _save_links(job: Job, links: Sequence[AutomaticLink]) -> int:
    lock_mappings(job.integration)
    # What a person has mapped since the rows were read is theirs, and so is what one took apart.
    mapped = set(
        Mapping.objects.filter(integration=job.integration).values_list("kind", "source_key")
    )
    apart = set(
        UnlinkedPair.objects.filter(integration=job.integration).values_list(
            "kind", "source_key", "target_key"
        )
    )
    links = [
        link
        for link in links
        if (link.kind, link.source_key) not in mapped
        and (link.kind, link.source_key, link.target_key) not in apart
    ]
    Mapping.objects.bulk_create(
        Mapping(
            integration=job.integration,
            kind=link.kind,
            source_key=link.source_key,
            target_key=link.target_key,
            origin=_origin(link),
            evidence=link.evidence[:300],
            actor=trail.WORKER,
        )
        for link in links
    )
    trail.write(_link_event(job, link) for link in links)
    keys = [MappingKey(link.kind, link.source_key) for link in links]
    release_mappings(job.integration, keys, actor=trail.WORKER)
    return len(links)


def _link_event(job: Job, link: AutomaticLink) -> Any:
    return trail.Event(
        action="mapping.linked",
        actor=trail.WORKER,
        integration_id=job.integration.pk,
        source_kind=link.kind,
        source_id=link.source_key,
        target_kind=link.kind,
        target_id=link.target_key,
        details={"origin": str(_origin(link)), "evidence": link.evidence},
    )


def _origin(link: AutomaticLink) -> Mapping.Origin:
    return Mapping.Origin.EXTERNAL_ID if link.proven else Mapping.Origin.AUTOMATIC


def _rows(connection: Connection, kind: str) -> list[ReferenceRow]:
    """What is there; of what has gone no name is taken."""
    items = ReferenceItem.objects.filter(connection=connection, kind=kind, gone=False)
    return [to_row(item) for item in items]


def to_row(item: ReferenceItem) -> ReferenceRow:
    """A cached item as the plain value that flows know."""
    return ReferenceRow(
        kind=item.kind,
        key=item.key,
        name=item.name,
        number=item.number,
        active=item.active,
        attributes=item.attributes,
    )


def _look_again(job: Job, kind: str, news: set[str]) -> None:
    """Free what waits although it is mapped, where the target that it is mapped to has changed:
    an inactive one may be active again, a rule may lead somewhere in one more project. A period
    may be open again. What is being decided now may have looked before.
    """
    make_due(Document.objects.filter(integration=job.integration, state=State.DELIVERING))
    if kind == PERIOD_LOCK:
        make_due(Document.objects.filter(_held_for_period(job.target)))
    failures = dict(
        MappingFailure.objects.filter(
            integration=job.integration, kind=kind, status=MappingFailure.Status.OPEN
        ).values_list("source_key", "pk")
    )
    if not failures:
        return
    mapped = Mapping.objects.filter(integration=job.integration, kind=kind, target_key__in=news)
    upkeeps = (s.upkeep for s in job.flow.streams if s.upkeep and s.upkeep.kind == kind)
    serves = next((u.serves for u in upkeeps if u.owner == SOURCE), str.__eq__)
    rules = list(mapped.values_list("source_key", flat=True))
    touched = [pk for key, pk in failures.items() if any(serves(rule, key) for rule in rules)]
    if touched:
        make_due(Document.objects.filter(waits__failure__in=touched))


def _store_items(connection: Connection, rows: Iterable[ReferenceRow]) -> set[str]:
    """Keep these rows; returns the keys of those that are new or say something else than before."""
    now = clock.now()
    # A page may name one key twice when rows shift; one statement may touch a row once only.
    by_key = {row.key: row for row in rows}
    kinds = {row.kind for row in by_key.values()}
    known = ReferenceItem.objects.filter(connection=connection, kind__in=kinds, key__in=by_key)
    before = {item.key: to_row(item) for item in known}
    ReferenceItem.objects.bulk_create(
        (
            ReferenceItem(
                connection=connection,
                kind=row.kind,
                key=row.key,
                name=row.name[:300],
                number=row.number[:120],
                active=row.active,
                gone=False,
                attributes=dict(row.attributes),
                seen_at=now,
            )
            for row in by_key.values()
        ),
        update_conflicts=True,
        unique_fields=["tenant", "connection", "kind", "key"],
        update_fields=_FIELDS,
    )
    return {key for key, row in by_key.items() if before.get(key) != row}


def known_states(job: Job) -> dict[tuple[int, str], ReferenceState]:
    """How far each kind of either side has been read, by connection and kind."""
    with job.reading():
        states = ReferenceState.objects.filter(connection__in=[job.source, job.target])
        return {(state.connection_id, state.kind): state for state in states}


def state_of(job: Job, side: str, kind: str) -> ReferenceState:
    with job.scope():
        state, _ = ReferenceState.objects.get_or_create(connection=job.connection(side), kind=kind)
    return state


def note_read(state: ReferenceState, started: Any, newest: str, unreadable: Sequence[str]) -> None:
    """Note how far the list was read, and what of it could not be."""
    told = "\n".join(unreadable[:_TOLD])
    if len(unreadable) > _TOLD:
        told += f"\nand {len(unreadable) - _TOLD} more rows"
    ReferenceState.objects.filter(pk=state.pk).update(
        read_at=started - OVERLAP, since=newest[:40], unreadable=told
    )
