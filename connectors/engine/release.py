"""Lets go what stood still: a mapping that now exists, or a document that others named, frees them.

Runs inside the caller's scope; the freed documents are due and the dispatcher finds them.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from connectors.core import clock
from connectors.core.decisions import DocumentKey
from connectors.core.references import MappingKey
from connectors.core.states import AT_TARGET, SETTLED, State
from connectors.engine import claims, ledger, trail
from connectors.models import Dependency, Document, Integration, MappingFailure, Wait


def lock_mappings(integration: Integration) -> None:
    """Let those who set mappings and those who find them missing go one after the other.

    Without it a mapping could be set between a worker's look and its failure row, and neither side
    would see the other. Take it before any other lock of the transaction.
    """
    Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)


def release_mappings(integration: Integration, keys: Collection[MappingKey], *, actor: str) -> int:
    """Close the failures of mappings that exist now and free their documents; returns how many."""
    rows = MappingFailure.objects.filter(
        integration=integration,
        kind__in={key.kind for key in keys},
        source_key__in={key.source_key for key in keys},
        status=MappingFailure.Status.OPEN,
    )
    failures = [row for row in rows if MappingKey(row.kind, row.source_key) in keys]
    events = [_release(failure, actor) for failure in failures]
    trail.write(events)
    return sum(int(event.details["documents"]) for event in events)


def _release(failure: MappingFailure, actor: str) -> trail.Event:
    failure.status = MappingFailure.Status.RESOLVED
    failure.resolved_at, failure.resolved_by = clock.now(), actor
    waiting = Document.objects.filter(waits__failure=failure)
    failure.freed = list(waiting.order_by("pk").values_list("pk", flat=True))
    failure.save(update_fields=["status", "resolved_at", "resolved_by", "freed"])
    freed = ledger.make_due(Document.objects.filter(pk__in=failure.freed))
    Wait.objects.filter(failure=failure).delete()
    return trail.Event(
        action="mapping_failure.resolved",
        actor=actor,
        integration_id=failure.integration_id,
        source_kind=failure.kind,
        source_id=failure.source_key,
        source_number=failure.label[:120],
        details={"documents": freed},
    )


def release_dependants(document: Document, *, looking: bool = True) -> int:
    """Free the documents that wait for this one; returns how many.

    One that is being decided at this moment may have looked before: with ``looking`` it looks
    again.
    """
    dependants = Dependency.objects.filter(
        integration_id=document.integration_id, stream=document.stream, key=document.key
    )
    # Asked first and by its index: most documents have none.
    ids = list(dependants.values_list("document_id", flat=True))
    if not ids:
        return 0
    states = [State.WAITING, *([State.DELIVERING, State.UNCONFIRMED] if looking else [])]
    return ledger.make_due(Document.objects.filter(pk__in=ids, state__in=states))


def release_awaiting(integration: Integration, kind: str, target_ids: Collection[str]) -> int:
    """Free the documents that wait for somebody to act on these records, which have changed."""
    awaiting = Document.objects.filter(
        integration=integration,
        state=State.WAITING,
        reason__in=AT_TARGET,
        links__target_kind=kind,
        links__target_id__in=target_ids,
    )
    ids = list(awaiting.values_list("pk", flat=True))
    return ledger.make_due(Document.objects.filter(pk__in=ids)) if ids else 0


def came_to_rest(document: Document) -> int:
    """Free whoever waited for a document that rests without being posted; returns how many.

    Those that wait for it, those held as its duplicates, and the posted ones that it takes from:
    what stood in their way has ended. One that is due again by now has not come to rest.
    """
    if not Document.objects.filter(pk=document.pk, state__in=SETTLED).exists():
        return 0
    named = Q(pk__in=[])
    for stream, key in document.dependencies.values_list("stream", "key"):
        named |= Q(stream=stream, key=key)
    return (
        release_dependants(document)
        + ledger.free_twins(document, [document.twin_number])
        + ledger.make_due(
            Document.objects.filter(
                named,
                integration_id=document.integration_id,
                state__in=[State.POSTED, State.HELD],
            )
        )
    )


def nudge(integration: Integration, keys: tuple[DocumentKey, ...]) -> int:
    """Have these documents decided anew; returns how many were at rest."""
    wanted = Q()
    for key in keys:
        wanted |= Q(stream=key.stream, key=key.key)
    if not keys:
        return 0
    return ledger.make_due(Document.objects.filter(wanted, integration=integration))


def decide_anew(documents: Any) -> None:
    """Have what is not at rest decided by what holds from now on.

    What seems to be due may have been claimed a moment ago, by a worker who has still to say so.
    """
    under_way = claims.MOVING | {State.DUE}
    claims.lock_found(documents.filter(state__in=under_way))
    documents.filter(state__in=under_way).update(again=True)
    ledger.make_due(documents.filter(state__in=[State.WAITING, State.HELD]))
