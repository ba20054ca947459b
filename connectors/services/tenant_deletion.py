"""Writes everything of a tenant into files, checks them, and deletes the tenant.

What remains is an event in the platform's chain, with the hashes of the files. Secrets are deleted
and never exported.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from audit import platform
from audit.chain import canonical
from audit.services import export_tenant, read_head
from audit.verify_export import main as verify_file
from connectors.core.errors import BadInputError
from connectors.models import Integration, WebhookEndpoint, sealed_fields
from tenants.isolation import tenant_column
from tenants.models import Tenant
from tenants.roles import as_owner
from tenants.scope import DELETED_SETTING, tenant_scope

AUDIT_FILE, ROWS_FILE = "audit.jsonl", "rows.jsonl"


@dataclass(frozen=True)
class Exported:
    """How many rows of each table stand in the files, and the files' SHA-256."""

    rows: Mapping[str, int]
    hashes: Mapping[str, str]


def refuse_while_working(tenant_id: int) -> None:
    """Raise BadInputError while an integration is enabled, or a provider has webhooks of ours."""
    with tenant_scope(tenant_id):
        enabled = list(Integration.objects.filter(enabled=True).values_list("name", flat=True))
        hooked = list(
            WebhookEndpoint.objects.exclude(hooks={}).values_list("connection__name", flat=True)
        )
    if enabled:
        raise BadInputError(f"Pause first: {', '.join(enabled)}. Nothing was deleted.")
    if hooked:
        raise BadInputError(
            f"The providers of {', '.join(hooked)} still deliver webhooks. Wait until the paused "
            "integrations have removed them, or remove them there. Nothing was deleted."
        )


def export(tenant_id: int, folder: Path) -> Exported:
    """Write the audit as ``export_audit`` does, and a line of JSON for each row of each table.

    The folder must not exist. Raises BadInputError where the audit does not verify.
    """
    folder.mkdir(mode=0o700, parents=True)
    with (folder / AUDIT_FILE).open("w", encoding="ascii", newline="\n") as file:
        file.writelines(
            canonical(event).decode("ascii") + "\n" for event in export_tenant(tenant_id)
        )
    head = read_head(tenant_id)
    if verify_file([str(folder / AUDIT_FILE), "--head", head.hash]):
        raise BadInputError("The exported audit does not verify. Nothing was deleted.")
    rows: Counter[str] = Counter()
    with (folder / ROWS_FILE).open("w", encoding="utf-8", newline="\n") as file:
        for table, row in _rows(tenant_id):
            line = json.dumps({"table": table, "row": row}, cls=DjangoJSONEncoder, sort_keys=True)
            file.write(line + "\n")
            rows[table] += 1
    files = (folder / AUDIT_FILE, folder / ROWS_FILE)
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return Exported(rows, hashes)


def delete(tenant_id: int, exported: Exported, *, actor: str) -> None:
    """Delete every row of the tenant in one transaction, over the owner's login.

    Raises BadInputError where there are other rows than were exported: somebody still works.
    """
    with ExitStack() as inside:
        inside.enter_context(as_owner())
        inside.enter_context(transaction.atomic())
        inside.enter_context(tenant_scope(tenant_id))
        slug = Tenant.objects.get(pk=tenant_id).slug
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [DELETED_SETTING, str(tenant_id)])
            deleted = {
                model._meta.db_table: _delete_from(cursor, model, tenant_id)
                for model in tenant_models()
            }
        if {table: count for table, count in deleted.items() if count} != dict(exported.rows):
            raise BadInputError(
                "Something changed since the export. Nothing was deleted. Pause every integration, "
                "and try again with another folder."
            )
        details = {"rows": sum(deleted.values()), "tables": deleted, "files": exported.hashes}
        platform.record("tenant.deleted", f"{tenant_id} {slug}", actor=actor, details=details)


def tenant_models() -> list[type[models.Model]]:
    """Every model whose rows belong to a tenant; the tenants themselves come last."""
    owned = [model for model in apps.get_models() if tenant_column(model)]
    return sorted(owned, key=lambda model: model is Tenant)


def _rows(tenant_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for model in tenant_models():
        secret = sealed_fields(model)
        names = [f.attname for f in model._meta.concrete_fields if f.name not in secret]
        with tenant_scope(tenant_id):
            found = model._default_manager.filter(**{str(tenant_column(model)): tenant_id})
            for row in found.order_by("pk").values(*names).iterator():
                yield model._meta.db_table, row


def _delete_from(cursor: Any, model: type[models.Model], tenant_id: int) -> int:
    table, column = model._meta.db_table, tenant_column(model)
    # Both are names of our own models. Keys between the tables are checked at the end only.
    cursor.execute(f'DELETE FROM "{table}" WHERE "{column}" = %s', [tenant_id])  # noqa: S608
    return int(cursor.rowcount)
