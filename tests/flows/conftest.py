"""The builder's company, connected and mapped, for tests that drive the whole flow to Procore."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from connectors import registry
from connectors.engine.job import Job, load_job
from connectors.management.demo import ALLOWANCES, SANDBOX_OPTIONS, choices
from connectors.management.sandbox_door import accept_consent
from connectors.models import Connection, Integration
from connectors.sandbox.companies.construction_projects import FEWEST_PLAIN_PROJECTS
from connectors.services import connections, integrations, mapping, reference_data
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import create_tenant
from tests.companies import connected
from tests.engine.drive import without_schedule
from tests.sandbox_process import SandboxProcess

FLOW = "zoho_books_to_procore"
ACTOR = "system:tests"
# Procore's spike limit would make every test wait; its own tests keep to it.
UNTHROTTLED = {**SANDBOX_OPTIONS, "procore_hourly": 0, "procore_spike": 0}
# Every project costs some calls whenever the lists are read.
SMALL = {"projects": FEWEST_PLAIN_PROJECTS, "vendors": 20}
Builder = Callable[..., Job]


@pytest.fixture
def builder(sandbox: SandboxProcess, transactional_db: None) -> Builder:
    """Connect the company in the wished size: ``builder(plain=True, orders=20)``."""

    def connect(
        *,
        options: dict[str, Any] | None = None,
        integration: dict[str, Any] | None = None,
        **counts: Any,
    ) -> Job:
        if counts.get("plain") and not counts.get("edited"):
            counts = SMALL | counts
        wish = {
            "company": "construction",
            "counts": counts,
            "options": {**UNTHROTTLED, **(options or {})},
        }
        job = connected(sandbox, wish, lambda: connect_anew(sandbox, wish))
        return with_options(job, integration) if integration else job

    return connect


def with_options(job: Job, options: dict[str, Any]) -> Job:
    """The company with these options, as if it had had them from the start: nothing has run."""
    row = job.integration
    with tenant_scope(job.tenant_id):
        Integration.objects.filter(pk=row.pk).update(options={**row.options, **options})
    return load_job(job.tenant_id, row.pk, registry.resolve)


def connect_anew(sandbox: SandboxProcess, wish: dict[str, Any]) -> Job:
    sandbox.post("/control/reset", wish)
    company = sandbox.get("/control/company")
    tenant = create_tenant(name="Ridgeline", slug="ridgeline", actor=ACTOR)
    made = integrations.create(
        tenant_id=tenant.pk,
        resolved=registry.resolve(FLOW),
        name="Zoho Books to Procore",
        source=_zoho(tenant, company["zoho_books"]),
        target=_procore(tenant, company["procore"]),
        actor=ACTOR,
        options=company["integration_options"],
        interval_minutes=60,
        history_start=date.fromisoformat(company["history_start"]),
        enabled=False,
    )
    job = without_schedule(load_job(tenant.pk, made.pk, registry.resolve))
    reference_data.read_all(job)
    apply(job, company["mappings"])
    return job


def apply(job: Job, rows: list[dict[str, str]]) -> None:
    """Map as a person would, where nothing was linked by itself."""
    mapping.set_mappings(job.integration, choices(rows), actor=ACTOR)


def _zoho(tenant: Tenant, given: dict[str, str]) -> Connection:
    settings = {
        "accounts_region": given["region"],
        "organization_id": given["organization_id"],
        **ALLOWANCES["zoho_books"],
    }
    connection = _connection(tenant, "zoho_books", settings, given)
    spec = registry.provider("zoho_books")
    url = connections.authorise_url(
        connection, spec=spec, redirect_uri=given["redirect_uri"], state="tests"
    )
    connections.complete_consent(
        connection,
        spec=spec,
        redirect_uri=given["redirect_uri"],
        query=accept_consent(url),
        actor=ACTOR,
    )
    return _tested(connection)


def _procore(tenant: Tenant, given: dict[str, Any]) -> Connection:
    names = ("environment", "company_id", "project_ids", "try_project")
    settings = {name: given[name] for name in names}
    settings |= {"per_10_seconds": 2000, "concurrency": 8}
    return _tested(_connection(tenant, "procore", settings, given))


def _connection(
    tenant: Tenant, provider: str, settings: dict[str, Any], given: dict[str, Any]
) -> Connection:
    return connections.create(
        tenant_id=tenant.pk,
        spec=registry.provider(provider),
        name=provider,
        settings=settings,
        credentials={name: given[name] for name in ("client_id", "client_secret")},
        actor=ACTOR,
    )


def _tested(connection: Connection) -> Connection:
    spec = registry.provider(connection.provider)
    findings = connections.ping(connection, spec=spec, actor=ACTOR)
    assert all(finding.ok for finding in findings), findings
    with tenant_scope(connection.tenant_id):
        return Connection.objects.get(pk=connection.pk)
