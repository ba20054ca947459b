"""Writes what extract saw into the ledger: sightings in bulk, records with their fingerprints.

Sightings and records enter, documents leave; a document moves to due only when what matters of
its record has changed. Calls no provider.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import DataError, transaction
from django.utils import timezone

from connectors.core.decisions import DocumentKey
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.core.flow import Stream
from connectors.core.records import Raw, Sighting
from connectors.core.states import MOVES, Reason, State
from connectors.engine.bulk import update_rows
from connectors.engine.job import Job
from connectors.models import EPOCH, Dependency, Document

logger = logging.getLogger(__name__)

# Dismissed stays dismissed until a person says otherwise; the others look again by themselves.
_LOOKS_AGAIN = frozenset(
    state for state, after in MOVES.items() if State.DUE in after and state is not State.DISMISSED
) - {State.DELIVERING, State.UNCONFIRMED}

# In the place of a record that the database refuses; nothing can be read from it, which holds it.
_UNSTORABLE: Raw = {}

# What every reading may change of its document, and what only a record does.
_NOTED = (
    *("wants_read", "read_at", "gone"),
    *("state", "state_at", "next_at", "tries", "again"),
)
_DESCRIBED = (
    *("record", "fingerprint", "version", "number", "twin_number"),
    *("party", "party_key", "day", "total", "currency"),
)

# Of a write that the target would take twice only a person may say that it never happened.
_BY_A_PERSON = Reason.OUTCOME_UNKNOWN


def sight(job: Job, stream: Stream, rows: Sequence[Sighting], *, sweep: int = 0) -> int:
    """Note a page of sightings inside the open scope; returns how many were news.

    A newer version of any facet, or a new locator, marks the document to be read again.
    """
    merged = _merge(rows)
    known = {d.key: d for d in _documents(job, stream).filter(key__in=merged).defer("record")}
    fresh = [
        _new_document(job, stream, key, seen) for key, seen in merged.items() if key not in known
    ]
    changed = [d for key, d in known.items() if _take_sightings(d, merged[key])]
    for document in fresh:
        document.sweep = sweep
    Document.objects.bulk_create(fresh)
    update_rows(changed, ("sightings", "locator", "wants_read"))
    if sweep:
        _documents(job, stream).filter(key__in=merged).update(sweep=sweep)
    return len(fresh) + len(changed)


def _documents(job: Job, stream: Stream) -> Any:
    return Document.objects.filter(integration=job.integration, stream=stream.name)


def _merge(rows: Sequence[Sighting]) -> dict[str, list[Sighting]]:
    merged: dict[str, list[Sighting]] = {}
    for row in rows:
        merged.setdefault(row.key, []).append(row)
    return merged


def _new_document(job: Job, stream: Stream, key: str, seen: list[Sighting]) -> Document:
    document = Document(
        integration=job.integration,
        stream=stream.name,
        rank=stream.rank,
        key=key,
        number=_fit("number", next((s.number for s in seen if s.number), "")),
        sightings={},
    )
    _take_sightings(document, seen)
    return document


def _take_sightings(document: Document, seen: list[Sighting]) -> bool:
    """Merge newer versions into the document; True when anything was newer."""
    before = (dict(document.sightings), document.locator)
    for sighting in seen:
        old = document.sightings.get(sighting.facet, "")
        if sighting.version > old:
            document.sightings[sighting.facet] = sighting.version
        if sighting.locator and sighting.version >= old:
            document.locator = sighting.locator
    changed = before != (document.sightings, document.locator)
    document.wants_read = document.wants_read or changed
    return changed


@dataclass(frozen=True, slots=True)
class Reading:
    """What a detail call brought for a document; ``raw`` None when the source has it no more.

    ``began`` is when the call began: what it brought is at least as fresh as that.
    """

    document: Document
    raw: Raw | None
    began: datetime


def store(job: Job, stream: Stream, readings: Sequence[Reading]) -> int:
    """Store read records inside the open scope; returns how many documents became due.

    One that the database refuses is found by halves, so that it costs no other its reading.
    """
    if not readings:
        return 0
    try:
        with transaction.atomic():
            return _store_all(job, stream, readings)
    except (DataError, UnicodeEncodeError) as error:
        # A text that no column takes, say, or half a character.
        if len(readings) == 1:
            logger.warning("document %s cannot be stored: %s", readings[0].document.pk, error)
            return _store_all(job, stream, [replace(readings[0], raw=_UNSTORABLE)])
    middle = len(readings) // 2
    return store(job, stream, readings[:middle]) + store(job, stream, readings[middle:])


def _store_all(job: Job, stream: Stream, readings: Sequence[Reading]) -> int:
    """A few statements for however many readings."""
    by_id = {reading.document.pk: reading for reading in readings}
    # What their records were before is of no interest, and would be read for nothing.
    locked = Document.objects.select_for_update().defer("record").filter(pk__in=by_id)
    taken = [(d, by_id[d.pk]) for d in locked.order_by("pk") if _is_fresh(d, by_id[d.pk])]
    wanted: dict[int, frozenset[DocumentKey]] = {}
    now_due = 0
    for document, reading in taken:
        if _take_reading(job, stream, document, reading, wanted):
            now_due += _look_again(document)
    _depend(job, wanted)
    update_rows([d for d, reading in taken if reading.raw is None], _NOTED)
    update_rows([d for d, reading in taken if reading.raw is not None], _NOTED + _DESCRIBED)
    return now_due


def _is_fresh(document: Document, reading: Reading) -> bool:
    """A worker that was paused comes late with what may be older: the wish to read stays."""
    return document.read_at is None or reading.began >= document.read_at


def _take_reading(
    job: Job,
    stream: Stream,
    document: Document,
    reading: Reading,
    wanted: dict[int, frozenset[DocumentKey]],
) -> bool:
    # A newer sighting that came while we were reading keeps its claim to another reading.
    document.wants_read = document.sightings != reading.document.sightings
    document.read_at = reading.began
    before = (document.fingerprint, document.gone)
    document.gone = reading.raw is None
    if reading.raw is not None:
        document.record = reading.raw
        found = _describe(job, stream, document, reading.raw)
        if found is not None:
            wanted[document.pk] = found
    return before != (document.fingerprint, document.gone)


def _describe(
    job: Job, stream: Stream, document: Document, raw: Raw
) -> frozenset[DocumentKey] | None:
    """Fill in what lists, searches and siblings look at; returns which documents it names.

    Unreadable records keep their raw self, and what was known of them.
    """
    try:
        record = stream.parse(raw)
        content = stream.content(record)
        wanted = job.flow.needs(stream.name, record, job.context).documents
    except Exception as error:
        # Bad input, or a mistake of ours that it brought to light: deciding says so and holds it.
        if not isinstance(error, BadInputError):
            logger.exception("document %s upsets its flow", document.pk)
        document.fingerprint = fingerprint(raw)
        return None
    document.fingerprint = fingerprint(content)
    document.number = _fit("number", record.number)
    document.twin_number = _fit("twin_number", stream.twin_number(record))
    document.party = _fit("party", record.party)
    document.party_key = _fit("party_key", stream.party_key(record))
    document.day, document.total = record.day, record.total
    document.currency = _fit("currency", record.currency)
    document.version = _fit("version", record.version)
    return wanted


def _fit(name: str, text: str) -> str:
    """Cut to its column: what lists show of a record must not keep it out of the ledger."""
    column: Any = Document._meta.get_field(name)
    return text[: column.max_length]


def _depend(job: Job, wanted: Mapping[int, frozenset[DocumentKey]]) -> None:
    """Bring what these documents name in line with what their records say now."""
    have = set[tuple[int, DocumentKey]]()
    gone = []
    for row in Dependency.objects.filter(document__in=wanted):
        key = DocumentKey(row.stream, row.key)
        have.add((row.document_id, key))
        if key not in wanted[row.document_id]:
            gone.append(row.pk)
    if gone:
        Dependency.objects.filter(pk__in=gone).delete()
    Dependency.objects.bulk_create(
        Dependency(
            document_id=document_id,
            integration=job.integration,
            stream=need.stream,
            key=need.key,
        )
        for document_id, needs in wanted.items()
        for need in sorted(needs)
        if (document_id, need) not in have
    )


def _look_again(document: Document) -> bool:
    """Make a settled or standing document due; one in delivery notes that it must look again."""
    if document.state == State.HELD and document.reason == _BY_A_PERSON:
        return False
    if State(document.state) in _LOOKS_AGAIN:
        document.state, document.state_at = State.DUE, timezone.now()
        document.next_at, document.tries = EPOCH, 0
        return True
    if document.state in (State.DELIVERING, State.UNCONFIRMED):
        document.again = True
    return document.state == State.DUE


def make_due(documents: Any, *, by_a_person: bool = False) -> int:
    """Make the documents of a queryset due again where their state allows it; returns how many.

    Those in delivery are marked to look again when they have settled.
    """
    documents.filter(state__in=[State.DELIVERING, State.UNCONFIRMED]).update(again=True)
    if not by_a_person:
        documents = documents.exclude(state=State.HELD, reason=_BY_A_PERSON)
    return int(
        documents.filter(state__in=_LOOKS_AGAIN).update(
            state=State.DUE, state_at=timezone.now(), next_at=EPOCH, tries=0
        )
    )
