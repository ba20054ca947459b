"""Reads a stream's source lists window by window, then the details of what changed.

A page commits its documents as it is read; a cursor moves only when its window has been read to
the end and nothing shifted meanwhile. What is already known by its version costs nothing more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from typing import Any, Protocol

from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.days import parse_instant
from connectors.core.errors import BadInputError, ConnectorError, ErrorKind, ProviderError
from connectors.core.flow import Listing, Stream
from connectors.core.records import UNNAMED, Window
from connectors.engine import unread
from connectors.engine.claims import lock_found
from connectors.engine.health import CONNECTION_KINDS
from connectors.engine.job import Job
from connectors.engine.ledger import Reading, sight, store
from connectors.engine.policy import policy
from connectors.models import EPOCH, Document, StreamState

# One failure may be the record's; several in a row are the provider's. Refusals never are.
FAILURES_IN_A_ROW = 3
# Of records that failed before, a run asks for no more than this once they fail again and again.
STILL_UNREADABLE = 25


class Guard(Protocol):
    """Called before every list, page and detail: raises when the run is not ours any more.

    Raises too when the slice is over, but not ``inside`` a window: one that takes longer than a
    slice could otherwise never be read to its end.
    """

    def __call__(self, *, inside: bool = False) -> None: ...


@dataclass(slots=True)
class Tally:
    """What a pass over a list has seen."""

    rows: int = 0
    news: int = 0
    pages: int = 0
    counts: set[int] = field(default_factory=set)
    newest: datetime | None = None

    @property
    def steady(self) -> bool:
        """Whether the list stood still: one page cannot shift; of several, a pass must bring no
        news and the provider's count must not have moved, or a row may have slipped between pages.
        """
        return self.pages <= 1 or (self.news == 0 and len(self.counts) <= 1)


def states_of(job: Job, streams: Sequence[Stream]) -> dict[str, StreamState]:
    """How far each list and sweep of these streams has been read, by name.

    The very first reading of a stream has no cursor and so sees everything: it counts as a sweep.
    """
    with job.reading():
        known = {state.stream: state for state in _states(job)}
    lists = {f"{stream.name}/{listing.name}" for stream in streams for listing in stream.listings}
    sweeps = {f"{stream.name}/sweep" for stream in streams}
    if not (lists | sweeps) - known.keys():
        return known
    with job.scope():
        StreamState.objects.bulk_create(
            (
                StreamState(
                    integration=job.integration,
                    stream=name,
                    swept_at=clock.now() if name in sweeps else None,
                )
                for name in sorted((lists | sweeps) - known.keys())
            ),
            ignore_conflicts=True,
        )
        return {state.stream: state for state in _states(job)}


def read_listing(
    job: Job, stream: Stream, listing: Listing, state: StreamState, client: Any, guard: Guard
) -> int:
    """Read one list from its cursor on; returns how many documents have news.

    The cursor is the newest source timestamp seen, so no difference of clocks can skip a record;
    it stays where it is when the list would not stand still.
    """
    window = _window(job, state.cursor if listing.windowed else None)
    news = 0
    for _ in range(policy().passes):
        tally = _one_pass(job, stream, listing, client, guard, window)
        news += tally.news
        if tally.steady:
            _move_cursor(job, state, tally.newest)
            break
    return news


def sweep_due(state: StreamState) -> bool:
    """Whether the stream's last full sweep is long enough ago."""
    every = timedelta(seconds=policy().sweep_every_seconds)
    return state.swept_at is None or clock.now() - state.swept_at > every


def sweep(job: Job, stream: Stream, state: StreamState, client: Any, guard: Guard) -> int:
    """Read every id there is; what the sweep does not see is read once more, to be sure.

    A list that does not mention a record proves nothing by itself: only the detail's own
    "not found" makes a document gone.
    """
    number = state.sweep + 1
    started = clock.now()
    news = sum(
        _one_pass(job, stream, listing, client, guard, _window(job, None), number).news
        for listing in stream.sweep
    )
    with job.scope():
        unseen = Document.objects.filter(
            integration=job.integration,
            stream=stream.name,
            sweep__lt=number,
            gone=False,
            created_at__lt=started,
        )
        lock_found(unseen)
        missing = unseen.update(wants_read=True, listed=False, read_next_at=EPOCH)
        StreamState.objects.filter(pk=state.pk).update(sweep=number, swept_at=started)
    return news + missing


def read_details(job: Job, stream: Stream, client: Any, guard: Guard) -> int:
    """Read every record that wants reading now; returns how many documents became due.

    A record that cannot be read is put off and holds up no other; where the provider fails for
    several new ones in a row, the reading ends.
    """
    now_due, row = 0, _Row()
    while True:
        with job.reading():
            batch = list(
                Document.objects.filter(
                    integration=job.integration,
                    stream=stream.name,
                    wants_read=True,
                    read_next_at__lte=Now(),
                )
                .only("stream", "key", "number", "locator", "sightings", "listed", "read_tries")
                # Those that failed before come last: they must not keep the others from their turn.
                .order_by("read_tries", "pk")[: policy().read_batch]
            )
        if not batch:
            return now_due
        readings: list[Reading] = []
        try:
            readings.extend(_read_some(job, stream, client, guard, batch, row))
        except _EnoughError:
            return now_due
        finally:
            # Whatever ends the slice, what has been read was paid for.
            if readings:
                with job.scope():
                    now_due += store(job, stream, readings)


class _EnoughError(Exception):
    """The rest are records that failed before: they have another turn in a later run."""


@dataclass(slots=True)
class _Row:
    """How many readings in a row have failed, of records that were never tried and of others."""

    new: int = 0
    old: int = 0


def _read_some(
    job: Job, stream: Stream, client: Any, guard: Guard, batch: Sequence[Document], row: _Row
) -> Iterator[Reading]:
    """Read what of the batch can be read before it must be stored; the others are read next."""
    ends = monotonic() + policy().store_seconds
    for document in batch:
        guard()
        try:
            yield read_one(stream, client, document)
            row.new = row.old = 0
        except (ProviderError, BadInputError) as error:
            if not is_the_records(error):
                raise
            unread.note(job, document, error)
            if document.read_tries:
                row.old += 1
            elif is_passing(error):
                row.new += 1
            if row.new >= FAILURES_IN_A_ROW:
                raise
            if row.old >= STILL_UNREADABLE:
                raise _EnoughError from error
        if monotonic() >= ends:
            return


def is_the_records(error: ConnectorError) -> bool:
    """Whether a failed reading says something of that record only, not of the whole connection."""
    return not isinstance(error, ProviderError) or error.kind not in CONNECTION_KINDS


def is_passing(error: ConnectorError) -> bool:
    """Whether the provider failed rather than refused: then the next record may fail likewise."""
    return isinstance(error, ProviderError) and error.kind is ErrorKind.TRANSIENT


def read_one(stream: Stream, client: Any, document: Document) -> Reading:
    """A document's record as the source has it now, or that the source has it no more."""
    began = clock.now()
    if document.key.startswith(UNNAMED):
        # A row that named no record: it was looked for because the lists show it no more.
        return Reading(document, None, began)
    try:
        return Reading(document, stream.read(client, document.key, document.locator), began)
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        if document.listed:
            # The list shows it: that it cannot be opened does not mean that it was deleted.
            raise _contradiction(error) from None
        return Reading(document, None, began)


def _contradiction(error: ProviderError) -> ProviderError:
    words = (
        f"The source lists it, but does not open it: {error.facts.message} "
        "It was deleted just now, or the connected user may not see it."
    )
    return ProviderError(replace(error.facts, message=words, hint=""))


def _one_pass(
    job: Job,
    stream: Stream,
    listing: Listing,
    client: Any,
    guard: Guard,
    window: Window,
    sweep_number: int = 0,
) -> Tally:
    tally = Tally()
    guard()
    for page in listing.pages(client, window):
        with job.scope():
            tally.news += sight(job, stream, page.rows, sweep=sweep_number)
        tally.rows += len(page.rows)
        tally.pages += 1
        if page.count is not None:
            tally.counts.add(page.count)
        instants = [instant for row in page.rows if (instant := _instant(row.version))]
        tally.newest = max([*instants, *([tally.newest] if tally.newest else [])], default=None)
        guard(inside=True)
    return tally


def _instant(version: str) -> datetime | None:
    try:
        return parse_instant(version) if version else None
    except BadInputError:
        return None


def _states(job: Job) -> Any:
    return StreamState.objects.filter(integration=job.integration)


def _window(job: Job, cursor: datetime | None) -> Window:
    until = clock.now() + timedelta(days=1)
    if cursor is not None:
        return Window(since=cursor - timedelta(seconds=policy().overlap_seconds), until=until)
    start = job.integration.history_start
    since = datetime.combine(start, time.min, tzinfo=UTC) if start else None
    return Window(since=since, until=until)


def _move_cursor(job: Job, state: StreamState, newest: datetime | None) -> None:
    if newest is None or (state.cursor is not None and newest <= state.cursor):
        return
    with job.scope():
        StreamState.objects.filter(pk=state.pk).update(cursor=newest)
