"""Reads what documents name but no list has shown: an order that is older than the history start.

Without it whoever waits for such a record would wait for ever, and nobody could say what it is.
What is read becomes a document like any other; whether it is posted is the flow's to decide.
"""

from collections import defaultdict

from django.db.models import Exists, OuterRef

from connectors.core import clock
from connectors.core.days import instant_text
from connectors.core.flow import Stream
from connectors.core.states import SETTLED
from connectors.engine.facts import NAMED
from connectors.engine.job import Job
from connectors.models import Dependency, Document


def unknown(job: Job) -> dict[str, set[str]]:
    """The keys that unsettled documents name and nobody has seen, by stream."""
    known = Document.objects.filter(
        integration=job.integration, stream=OuterRef("stream"), key=OuterRef("key")
    )
    found: dict[str, set[str]] = defaultdict(set)
    with job.reading():
        rows = (
            Dependency.objects.filter(integration=job.integration)
            .exclude(document__state__in=SETTLED)
            .exclude(Exists(known))
        )
        for stream, key in rows.values_list("stream", "key"):
            found[stream].add(key)
    return found


def enter(job: Job, stream: Stream, keys: set[str]) -> None:
    """Give what is named and not known yet its place in the ledger."""
    with job.scope():
        Document.objects.bulk_create(
            (
                Document(
                    integration=job.integration,
                    stream=stream.name,
                    rank=stream.rank,
                    key=key,
                    sightings={NAMED: instant_text(clock.now())},
                )
                for key in sorted(keys)
            ),
            # A webhook may have told of one meanwhile.
            ignore_conflicts=True,
        )
