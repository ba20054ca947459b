"""Writes all of a workspace's data as a ZIP of CSV and JSON lines, piece by piece.

Columns are named one by one, so that no secret is among them. Batches are read in short scopes: a
slow client keeps no transaction open, and the whole never stands in memory.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from audit.actors import user as actor_of
from audit.chain import canonical
from audit.models import AuditEvent
from audit.services import Event, export_tenant, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.core.redaction import redact
from connectors.core.table_files import written
from connectors.models import Connection, Document, Integration, Link, Mapping
from tenants.models import Member, Tenant, User
from tenants.rights import Right, require
from tenants.scope import tenant_scope

_AT_ONCE = 1_000
MOST_AN_HOUR = 5
_ACTION = "tenant.exported"
README = """All data of this workspace.

*.csv              one line per record, with a heading
documents.jsonl    each document as it was read from its system
links.jsonl        what was posted for each document
audit.jsonl        the audit trail, which audit/verify_export.py checks

Passwords, tokens, keys and addresses of webhooks are not in here.
"""
TABLES: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "members": (Member, ("id", "user__email", "user__name", "role", "created_at")),
    "connections": (Connection, ("id", "provider", "name", "health", "created_at")),
    "integrations": (
        Integration,
        ("id", "flow", "name", "source_id", "target_id", "enabled", "history_start", "created_at"),
    ),
    "documents": (
        Document,
        (
            *("id", "integration_id", "stream", "key", "number", "party", "day", "total"),
            *("currency", "state", "reason", "words", "created_at"),
        ),
    ),
    "links": (
        Link,
        (
            *("id", "document_id", "connection_id", "part", "target_kind", "target_id"),
            *("target_number", "reference", "status", "total", "currency", "posted_at"),
        ),
    ),
    "mappings": (
        Mapping,
        (
            *("id", "integration_id", "kind", "source_key", "target_key", "origin"),
            *("evidence", "actor", "created_at", "changed_at"),
        ),
    ),
}
LINES: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "documents": (Document, ("id", "stream", "key", "record")),
    "links": (Link, ("id", "document_id", "target_kind", "target_id", "payload", "lines")),
}


def begin(*, tenant_id: int, by: User) -> Iterator[bytes]:
    """Note the export in the audit trail, and give the file's pieces.

    Raises BadInputError where too many were made within an hour.
    """
    require(by, tenant_id, Right.EXPORT_ALL)
    with tenant_scope(tenant_id):
        # One after the other, or several at once would each count too few.
        Tenant.objects.select_for_update().get(pk=tenant_id)
        since = clock.now() - timedelta(hours=1)
        if AuditEvent.objects.filter(action=_ACTION, at__gt=since).count() >= MOST_AN_HOUR:
            raise BadInputError(
                f"{MOST_AN_HOUR} exports were made within an hour. Try again in an hour."
            )
        record(Event(action=_ACTION, actor=actor_of(by)))
    return _pieces(tenant_id)


class _Outlet:
    """What a ZIP is written to: it keeps what was written until somebody takes it."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._waiting.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing to do: what waits is taken."""

    def taken(self) -> bytes:
        whole = b"".join(self._waiting)
        self._waiting.clear()
        return whole


def _pieces(tenant_id: int) -> Iterator[bytes]:
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, content in _files(tenant_id):
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in content:
                    file.write(piece)
                    yield outlet.taken()
    yield outlet.taken()


def _files(tenant_id: int) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [README.encode()]
    for name, (model, columns) in TABLES.items():
        yield f"{name}.csv", _table(tenant_id, model, columns)
    for name, (model, columns) in LINES.items():
        yield f"{name}.jsonl", _lines(tenant_id, model, columns)
    yield "audit.jsonl", (canonical(event) + b"\n" for event in export_tenant(tenant_id))


def _table(tenant_id: int, model: type[models.Model], columns: tuple[str, ...]) -> Iterator[bytes]:
    yield written([columns]).encode()
    for rows in _batches(tenant_id, model, columns):
        texts = [["" if row[name] is None else row[name] for name in columns] for row in rows]
        # The mark stands at the beginning of the file only.
        yield written(texts)[1:].encode()


def _lines(tenant_id: int, model: type[models.Model], columns: tuple[str, ...]) -> Iterator[bytes]:
    for rows in _batches(tenant_id, model, columns):
        lines = (json.dumps(redact(row), cls=DjangoJSONEncoder, sort_keys=True) for row in rows)
        yield "".join(f"{line}\n" for line in lines).encode()


def _batches(
    tenant_id: int, model: type[models.Model], columns: tuple[str, ...]
) -> Iterator[list[dict[str, Any]]]:
    last = 0
    while True:
        with tenant_scope(tenant_id):
            found = model._default_manager.filter(pk__gt=last).order_by("pk")
            rows = list(found.values(*columns)[:_AT_ONCE])
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]
