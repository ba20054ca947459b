"""Writes what extract saw into the ledger: sightings in bulk, records with their fingerprints.

Sightings and records enter, documents leave; a document moves to due only when what matters of
its record has changed. Calls no provider.
"""

import logging
from collections.abc import Sequence
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
from connectors.engine.job import Job
from connectors.models import EPOCH, Dependency, Document

logger = logging.getLogger(__name__)

# Dismissed stays dismissed until a person says otherwise; the others look again by themselves.
_LOOKS_AGAIN = frozenset(
    state for state, after in MOVES.items() if State.DUE in after and state is not State.DISMISSED
) - {State.DELIVERING, State.UNCONFIRMED}

# In the place of a record that the database refuses; nothing can be read from it, which holds it.
_UNSTORABLE: Raw = {}

# Of a write that the target would take twice only a person may say that it never happened.
_BY_A_PERSON = Reason.OUTCOME_UNKNOWN


def sight(job: Job, stream: Stream, rows: Sequence[Sighting], *, sweep: int = 0) -> int:
    """Note a page of sightings inside the open scope; returns how many were news.

    A newer version of any facet, or a new locator, marks the document to be read again.
    """
    merged = _merge(rows)
    known = {d.key: d for d in _documents(job, stream).filter(key__in=merged)}
    fresh = [
        _new_document(job, stream, key, seen) for key, seen in merged.items() if key not in known
    ]
    changed = [d for key, d in known.items() if _take_sightings(d, merged[key])]
    for document in fresh:
        document.sweep = sweep
    Document.objects.bulk_create(fresh)
    Document.objects.bulk_update(changed, ["sightings", "locator", "wants_read"])
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
    """Store read records inside the open scope; returns how many documents became due."""
    ids = [reading.document.pk for reading in readings]
    locked = {d.pk: d for d in Document.objects.select_for_update().filter(pk__in=ids)}
    now_due = 0
    for reading in readings:
        document = locked[reading.document.pk]
        try:
            with transaction.atomic():
                now_due += _store_one(job, stream, document, reading)
        except DataError as error:
            # A text that no column takes, say: it must not cost its neighbours their reading.
            logger.warning("document %s cannot be stored: %s", document.pk, error)
            document.refresh_from_db()
            now_due += _store_one(job, stream, document, replace(reading, raw=_UNSTORABLE))
    return now_due


def _store_one(job: Job, stream: Stream, document: Document, reading: Reading) -> bool:
    changed = _take_reading(job, stream, document, reading)
    now_due = changed and _look_again(document)
    document.save()
    return now_due


def _take_reading(job: Job, stream: Stream, document: Document, reading: Reading) -> bool:
    if document.read_at is not None and reading.began < document.read_at:
        # A worker that was paused comes late with what may be older: the wish to read stays.
        return False
    # A newer sighting that came while we were reading keeps its claim to another reading.
    document.wants_read = document.sightings != reading.document.sightings
    document.read_at = reading.began
    if reading.raw is None:
        changed = not document.gone
        document.gone = True
        return changed
    before = (document.fingerprint, document.gone)
    document.gone = False
    document.record = reading.raw
    _describe(job, stream, document, reading.raw)
    return before != (document.fingerprint, document.gone)


def _describe(job: Job, stream: Stream, document: Document, raw: Raw) -> None:
    """Fill in what lists, searches and siblings look at; unreadable records keep their raw self."""
    try:
        record = stream.parse(raw)
        content = stream.content(record)
        wanted = job.flow.needs(stream.name, record, job.context).documents
    except Exception as error:
        # Bad input, or a mistake of ours that it brought to light: deciding says so and holds it.
        if not isinstance(error, BadInputError):
            logger.exception("document %s upsets its flow", document.pk)
        document.fingerprint = fingerprint(raw)
        return
    document.fingerprint = fingerprint(content)
    document.number = _fit("number", record.number)
    document.twin_number = _fit("twin_number", stream.twin_number(record))
    document.party = _fit("party", record.party)
    document.party_key = _fit("party_key", stream.party_key(record))
    document.day, document.total = record.day, record.total
    document.currency = _fit("currency", record.currency)
    document.version = _fit("version", record.version)
    _depend(job, document, wanted)


def _fit(name: str, text: str) -> str:
    """Cut to its column: what lists show of a record must not keep it out of the ledger."""
    column: Any = Document._meta.get_field(name)
    return text[: column.max_length]


def _depend(job: Job, document: Document, wanted: frozenset[DocumentKey]) -> None:
    have = {DocumentKey(d.stream, d.key): d for d in document.dependencies.all()}
    gone = [row.pk for key, row in have.items() if key not in wanted]
    if gone:
        Dependency.objects.filter(pk__in=gone).delete()
    Dependency.objects.bulk_create(
        Dependency(document=document, integration=job.integration, stream=need.stream, key=need.key)
        for need in sorted(wanted - have.keys())
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
