"""Guided set-up: each step shows what is there, leads on, and can be left and found again."""

from typing import Any

import pytest
from django.test import Client

from connectors.models import Connection, Health, Integration, Mapping, Run
from connectors.services import connections
from connectors.transport.provider import Finding
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.test_dashboard_fit import foresee
from tests.web.world import World

BASE = "/w/acme/set-up/procurify_to_zoho_books/"


@pytest.fixture
def owner(client: Client, people: People) -> Client:
    """Signed in with their password, a moment ago."""
    client.force_login(people.owner)
    session = client.session
    session["session_confirmed"] = 1e12
    session.save()
    return client


@pytest.fixture
def new(world: World) -> World:
    """Both sides work, and nobody has started the integration."""
    with tenant_scope(world.tenant_id):
        Run.objects.all().delete()
        Integration.objects.update(enabled=False)
        Connection.objects.update(health=Health.READY, health_words="Everything can be read.")
    return world


def text(client: Client, path: str) -> str:
    answer = client.get(BASE + path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def goes_on(client: Client) -> str:
    """The step that a set-up goes on with."""
    return str(client.get(BASE)["Location"].removeprefix(BASE))


def test_it_goes_on_where_it_was_left(owner: Client, new: World) -> None:
    assert goes_on(owner) == "matching/"
    foresee(new)
    assert goes_on(owner) == "live/"
    with tenant_scope(new.tenant_id):
        Connection.objects.filter(pk=new.target.pk).update(health=Health.NEEDS_AUTHORISATION)
    assert goes_on(owner) == "connect/target/"
    with tenant_scope(new.tenant_id):
        Connection.objects.filter(pk=new.source.pk).update(health=Health.NEW)
    assert goes_on(owner) == "connect/source/"


def test_another_flow_begins_with_its_own_source(owner: Client, new: World) -> None:
    start = "/w/acme/set-up/zoho_books_to_procore/"
    assert owner.get(start)["Location"] == f"{start}connect/target/", "Zoho Books is connected"
    page = owner.get(f"{start}connect/target/").content.decode()
    assert "Connect Procore" in page


def test_a_connection_is_tested_check_by_check(
    owner: Client, new: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        Finding(name="read", ok=True, words="Purchase orders can be read."),
        Finding(name="bills", ok=False, words="May not read bills."),
    ]
    monkeypatch.setattr(connections, "ping", lambda *_, **__: found)
    page = owner.post(f"{BASE}connect/source/test/").content.decode()
    assert "Purchase orders can be read." in page
    assert "May not read bills." in page


def test_options_change_the_integration_that_is_there(owner: Client, new: World) -> None:
    page = text(owner, "options/")
    assert "Main Street purchasing" in page
    answer = owner.post(
        f"{BASE}options/",
        {"name": "Main", "interval_minutes": "30", "cron": "", "history_start": "2026-10-01"},
    )
    assert answer["Location"] == f"{BASE}matching/"
    with tenant_scope(new.tenant_id):
        row = Integration.objects.get()
        assert (row.name, row.interval_minutes, row.enabled) == ("Main", 30, False)


def test_what_is_missing_is_asked_and_linked(owner: Client, new: World) -> None:
    foresee(new)
    page = text(owner, "matching/")
    assert "Vendor Northwind Traders Inc" in page
    assert "Northwind Traders" in page
    owner.post(f"{BASE}match/", {"kind-0": "vendor", "source_key-0": "7", "target-0": "9001"})
    with tenant_scope(new.tenant_id):
        row = Mapping.objects.get(kind="vendor", source_key="7")
        assert (row.target_key, row.origin) == ("9001", "person")
    assert "Everything that your documents need is linked" in text(owner, "matching/")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"named-0": "Northwind Traders"}, "1 linked"),
        ({"named-0": "9001"}, "1 linked"),
        ({"named-0": "Nobody"}, "Nothing in Zoho Books is called “Nobody”"),
        ({"target-0": "12345"}, "no active vendor"),
        ({}, "Choose a partner"),
    ],
)
def test_a_partner_is_named_by_hand(
    owner: Client, new: World, given: dict[str, str], words: str
) -> None:
    foresee(new)
    posted = {"kind-0": "vendor", "source_key-0": "7", **given}
    page: Any = owner.post(f"{BASE}match/", posted, follow=True)
    assert words in page.content.decode()
    with tenant_scope(new.tenant_id):
        linked = Mapping.objects.filter(kind="vendor", source_key="7").count()
    assert linked == ("linked" in words)


def test_one_choice_that_cannot_be_leaves_all(owner: Client, new: World) -> None:
    foresee(new)
    owner.post(
        f"{BASE}match/",
        {
            "kind-0": "vendor",
            "source_key-0": "7",
            "target-0": "9001",
            "kind-1": "vendor",
            "source_key-1": "6",
            "target-1": "no such",
        },
    )
    with tenant_scope(new.tenant_id):
        assert not Mapping.objects.filter(source_key__in=["6", "7"]).exists()


def test_going_live_is_asked_with_its_numbers(owner: Client, new: World) -> None:
    assert "Make a fit report first" in text(owner, "live/")
    foresee(new)
    assert "Go live with 1" in text(owner, "live/")
    owner.post(f"{BASE}go-live/")
    with tenant_scope(new.tenant_id):
        assert Integration.objects.get().enabled
    assert "is live" in text(owner, "live/")


def test_in_shadow_it_makes_reports_and_posts_nothing(owner: Client, new: World) -> None:
    foresee(new)
    owner.post(f"{BASE}shadow/")
    with tenant_scope(new.tenant_id):
        row = Integration.objects.get()
    assert (row.shadow, row.enabled) == (True, False)
    assert row.next_run_at is not None
    for path in ("", "integrations/", f"integrations/{row.pk}/"):
        assert "In shadow" in owner.get(f"/w/acme/{path}").content.decode(), path
    owner.post(f"/w/acme/integrations/{row.pk}/press/pause/")
    with tenant_scope(new.tenant_id):
        ended = Integration.objects.get()
    assert not ended.shadow
    assert ended.next_run_at is None
    owner.post(f"{BASE}shadow/")
    owner.post(f"{BASE}go-live/")
    with tenant_scope(new.tenant_id):
        row.refresh_from_db()
    assert (row.shadow, row.enabled) == (False, True)


@pytest.mark.parametrize("path", ["", "options/", "matching/", "fit/", "live/", "connect/source/"])
def test_only_admins_set_up(client: Client, people: People, new: World, path: str) -> None:
    client.force_login(people.operator)
    assert client.get(BASE + path).status_code == 403
