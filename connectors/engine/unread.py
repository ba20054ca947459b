"""Notes what could not be read: why, when it is tried again, and since when people are told.

A failed reading enters. The document's next try comes after a growing pause; once its words are
set, the document is decided like any other and held by them, until a reading succeeds.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db.models import Min, Q
from django.db.models.functions import Now

from connectors.core.errors import ConnectorError, ErrorKind, ProviderError
from connectors.engine.job import Job
from connectors.engine.ledger import make_due
from connectors.engine.policy import policy
from connectors.models import Document

logger = logging.getLogger(__name__)

# Those that a run waits for: they want reading, and nobody was told yet that they cannot be read.
HOPED_FOR = Q(wants_read=True, unread="")


def note(job: Job, document: Document, error: ConnectorError) -> None:
    """A reading of the document failed: try again later, and say so when that is no passing fault.

    A refusal is shown at once; a provider that fails may do better at the next try.
    """
    logger.warning("%s could not be read: %s", document, error)
    with job.scope():
        row = Document.objects.select_for_update().get(pk=document.pk)
        tries = row.read_tries + 1
        mine = Document.objects.filter(pk=row.pk)
        pause = policy().retry_in(row.read_tries)
        mine.update(read_tries=tries, read_next_at=Now() + pause, wants_read=True)
        words = _words(job, error)
        if (_may_pass(error) and tries < policy().read_tries) or row.unread == words:
            return
        mine.update(unread=words)
        make_due(mine)


def next_try(job: Job) -> timedelta | None:
    """In how long a record is to be read again that a run waits for; None when there is none."""
    kept = [stream.name for stream in job.flow.streams if stream.upkeep is not None]
    with job.reading():
        hoped_for = Document.objects.filter(HOPED_FOR, integration=job.integration)
        found: dict[str, Any] = hoped_for.exclude(stream__in=kept).aggregate(
            pause=Min("read_next_at") - Now()
        )
    pause: timedelta | None = found["pause"]
    return None if pause is None else max(pause, timedelta())


def tell(job: Job, why: str) -> None:
    """The run gives up: say of every record that failed in it why it stays unread."""
    with job.scope():
        failed = Document.objects.filter(HOPED_FOR, integration=job.integration, read_tries__gt=0)
        ids = list(failed.values_list("pk", flat=True))
        mine = Document.objects.filter(pk__in=ids)
        mine.update(unread=why)
        make_due(mine)


def _may_pass(error: ConnectorError) -> bool:
    """A provider that fails may do better; what a list shows may be opened a moment later."""
    kinds = (ErrorKind.TRANSIENT, ErrorKind.NOT_FOUND)
    return isinstance(error, ProviderError) and error.kind in kinds


def _words(job: Job, error: ConnectorError) -> str:
    return (
        f"{job.resolved.source.title} did not let us read it. {error} "
        "It is tried again at every run; to try at once, replay it."
    )
