"""Who runs the demo's platform: one person with every right, and one with named ones."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from connectors.management import demo, sandbox_door
from tenants.models import User
from tests.web.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def status(client: Client, name: str, *ids: object) -> int:
    return client.get(reverse(f"admin:{name}", args=ids)).status_code


def test_one_superuser_and_one_support_person(world: World) -> None:
    superuser, support = demo.seed_staff()
    assert demo.seed_staff() == [superuser, support]
    assert [user.email for user in User.objects.filter(is_superuser=True)] == [superuser.email]
    for login in (superuser, support):
        assert Client().login(username=login.email, password=login.password)
        assert len(login.password) >= 12


def test_an_empty_workspace_waits_for_its_owner() -> None:
    login = demo.seed_empty()
    assert demo.seed_empty() == login
    client = Client()
    client.force_login(User.objects.get(email=login.email))
    assert "No integration yet" in client.get("/w/juniper-supply/").content.decode()


def test_the_sandbox_page_is_the_demos_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "history_start": "2026-07-01",
        "procurify": {"client_id": "an-id", "client_secret": "of-the-sandbox", "subdomain": "s"},
        "zoho_books": {"client_id": "z-id", "client_secret": "z", "region": "us"},
    }
    monkeypatch.setattr(
        sandbox_door,
        "call",
        lambda url, method, path: told if "?" in path else {"companies": ["manufacturing"]},
    )
    settings.DEBUG, settings.SANDBOX_URL = False, "http://127.0.0.1:1"
    assert Client().get("/sandbox/").status_code == 404
    settings.DEBUG = True
    page = Client().get("/sandbox/").content.decode()
    assert "of-the-sandbox" in page
    assert "Region of the client" in page


def test_support_sees_the_work_and_changes_no_people(world: World) -> None:
    _, support = demo.seed_staff()
    client = Client()
    client.force_login(User.objects.get(email=support.email))
    for name in ("document", "connection", "integration", "run", "mappingfailure"):
        assert status(client, f"connectors_{name}_changelist") == 200, name
    assert status(client, "audit_auditevent_changelist") == 200
    for name in ("tenants_user_changelist", "auth_group_changelist", "tenants_user_add"):
        assert status(client, name) == 403, name
    assert status(client, "connectors_connection_add") == 403
