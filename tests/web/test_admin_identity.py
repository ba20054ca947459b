"""Another organisation in the place of one with documents, tried by every page."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors import registry
from connectors.models import Connection, Document
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.services import integrations
from tenants.scope import tenant_scope
from tests.people import ACTOR, People
from tests.sandbox_process import SandboxProcess
from tests.web.test_connecting import add_procurify, add_zoho, agree, findings_of, now
from tests.web.test_connecting import company as company
from tests.web.world import FLOW, World


def test_the_edit_page_says_to_make_a_new_connection(staff: Client, world: World) -> None:
    url = reverse("admin:connectors_connection_edit", args=[world.source.pk])
    answer = staff.post(url, {"setting_subdomain": "globex"})
    assert answer.status_code == 200, "the form is shown again"
    words = answer.content.decode()
    assert "Make a new connection to Procurify for it" in words
    assert "acme" in words
    assert now(world.source).settings["subdomain"] == "acme"


def test_the_edit_page_still_takes_new_secrets(staff: Client, world: World) -> None:
    url = reverse("admin:connectors_connection_edit", args=[world.source.pk])
    given = {"setting_subdomain": "acme", "credential_client_secret": "rotated"}
    assert staff.post(url, given).status_code == 302


def test_another_organisation_of_the_list_cannot_be_chosen(staff: Client, world: World) -> None:
    offered = [{"organization_id": key, "name": key} for key in ("601", "602")]
    with tenant_scope(world.tenant_id):
        Connection.objects.filter(pk=world.target.pk).update(profile={"organizations": offered})
    url = reverse("admin:connectors_connection_choose", args=[world.target.pk])
    words = staff.post(url, {"offer": "602"}).content.decode()
    assert "Make a new connection to Zoho Books for it" in words
    assert now(world.target).settings["organization_id"] == "601"


@pytest.fixture
def working(staff: Client, people: People, company: dict[str, Any]) -> Connection:
    """A connection to Zoho Books that works, with a document for it."""
    source = add_procurify(staff, people, company)
    connection = add_zoho(staff, people, company)
    assert "Authorised" in agree(staff, connection)
    integration = integrations.create(
        tenant_id=people.tenant.pk,
        resolved=registry.resolve(FLOW),
        name="Main Street",
        source=source,
        target=connection,
        actor=ACTOR,
        enabled=True,
    )
    with tenant_scope(people.tenant.pk):
        Document.objects.create(integration=integration, stream="bill", key="1")
    return now(connection)


def test_who_sees_another_organisation_only_cannot_replace_the_access(
    staff: Client, working: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ZohoBooksClient.organizations
    ours = working.settings["organization_id"]
    with monkeypatch.context() as patch:
        patch.setattr(
            ZohoBooksClient,
            "organizations",
            lambda self: [row for row in everything(self) if row["organization_id"] != ours],
        )
        words = agree(staff, working)
    assert f"Organisation {ours} is not among those" in words
    assert "goes on with the access that it has" in words
    row = now(working)
    assert row.sealed_credentials == working.sealed_credentials
    assert (row.settings, row.profile) == (working.settings, working.profile)
    assert "zoho_books works." in findings_of(staff, working), "the old access still works"


def test_a_second_consent_for_the_same_organisation_is_taken(
    staff: Client, working: Connection
) -> None:
    assert "everything can be read" in agree(staff, working)
    assert now(working).sealed_credentials != working.sealed_credentials


def test_the_secret_of_another_domain_does_not_lead_to_it(
    staff: Client, working: Connection, people: People, sandbox: SandboxProcess
) -> None:
    with tenant_scope(people.tenant.pk):
        source = Connection.objects.get(name="procurify")
    url = reverse("admin:connectors_connection_edit", args=[source.pk])
    other = {
        "credential_client_id": "globex-id",
        "credential_client_secret": "globex-secret",
        "setting_subdomain": source.settings["subdomain"],
    }
    assert staff.post(url, other).status_code == 302
    assert "does not work yet" in findings_of(staff, source)
    assert now(source).settings == source.settings
