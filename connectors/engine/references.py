"""Keeps cached master data and the index of target records fresh, and links what needs no person.

Reads providers page by page; what it stores is looked at by facts. A kind with open mapping
failures is read at every run, so that a vendor added at the target is noticed by the next poll.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors.core.flow import SOURCE, TARGET, ReferenceStream, TargetIndex
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.references import AutomaticLink, ReferenceRow
from connectors.engine import trail
from connectors.engine.extract import Guard
from connectors.engine.job import Job
from connectors.engine.ledger import make_due
from connectors.engine.release import lock_mappings, release_mapping
from connectors.models import (
    Connection,
    Document,
    Mapping,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
    TargetRecord,
)

# How much earlier than it began a reading is said to be: whether "modified after" includes its
# bound is not documented.
OVERLAP = timedelta(seconds=1)
_FIELDS = ["name", "number", "active", "attributes", "seen_at"]


def refresh_due(job: Job, stream: ReferenceStream, *, wanted: frozenset[str]) -> bool:
    """Whether a kind must be read: never read, too old, or something waits for it."""
    state = _state(job, stream.side, stream.kind)
    if state.read_at is None or stream.kind in wanted:
        return True
    return timezone.now() - state.read_at > stream.every


def kinds_with_failures(job: Job) -> frozenset[str]:
    """The kinds of mapping for which something is missing now."""
    with job.scope():
        return frozenset(
            MappingFailure.objects.filter(
                integration=job.integration, status=MappingFailure.Status.OPEN
            ).values_list("kind", flat=True)
        )


def refresh(job: Job, stream: ReferenceStream, client: Any, guard: Guard) -> None:
    """Read one kind of master data of one side into the cache."""
    state = _state(job, stream.side, stream.kind)
    since = state.since if stream.incremental else ""
    started, newest = timezone.now(), since
    news: set[str] = set()
    guard()
    for page in stream.fetch(client, since or None):
        guard(inside=True)
        with job.scope():
            news |= _store_items(job.connection(stream.side), page.rows)
        newest = max([newest, *(str(row.attributes.get("modified", "")) for row in page.rows)])
    with job.scope():
        if not stream.incremental:
            ReferenceItem.objects.filter(
                connection=job.connection(stream.side), kind=stream.kind, seen_at__lt=started
            ).update(active=False)
        _done(state, started, newest)
        if stream.side == TARGET:
            _look_again(job, stream.kind, news)


def refresh_index(job: Job, index: TargetIndex, client: Any, guard: Guard) -> None:
    """Read the heads of target records that changed since the last look."""
    state = _state(job, TARGET, f"index:{index.kind}")
    started, newest = timezone.now(), state.since
    guard()
    for page in index.fetch(client, state.since or None):
        guard(inside=True)
        with job.scope():
            _store_heads(job.target, index.kind, page.rows)
        newest = max([newest, *(row.modified for row in page.rows)])
    with job.scope():
        _done(state, started, newest)


def index_due(job: Job, index: TargetIndex, since: Any) -> bool:
    """Whether the index was last read before the given instant."""
    state = _state(job, TARGET, f"index:{index.kind}")
    return state.read_at is None or state.read_at < since


def link_automatically(job: Job) -> int:
    """Make the links that the flow says need no person; returns how many."""
    made = 0
    for kind in job.flow.mapping_kinds:
        with job.scope():
            source, target = _rows(job.source, kind), _rows(job.target, kind)
            linked = frozenset(
                Mapping.objects.filter(integration=job.integration, kind=kind).values_list(
                    "source_key", "target_key"
                )
            )
        links = job.flow.autolink(source, target, linked)
        with job.scope():
            made += _save_links(job, links)
    return made


def _save_links(job: Job, links: Sequence[AutomaticLink]) -> int:
    if not links:
        return 0
    lock_mappings(job.integration)
    # What a person has mapped since the rows were read is theirs.
    mapped = set(
        Mapping.objects.filter(integration=job.integration).values_list("kind", "source_key")
    )
    links = [link for link in links if (link.kind, link.source_key) not in mapped]
    Mapping.objects.bulk_create(
        Mapping(
            integration=job.integration,
            kind=link.kind,
            source_key=link.source_key,
            target_key=link.target_key,
            origin=Mapping.Origin.AUTOMATIC,
            evidence=link.evidence[:300],
            actor=trail.WORKER,
        )
        for link in links
    )
    trail.write(_link_event(job, link) for link in links)
    for link in links:
        release_mapping(job.integration, link.kind, link.source_key, actor=trail.WORKER)
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
        details={"origin": "automatic", "evidence": link.evidence},
    )


def _rows(connection: Connection, kind: str) -> list[ReferenceRow]:
    items = ReferenceItem.objects.filter(connection=connection, kind=kind)
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
    an inactive one may be active again, a rule may lead somewhere in one more project.
    """
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
    now = timezone.now()
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


def _store_heads(connection: Connection, kind: str, rows: Iterable[TargetState]) -> None:
    by_id = {row.target_id: row for row in rows}
    TargetRecord.objects.bulk_create(
        (
            TargetRecord(
                connection=connection,
                kind=kind,
                target_id=row.target_id,
                number=row.number[:120],
                twin_number=normalise_number(row.number)[:120],
                reference=row.reference[:120],
                vendor_key=row.vendor_key,
                status=row.status,
                total=row.total,
                currency=row.currency,
                modified=row.modified,
            )
            for row in by_id.values()
        ),
        update_conflicts=True,
        unique_fields=["tenant", "connection", "kind", "target_id"],
        update_fields=[
            "number",
            "twin_number",
            "reference",
            "vendor_key",
            "status",
            "total",
            "currency",
            "modified",
        ],
    )


def _state(job: Job, side: str, kind: str) -> ReferenceState:
    with job.scope():
        state, _ = ReferenceState.objects.get_or_create(connection=job.connection(side), kind=kind)
    return state


def _done(state: ReferenceState, started: Any, newest: str) -> None:
    ReferenceState.objects.filter(pk=state.pk).update(read_at=started - OVERLAP, since=newest)
