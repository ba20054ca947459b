"""Recording: events enter, and leave sealed at the end of the open tenant's chain.

The caller passes the actor explicitly; nothing here looks at requests or tasks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from audit import chain, verifying
from audit.models import ID_FIELDS, TEXT_FIELDS, AuditEvent, AuditHead
from connectors.core import clock
from connectors.core.redaction import redact
from tenants.scope import require_tenant_id, tenant_scope

_LOCK_HEAD = """
INSERT INTO audit_audithead AS head (tenant_id, sequence, hash) VALUES (%s, 0, %s)
ON CONFLICT (tenant_id) DO UPDATE SET sequence = head.sequence
RETURNING sequence, hash
"""
_LENGTHS = {
    field.name: field.max_length
    for field in AuditEvent._meta.local_fields
    if field.name in TEXT_FIELDS and field.max_length
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened, before it has a place in the chain. ``details`` never holds a secret."""

    action: str
    actor: str
    integration_id: int | None = None
    run_id: int | None = None
    document_id: int | None = None
    source_kind: str = ""
    source_id: str = ""
    source_number: str = ""
    target_kind: str = ""
    target_id: str = ""
    target_number: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def record(*events: Event) -> list[AuditEvent]:
    """Append events to the open tenant's chain, in this order, in three statements however many.

    The chain stays locked until the transaction ends: call it last, and once for many events.
    """
    tenant_id = require_tenant_id()
    if not events:
        return []
    head = _lock_head(tenant_id)
    at = clock.now()
    rows = []
    for event in events:
        row = _row(event, tenant_id=tenant_id, at=at)
        head = row.seal(head)
        rows.append(row)
    AuditEvent.objects.bulk_create(rows)
    AuditHead.objects.filter(tenant_id=tenant_id).update(sequence=head.sequence, hash=head.hash)
    return rows


def verify_tenant(tenant_id: int) -> chain.Head:
    """Verify a tenant's whole chain; raise ``ChainBrokenError`` if it fails."""
    return verifying.verify(TenantChain(tenant_id))


def check_anchor(tenant_id: int, noted: chain.Head) -> None:
    """Raise ``ChainBrokenError`` unless the chain still leads through a head noted earlier."""
    verifying.check_anchor(TenantChain(tenant_id), noted)


def export_tenant(tenant_id: int) -> Iterator[dict[str, Any]]:
    """Give a tenant's events in order, as the hash covers them, up to the head at the start."""
    return verifying.export(TenantChain(tenant_id))


def read_head(tenant_id: int) -> chain.Head:
    """Return the recorded end of a tenant's chain."""
    with tenant_scope(tenant_id):
        row = AuditHead.objects.filter(tenant_id=tenant_id).first()
    return chain.Head(row.sequence, row.hash) if row else chain.Head()


@dataclass(frozen=True)
class TenantChain:
    """A tenant's chain in the database."""

    tenant_id: int

    def head(self) -> chain.Head:
        return read_head(self.tenant_id)

    def after(self, sequence: int, limit: int) -> Sequence[AuditEvent]:
        with tenant_scope(self.tenant_id):
            events = AuditEvent.objects.filter(tenant_id=self.tenant_id, sequence__gt=sequence)
            return list(events.order_by("sequence")[:limit])


def _lock_head(tenant_id: int) -> chain.Head:
    """Lock the head, made if missing, and read it: in one statement, so that first events queue."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_HEAD, [tenant_id, chain.GENESIS])
        return chain.Head(*cursor.fetchone())


def _row(event: Event, *, tenant_id: int, at: Any) -> AuditEvent:
    texts = {name: _fit(name, getattr(event, name)) for name in TEXT_FIELDS}
    ids = {name: getattr(event, name) for name in ID_FIELDS}
    details = redact(chain.plain(event.details))
    return AuditEvent(tenant_id=tenant_id, at=at, details=details, **texts, **ids)


def _fit(name: str, value: str) -> str:
    """Cut a text to its column: a provider's overlong number must not stop the event."""
    length = _LENGTHS[name]
    text: str = chain.plain(str(value))
    return text if len(text) <= length else text[: length - 1] + "…"
