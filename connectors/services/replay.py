"""Replay and dismissal: people send documents round again, or say that they shall not be posted.

A replayed document is read again at the source and decided like any other, so repeating it
changes nothing that is already right.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from audit.services import Event, record
from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.engine import doorbell, ledger, trail
from connectors.engine.runs import queue_run
from connectors.models import Document, Integration, MappingFailure, Run
from tenants.scope import tenant_scope


def replay_documents(tenant_id: int, ids: Sequence[int], *, actor: str) -> int:
    """Have these documents read and decided anew; returns how many."""
    with tenant_scope(tenant_id):
        documents = Document.objects.filter(pk__in=ids)
        return _replay(documents, actor)


def replay_failure(failure: MappingFailure, *, actor: str) -> int:
    """Have every document that waits for this failure read and decided anew."""
    with tenant_scope(failure.tenant_id):
        return _replay(Document.objects.filter(waits__failure=failure), actor)


def _replay(documents: Any, actor: str) -> int:
    rows = list(documents.select_for_update(of=("self",)))
    ids = [row.pk for row in rows]
    chosen = Document.objects.filter(pk__in=ids)
    chosen.update(wants_read=True)
    Document.objects.filter(pk__in=ids, state=State.DISMISSED).update(
        state=State.DUE, state_at=timezone.now()
    )
    ledger.make_due(chosen, by_a_person=True)
    record(*(trail.document_event("document.replayed", row, actor=actor) for row in rows))
    for integration in Integration.objects.filter(pk__in={row.integration_id for row in rows}):
        run = queue_run(integration, trigger=Run.Trigger.PERSON, actor=actor)
        doorbell.ring(doorbell.ADVANCE_RUN, integration.tenant_id, run.pk)
    return len(rows)


def dismiss(tenant_id: int, document_id: int, *, reason: str, actor: str) -> None:
    """A named person says that this document shall not be posted, and why."""
    if not reason.strip():
        raise BadInputError("Say why it shall not be posted; the reason stays in the audit trail.")
    with tenant_scope(tenant_id):
        document = Document.objects.select_for_update().get(pk=document_id)
        if document.state not in (State.WAITING, State.HELD):
            raise BadInputError(
                f"Only waiting or held documents can be dismissed; this one is {document.state}."
            )
        before = {"state": document.state, "reason": document.reason}
        Document.objects.filter(pk=document.pk).update(
            state=State.DISMISSED, state_at=timezone.now(), words=f"{reason.strip()} ({actor})"
        )
        document.waits.all().delete()
        event: Event = trail.document_event(
            "document.dismissed", document, actor=actor, details={"why": reason.strip(), **before}
        )
        record(event)
