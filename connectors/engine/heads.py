"""Keeps the cached heads of the target's records: who holds a number there already.

Lists by change never say what was deleted. They are read to their end now and then; what that does
not mention, and what holds a document for long, is looked at live before anything follows from it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from connectors.core import clock
from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.flow import TARGET, PartRef, TargetIndex
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.states import Over, Reason, State
from connectors.engine import doubles, watch
from connectors.engine.extract import Guard
from connectors.engine.job import Job
from connectors.engine.ledger import make_due
from connectors.engine.references import WHOLE, known_states, note_read, state_of, tell
from connectors.engine.release import release_awaiting
from connectors.models import EPOCH, Connection, Document, TargetRecord

# In front of the kind of an index, where its state is kept.
INDEX = "index:"
# How often a record that holds a document is looked at, and how many of them at a time.
LOOK_EVERY = timedelta(hours=1)
_LOOKS = 50
# What cannot be seen any more is not known to be gone.
_UNSEEN = (ErrorKind.REJECTED, ErrorKind.NOT_FOUND, ErrorKind.PERMISSION)


def stale(job: Job, since: datetime | None) -> list[TargetIndex]:
    """The indexes that were last read before the given instant, or as long ago as each says."""
    states = known_states(job)
    read_at = {kind: state.read_at for (pk, kind), state in states.items() if pk == job.target.pk}
    # Never read is as old as can be.
    return [
        one
        for one in job.flow.indexes
        if (read_at.get(kind_of(one)) or EPOCH) < (since or clock.now() - one.every)
    ]


def kind_of(index: TargetIndex) -> str:
    """Under which kind the state of an index is kept."""
    return INDEX + index.kind


def refresh(job: Job, index: TargetIndex, client: Any, guard: Guard, *, whole: bool = False) -> int:
    """Read the heads of target records that changed since the last look; all of them once a day.

    Returns how many of them could not be read.
    """
    state = state_of(job, TARGET, kind_of(index))
    started, newest = clock.now(), state.since
    unreadable, remarks = list[str](), list[str]()
    whole = whole or state.whole_at is None or started - state.whole_at > WHOLE
    guard()
    for page in index.fetch(client, None if whole else state.since or None):
        guard(inside=True)
        unreadable += page.unreadable
        remarks += page.remarks
        with job.scope():
            watch.flag_news(job, index.kind, page.rows)
            free_numbers(job, index.kind, store(job.target, index.kind, page.rows))
            release_awaiting(job.integration, index.kind, [row.target_id for row in page.rows])
        doubles.look_for(job, client, index.kind, page.rows)
        newest = max([newest, *(row.modified for row in page.rows)])
    with job.scope():
        note_read(state, started, newest, [*unreadable, *remarks])
        if whole:
            type(state).objects.filter(pk=state.pk).update(whole_at=started)
            if not unreadable:
                watch.flag_unlisted(job, index.kind, started)
    _verify(job, client, index.kind, guard, started if whole else None)
    if state.trouble:
        tell(job, TARGET, kind_of(index), "")
    return len(unreadable)


def _verify(
    job: Job, client: Any, kind: str, guard: Guard, not_listed_since: datetime | None
) -> None:
    """Look at what a whole list did not mention, and at what holds documents; forget what is gone.

    What there is no time for now comes first the next time.
    """
    with job.reading():
        wanted = _that_hold(job, kind)
        if not_listed_since is not None:
            wanted |= Q(seen_at__lt=not_listed_since)
        heads = TargetRecord.objects.filter(wanted, connection=job.target, kind=kind)
        oldest = list(heads.order_by("seen_at", "pk")[:_LOOKS])
    for head in oldest:
        guard(inside=True)
        try:
            look(job, kind, as_state(head), lambda part: job.flow.sink.read(client, part))
        except (BadInputError, ProviderError) as error:
            if isinstance(error, ProviderError) and error.kind not in _UNSEEN:
                raise
            with job.scope():
                _seen(head)


def _that_hold(job: Job, kind: str) -> Q:
    """Heads that were not looked at for a while and whose number keeps a document back."""
    streams = [stream.name for stream in job.flow.streams if stream.target_kind == kind]
    held = _held(job, streams).order_by("pk").values_list("twin_number", flat=True)[:_LOOKS]
    numbers = Q(pk__in=())
    for own in set(held):
        # With the suffix of a part, perhaps.
        numbers |= Q(twin_number__startswith=own)
    return numbers & Q(seen_at__lt=clock.now() - LOOK_EVERY)


def _held(job: Job, streams: Sequence[str]) -> Any:
    return Document.objects.filter(
        integration=job.integration,
        stream__in=streams,
        state=State.HELD,
        reason=Reason.DUPLICATE_SUSPECTED,
    ).exclude(twin_number="")


def as_state(head: TargetRecord) -> TargetState:
    """The record as its list told it last: without its lines."""
    return TargetState(
        target_id=head.target_id,
        number=head.number,
        status=head.status,
        total=head.total,
        currency=head.currency,
        reference=head.reference,
        vendor_key=head.vendor_key,
        content={"part": head.part},
    )


def _seen(head: TargetRecord) -> None:
    """It was looked for: the others have their turn before it is looked for again."""
    TargetRecord.objects.filter(pk=head.pk).update(seen_at=clock.now())


def look(job: Job, kind: str, head: TargetState, read_part: Any) -> TargetState | None:
    """The record as it stands; the cache follows it, or forgets it where it is gone.

    No scope may be open. Raises what the provider says where that is something else.
    """
    part = str(head.content.get("part", ""))
    ref = PartRef(
        target_kind=kind,
        reference=head.reference,
        target_id=head.target_id,
        number=head.number,
        vendor_key=head.vendor_key,
        total="",
        part=part,
    )
    live: TargetState | None = read_part(ref)
    with job.scope():
        if live is None or live.status == Over.DELETED:
            _forget(job, kind, head)
            return None
        live = replace(live, content={**live.content, "part": part})
        free_numbers(job, kind, store(job.target, kind, [live]))
    return live


def _forget(job: Job, kind: str, head: TargetState) -> None:
    """Whoever was held because of it is decided anew."""
    TargetRecord.objects.filter(connection=job.target, kind=kind, target_id=head.target_id).delete()
    free_numbers(job, kind, {normalise_number(head.number)[:120]} - {""})


def free_numbers(job: Job, kind: str, numbers: set[str]) -> None:
    """Decide anew on what is held because of numbers that a record there holds no more.

    A number that the target has may be ours with the suffix of a part.
    """
    if not numbers:
        return
    streams = [stream.name for stream in job.flow.streams if stream.target_kind == kind]
    held = _held(job, streams)
    ids = [
        pk
        for pk, own in held.values_list("pk", "twin_number")
        if any(number.startswith(own) for number in numbers)
    ]
    make_due(Document.objects.filter(pk__in=ids))


def store(connection: Connection, kind: str, rows: Iterable[TargetState]) -> set[str]:
    """Keep what these records say of themselves now; returns the numbers that they let go of."""
    heads = {row.target_id: _head(connection, kind, row) for row in rows}
    known = TargetRecord.objects.filter(connection=connection, kind=kind, target_id__in=heads)
    let_go = {head.twin_number for head in known if _holds(head) != _holds(heads[head.target_id])}
    TargetRecord.objects.bulk_create(
        heads.values(),
        update_conflicts=True,
        unique_fields=["tenant", "connection", "kind", "target_id"],
        update_fields=_SAID,
    )
    return let_go - {""}


_SAID = (
    *("number", "twin_number", "reference", "vendor_key", "status"),
    *("total", "currency", "day", "part", "modified", "seen_at"),
)


def _head(connection: Connection, kind: str, row: TargetState) -> TargetRecord:
    return TargetRecord(
        connection=connection,
        kind=kind,
        target_id=row.target_id,
        number=row.number[:120],
        twin_number=normalise_number(row.number)[:120],
        reference=row.reference[:120],
        vendor_key=row.vendor_key[:80],
        status=row.status[:40],
        total=row.total,
        currency=row.currency[:3],
        day=_day_of(row),
        part=str(row.content.get("part", ""))[:80],
        modified=row.modified[:40],
        seen_at=clock.now(),
    )


def _holds(head: TargetRecord) -> tuple[str, ...]:
    """By what a record keeps others from its number: whose it is, in which year, and as what."""
    return head.twin_number, head.vendor_key, head.day, head.status


def _day_of(state: TargetState) -> str:
    """Its own day, under either of the names that providers' records have for it."""
    return str(state.content.get("date") or state.content.get("contract_date") or "")[:10]
