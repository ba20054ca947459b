"""What the engine says to the audit trail: one spelling of each event, from documents and links."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
    if _kept.events is not None:
        _kept.events += events
    elif events:
        record(*events)


@contextmanager
def at_the_end() -> Iterator[None]:
    """Inside a scope: what is written in the block is appended when it ends, in one go.

    The chain stays locked until the commit. Whoever moved documents after that could wait for one
    who holds them and waits for the chain.
    """
    events: list[Event] = []
    _kept.events = events
    try:
        yield
    finally:
        _kept.events = None
    write(events)


class _Kept(threading.local):
    """Events of a block that has not ended, by thread as connections are."""

    events: list[Event] | None = None


_kept = _Kept()
