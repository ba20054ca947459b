"""An owner deletes their workspace: its data goes, and what the audit trail rests on stays.

It works as the running login, under the tenant's own row-level security. That login may remove no
audit event and no attempt. So these stay, with emptied rows of the documents they speak of, until
the operator runs ``delete_tenant``.
"""

from django.db import connection, models

from audit import platform
from audit.actors import user as actor_of
from audit.models import AuditEvent, AuditHead
from audit.services import Event, record
from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.models import (
    Attempt,
    Connection,
    Document,
    Integration,
    Outcome,
    Run,
    WebhookEndpoint,
    sealed_fields,
)
from connectors.services.tenant_deletion import tenant_models
from tenants.isolation import tenant_column
from tenants.models import Tenant, User
from tenants.rights import Right, require
from tenants.scope import tenant_scope

_WORDS = "The workspace was deleted."
# The running login may not remove these, or something that stays speaks of them.
_KEPT = (Tenant, AuditEvent, AuditHead, Attempt, Outcome, Document, Integration, Connection)


def delete(*, tenant_id: int, name: str, by: User) -> None:
    """Delete the workspace in one transaction; BadInputError if it cannot be.

    ``name`` is what the person typed to confirm.
    """
    require(by, tenant_id, Right.DELETE)
    with tenant_scope(tenant_id, durable=True):
        tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
        if name.strip() != tenant.name.strip():
            raise BadInputError(
                f"Type the workspace's name, {tenant.name}, to delete it. Nothing was deleted."
            )
        _refuse_while_working()
        deleted = _delete_rows(tenant_id)
        slug, tenant.slug = tenant.slug, f"deleted-{tenant_id}"
        tenant.alert_email = ""
        tenant.save(update_fields=["slug", "alert_email"])
        details = {"slug": slug, "rows": deleted}
        record(Event(action="tenant.deleted", actor=actor_of(by), details=details))
        platform.record(
            "tenant.deleted_by_owner", f"{tenant_id} {slug}", actor=actor_of(by), details=details
        )


def _refuse_while_working() -> None:
    live = Integration.objects.select_for_update().order_by("pk")
    names = [row.name for row in live if row.enabled or row.shadow]
    if names:
        raise BadInputError(f"Pause first: {', '.join(names)}. Nothing was deleted.")
    hooked = WebhookEndpoint.objects.exclude(hooks={}).values_list("connection__name", flat=True)
    if hooked:
        raise BadInputError(
            f"{', '.join(hooked)} still delivers webhooks. Wait a minute until the paused "
            "integrations have removed them. Nothing was deleted."
        )
    moving = Document.objects.filter(state__in=[State.DELIVERING, State.UNCONFIRMED])
    if moving.exists() or Run.objects.filter(finished_at=None).exists():
        raise BadInputError(
            "A run has not ended, or a document is being posted. Wait until it is done. Nothing "
            "was deleted."
        )


def _delete_rows(tenant_id: int) -> int:
    deleted = 0
    with connection.cursor() as cursor:
        for model in tenant_models():
            if model not in _KEPT:
                table, column = model._meta.db_table, tenant_column(model)
                cursor.execute(  # both are names of our own models
                    f'DELETE FROM "{table}" WHERE "{column}" = %s',  # noqa: S608
                    [tenant_id],
                )
                deleted += cursor.rowcount
    spoken_of = models.Exists(Attempt.objects.filter(document=models.OuterRef("pk")))
    deleted += _raw_delete(Document.objects.exclude(spoken_of))
    _empty_documents()
    used = models.Exists(Document.objects.filter(integration=models.OuterRef("pk")))
    deleted += _raw_delete(Integration.objects.exclude(used))
    Integration.objects.update(options={}, next_run_at=None)
    sides = Integration.objects.filter(
        models.Q(source=models.OuterRef("pk")) | models.Q(target=models.OuterRef("pk"))
    )
    deleted += _raw_delete(Connection.objects.exclude(models.Exists(sides)))
    secrets = dict.fromkeys(sealed_fields(Connection), "")
    Connection.objects.update(**secrets, settings={}, profile={}, health="new", probe_at=None)
    return deleted


def _raw_delete(rows: models.QuerySet) -> int:  # type: ignore[type-arg]
    """Without Django's own walk over rows that are gone already."""
    return int(rows._raw_delete(rows.db))


def _empty_documents() -> None:
    Document.objects.update(
        party="",
        party_key="",
        total=None,
        day=None,
        record=None,
        sightings={},
        unread="",
    )
    Document.objects.exclude(words="").update(words=_WORDS)
