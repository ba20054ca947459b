"""What owners do to a whole workspace: export it, hand it over, delete it. Nobody else does."""

import json
import zipfile
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from audit.models import AuditEvent, PlatformEvent
from audit.services import verify_tenant
from connectors.models import Attempt, Connection, Document, Integration, Run, sealed_fields
from connectors.models import Mapping as MappingRow
from connectors.services import workspace_deletion, workspace_export
from tenants import ownership
from tenants.models import Member, Role, Tenant
from tenants.scope import platform_scope, tenant_scope
from tenants.services import role_in
from tests.people import People
from tests.web.world import SECRETS, World

pytestmark = pytest.mark.django_db(transaction=True)
CARE = "/w/acme/settings/care/"


def exported(client: Client) -> zipfile.ZipFile:
    answer = client.post(f"{CARE}export/")
    assert answer["Content-Type"] == "application/zip"
    return zipfile.ZipFile(BytesIO(answer.getvalue()))


def test_services_refuse_whoever_owns_nothing(people: People, world: World) -> None:
    """The pages are not the only wall."""
    tenant_id = people.tenant.pk
    for person in (people.admin, people.viewer, people.outsider):
        for act in (
            lambda by: workspace_export.begin(tenant_id=tenant_id, by=by),
            lambda by: workspace_deletion.delete(tenant_id=tenant_id, name="Acme", by=by),
            lambda by: ownership.transfer(tenant_id=tenant_id, by=by, to_id=people.viewer.pk),
        ):
            with pytest.raises(PermissionDenied):
                act(person)
    assert role_in(people.owner, tenant_id) is Role.OWNER


def test_ownership_goes_to_another_member(client: Client, people: People) -> None:
    client.force_login(people.owner)
    assert "Transfer ownership" in client.get(CARE).content.decode()
    for odd in ("", "x", str(people.outsider.pk), str(people.owner.pk), "9" * 30):
        client.post(f"{CARE}transfer/", {"member": odd})
        assert role_in(people.owner, people.tenant.pk) is Role.OWNER, odd
    assert role_in(people.outsider, people.tenant.pk) is None
    client.post(f"{CARE}transfer/", {"member": people.operator.pk})
    assert role_in(people.operator, people.tenant.pk) is Role.OWNER
    assert role_in(people.owner, people.tenant.pk) is Role.ADMIN
    assert client.get(CARE).status_code == 403
    said = client.get("/w/acme/activity/").content.decode()
    assert f"made {people.operator.email} the owner, and became admin" in said


def test_the_export_holds_the_data_and_no_secret(
    client: Client, people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_export, "_AT_ONCE", 2)  # several batches of what is here
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(party="=HYPERLINK(1)")
        numbers = {row.number for row in Document.objects.all()}
    client.force_login(people.owner)
    archive = exported(client)
    whole = {name: archive.read(name).decode() for name in archive.namelist()}
    assert archive.testzip() is None
    assert {"documents.csv", "links.csv", "mappings.csv", "audit.jsonl"} <= set(whole)
    assert all(number in whole["documents.csv"] for number in numbers)
    assert len(whole["documents.csv"].splitlines()) == len(numbers) + 1
    assert "'=HYPERLINK(1)" in whole["documents.csv"]
    assert people.viewer.email in whole["members.csv"]
    assert "outsider@" not in whole["members.csv"]
    assert not any(secret in text for secret in SECRETS for text in whole.values())
    actions = [json.loads(line)["action"] for line in whole["audit.jsonl"].splitlines()]
    assert actions[-1] == "tenant.exported"
    named = {c for model, cs in workspace_export.TABLES.values() for c in cs}
    assert not named & {f for model in (Connection,) for f in sealed_fields(model)}
    for _ in range(workspace_export.MOST_AN_HOUR - 1):
        exported(client)
    assert client.post(f"{CARE}export/").status_code == 302
    assert "made within an hour" in client.get(CARE).content.decode()


def test_a_workspace_is_deleted_and_its_proof_stays(
    client: Client, people: People, world: World, other_world: World
) -> None:
    client.force_login(people.owner)

    def press(name: str) -> str:
        client.post(f"{CARE}delete/", {"name": name})
        return str(client.get(CARE).content.decode())

    assert "Type the workspace&#x27;s name" in press("Acne")
    assert "Pause first" in press("Acme")
    with tenant_scope(world.tenant_id):
        Integration.objects.update(enabled=False)
        Run.objects.filter(finished_at=None).update(finished_at=world.run.queued_at)
        attempts = Attempt.objects.count()
        assert attempts
        assert MappingRow.objects.exists()
    others = _numbers(other_world.tenant_id)
    assert client.post(f"{CARE}delete/", {"name": "Acme"})["Location"] == "/"
    assert client.get("/w/acme/").status_code == 404
    assert role_in(people.owner, world.tenant_id) is None
    with tenant_scope(world.tenant_id):
        assert not Member.objects.exists()
        assert not MappingRow.objects.exists()
        assert Attempt.objects.count() == attempts
        for row in Document.objects.all():
            assert (row.party, row.total, row.record) == ("", None, None)
        for side in Connection.objects.all():
            assert not any(getattr(side, name) for name in sealed_fields(Connection))
        last = AuditEvent.objects.latest("sequence")
        assert (last.action, last.actor) == (
            "tenant.deleted",
            f"user:{people.owner.pk} owner@example.com",
        )
    verify_tenant(world.tenant_id)
    assert _numbers(other_world.tenant_id) == others
    with platform_scope():
        assert Tenant.objects.get(pk=world.tenant_id).slug == f"deleted-{world.tenant_id}"
    assert PlatformEvent.objects.filter(action="tenant.deleted_by_owner").count() == 1


def _numbers(tenant_id: int) -> list[int]:
    with tenant_scope(tenant_id):
        return [model.objects.count() for model in (Document, MappingRow, Connection, Member)]
