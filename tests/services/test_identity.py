"""Another account never takes the place of one that documents are kept of.

Rows as the service makes them; what a provider would say is given where one would be asked.
"""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection as database

from audit.models import AuditEvent
from connectors import registry
from connectors.core.errors import BadInputError
from connectors.models import (
    Connection,
    Document,
    InboxEvent,
    Integration,
    Link,
    Mapping,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
    Run,
    StreamState,
    TargetRecord,
    WebhookEndpoint,
    open_sealed,
)
from connectors.services import connections, identity, integrations
from connectors.transport.provider import Exchanged, ProviderSpec
from connectors.transport.tokens import NewToken
from tenants.scope import tenant_scope
from tests.people import ACTOR, make_tenant
from tests.timing import PATIENCE
from tests.web.world import FLOW, World, make_connections, make_world

pytestmark = pytest.mark.django_db(transaction=True)

ZOHO = registry.provider("zoho_books")
PROCURIFY = registry.provider("procurify")
TOKEN = NewToken(access_token="new", expires_at=datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def world() -> World:
    return make_world(make_tenant("acme").pk)


def now(connection: Connection) -> Connection:
    with tenant_scope(connection.tenant_id):
        return Connection.objects.get(pk=connection.pk)


def spec_of(connection: Connection) -> ProviderSpec:
    return registry.provider(connection.provider)


def change(connection: Connection, **settings: Any) -> None:
    wanted = {**now(connection).settings, **settings}
    connections.change(connection, spec=spec_of(connection), settings=wanted, actor=ACTOR)


# --- settings typed by a person -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "settings", "both"),
    [
        ("source", {"subdomain": "globex"}, ["acme", "globex"]),
        ("target", {"organization_id": "602"}, ["601", "602"]),
        ("target", {"organization_id": ""}, ["601", "(none)"]),
        ("target", {"region": "us"}, ["eu", "us"]),
    ],
)
def test_another_account_is_refused_while_documents_are_kept(
    world: World, side: str, settings: dict[str, str], both: list[str]
) -> None:
    connection = getattr(world, side)
    before = now(connection)
    with pytest.raises(BadInputError, match="Make a new connection") as error:
        change(connection, **settings)
    assert all(name in str(error.value) for name in both), str(error.value)
    after = now(connection)
    assert (after.settings, after.health) == (before.settings, before.health)


def test_another_procore_company_is_refused_while_documents_are_kept(world: World) -> None:
    with tenant_scope(world.tenant_id):
        row = Connection.objects.get(pk=world.target.pk)
        row.provider, row.settings = "procore", {"environment": "production", "company_id": "1"}
        row.save()
    for settings in ({"company_id": "2"}, {"environment": "sandbox"}):
        with pytest.raises(BadInputError, match="Make a new connection"):
            change(row, **settings)
    change(row, project_ids="7", per_hour="100")
    assert now(row).settings["project_ids"] == "7"


def test_settings_that_name_no_account_stay_free(world: World) -> None:
    change(world.source, page_size="20", subdomain=" ACME ")
    change(world.target, per_minute="50", accounts_region="us")
    assert now(world.source).settings["page_size"] == 20
    assert now(world.target).settings["accounts_region"] == "us"


@pytest.mark.parametrize("left", ["document", "link", "inbox"])
def test_each_thing_that_hangs_on_an_account_fixes_it(world: World, left: str) -> None:
    with tenant_scope(world.tenant_id):
        Integration.objects.filter(pk=world.integration.pk).update(
            target=_spare(world.tenant_id) if left != "document" else world.target
        )
        if left != "link":
            Link.objects.all().delete()
        if left != "inbox":
            InboxEvent.objects.all().delete()
    with pytest.raises(BadInputError, match="documents of it are kept here"):
        change(world.target, organization_id="602")


def _spare(tenant_id: Any) -> Connection:
    return connections.create(
        tenant_id=tenant_id,
        spec=ZOHO,
        name="Spare",
        settings={"accounts_region": "eu", "organization_id": "777"},
        credentials={"client_id": "an-id", "client_secret": "a-secret"},
        actor=ACTOR,
    )


# --- before documents are kept --------------------------------------------------------------------


@pytest.fixture
def fresh() -> Integration:
    """An integration that has read master data and mapped some of it, and no document."""
    tenant_id = make_tenant("fresh").pk
    source, target = make_connections(tenant_id)
    integration = integrations.create(
        tenant_id=tenant_id,
        resolved=registry.resolve(FLOW),
        name="Fresh",
        source=source,
        target=target,
        actor=ACTOR,
        enabled=True,
    )
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with tenant_scope(tenant_id):
        for connection in (source, target):
            ReferenceItem.objects.create(
                connection=connection, kind="vendor", key="1", name="Acme", seen_at=at
            )
            ReferenceState.objects.create(connection=connection, kind="vendor", read_at=at)
        TargetRecord.objects.create(connection=target, kind="bill", target_id="9", number="INV-9")
        Mapping.objects.create(
            integration=integration, kind="vendor", source_key="1", target_key="1", origin="person"
        )
        MappingFailure.objects.create(
            integration=integration, kind="vendor", source_key="2", label="vendor 2"
        )
        StreamState.objects.create(integration=integration, stream="bill/bills", cursor=at)
        WebhookEndpoint.objects.create(connection=target, hooks={"of": "the old company"})
    return integration


@pytest.mark.parametrize(
    ("side", "settings"),
    [("source", {"subdomain": "globex"}), ("target", {"organization_id": "602"})],
)
def test_nothing_cached_survives_a_change_of_account(
    fresh: Integration, side: str, settings: dict[str, str]
) -> None:
    connection: Connection = getattr(fresh, side)
    with tenant_scope(fresh.tenant_id):
        Connection.objects.update(profile={"name": "Old"})
    change(connection, **settings)
    with tenant_scope(fresh.tenant_id):
        assert not ReferenceItem.objects.filter(connection=connection).exists()
        assert not ReferenceState.objects.filter(connection=connection).exists()
        assert not TargetRecord.objects.filter(connection=connection).exists()
        assert not Mapping.objects.exists()
        assert not MappingFailure.objects.exists()
        assert not StreamState.objects.exists()
        assert ReferenceItem.objects.count() == 1, "the other side's stays"
        event = AuditEvent.objects.filter(action="connection.changed").latest("pk")
    assert now(connection).profile == {}
    assert next(iter(settings.values())) in str(event.details["identity"])


def test_hooks_of_the_old_account_lead_nowhere(fresh: Integration) -> None:
    with tenant_scope(fresh.tenant_id):
        before = WebhookEndpoint.objects.get().token
    change(fresh.target, organization_id="602")
    with tenant_scope(fresh.tenant_id):
        after = WebhookEndpoint.objects.get()
    assert after.token != before
    assert after.hooks == {}


def test_a_run_that_reads_the_old_account_is_taken_away(fresh: Integration) -> None:
    with tenant_scope(fresh.tenant_id):
        run = Run.objects.create(
            integration=fresh, trigger="person", status="running", phase="extract", fence=3
        )
    change(fresh.source, subdomain="globex")
    with tenant_scope(fresh.tenant_id):
        after = Run.objects.get(pk=run.pk)
    assert after.fence == 4, "whoever holds the old number writes nothing any more"
    assert after.phase == Run.Phase.REFERENCES


def test_of_two_changes_at_once_one_waits_and_sees_the_other(fresh: Integration) -> None:
    """A document that is being stored while the account changes is either seen or not stored."""
    said: list[str] = []

    def other() -> None:
        try:
            change(fresh.source, subdomain="globex")
        except BadInputError as error:
            said.append(str(error))
        finally:
            database.close()

    with tenant_scope(fresh.tenant_id):
        run = Run.objects.create(integration=fresh, trigger="person", status="running", fence=1)
    with tenant_scope(fresh.tenant_id):
        # As a run's scope does: while it writes, nobody takes the run.
        assert Run.objects.select_for_update(no_key=True).filter(pk=run.pk, fence=1).exists()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the change waits for the writer"
        Document.objects.create(integration=fresh, stream="bill", key="1")
    thread.join(timeout=PATIENCE)
    assert "documents of it are kept" in said[0]
    assert now(fresh.source).settings["subdomain"] == "acme"


def test_what_was_read_without_a_run_is_not_stored_for_another_account(fresh: Integration) -> None:
    check = identity.guard_reading({fresh.source.pk: (fresh.source, PROCURIFY)})
    with tenant_scope(fresh.tenant_id):
        check()
    before = now(fresh.source)
    change(now(fresh.source), subdomain="globex")
    assert before.settings["subdomain"] == "acme"
    check = identity.guard_reading({before.pk: (before, PROCURIFY)})
    with tenant_scope(fresh.tenant_id), pytest.raises(identity.ChangedMeanwhileError):
        check()


# --- consent --------------------------------------------------------------------------------------


def consent_for(region: str, monkeypatch: pytest.MonkeyPatch, profile: dict[str, Any]) -> Any:
    """Zoho Books as a person finds it who logs in as somebody else."""
    assert ZOHO.consent is not None
    exchanged = Exchanged(
        credentials={"refresh_token": "another"}, settings={"region": region}, token=TOKEN
    )
    opened = replace(
        ZOHO,
        consent=replace(ZOHO.consent, exchange=lambda *_: exchanged, paste=lambda *_: exchanged),
        open=lambda context: context,
        resolve=lambda client, settings: profile,
        ping=lambda client, settings: [],
    )
    monkeypatch.setattr(registry, "provider", lambda key: opened)
    return opened


def secrets_of(connection: Connection) -> dict[str, str]:
    with tenant_scope(connection.tenant_id):
        row = Connection.objects.get(pk=connection.pk)
        return open_sealed(row, connections.SEALED)


@pytest.mark.parametrize("way", ["redirect", "paste"])
def test_a_consent_from_another_region_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    spec = consent_for("us", monkeypatch, {"organization_id": "601"})
    before = (now(world.target).settings, secrets_of(world.target))
    with pytest.raises(BadInputError, match=r"Region eu.*Region us"):
        agree(world.target, spec, way)
    assert (now(world.target).settings, secrets_of(world.target)) == before


@pytest.mark.parametrize("way", ["redirect", "paste"])
def test_a_consent_for_another_organisation_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    spec = consent_for("eu", monkeypatch, {"organization_id": "602", "name": "Globex"})
    before = (now(world.target).settings, now(world.target).profile, secrets_of(world.target))
    with pytest.raises(BadInputError, match=r"601.*602") as error:
        agree(world.target, spec, way)
    assert "goes on with the access that it has" in str(error.value)
    after = (now(world.target).settings, now(world.target).profile, secrets_of(world.target))
    assert after == before


def test_a_new_consent_for_the_same_organisation_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = consent_for("eu", monkeypatch, {"organization_id": "601", "name": "Acme Inc"})
    agree(world.target, spec, "redirect")
    assert secrets_of(world.target)["refresh_token"] == "another"
    assert now(world.target).profile["name"] == "Acme Inc"


def agree(connection: Connection, spec: ProviderSpec, way: str) -> None:
    if way == "paste":
        connections.paste_code(connection, spec=spec, code="1000.x", actor=ACTOR)
        return
    connections.complete_consent(
        connection, spec=spec, redirect_uri="http://here/", query={"code": "x"}, actor=ACTOR
    )


def test_a_test_that_finds_another_organisation_stops_the_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(world.tenant_id):
        row = Connection.objects.get(pk=world.target.pk)
        row.settings = {"accounts_region": "eu", "region": "eu"}
        row.profile = {"organization_id": "601", "name": "Acme"}
        row.save()
    spec = consent_for("eu", monkeypatch, {"organization_id": "602", "name": "Globex"})
    findings = connections.ping(row, spec=spec, actor=ACTOR)
    assert [finding.ok for finding in findings] == [False]
    assert "601" in findings[0].words
    assert "602" in findings[0].words
    assert now(row).profile["organization_id"] == "601"
    assert not now(row).usable


# --- the two sides of an integration --------------------------------------------------------------


def test_an_integration_with_documents_keeps_its_connections(world: World) -> None:
    other = _spare(world.tenant_id)
    resolved = registry.resolve(FLOW)
    with pytest.raises(BadInputError, match="Make a new integration"):
        integrations.change(world.integration, resolved=resolved, actor=ACTOR, target=other)
    with tenant_scope(world.tenant_id):
        assert Integration.objects.get(pk=world.integration.pk).target_id == world.target.pk


def test_before_documents_another_connection_starts_from_nothing(fresh: Integration) -> None:
    other = _spare(fresh.source.tenant_id)
    resolved = registry.resolve(FLOW)
    with pytest.raises(BadInputError, match="needs a connection to Procurify"):
        integrations.change(fresh, resolved=resolved, actor=ACTOR, source=other)
    integrations.change(fresh, resolved=resolved, actor=ACTOR, target=other)
    with tenant_scope(fresh.tenant_id):
        assert Integration.objects.get(pk=fresh.pk).target_id == other.pk
        assert not Mapping.objects.exists()
        assert not StreamState.objects.exists()


def test_only_known_settings_of_an_integration_change(fresh: Integration) -> None:
    with pytest.raises(BadInputError, match="flow cannot be changed"):
        integrations.change(
            fresh, resolved=registry.resolve(FLOW), actor=ACTOR, flow="another_flow"
        )
