"""Looks at the target for documents that are flagged: changed there, perhaps deleted, or replayed.

Flagged documents of an integration enter, a few at a time; each leaves without its flag, matched or
held. Everything is read live: a list only raises the suspicion.
"""

import logging
from collections.abc import Sequence

from django.db.models import Q

from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.states import Reason, State
from connectors.engine import drift
from connectors.engine.extract import Guard
from connectors.engine.job import Job
from connectors.models import Document

logger = logging.getLogger(__name__)
_LOOKED_AT = Q(state=State.POSTED) | Q(state=State.HELD, reason=Reason.DRIFTED)
# Concerns this record alone; the others are looked at all the same.
_OF_ONE = (ErrorKind.PERMISSION, ErrorKind.REJECTED, ErrorKind.NOT_FOUND)


def look_at_flagged(job: Job, guard: Guard, most: int) -> int:
    """Look at flagged documents, the longest at rest first; returns how many were changed."""
    found = 0
    for document in _flagged(job, Q(), most):
        guard()
        found += _look(job, document)
    return found


def look_after_posting(job: Job, documents: Sequence[Document]) -> int:
    """Look at once at those of a batch that a person wants to see compared.

    What cannot be read now keeps its flag for the next run: everything is posted, nothing failed.
    """
    wanted = [document.pk for document in documents if document.wants_look]
    if not wanted:
        return 0
    try:
        flagged = _flagged(job, Q(pk__in=wanted), len(wanted))
        return sum(_look(job, document) for document in flagged)
    except ProviderError as error:
        logger.warning("documents are compared by the next run: %s", error)
        return 0


def _flagged(job: Job, some: Q, most: int) -> list[Document]:
    with job.scope():
        rows = Document.objects.filter(
            some, _LOOKED_AT, integration=job.integration, wants_look=True
        )
        return list(rows.defer("record", "sightings").order_by("state_at", "pk")[:most])


def _look(job: Job, document: Document) -> bool:
    """One live look. The flag goes first: what changes meanwhile puts it up again."""
    _flag(job, document, up=False)
    again = True
    try:
        changed = drift.look_at_document(job.view_of(document.stream), document)
        again = False
    except drift.OnItsWayError:
        changed = False
    except (BadInputError, ProviderError) as error:
        again = isinstance(error, ProviderError) and error.kind not in _OF_ONE
        if again:
            raise
        logger.warning("document %s could not be compared: %s", document.pk, error)
        changed = False
    finally:
        if again:
            _flag(job, document, up=True)
    return changed


def _flag(job: Job, document: Document, *, up: bool) -> None:
    with job.scope():
        Document.objects.filter(pk=document.pk).update(wants_look=up)
