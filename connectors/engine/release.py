"""Lets go what stood still: a mapping that now exists, or a document that others named, frees them.

Runs inside the caller's scope; the freed documents are due and the dispatcher finds them.
"""

from django.db.models import Q
from django.utils import timezone

from connectors.core.decisions import DocumentKey
from connectors.core.states import State
from connectors.engine import ledger, trail
from connectors.models import Dependency, Document, Integration, MappingFailure, Wait


def lock_mappings(integration: Integration) -> None:
    """Let those who set mappings and those who find them missing go one after the other.

    Without it a mapping could be set between a worker's look and its failure row, and neither side
    would see the other. Take it before any other lock of the transaction.
    """
    Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)


def release_mapping(integration: Integration, kind: str, source_key: str, *, actor: str) -> int:
    """Close the failure of a mapping that exists now and free its documents; returns how many."""
    failure = MappingFailure.objects.filter(
        integration=integration,
        kind=kind,
        source_key=source_key,
        status=MappingFailure.Status.OPEN,
    ).first()
    if failure is None:
        return 0
    failure.status = MappingFailure.Status.RESOLVED
    failure.resolved_at, failure.resolved_by = timezone.now(), actor
    failure.save(update_fields=["status", "resolved_at", "resolved_by"])
    freed = ledger.make_due(Document.objects.filter(waits__failure=failure))
    Wait.objects.filter(failure=failure).delete()
    trail.write(
        [
            trail.Event(
                action="mapping_failure.resolved",
                actor=actor,
                integration_id=integration.pk,
                source_kind=kind,
                source_id=source_key,
                source_number=failure.label[:120],
                details={"documents": freed},
            )
        ]
    )
    return freed


def release_dependants(document: Document) -> int:
    """Free the documents that wait for this one; returns how many.

    One that is being decided at this moment may have looked before: it looks again.
    """
    dependants = Dependency.objects.filter(
        integration_id=document.integration_id, stream=document.stream, key=document.key
    )
    # Asked first and by its index: most documents have none.
    ids = list(dependants.values_list("document_id", flat=True))
    if not ids:
        return 0
    return ledger.make_due(
        Document.objects.filter(
            pk__in=ids, state__in=[State.WAITING, State.DELIVERING, State.UNCONFIRMED]
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
