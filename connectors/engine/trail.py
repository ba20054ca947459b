"""What the engine says to the audit trail: one spelling of each event, from documents and links."""

from collections.abc import Iterable
from typing import Any

from audit.services import Event as Event
from audit.services import record
from connectors.models import Document

WORKER = "system:worker"


def document_event(action: str, document: Document, **fields: Any) -> Event:
    """An event about a document: its source is filled in, the target is the caller's to name."""
    return Event(
        action=action,
        actor=fields.pop("actor", WORKER),
        integration_id=document.integration_id,
        document_id=document.pk,
        source_kind=document.stream,
        source_id=document.key,
        source_number=document.number,
        **fields,
    )


def write(events: Iterable[Event]) -> None:
    """Append events to the open scope's chain; nothing happens for none."""
    events = list(events)
    if events:
        record(*events)
