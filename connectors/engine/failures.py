"""Opens mapping failures and puts documents on them: one row per missing thing, not per document.

Runs inside the caller's scope and under its lock of the mappings, in bulk for a batch of decided
documents.
"""

from collections.abc import Mapping as MappingType
from collections.abc import Sequence

from connectors.core import clock
from connectors.core.references import MappingKey, MissingMapping
from connectors.engine import trail
from connectors.engine.job import Job
from connectors.engine.release import lock_mappings, release_mappings
from connectors.models import Document, Mapping, MappingFailure, ReferenceItem, Wait


def wait_for(
    job: Job,
    waiting: Sequence[tuple[Document, Sequence[MissingMapping]]],
    mapped_then: MappingType[MappingKey, str],
) -> None:
    """Make each document wait for exactly what it lacks now, opening failures as needed.

    ``mapped_then`` are the mappings that the decisions saw: none, or ones that are no good.
    """
    ids = [document.pk for document, _ in waiting]
    Wait.objects.filter(document__in=ids).delete()
    missing = {item.key: item for _, items in waiting for item in items}
    if not missing:
        return
    failures = _open(job, missing)
    Wait.objects.bulk_create(
        Wait(document=document, failure=failures[item.key])
        for document, items in waiting
        for item in {i.key: i for i in items}.values()
    )
    _release_what_was_mapped_meanwhile(job, missing, mapped_then)


def no_longer_waits(job: Job, documents: Sequence[Document]) -> None:
    """Take documents off what they waited for; a failure for which nobody waits is closed."""
    waits = Wait.objects.filter(document__in=[document.pk for document in documents])
    ids = set(waits.values_list("failure_id", flat=True))
    if not ids:
        return
    lock_mappings(job.integration)
    waits.delete()
    nobodys = MappingFailure.objects.filter(
        pk__in=ids, status=MappingFailure.Status.OPEN, waits__isnull=True
    )
    keys = [MappingKey(*key) for key in nobodys.values_list("kind", "source_key")]
    release_mappings(job.integration, keys, actor=trail.WORKER)


def _release_what_was_mapped_meanwhile(
    job: Job,
    missing: MappingType[MappingKey, MissingMapping],
    mapped_then: MappingType[MappingKey, str],
) -> None:
    """A mapping may have been set after the facts were loaded, when no failure stood open yet."""
    rows = Mapping.objects.filter(
        integration=job.integration,
        kind__in={key.kind for key in missing},
        source_key__in={key.source_key for key in missing},
    )
    keys = []
    for kind, source_key, target in rows.values_list("kind", "source_key", "target_key"):
        key = MappingKey(kind, source_key)
        if key in missing and mapped_then.get(key) != target and _is_there(job, kind, target):
            keys.append(key)
    release_mappings(job.integration, keys, actor=trail.WORKER)


def _is_there(job: Job, kind: str, target_key: str) -> bool:
    return ReferenceItem.objects.filter(
        connection=job.target, kind=kind, key=target_key, active=True
    ).exists()


def _open(
    job: Job, missing: MappingType[MappingKey, MissingMapping]
) -> dict[MappingKey, MappingFailure]:
    rows = MappingFailure.objects.filter(
        integration=job.integration,
        kind__in={key.kind for key in missing},
        source_key__in={key.source_key for key in missing},
    )
    known = {MappingKey(row.kind, row.source_key): row for row in rows}
    fresh = [
        MappingFailure(
            integration=job.integration,
            kind=key.kind,
            source_key=key.source_key,
            label=item.label[:300],
        )
        for key, item in missing.items()
        if key not in known
    ]
    # Another worker may open the same one at this moment: the constraint decides, both read it.
    MappingFailure.objects.bulk_create(fresh, ignore_conflicts=True)
    reopened = [
        row
        for key, row in known.items()
        if key in missing and row.status == MappingFailure.Status.RESOLVED
    ]
    for row in reopened:
        row.status, row.opened_at, row.alerted_at = MappingFailure.Status.OPEN, clock.now(), None
        row.resolved_at, row.resolved_by = None, ""
        row.label = missing[MappingKey(row.kind, row.source_key)].label[:300]
        row.save()
    trail.write(_opened(job, row) for row in [*fresh, *reopened])
    again = rows.all()
    return {MappingKey(row.kind, row.source_key): row for row in again}


def _opened(job: Job, failure: MappingFailure) -> trail.Event:
    return trail.Event(
        action="mapping_failure.opened",
        actor=trail.WORKER,
        integration_id=job.integration.pk,
        source_kind=failure.kind,
        source_id=failure.source_key,
        source_number=failure.label[:120],
        details={"label": failure.label},
    )
