"""Sets up an example company as a tenant: people, connections, mappings, webhooks, integration.

What the sandbox tells of the company enters; a tenant that syncs leaves. Everything goes through
the same use cases as a person's clicks, and a second time finds all of it there already.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.utils.crypto import salted_hmac

from audit import actors
from connectors import registry
from connectors.core import clock
from connectors.core.errors import RetryLater
from connectors.core.flow import SOURCE
from connectors.engine.job import Resolved, load_job
from connectors.management import sandbox_door
from connectors.models import Connection, Health, Integration, Mapping, open_sealed
from connectors.services import connections, integrations, mapping, reference_data, webhooks
from connectors.transport import pkce
from connectors.transport.provider import ProviderSpec
from tenants.models import Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.services import add_member, create_tenant, memberships_of

ACTOR = actors.command("seed_demo")
FLOW = "procurify_to_zoho_books"
BUILDERS_FLOW = "zoho_books_to_procore"
# So long a test of a connection is asked again while only limits speak against it.
_PATIENCE = 120.0
# Of each role that a member may have, one person; the owner is the first.
_ROLES = ("owner", "operator", "viewer")
# What a larger plan would allow; the sandbox gets the same by its options.
ALLOWANCES = {
    "procurify": {"per_minute": 6000, "concurrency": 6},
    "zoho_books": {"per_minute": 6000, "concurrency": 8},
    "procore": {"per_hour": 100_000, "per_10_seconds": 2000, "concurrency": 8},
}
SANDBOX_OPTIONS = {"zoho_per_minute": 7200, "procore_hourly": 0, "procore_spike": 0}
# The settings that a company says itself, by our name and by the company's.
SETTINGS = {
    "procurify": {"subdomain": "subdomain"},
    "zoho_books": {"accounts_region": "region", "organization_id": "organization_id"},
    "procore": {name: name for name in ("environment", "company_id", "project_ids", "try_project")},
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """How an example company appears in the service."""

    slug: str
    name: str
    time_zone: str
    company: str = "manufacturing"
    flow: str = FLOW


EXAMPLES = {
    "manufacturing": Example(
        slug="cascadia-works", name="Cascadia Works", time_zone="America/Los_Angeles"
    ),
    "construction": Example(
        slug="ridgeline-builders",
        name="Ridgeline Builders",
        time_zone="America/Denver",
        company="construction",
        flow=BUILDERS_FLOW,
    ),
}


_EMPTY_SLUG = "juniper-supply"


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
    company = sandbox_door.call(sandbox_url, "GET", f"/control/company?company={example.company}")
    resolved = registry.resolve(example.flow)
    logins = [_login(f"{role}@{example.slug}.example", role) for role in _ROLES]
    tenant = _tenant(example, [_user(login) for login in logins])
    allowances = {} if default_limits else ALLOWANCES
    source = _connection(tenant, resolved.source, company, allowances)
    target = _connection(tenant, resolved.target, company, allowances)
    integration = _integration(tenant, resolved, source, target, company, interval_minutes)
    _map(tenant, integration, company["mappings"])
    if enabled and not integration.enabled:
        integrations.resume(integration, resolved=resolved, actor=ACTOR)
    if enabled and resolved.listens(SOURCE):
        _add_rule(sandbox_url, source)
    return Seeded(tenant=tenant, integration=integration, logins=logins)


def seed_empty() -> Login:
    """A workspace without anything in it, for trying the set-up; gives its owner."""
    login = _login(f"owner@{_EMPTY_SLUG}.example", "owner")
    person = _user(login)
    if not memberships_of(person):
        create_tenant(
            name="Juniper Supply",
            slug=_EMPTY_SLUG,
            actor=ACTOR,
            time_zone="America/New_York",
            alert_email=person.email,
            owner=person,
        )
    return login


# --- people -----------------------------------------------------------------------------------


def seed_staff() -> list[Login]:
    """Who runs the platform: one who may everything, one who helps with what waits."""
    superuser = _login("superuser@platform.example", "superuser")
    support = _login("support@platform.example", "support")
    if not User.objects.filter(email=superuser.email).exists():
        User.objects.create_superuser(superuser.email, superuser.password, name="Superuser")
    person = _user(support)
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    person.groups.add(_support_group())
    return [superuser, support]


def _support_group() -> Group:
    """Sees tenants and everything of theirs, and acts on documents and missing mappings."""
    group, _ = Group.objects.get_or_create(name="Support")
    shown = Permission.objects.filter(codename__startswith="view_")
    theirs = shown.filter(content_type__app_label__in=("connectors", "audit"))
    tenants = shown.filter(codename__in=("view_tenant", "view_member"))
    acts = Permission.objects.filter(codename__in=("change_document", "change_mappingfailure"))
    group.permissions.set([*theirs, *tenants, *acts])
    return group


def _login(email: str, role: str) -> Login:
    """The password follows from the demo's own secret key, so that it is stored nowhere else."""
    digest = salted_hmac("demo login", email, algorithm="sha256").digest()
    password = base64.b32encode(digest).decode().lower()[:16]
    return Login(email=email, password=password, role=role)


def _user(login: Login) -> User:
    user = User.objects.filter(email=login.email).first()
    if user is not None:
        return user
    return User.objects.create_user(login.email, login.password, name=login.role.title())


def _tenant(example: Example, people: list[User]) -> Tenant:
    owner, *others = people
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
        base_currency="USD",
        owner=owner,
    )
    for person, role in zip(others, _ROLES[1:], strict=True):
        add_member(tenant_id=tenant.pk, user=person, role=Role(role), actor=ACTOR)
    return tenant


# --- connections ------------------------------------------------------------------------------


def _connection(
    tenant: Tenant,
    spec: ProviderSpec,
    company: dict[str, Any],
    allowances: dict[str, dict[str, int]],
) -> Connection:
    given = company[spec.key]
    with tenant_scope(tenant.pk):
        found = Connection.objects.filter(provider=spec.key, name=spec.title).first()
    if found is None:
        settings = {ours: given[theirs] for ours, theirs in SETTINGS[spec.key].items()}
        found = connections.create(
            tenant_id=tenant.pk,
            spec=spec,
            name=spec.title,
            settings={**settings, **allowances.get(spec.key, {})},
            credentials={name: given[name] for name in ("client_id", "client_secret")},
            actor=ACTOR,
        )
    _make_ready(found, spec, redirect_uri=given.get("redirect_uri", ""))
    return found


def _make_ready(connection: Connection, spec: ProviderSpec, *, redirect_uri: str) -> None:
    """Authorise and test, as a person does after filling in the form."""
    if connection.health == Health.READY:
        return
    if spec.consent is not None:
        verifier = pkce.new_verifier()
        url = connections.authorise_url(
            connection, spec=spec, redirect_uri=redirect_uri, state="demo", verifier=verifier
        )
        connections.complete_consent(
            connection,
            spec=spec,
            redirect_uri=redirect_uri,
            query=sandbox_door.accept_consent(url),
            actor=ACTOR,
            verifier=verifier,
        )
    _test(connection, spec)


def _test(connection: Connection, spec: ProviderSpec) -> None:
    """Test until nothing but a limit speaks against it: other workers' calls count as well."""
    ends = time.monotonic() + _PATIENCE
    while True:
        findings = connections.ping(connection, spec=spec, actor=ACTOR)
        failed = [finding for finding in findings if not finding.ok]
        if not failed:
            return
        if time.monotonic() > ends or not all(finding.later for finding in failed):
            words = " ".join(finding.words for finding in failed)
            raise sandbox_door.DoorError(f"{connection.name}: {words}")
        time.sleep(1)


def _add_rule(sandbox_url: str, connection: Connection) -> None:
    """What a person sets up in Zoho Books: a workflow rule that calls our address."""
    endpoint = webhooks.open_endpoint(connection, actor=ACTOR)
    with tenant_scope(connection.tenant_id):
        address = webhooks.address(endpoint)
        secret = open_sealed(endpoint, webhooks.SEALED)["secret"]
    calls = f"/control/call/{connection.provider}"
    rules = sandbox_door.call(sandbox_url, "POST", f"{calls}/webhooks", {})["result"]
    if any(rule["url"] == address for rule in rules):
        return
    rule = {
        "url": address,
        "secret": secret,
        "organization_id": connection.settings["organization_id"],
    }
    sandbox_door.call(sandbox_url, "POST", f"{calls}/add_webhook", rule)


# --- integration and mappings -----------------------------------------------------------------


def _integration(
    tenant: Tenant,
    resolved: Resolved,
    source: Connection,
    target: Connection,
    company: dict[str, Any],
    interval_minutes: int,
) -> Integration:
    with tenant_scope(tenant.pk):
        found = Integration.objects.filter(flow=resolved.flow.key, name=resolved.flow.title).first()
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
    mapping.set_mappings(integration, choices(missing), actor=ACTOR)


def choices(rows: list[dict[str, str]]) -> list[mapping.Choice]:
    """A company's mappings as a person would choose them."""
    return [
        mapping.Choice(kind=row["kind"], source_key=row["source_key"], target_key=row["target_id"])
        for row in rows
    ]


def patiently(action: Callable[[], object], *, most_seconds: float = 120) -> None:
    """Do what the limits may put off, waiting as long as they say."""
    ends = time.monotonic() + most_seconds
    while True:
        try:
            action()
        except RetryLater as later:
            wait = (later.at - clock.now()).total_seconds()
            if time.monotonic() + wait > ends:
                raise
            time.sleep(max(wait, 0))
        else:
            return
