"""Replay and dismissal: people send documents round again, or say that they shall not be posted.

A replayed document is read again at the source and decided like any other, so repeating it
changes nothing that is already right.
"""

from collections.abc import Sequence
from typing import Any

from audit.services import Event, record
from connectors.core import clock
from connectors.core.days import instant_text
from connectors.core.errors import BadInputError
from connectors.core.states import Reason, State
from connectors.engine import doorbell, ledger, trail
from connectors.engine.facts import NAMED, PERIOD_LOCK
from connectors.engine.release import came_to_rest
from connectors.engine.runs import queue_run
from connectors.models import EPOCH, Document, Integration, MappingFailure, ReferenceState, Run
from connectors.services.seen import refuse_if_moved
from tenants.scope import tenant_scope


def replay_documents(
    tenant_id: int, ids: Sequence[int], *, actor: str, seen: str | None = None
) -> int:
    """Have these documents read and decided anew; returns how many.

    ``seen`` is what a person saw of the one that they replay by its page.
    """
    with tenant_scope(tenant_id):
        documents = Document.objects.filter(pk__in=ids)
        if seen is not None:
            refuse_if_moved(documents.select_for_update(of=("self",)).get(), seen)
        return _replay(documents, actor)


def replay_failure(failure: MappingFailure, *, actor: str) -> int:
    """Have every document that waits for this failure read and decided anew."""
    with tenant_scope(failure.tenant_id):
        return _replay(Document.objects.filter(waits__failure=failure), actor)


def _replay(documents: Any, actor: str) -> int:
    # In one order always: workers lock the same documents, and nobody may wait in a circle.
    rows = list(documents.select_for_update(of=("self",)).order_by("pk"))
    ids = [row.pk for row in rows]
    chosen = Document.objects.filter(pk__in=ids)
    chosen.update(wants_read=True, read_next_at=EPOCH)
    # Whether it still stands there as posted is seen there, and nowhere else.
    chosen.filter(links__isnull=False).update(wants_look=True)
    closed = [row.integration_id for row in rows if row.reason == Reason.PERIOD_CLOSED]
    if closed:
        # The run reads the lock afresh; one that has moved decides these documents once more.
        ReferenceState.objects.filter(connection__as_target__in=closed, kind=PERIOD_LOCK).update(
            read_at=None
        )
    Document.objects.filter(pk__in=ids, state=State.DISMISSED).update(
        state=State.DUE, state_at=clock.now()
    )
    for row in rows:
        if row.sightings.keys() == {NAMED}:
            # A person asks for it, so it is no longer only named by others.
            row.sightings["person"] = instant_text(clock.now())
            row.save(update_fields=["sightings"])
    ledger.make_due(chosen, by_a_person=True)
    record(*(trail.document_event("document.replayed", row, actor=actor) for row in rows))
    for integration in Integration.objects.filter(pk__in={row.integration_id for row in rows}):
        run = queue_run(integration, trigger=Run.Trigger.PERSON, actor=actor)
        doorbell.ring(doorbell.ADVANCE_RUN, integration.tenant_id, run.pk)
    return len(rows)


def dismiss(
    tenant_id: int, document_id: int, *, reason: str, actor: str, seen: str | None = None
) -> bool:
    """A named person says that this document shall not be posted, and why.

    ``seen`` is what the person saw of it. Returns whether it stands at the target: then a later
    change at the source is decided again.
    """
    if not reason.strip():
        raise BadInputError("Say why it shall not be posted; the reason stays in the audit trail.")
    with tenant_scope(tenant_id):
        document = Document.objects.select_for_update().get(pk=document_id)
        refuse_if_moved(document, seen)
        if document.state not in (State.WAITING, State.HELD):
            raise BadInputError(
                f"Only waiting or held documents can be dismissed; this one is {document.state}."
            )
        before = {"state": document.state, "reason": document.reason}
        Document.objects.filter(pk=document.pk).update(
            state=State.DISMISSED,
            state_at=clock.now(),
            words=f"{reason.strip()} ({actor})",
            told="",
        )
        document.waits.all().delete()
        event: Event = trail.document_event(
            "document.dismissed", document, actor=actor, details={"why": reason.strip(), **before}
        )
        record(event)
        came_to_rest(document)
        return document.links.exists()
