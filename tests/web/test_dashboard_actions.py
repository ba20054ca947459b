"""What members do on their pages, through the same use cases as staff, as far as they may."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from connectors.core import clock
from connectors.models import Connection, Document, Integration, Mapping, Run, open_sealed
from tenants.models import Role
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World, seen_of

pytestmark = pytest.mark.usefixtures("world")


def post(client: Client, path: str, given: dict[str, Any] | None = None) -> Any:
    return client.post(f"/w/acme/{path}", given or {})


def said(client: Client, answer: Any) -> str:
    assert answer.status_code == 302
    return str(client.get(answer["Location"]).content.decode())


def state_of(document: Document) -> str:
    with tenant_scope(document.tenant_id):
        return Document.objects.get(pk=document.pk).state


def actors(world: World, action: str) -> list[str]:
    with tenant_scope(world.tenant_id):
        events = AuditEvent.objects.filter(action=action)
        return [event.actor.rpartition(" ")[2] for event in events]


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


def confirmed(client: Client) -> Client:
    """As somebody who gave their password just now."""
    session = client.session
    session["session_confirmed"] = clock.now().timestamp()
    session.save()
    return client


def test_an_operator_resolves_what_is_missing(operator: Client, world: World) -> None:
    page = operator.get(f"/w/acme/review/missing/{world.failure.pk}/").content.decode()
    assert "Link and post 1" in page
    assert 'value="9001"' in page
    answer = post(operator, f"review/missing/{world.failure.pk}/resolve/", {"target": "9001"})
    assert "1 document will post now" in said(operator, answer)
    assert state_of(world.waiting) == "due"
    assert actors(world, "mapping.set") == ["operator@example.com"]


@pytest.mark.parametrize("target", ["", "7", "nothing", "\x00", "9" * 500])
def test_nothing_is_mapped_to_what_is_not_there(
    operator: Client, world: World, target: str
) -> None:
    answer = post(operator, f"review/missing/{world.failure.pk}/resolve/", {"target": target})
    assert "has no active vendor" in said(operator, answer)
    assert state_of(world.waiting) == "waiting"


def test_a_search_finds_targets_that_nothing_suggests(operator: Client, world: World) -> None:
    path = f"/w/acme/review/missing/{world.failure.pk}/?search="
    assert "Contoso" in operator.get(f"{path}conto").content.decode()
    assert "is called like" in operator.get(f"{path}nothing").content.decode()


def test_a_document_is_dismissed_with_a_reason_and_brought_back(
    operator: Client, world: World
) -> None:
    path = f"documents/{world.held.pk}"
    without = post(operator, f"{path}/dismiss/", {"seen": seen_of(world.held), "reason": " "})
    assert "Say why" in said(operator, without)
    given = {"seen": seen_of(world.held), "reason": "Paid by card"}
    assert "Dismissed" in said(operator, post(operator, f"{path}/dismiss/", given))
    assert state_of(world.held) == "dismissed"
    stale = post(operator, f"{path}/check-again/", {"seen": given["seen"]})
    assert "has moved on since you saw it" in said(operator, stale)
    post(operator, f"{path}/check-again/", {"seen": seen_of(world.held)})
    assert state_of(world.held) == "due"
    assert actors(world, "document.dismissed") == ["operator@example.com"]


def test_a_button_leads_back_to_this_service_only(operator: Client, world: World) -> None:
    path = f"documents/{world.held.pk}/check-again/"
    for back in ("//evil.example/", "https://evil.example/", "javascript:alert(1)", "\\\\evil"):
        answer = post(operator, path, {"seen": "", "back": back})
        assert answer["Location"] == f"/w/acme/documents/{world.held.pk}/", back
    inside = post(operator, path, {"seen": "", "back": "/w/acme/review/"})
    assert inside["Location"] == "/w/acme/review/"


def test_a_mapping_is_changed_for_what_comes(operator: Client, world: World) -> None:
    answer = post(operator, f"mappings/{world.mapping.pk}/change/", {"target": "9001"})
    assert "from now on" in said(operator, answer)
    with tenant_scope(world.tenant_id):
        row = Mapping.objects.get(pk=world.mapping.pk)
    assert (row.target_key, row.origin) == ("9001", "person")


def test_operators_run_and_admins_pause(client: Client, people: People, world: World) -> None:
    path = f"integrations/{world.integration.pk}/press"
    client.force_login(people.operator)
    assert "A run is queued" in said(client, post(client, f"{path}/run/"))
    assert "Only owners and admins" in said(client, post(client, f"{path}/pause/"))
    assert "There is no button" in said(client, post(client, f"{path}/explode/"))
    client.force_login(people.admin)
    assert "nothing is posted" in said(client, post(client, f"{path}/pause/"))
    with tenant_scope(world.tenant_id):
        assert not Integration.objects.get(pk=world.integration.pk).enabled
        assert Run.objects.filter(trigger="person", actor__endswith="operator@example.com").exists()


def test_an_admin_connects_and_joins_systems(client: Client, people: People, world: World) -> None:
    client.force_login(people.admin)
    confirmed(client)
    given = {
        "name": "Second Procurify",
        "credential_client_id": "an-id",
        "credential_client_secret": "brought-by-a-member",
        "setting_subdomain": "second",
    }
    answer = post(client, "connections/new/procurify/", given)
    page = said(client, answer)
    assert "brought-by-a-member" not in page
    with tenant_scope(world.tenant_id):
        made = Connection.objects.get(name="Second Procurify")
        assert open_sealed(made, "sealed_credentials")["client_secret"] == "brought-by-a-member"
    edited = post(client, f"connections/{made.pk}/edit/", {"setting_subdomain": "third"})
    assert edited.status_code == 302
    with tenant_scope(world.tenant_id):
        again = Connection.objects.get(pk=made.pk)
        assert again.settings["subdomain"] == "third"
        assert open_sealed(again, "sealed_credentials")["client_secret"] == "brought-by-a-member"


def test_secrets_want_the_password_of_just_now(client: Client, people: People) -> None:
    client.force_login(people.owner)
    session = client.session
    session["session_confirmed"] = 0
    session.save()
    for path in ("connections/new/procurify/", "settings/invite/"):
        answer = post(client, path, {"email": "kim@example.com", "role": "viewer"})
        assert answer["Location"].startswith("/confirm/?next="), path


def test_a_new_integration_is_paused(client: Client, people: People, world: World) -> None:
    client.force_login(people.admin)
    page = client.get("/w/acme/integrations/new/procurify_to_zoho_books/").content.decode()
    assert "Post records since" in page
    given = {
        "name": "Second",
        "source": world.source.pk,
        "target": world.target.pk,
        "interval_minutes": "30",
        "history_start": "2026-11-01",
    }
    answer = post(client, "integrations/new/procurify_to_zoho_books/", given)
    assert "Paused: nothing is posted" in said(client, answer)
    with tenant_scope(world.tenant_id):
        assert not Integration.objects.get(name="Second").enabled


def test_connections_of_others_cannot_be_joined(
    client: Client, people: People, world: World, other_world: World
) -> None:
    client.force_login(people.admin)
    given = {
        "name": "Stolen",
        "source": other_world.source.pk,
        "target": world.target.pk,
        "interval_minutes": "30",
        "history_start": "2026-11-01",
    }
    answer = post(client, "integrations/new/procurify_to_zoho_books/", given)
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_lower_roles_are_told_whom_to_ask(client: Client, people: People, role: Role) -> None:
    client.force_login(people.of_role(role))
    answer = client.get("/w/acme/connections/new/procurify/")
    assert answer.status_code == 403
    assert "An owner of the workspace can change it" in answer.content.decode()


def test_whose_session_has_ended_signs_in_and_comes_to_a_page(
    client: Client, people: People, world: World
) -> None:
    """What a button sent is not done, and its address answers to POST only."""
    answer = post(client, f"review/missing/{world.failure.pk}/resolve/", {"target": "9001"})
    assert answer["Location"] == "/sign-in/?next=/w/acme/"
    assert client.get("/w/acme/review/?kind=held")["Location"].endswith("review/%3Fkind%3Dheld")
    client.force_login(people.operator)
    assert client.get("/w/acme/").status_code == 200
