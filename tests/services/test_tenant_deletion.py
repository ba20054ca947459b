"""Deleting a tenant: all of it goes, after an export, and nothing of anybody else."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit import platform
from audit.models import PlatformEvent
from audit.services import verify_tenant
from audit.verify_export import main as verify_file
from connectors import registry
from connectors.models import Integration, WebhookEndpoint
from connectors.services import integrations, tenant_deletion
from tenants.models import Role, Tenant
from tenants.roles import as_owner
from tenants.scope import DELETED_SETTING, tenant_scope
from tenants.services import add_member
from tests.people import ACTOR, make_tenant, make_user
from tests.web.world import FLOW, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def going(transactional_db: None) -> Tenant:
    """A tenant with rows of every kind, paused."""
    tenant = make_tenant("acme", make_user("owner"))
    make_world(tenant.pk)
    pause(tenant)
    return tenant


@pytest.fixture
def staying(transactional_db: None) -> Tenant:
    tenant = make_tenant("other", make_user("outsider"))
    make_world(tenant.pk)
    return tenant


def pause(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        integration = Integration.objects.get()
    integrations.pause(integration, resolved=registry.resolve(FLOW), actor=ACTOR)


def rows_of(tenant: Tenant) -> dict[str, int]:
    """Rows by table, wherever the database has a column for the tenant."""
    with as_owner(), tenant_scope(tenant.pk), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE tenant_id = %s', [tenant.pk])
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM tenants_tenant WHERE id = %s", [tenant.pk])
        found["tenants_tenant"] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


def delete(folder: Path, **how: Any) -> None:
    call_command("delete_tenant", "acme", **{"export": folder, "yes_delete": "acme", **how})


def test_all_rows_of_the_tenant_go_and_no_others(
    going: Tenant, staying: Tenant, tmp_path: Path
) -> None:
    before, others = rows_of(going), rows_of(staying)
    assert {"audit_auditevent", "connectors_document", "connectors_attempt"} <= before.keys()
    folder = tmp_path / "acme"
    delete(folder)
    assert rows_of(going) == {}
    assert rows_of(staying) == others
    verify_tenant(staying.pk)
    platform.verify()
    event = PlatformEvent.objects.get(action="tenant.deleted")
    assert (event.subject, event.actor) == (f"{going.pk} acme", "command:delete_tenant")
    assert event.details["rows"] == sum(before.values())
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == sum(before.values())
    assert verify_file([str(folder / "audit.jsonl")]) == 0


def test_secrets_are_in_no_file(going: Tenant, tmp_path: Path) -> None:
    delete(tmp_path / "acme")
    text = (tmp_path / "acme" / "rows.jsonl").read_text()
    assert '"connectors_connection"' in text
    assert "sealed_credentials" not in text
    assert "gAAAA" not in text


def test_a_tenant_that_still_works_is_left_alone(going: Tenant, tmp_path: Path) -> None:
    before = rows_of(going)
    with tenant_scope(going.pk):
        integration = Integration.objects.get()
    integrations.resume(integration, resolved=registry.resolve(FLOW), actor=ACTOR)
    with pytest.raises(CommandError, match="Pause first: Main Street purchasing"):
        delete(tmp_path / "acme")
    pause(going)
    with tenant_scope(going.pk):
        WebhookEndpoint.objects.update(hooks={"hook": 1})
        assert WebhookEndpoint.objects.exists()
    with pytest.raises(CommandError, match="still deliver webhooks"):
        delete(tmp_path / "acme")
    assert before.keys() <= rows_of(going).keys()
    assert not (tmp_path / "acme").exists()


def test_what_changed_since_the_export_keeps_everything(
    going: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tenant_deletion.export

    def export_and_change(tenant_id: int, folder: Path) -> tenant_deletion.Exported:
        exported = real(tenant_id, folder)
        make_member(going)
        return exported

    monkeypatch.setattr(tenant_deletion, "export", export_and_change)
    with pytest.raises(CommandError, match="Something changed since the export"):
        delete(tmp_path / "acme")
    assert rows_of(going)["tenants_tenant"] == 1
    assert not PlatformEvent.objects.filter(action="tenant.deleted").exists()


def make_member(tenant: Tenant) -> None:
    add_member(tenant_id=tenant.pk, user=make_user("late"), role=Role.VIEWER, actor=ACTOR)


def test_a_broken_audit_a_wrong_word_and_an_old_folder_delete_nothing(
    going: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(going)
    with pytest.raises(CommandError, match="Typed 'acne'"):
        delete(tmp_path / "first", yes_delete="acne")
    with pytest.raises(CommandError, match="is there already"):
        delete(tmp_path / "first")
    with pytest.raises(CommandError, match="no tenant with the short name 'nobody'"):
        call_command("delete_tenant", "nobody", export=tmp_path / "second")
    monkeypatch.setattr(tenant_deletion, "verify_file", lambda arguments: 1)
    with pytest.raises(CommandError, match="does not verify"):
        delete(tmp_path / "third")
    assert rows_of(going) == before


def test_without_the_owners_login_nothing_is_exported(
    going: Tenant, tmp_path: Path, settings: Any
) -> None:
    settings.DATABASE_OWNER_URL = ""
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL is not set"):
        delete(tmp_path / "acme")
    assert not (tmp_path / "acme").exists()


@pytest.mark.parametrize("table", ["audit_auditevent", "connectors_attempt", "audit_platformevent"])
def test_the_way_out_is_the_owners_and_for_the_named_tenant_only(
    going: Tenant, staying: Tenant, table: str
) -> None:
    """The setting alone opens nothing: not for the running login, nor for another tenant's rows."""

    def attack(named: int) -> None:
        with transaction.atomic(), tenant_scope(staying.pk), connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [DELETED_SETTING, str(named)])
            cursor.execute(f"DELETE FROM {table}")

    for named in (staying.pk, going.pk):
        with pytest.raises(DatabaseError):
            attack(named)
    with as_owner(), pytest.raises(DatabaseError, match="never changed or removed"):
        attack(going.pk)
    if table == "audit_platformevent":
        with as_owner(), pytest.raises(DatabaseError, match="never changed or removed"):
            attack(staying.pk)
