"""The platform's own chain: what happens to people, groups and rights, which belong to no tenant.

Events enter through ``record`` and are sealed as those of a tenant are; an export of them has null
as its tenant.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from audit import chain, verifying
from audit.acting import current_actor
from audit.models import PlatformEvent, PlatformHead
from connectors.core import clock
from connectors.core.redaction import redact

# There is one chain, so its head is one row.
_ROW = 1
_LOCK_HEAD = """
INSERT INTO audit_platformhead AS head (id, sequence, hash) VALUES (%s, 0, %s)
ON CONFLICT (id) DO UPDATE SET sequence = head.sequence
RETURNING sequence, hash
"""


def record(
    action: str, subject: str = "", *, actor: str = "", details: Mapping[str, Any] | None = None
) -> PlatformEvent:
    """Append an event: who (or what) did what to whom. ``details`` never holds a secret.

    Without an actor, whoever acts at the moment. Call it in the transaction of what it tells, and
    last: the chain stays locked until that ends.
    """
    event = PlatformEvent(
        at=clock.now(),
        actor=_fit(actor or current_actor(), 200),
        action=action,
        subject=_fit(subject, 300),
        details=redact(chain.plain(details or {})),
    )
    with transaction.atomic():
        head = event.seal(_lock_head())
        event.save(force_insert=True)
        PlatformHead.objects.filter(pk=_ROW).update(sequence=head.sequence, hash=head.hash)
    return event


def verify() -> chain.Head:
    """Verify the whole chain; raise ``ChainBrokenError`` if it fails."""
    return verifying.verify(PlatformChain())


def check_anchor(noted: chain.Head) -> None:
    """Raise ``ChainBrokenError`` unless the chain still leads through a head noted earlier."""
    verifying.check_anchor(PlatformChain(), noted)


def export() -> Iterator[dict[str, Any]]:
    """Give the events in order, as the hash covers them."""
    return verifying.export(PlatformChain())


def read_head() -> chain.Head:
    """Return the recorded end of the chain."""
    return PlatformChain().head()


class PlatformChain:
    """The platform's chain in the database."""

    def head(self) -> chain.Head:
        row = PlatformHead.objects.filter(pk=_ROW).first()
        return chain.Head(row.sequence, row.hash) if row else chain.Head()

    def after(self, sequence: int, limit: int) -> Sequence[PlatformEvent]:
        events = PlatformEvent.objects.filter(sequence__gt=sequence)
        return list(events.order_by("sequence")[:limit])


def _lock_head() -> chain.Head:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_HEAD, [_ROW, chain.GENESIS])
        return chain.Head(*cursor.fetchone())


def _fit(value: str, length: int) -> str:
    """Cut a text to its column: an overlong address must not stop the event."""
    text: str = chain.plain(value)
    return text if len(text) <= length else text[: length - 1] + "…"
