"""The ledger as plain rows for the comparer, and what a person does to mapping failures.

Runs beside a service, in a process that has Django set up; the comparer itself sees only rows.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.models import Attempt, Document, InboxEvent, Integration, MappingFailure, Wait
from connectors.services import mapping
from tenants.scope import tenant_scope

# A document that waits for mappings waits for all it lacks; each kind of mapping has its class.
_CLASSES = {
    "vendor": "vendor_missing",
    "account": "account_missing",
    "tax": "tax_missing",
    "currency": "currency_missing",
    "project": "project_missing",
    "cost_code": "cost_code_missing",
}


def rows(tenant_id: int, integration_id: int) -> list[dict[str, Any]]:
    """Every document of the integration."""
    with tenant_scope(tenant_id):
        lacks: dict[int, set[str]] = {}
        waits = Wait.objects.filter(document__integration_id=integration_id)
        for document_id, kind in waits.values_list("document_id", "failure__kind"):
            lacks.setdefault(document_id, set()).add(_CLASSES[kind])
        documents = Document.objects.filter(integration_id=integration_id).order_by("pk")
        return [_row(document, lacks.get(document.pk, set())) for document in documents]


def _row(document: Document, lacks: set[str]) -> dict[str, Any]:
    classes = {document.reason} | lacks if document.state == "waiting" else {document.reason}
    return {
        "kind": document.stream,
        "source_key": document.key,
        "number": document.number,
        "state": document.state,
        "class": sorted(classes - {""}),
        "words": document.words,
    }


def history(tenant_id: int, row: Mapping[str, Any]) -> list[str]:
    """What was tried for a document, in order: for saying what led to a wrong end."""
    with tenant_scope(tenant_id):
        attempts = Attempt.objects.filter(
            document__stream=row["kind"], document__key=row["source_key"]
        ).prefetch_related("outcomes")
        return [
            f"      {attempt.at:%H:%M:%S.%f} {attempt.action} {attempt.reference} "
            + "; ".join(
                f"{outcome.at:%H:%M:%S.%f} {outcome.result} {outcome.words}"
                for outcome in attempt.outcomes.all()
            )
            for attempt in attempts.order_by("pk")
        ]


def under_way(tenant_id: int, integration_id: int) -> int:
    """How many documents are not at rest, or are about to be read again.

    One that says why it cannot be read is at rest: a person or a later poll moves it.
    """
    with tenant_scope(tenant_id):
        documents = Document.objects.filter(integration_id=integration_id)
        moving = documents.filter(state__in=["due", "delivering", "unconfirmed"])
        return (moving | documents.filter(wants_read=True, unread="")).count()


def hints_to_follow(tenant_id: int) -> int:
    """How many webhooks were taken in and not yet followed."""
    with tenant_scope(tenant_id):
        return InboxEvent.objects.filter(status=InboxEvent.Status.PENDING).count()


def resolve_failures(
    tenant_id: int, integration_id: int, resolutions: Iterable[Mapping[str, str]], *, actor: str
) -> int:
    """Choose the target of each open failure as its list says; returns how many were resolved."""
    wanted = {(row["kind"], row["source_key"]): row["target_id"] for row in resolutions}
    resolved = 0
    with tenant_scope(tenant_id):
        failures = list(
            MappingFailure.objects.filter(
                integration_id=integration_id, status=MappingFailure.Status.OPEN
            )
        )
    for failure in failures:
        target = wanted.get((failure.kind, failure.source_key))
        if target is not None:
            mapping.resolve(failure, target_key=target, actor=actor)
            resolved += 1
    return resolved


def integration(tenant_id: int, integration_id: int) -> Integration:
    with tenant_scope(tenant_id):
        return Integration.objects.get(pk=integration_id)
