"""Reads a stream's source lists window by window, then the details of what changed.

A page commits its documents as it is read; a cursor moves only when its window has been read to
the end and nothing shifted meanwhile. What is already known by its version costs nothing more.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from typing import Any, Protocol

from django.utils import timezone

from connectors.core.days import parse_instant
from connectors.core.errors import BadInputError, ConnectorError, ErrorKind, ProviderError
from connectors.core.flow import Listing, Stream
from connectors.core.records import Window
from connectors.engine.job import Job
from connectors.engine.ledger import Reading, sight, store
from connectors.engine.policy import policy
from connectors.models import Document, StreamState

logger = logging.getLogger(__name__)
# One record's trouble is its own; several in a row are the provider's.
FAILURES_IN_A_ROW = 3
ONE_RECORDS_FAULT = (ErrorKind.TRANSIENT, ErrorKind.REJECTED)


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


def read_listing(job: Job, stream: Stream, listing: Listing, client: Any, guard: Guard) -> int:
    """Read one list from its cursor on; returns how many documents have news.

    The cursor is the newest source timestamp seen, so no difference of clocks can skip a record;
    it stays where it is when the list would not stand still.
    """
    state = _state(job, f"{stream.name}/{listing.name}")
    window = _window(job, state.cursor if listing.windowed else None)
    news = 0
    for _ in range(policy().passes):
        tally = _one_pass(job, stream, listing, client, guard, window)
        news += tally.news
        if tally.steady:
            _move_cursor(job, state, tally.newest)
            break
    return news


def sweep_due(job: Job, stream: Stream) -> bool:
    """Whether the stream's last full sweep is long enough ago.

    The very first reading of a stream has no cursor and so sees everything: it counts as a sweep.
    """
    state = _state(job, f"{stream.name}/sweep")
    if state.swept_at is None:
        with job.scope():
            StreamState.objects.filter(pk=state.pk).update(swept_at=timezone.now())
        return False
    return timezone.now() - state.swept_at > timedelta(seconds=policy().sweep_every_seconds)


def sweep(job: Job, stream: Stream, client: Any, guard: Guard) -> int:
    """Read every id there is; what the sweep does not see is read once more, to be sure.

    A list that does not mention a record proves nothing by itself: only the detail's own
    "not found" makes a document gone.
    """
    state = _state(job, f"{stream.name}/sweep")
    number = state.sweep + 1
    started = timezone.now()
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
        missing = unseen.update(wants_read=True)
        StreamState.objects.filter(pk=state.pk).update(sweep=number, swept_at=started)
    return news + missing


def read_details(job: Job, stream: Stream, client: Any, guard: Guard) -> int:
    """Read every record that wants reading; returns how many documents became due.

    A record that cannot be read keeps its wish for the next run and holds up no other; several in
    a row mean that the provider is at fault, and end the reading.
    """
    now_due, unread = 0, set[int]()
    while True:
        with job.scope():
            batch = list(
                Document.objects.filter(
                    integration=job.integration, stream=stream.name, wants_read=True
                )
                .exclude(pk__in=unread)
                .only("stream", "key", "number", "locator", "sightings")
                .order_by("pk")[: policy().read_batch]
            )
        if not batch:
            return now_due
        readings: list[Reading] = []
        try:
            readings.extend(_read_some(stream, client, guard, batch, unread))
        finally:
            # Whatever ends the slice, what has been read was paid for.
            with job.scope():
                now_due += store(job, stream, readings)


def _read_some(
    stream: Stream, client: Any, guard: Guard, batch: Sequence[Document], unread: set[int]
) -> Iterator[Reading]:
    """Read what of the batch can be read before it must be stored; the others are read next."""
    failures, ends = 0, monotonic() + policy().store_seconds
    for document in batch:
        guard()
        try:
            yield read_one(stream, client, document)
            failures = 0
        except ProviderError as error:
            failures += 1
            if error.kind not in ONE_RECORDS_FAULT or failures >= FAILURES_IN_A_ROW:
                raise
            _leave(document, error, unread)
        except BadInputError as error:
            _leave(document, error, unread)
        if monotonic() >= ends:
            return


def _leave(document: Document, error: ConnectorError, unread: set[int]) -> None:
    logger.warning("%s could not be read: %s", document, error)
    unread.add(document.pk)


def read_one(stream: Stream, client: Any, document: Document) -> Reading:
    """A document's record as the source has it now, or that the source has it no more."""
    began = timezone.now()
    try:
        return Reading(document, stream.read(client, document.key, document.locator), began)
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return Reading(document, None, began)


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


def _state(job: Job, name: str) -> StreamState:
    with job.scope():
        state, _ = StreamState.objects.get_or_create(integration=job.integration, stream=name)
    return state


def _window(job: Job, cursor: datetime | None) -> Window:
    until = timezone.now() + timedelta(days=1)
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
