"""The tenant of a benchmark: an enabled integration from Zoho Books to Procore, with an open door.

Nothing is authorised at a provider, because none is ever called. Needs Django set up.
"""

from collections import Counter
from dataclasses import dataclass

from django.db import connection

from benchmarks.deliveries import COMPANY_ID
from benchmarks.peer import MAKE_TABLE
from connectors import registry
from connectors.engine.job import Job, load_job
from connectors.models import Connection, Document, Health, InboxEvent, Integration, open_sealed
from connectors.services import integrations, webhooks
from tenants.roles import as_owner
from tenants.scope import tenant_scope
from tenants.services import create_tenant

ACTOR = "command:benchmarks"
_SETTINGS = {
    "zoho_books": {"accounts_region": "us", "organization_id": "770000000000001"},
    "procore": {"environment": "production", "company_id": str(COMPANY_ID)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Whose documents are read, and what Procore's hook would send to whom."""

    tenant_id: int
    integration_ids: tuple[int, ...]
    path: str
    authorization: str

    def job(self) -> Job:
        """Of the first integration."""
        return load_job(self.tenant_id, self.integration_ids[0], registry.resolve)

    def inbox(self) -> Counter[str]:
        """How often each event has been stored."""
        with tenant_scope(self.tenant_id):
            return Counter(event.event_id or "" for event in InboxEvent.objects.only("event_id"))

    def pending(self) -> int:
        """How many events no worker has followed yet."""
        with tenant_scope(self.tenant_id):
            return InboxEvent.objects.filter(status=InboxEvent.Status.PENDING).count()

    def documents_read(self) -> int:
        with tenant_scope(self.tenant_id):
            return Document.objects.filter(read_at__isnull=False, wants_read=False).count()


def make(count: int) -> Listening:
    """Set the tenant up in an empty database, with so many integrations of the same connections."""
    resolved = registry.resolve("zoho_books_to_procore")
    tenant = create_tenant(name="Benchmark", slug="benchmark", actor=ACTOR)
    with tenant_scope(tenant.pk):
        source, target = (
            Connection.objects.create(
                provider=spec.key,
                name=spec.title,
                settings=_SETTINGS[spec.key],
                health=Health.READY,
            )
            for spec in (resolved.source, resolved.target)
        )
    made = [
        integrations.create(
            tenant_id=tenant.pk,
            resolved=resolved,
            name=f"Orders {number}",
            source=source,
            target=target,
            actor=ACTOR,
            enabled=False,
        )
        for number in range(1, count + 1)
    ]
    endpoint = webhooks.open_endpoint(target, actor=ACTOR)
    with tenant_scope(tenant.pk):
        # Not by the use case: that would have a worker make hooks at Procore.
        Integration.objects.update(enabled=True)
        secret = open_sealed(endpoint, webhooks.SEALED)["secret"]
    return Listening(
        tenant_id=tenant.pk,
        integration_ids=tuple(integration.pk for integration in made),
        path=f"/webhooks/procore/{endpoint.token}/",
        authorization=f"Bearer {secret}",
    )


def make_table_of_peer() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(MAKE_TABLE)


def analyse() -> None:
    """What PostgreSQL's autovacuum does in the first minute: a server in use knows its tables."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
