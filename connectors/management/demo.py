"""Sets up an example company as a tenant: people, connections, mappings, a running integration.

What the sandbox tells of the company enters; a tenant that syncs leaves. Everything goes through
the same use cases as a person's clicks, and a second time finds all of it there already.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils.crypto import salted_hmac

from audit import actors
from connectors import registry
from connectors.core.errors import RetryLater
from connectors.engine.job import load_job
from connectors.management import sandbox_door
from connectors.models import Connection, Health, Integration, Mapping
from connectors.services import connections, integrations, mapping, reference_data
from tenants.models import Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.services import add_member, create_tenant, memberships_of

ACTOR = actors.command("seed_demo")
FLOW = "procurify_to_zoho_books"
# What a larger plan would allow; the sandbox gets the same by its options.
ALLOWANCES = {
    "procurify": {"per_minute": 6000, "concurrency": 6},
    "zoho_books": {"per_minute": 6000, "concurrency": 8},
}
SANDBOX_OPTIONS = {"zoho_per_minute": 7200}


@dataclass(frozen=True, kw_only=True)
class Example:
    """How an example company appears in the service."""

    slug: str
    name: str
    time_zone: str


EXAMPLES = {
    "manufacturing": Example(
        slug="cascadia-works", name="Cascadia Works", time_zone="America/Los_Angeles"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Login:
    """A person of the demo who can log in."""

    email: str
    password: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """What was set up."""

    tenant: Tenant
    integration: Integration
    logins: list[Login]


def seed(
    sandbox_url: str,
    example: Example,
    *,
    default_limits: bool = False,
    interval_minutes: int = 1,
    enabled: bool = True,
) -> Seeded:
    """Set the company up, or whatever of it is missing."""
    company = sandbox_door.call(sandbox_url, "GET", "/control/company")
    logins = [_login(example, "owner"), _login(example, "operator"), _login(example, "staff")]
    tenant = _tenant(example, [_user(login) for login in logins])
    allowances = {} if default_limits else ALLOWANCES
    source = _connection(tenant, "procurify", company["procurify"], allowances)
    target = _connection(tenant, "zoho_books", company["zoho_books"], allowances)
    _make_ready(source)
    _make_ready(target, redirect_uri=company["zoho_books"]["redirect_uri"])
    integration = _integration(tenant, source, target, company, interval_minutes)
    _map(tenant, integration, company["mappings"])
    if enabled and not integration.enabled:
        integrations.resume(integration, resolved=registry.resolve(FLOW), actor=ACTOR)
    return Seeded(tenant=tenant, integration=integration, logins=logins)


# --- people -----------------------------------------------------------------------------------


def _login(example: Example, role: str) -> Login:
    """The password follows from the demo's own secret key, so that it is stored nowhere else."""
    email = f"{role}@{example.slug}.example"
    digest = salted_hmac("demo login", email, algorithm="sha256").digest()
    password = base64.b32encode(digest).decode().lower()[:16]
    return Login(email=email, password=password, role=role)


def _user(login: Login) -> User:
    user = User.objects.filter(email=login.email).first()
    if user is not None:
        return user
    name = login.role.title()
    if login.role == "staff":
        return User.objects.create_superuser(login.email, login.password, name=name)
    return User.objects.create_user(login.email, login.password, name=name)


def _tenant(example: Example, people: list[User]) -> Tenant:
    owner, operator, _ = people
    for membership in memberships_of(owner):
        if membership.slug == example.slug:
            with tenant_scope(membership.tenant_id):
                return Tenant.objects.get(pk=membership.tenant_id)
    tenant = create_tenant(
        name=example.name,
        slug=example.slug,
        actor=ACTOR,
        time_zone=example.time_zone,
        alert_email=owner.email,
        owner=owner,
    )
    add_member(tenant_id=tenant.pk, user=operator, role=Role.OPERATOR, actor=ACTOR)
    return tenant


# --- connections ------------------------------------------------------------------------------


def _connection(
    tenant: Tenant, provider: str, given: dict[str, str], allowances: dict[str, dict[str, int]]
) -> Connection:
    spec = registry.provider(provider)
    with tenant_scope(tenant.pk):
        found = Connection.objects.filter(provider=provider, name=spec.title).first()
    if found is not None:
        return found
    settings = {
        "procurify": {"subdomain": given.get("subdomain")},
        "zoho_books": {
            "accounts_region": given.get("region"),
            "organization_id": given.get("organization_id"),
        },
    }[provider]
    return connections.create(
        tenant_id=tenant.pk,
        spec=spec,
        name=spec.title,
        settings={**settings, **allowances.get(provider, {})},
        credentials={name: given[name] for name in ("client_id", "client_secret")},
        actor=ACTOR,
    )


def _make_ready(connection: Connection, redirect_uri: str = "") -> None:
    """Authorise and test, as a person does after filling in the form."""
    if connection.health == Health.READY:
        return
    spec = registry.provider(connection.provider)
    if spec.consent is not None:
        url = connections.authorise_url(
            connection, spec=spec, redirect_uri=redirect_uri, state="demo"
        )
        connections.complete_consent(
            connection,
            spec=spec,
            redirect_uri=redirect_uri,
            query=sandbox_door.accept_consent(url),
            actor=ACTOR,
        )
    findings = connections.ping(connection, spec=spec, actor=ACTOR)
    failed = [finding.words for finding in findings if not finding.ok]
    if failed:
        raise sandbox_door.DoorError(f"{connection.name}: {' '.join(failed)}")


# --- integration and mappings -----------------------------------------------------------------


def _integration(
    tenant: Tenant,
    source: Connection,
    target: Connection,
    company: dict[str, Any],
    interval_minutes: int,
) -> Integration:
    resolved = registry.resolve(FLOW)
    with tenant_scope(tenant.pk):
        found = Integration.objects.filter(flow=FLOW, name=resolved.flow.title).first()
    if found is not None:
        return found
    # Not enabled yet: people map first, so that the first run finds what it needs.
    return integrations.create(
        tenant_id=tenant.pk,
        resolved=resolved,
        name=resolved.flow.title,
        source=source,
        target=target,
        actor=ACTOR,
        options=company.get("integration_options", {}),
        interval_minutes=interval_minutes,
        history_start=date.fromisoformat(company["history_start"]),
        enabled=False,
    )


def _map(tenant: Tenant, integration: Integration, rows: list[dict[str, str]]) -> None:
    with tenant_scope(tenant.pk):
        have = set(
            Mapping.objects.filter(integration=integration).values_list("kind", "source_key")
        )
    missing = [row for row in rows if (row["kind"], row["source_key"]) not in have]
    if not missing:
        return
    job = load_job(tenant.pk, integration.pk, registry.resolve)
    patiently(lambda: reference_data.read_all(job))
    for row in missing:
        mapping.set_mapping(
            integration,
            kind=row["kind"],
            source_key=row["source_key"],
            target_key=row["target_id"],
            actor=ACTOR,
        )


def patiently(action: Callable[[], object], *, most_seconds: float = 120) -> None:
    """Do what the limits may put off, waiting as long as they say."""
    ends = time.monotonic() + most_seconds
    while True:
        try:
            action()
        except RetryLater as later:
            wait = (later.at - datetime.now(UTC)).total_seconds()
            if time.monotonic() + wait > ends:
                raise
            time.sleep(max(wait, 0))
        else:
            return
