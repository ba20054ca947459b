"""What a run reads: master data of both sides, the source's lists and records, the target's heads.

Each list is read apart from the others, so that one that cannot be read stops nothing but itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.models import Q

from connectors.core.flow import SOURCE, TARGET, Listing, Stream, TargetIndex
from connectors.core.references import plural
from connectors.core.states import AT_TARGET, Reason, State
from connectors.engine import extract, heads, looks, named, references, unread, upkeep
from connectors.engine.apart import apart, is_refused, why
from connectors.engine.job import Job
from connectors.engine.sessions import open_client
from connectors.models import Document, Link, Run, StreamState

# Looks cost a call each: a poll makes a few, and a run that a person asked for as many as it may.
_SOME_LOOKS, _MANY_LOOKS = 20, 1000


def read_references(job: Job, run: Run, guard: extract.Guard) -> None:
    """Read what is old or waited for; a side whose cache is fresh is not even connected to."""
    due = references.due(job, wanted=references.kinds_waited_for(job))
    with _clients(job) as client_of:
        for stream in due:
            name = f"The list of {plural(stream.kind)} of {job.spec(stream.side).title}"
            if is_refused(run, name):
                continue
            client = client_of(stream.side)
            with apart(run, name):
                count(run, unreadable=references.refresh(job, stream, client, guard))
            if trouble := why(run, name):
                references.tell(job, stream.side, stream.kind, trouble)
    if due:
        count(run, linked=references.link_automatically(job))


def read_source(job: Job, run: Run, guard: extract.Guard) -> None:
    """Read the lists of every stream, and what they show to be new or changed."""
    with apart(run, "What is kept up at both sides"):
        count(run, due=upkeep.observe(job, guard))
        if not run.dry:
            count(run, drift=upkeep.look_for_drift(job, guard, lambda what: apart(run, what)))
    with _clients(job) as client_of:
        client, streams = client_of(SOURCE), _read(job)
        states = extract.states_of(job, streams)
        for stream in streams:
            for listing in stream.listings:
                _read_list(job, run, stream, listing, states, client, guard)
            _sweep(job, run, stream, states, client, guard)
            _details(job, run, stream, client, guard)
        _read_named(job, run, client, guard)


def _read_named(job: Job, run: Run, client: Any, guard: extract.Guard) -> None:
    """Read every record that an unsettled document names and no list has shown."""
    unknown = named.unknown(job)
    for stream in _read(job):
        if keys := unknown.get(stream.name):
            named.enter(job, stream, keys)
            _details(job, run, stream, client, guard)
            # What was read may name others.
            unknown = named.unknown(job)


def read_again(job: Job, run: Run, guard: extract.Guard) -> None:
    """Read what could not be read a moment ago; it must not wait for the next poll."""
    pause = unread.next_try(job)
    if pause is None or pause:
        return
    with _clients(job) as client_of:
        for stream in _read(job):
            _details(job, run, stream, client_of(SOURCE), guard)


def read_indexes(job: Job, run: Run, guard: extract.Guard) -> None:
    """Refresh what the target holds when something is about to be posted; and else now and then,
    to notice what people change there. A person's run looks at once, and a sweep at all of it.
    """
    with _clients(job) as client_of:
        for index in _stale_indexes(job, run):
            name = f"What {job.resolved.target.title} lists of {plural(index.kind)}"
            if is_refused(run, name):
                continue
            client = client_of(TARGET)
            with apart(run, name):
                unreadable = heads.refresh(job, index, client, guard, whole=run.sweep)
                count(run, unreadable=unreadable)
            if trouble := why(run, name):
                references.tell(job, TARGET, heads.kind_of(index), trouble)
    if run.dry:
        return
    with apart(run, "What somebody changed at the target"):
        count(run, drift=looks.look_at_flagged(job, guard, _looks(run)))


def _stale_indexes(job: Job, run: Run) -> list[TargetIndex]:
    held = Q(state=State.HELD, reason=Reason.DUPLICATE_SUSPECTED)
    awaited = Q(state=State.WAITING, reason__in=AT_TARGET)
    with job.reading():
        wanted = Q(state=State.DUE) | held | awaited
        mine = Document.objects.filter(wanted, integration=job.integration)
        states = set(mine.values_list("state", flat=True).distinct())
        posted = Link.objects.filter(document__integration=job.integration).exists()
    if not (states or posted):
        return []
    at_once = State.DUE in states or run.sweep or run.trigger != Run.Trigger.SCHEDULE
    return heads.stale(job, run.reads_from if at_once else None)


def _looks(run: Run) -> int:
    """How many records a run reads only to compare them."""
    return _SOME_LOOKS if run.trigger == Run.Trigger.SCHEDULE and not run.sweep else _MANY_LOOKS


def count(run: Run, **numbers: int) -> None:
    """Add to what the run has counted."""
    for name, number in numbers.items():
        run.counts[name] = run.counts.get(name, 0) + number


def _read(job: Job) -> list[Stream]:
    return [stream for stream in job.flow.streams if stream.upkeep is None]


States = Mapping[str, StreamState]


def _read_list(
    job: Job,
    run: Run,
    stream: Stream,
    listing: Listing,
    states: States,
    client: Any,
    guard: extract.Guard,
) -> None:
    mark, name = f"{stream.name}/{listing.name}", f"{stream.title}, the list of {listing.name}"
    if mark in run.counts.get("read", []) or is_refused(run, name):
        return
    with apart(run, name):
        news = extract.read_listing(job, stream, listing, states[mark], client, guard)
        _mark_read(run, mark, news)


def _sweep(
    job: Job, run: Run, stream: Stream, states: States, client: Any, guard: extract.Guard
) -> None:
    mark, name = f"{stream.name}/sweep", f"{stream.title}, the full list"
    if mark in run.counts.get("read", []) or is_refused(run, name):
        return
    if not (extract.sweep_due(states[mark]) or run.sweep):
        return
    with apart(run, name):
        news = extract.sweep(job, stream, states[mark], client, guard)
        _mark_read(run, mark, news)


def _details(job: Job, run: Run, stream: Stream, client: Any, guard: extract.Guard) -> None:
    name = f"{stream.title}, their details"
    if is_refused(run, name):
        return
    with apart(run, name):
        count(run, due=extract.read_details(job, stream, client, guard))


def _mark_read(run: Run, mark: str, news: int) -> None:
    """Note that a list has been read in this run, so that a later slice does not read it again."""
    run.counts["read"] = [*run.counts.get("read", []), mark]
    count(run, seen=news)


@contextmanager
def _clients(job: Job) -> Iterator[Callable[[str], Any]]:
    """Gives the client of a side, which is opened when it is first wanted."""
    opened: dict[str, Any] = {}
    with ExitStack() as stack:

        def of(side: str) -> Any:
            if side not in opened:
                opened[side] = stack.enter_context(open_client(job, side))
            return opened[side]

        yield of
