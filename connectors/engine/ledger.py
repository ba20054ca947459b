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

from connectors.core import clock
from connectors.core.decisions import DocumentKey
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.core.flow import Stream
from connectors.core.records import UNDATED, UNNAMED, Raw, Sighting
from connectors.core.states import MOVES, Reason, State
from connectors.engine import trail
from connectors.engine.bulk import insert_rows, update_rows
from connectors.engine.claims import MOVING, lock_found
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.models import EPOCH, Dependency, Document, Link

logger = logging.getLogger(__name__)

# Dismissed stays dismissed until a person says otherwise; the others look again by themselves.
_BACK_TO_DUE = frozenset(state for state, after in MOVES.items() if State.DUE in after)
_LOOKS_AGAIN = _BACK_TO_DUE - MOVING - {State.DISMISSED}

# What a sighting, any reading, and the reading of a readable record may change.
_SIGHTED = ("sightings", "locator", "wants_read", "listed", "read_next_at")
_NOTED = (
    "wants_read",
    "read_at",
    "gone",
    "fingerprint",
    "read_tries",
    "read_next_at",
    "unread",
    "listed",
)
_DESCRIBED = (
    *("record", "version", "number", "twin_number", "party", "party_key"),
    *("day", "total", "currency"),
)

_NOT_STORABLE = (
    "A text of its record has characters that cannot be kept, such as NUL or half an emoji. "
    "Correct it at the source, then replay this document."
)
_LONGEST_KEY = 120

# By what a document is taken for another one's twin.
_TWIN = ("twin_number", "party_key")

# Of a write that the target would take twice only a person may say that it never happened.
_BY_A_PERSON = Reason.OUTCOME_UNKNOWN


def sight(job: Job, stream: Stream, rows: Sequence[Sighting], *, sweep: int = 0) -> int:
    """Note a page of sightings inside the open scope; returns how many were news.

    A newer version of any facet, or a new locator, marks the document to be read again.
    """
    merged = _merge(rows)
    listed = _documents(job, stream).filter(key__in=merged)
    known = {d.key: d for d in listed.only("key", *_SIGHTED)}
    fresh = [
        _new_document(job, stream, key, seen) for key, seen in merged.items() if key not in known
    ]
    changed = [d for key, d in known.items() if _take_sightings(d, merged[key])]
    for document in fresh:
        document.sweep = sweep
    insert_rows(fresh)
    if changed or (sweep and known):
        # In one order, as those who deliver a batch lock it.
        ids = [document.pk for document in (known.values() if sweep else changed)]
        list(Document.objects.select_for_update().filter(pk__in=ids).order_by("pk").values("pk"))
    update_rows(changed, _SIGHTED)
    _show_again(listed, merged)
    if sweep:
        listed.update(sweep=sweep)
    return len(fresh) + len(changed)


def _show_again(listed: Any, merged: dict[str, list[Sighting]]) -> None:
    """Rows that name no record, were gone and stand in the list again."""
    problems = {key: rows[0].problem for key, rows in merged.items() if rows[0].problem}
    if not problems:
        return
    for document in listed.filter(key__in=problems, gone=True):
        mine = Document.objects.filter(pk=document.pk)
        mine.update(gone=False, unread=problems[document.key], wants_read=False)
        make_due(mine)


def _documents(job: Job, stream: Stream) -> Any:
    return Document.objects.filter(integration=job.integration, stream=stream.name)


def _merge(rows: Sequence[Sighting]) -> dict[str, list[Sighting]]:
    merged: dict[str, list[Sighting]] = {}
    for seen in rows:
        row = _keepable(seen)
        merged.setdefault(row.key, []).append(row)
    return merged


def _keepable(row: Sighting) -> Sighting:
    """The sighting; one with an id that no column takes as a row that names no record."""
    if len(row.key) <= _LONGEST_KEY:
        return replace(row, locator=row.locator[:_LONGEST_KEY])
    words = f"The id of a row has {len(row.key)} characters, more than can be kept: {row.key[:80]}"
    return Sighting(key=UNNAMED + fingerprint(row.key), facet=row.facet, version="", problem=words)


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
    problem = next((s.problem for s in seen if s.problem), "")
    if problem:
        # There is nothing to ask the source for: the row itself is what people must see.
        document.wants_read, document.unread = False, problem
    return document


def _take_sightings(document: Document, seen: list[Sighting]) -> bool:
    """Merge newer versions into the document; True when anything was newer."""
    before = (dict(document.sightings), document.locator)
    for sighting in seen:
        old = document.sightings.get(sighting.facet, "")
        if _is_newer(sighting.version, old):
            document.sightings[sighting.facet] = sighting.version
        if sighting.locator and sighting.version >= old:
            document.locator = sighting.locator
    changed = before != (document.sightings, document.locator)
    if changed:
        document.wants_read, document.listed, document.read_next_at = True, True, EPOCH
    return changed


def _is_newer(version: str, old: str) -> bool:
    """What has no time has no order either: it is news when it differs."""
    if version.startswith(UNDATED) or old.startswith(UNDATED):
        return version != old and version != ""
    return version > old


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
        # A text that no column takes, say.
        if len(readings) == 1:
            logger.warning("document %s cannot be stored: %s", readings[0].document.pk, error)
            return _refuse(readings[0])
    middle = len(readings) // 2
    return store(job, stream, readings[:middle]) + store(job, stream, readings[middle:])


def _refuse(reading: Reading) -> int:
    """Hold a document whose record the database does not take, with the true cause."""
    mine = Document.objects.filter(pk=reading.document.pk)
    mine.update(wants_read=False, read_at=reading.began, unread=_NOT_STORABLE)
    return make_due(mine)


@dataclass(slots=True)
class _Taken:
    """A locked document with what was read of it.

    ``wanted`` is what its record names; None where there is none, or none that can be read.
    """

    document: Document
    reading: Reading
    before: bool
    twin_number: str
    party_key: str
    wanted: frozenset[DocumentKey] | None = None


def _store_all(job: Job, stream: Stream, readings: Sequence[Reading]) -> int:
    """A few statements for however many readings."""
    by_id = {reading.document.pk: reading for reading in readings}
    locked = Document.objects.select_for_update().filter(pk__in=by_id).order_by("pk")
    documents = list(locked.only("sightings", "state", "reason", *_TWIN, *_NOTED))
    _put_off([d for d in documents if not _is_fresh(d, by_id[d.pk])])
    taken = [
        _Taken(
            document,
            by_id[document.pk],
            before=document.read_at is not None,
            twin_number=document.twin_number,
            party_key=document.party_key,
        )
        for document in documents
        if _is_fresh(document, by_id[document.pk])
    ]
    changed = [one.document for one in taken if _take_reading(job, stream, one)]
    described = [one for one in taken if one.wanted is not None]
    unreadable = [one for one in taken if one.wanted is None and one.reading.raw is not None]
    gone = [one for one in taken if one.reading.raw is None]
    update_rows([one.document for one in described], _NOTED + _DESCRIBED)
    update_rows([one.document for one in unreadable], (*_NOTED, "record"))
    update_rows([one.document for one in gone], _NOTED)
    _depend(job, described)
    freed = sum(
        free_twins(one.document, [one.twin_number])
        for one in described
        if one.before and (one.twin_number, one.party_key) != _twin(one.document)
    )
    return _look_again(changed) + freed


def _put_off(stale: Sequence[Document]) -> None:
    """Whoever reads again at once may be as late again: a loop without end is not to be had."""
    if stale:
        wished = Document.objects.filter(pk__in=[d.pk for d in stale], wants_read=True)
        wished.update(read_next_at=clock.now() + policy().retry_in(0))


def _twin(document: Document) -> tuple[str, str]:
    return document.twin_number, document.party_key


def free_twins(document: Document, numbers: Sequence[str]) -> int:
    """Requeue what is held as a duplicate of a number that this document does not hold any more."""
    numbers = [number for number in numbers if number]
    if not numbers:
        return 0
    return make_due(
        Document.objects.filter(
            integration_id=document.integration_id,
            stream=document.stream,
            twin_number__in=numbers,
            state=State.HELD,
            reason=Reason.DUPLICATE_SUSPECTED,
        ).exclude(pk=document.pk)
    )


def _is_fresh(document: Document, reading: Reading) -> bool:
    """A worker that was paused comes late with what may be older: the wish to read stays.

    A reading of tomorrow was stored by a wrong clock, and proves nothing.
    """
    before = document.read_at
    return before is None or not reading.began < before <= clock.now()


def _take_reading(job: Job, stream: Stream, taken: _Taken) -> bool:
    document, reading = taken.document, taken.reading
    # A newer sighting that came while we were reading keeps its claim to another reading.
    document.wants_read = document.sightings != reading.document.sightings
    document.listed = document.wants_read
    document.read_at = reading.began
    before = (document.fingerprint, document.gone, "")
    now_readable, document.unread = document.unread, ""
    document.read_tries, document.read_next_at = 0, EPOCH
    document.gone = reading.raw is None
    if reading.raw is not None:
        document.record = reading.raw
        taken.wanted = _describe(job, stream, document, reading.raw)
    return before != (document.fingerprint, document.gone, now_readable)


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
    # Master data is called by its name where it has no number of its own.
    called = record.number or (record.party if stream.upkeep else "")
    document.number = _fit("number", called)
    document.twin_number = _fit("twin_number", stream.twin_number(record))
    document.party = _fit("party", record.party)
    document.party_key = _fit("party_key", stream.party_key(record))
    document.day, document.total = record.day, record.total
    document.currency = _fit("currency", record.currency)
    document.version = _fit("version", record.version)
    return wanted


def _fit(name: str, text: str) -> str:
    """Fit for its column: what lists show of a record must not keep it out of the ledger."""
    column: Any = Document._meta.get_field(name)
    return text.encode(errors="replace").decode().replace("\x00", "")[: column.max_length]


def _depend(job: Job, described: Sequence[_Taken]) -> None:
    """Bring what these documents name in line with what their records say now."""
    wanted = {(one.document.pk, key) for one in described for key in one.wanted or ()}
    before = [one.document.pk for one in described if one.before]
    rows = Dependency.objects.filter(document_id__in=before) if before else ()
    have = {(row.document_id, DocumentKey(row.stream, row.key)): row.pk for row in rows}
    gone = [have[it] for it in have.keys() - wanted]
    if gone:
        Dependency.objects.filter(pk__in=gone).delete()
    Dependency.objects.bulk_create(
        Dependency(
            document_id=document_id, integration=job.integration, stream=need.stream, key=need.key
        )
        for document_id, need in sorted(wanted - have.keys())
    )


def _look_again(changed: Sequence[Document]) -> int:
    """Make settled and standing documents due; those in delivery note that they must look again.

    Returns how many are due now, those among them that were so before.
    """
    free = [d for d in changed if not (d.state == State.HELD and d.reason == _BY_A_PERSON)]
    again = [d.pk for d in free if State(d.state) in _LOOKS_AGAIN] + _end_dismissals(free)
    if again:
        Document.objects.filter(pk__in=again).update(
            state=State.DUE, state_at=clock.now(), next_at=EPOCH, tries=0
        )
    moving = [d.pk for d in free if d.state in MOVING]
    if moving:
        Document.objects.filter(pk__in=moving).update(again=True)
    return len(again) + sum(d.state == State.DUE for d in free)


def _end_dismissals(changed: Sequence[Document]) -> list[int]:
    """Dismissed documents that stand at the target are decided again when their source changes.

    A person dismissed what the source said then, not the cancellation that comes later.
    """
    dismissed = [d.pk for d in changed if d.state == State.DISMISSED]
    if not dismissed:
        return []
    linked = set(Link.objects.filter(document__in=dismissed).values_list("document_id", flat=True))
    trail.write(
        trail.document_event("document.dismissal_ended", d, details={"gone": d.gone})
        for d in changed
        if d.pk in linked
    )
    return sorted(linked)


def make_due(documents: Any, *, by_a_person: bool = False) -> int:
    """Make the documents of a queryset due again where their state allows it; returns how many.

    Those in delivery are marked to look again when they have settled.
    """
    lock_found(documents.filter(state__in=_LOOKS_AGAIN | MOVING))
    documents.filter(state__in=MOVING).update(again=True)
    if not by_a_person:
        documents = documents.exclude(state=State.HELD, reason=_BY_A_PERSON)
    return int(
        documents.filter(state__in=_LOOKS_AGAIN).update(
            state=State.DUE, state_at=clock.now(), next_at=EPOCH, tries=0
        )
    )
