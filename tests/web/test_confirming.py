"""A session that somebody else got hold of: it changes no secret and no right."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from audit.models import PlatformEvent
from connectors.core import clock
from connectors.models import AlertChannel, Connection, WebhookEndpoint
from tenants.models import Member, User
from tenants.scope import platform_scope, tenant_scope
from tests.people import People
from tests.web.world import World

PASSWORD = "a-long-password"
EDIT = "/admin/connectors/connection/{}/edit/"


@pytest.fixture(autouse=True)
def uncounted(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "9/5m/ip,3/15m/key"}
    cache.clear()


@pytest.fixture
def passing(staff: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let minutes pass since the person signed in."""
    began: datetime = clock.now()

    def later(minutes: float) -> None:
        now = began + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda: now)

    later(0)
    return later


def led_to_confirm(answer: Any) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/confirm/?next=")


def places(world: World, people: People, clerk: User) -> dict[str, tuple[str, str]]:
    """What changes secrets or rights: a method and an address each."""
    group = Group.objects.create(name="Help desk")
    return {
        "a new connection": ("get", "/admin/connectors/connection/add/?provider=procurify"),
        "credentials": ("get", EDIT.format(world.target.pk)),
        "a pasted code": ("get", f"/admin/connectors/connection/{world.target.pk}/paste/"),
        "a consent": ("get", f"/connections/{world.tenant_id}/{world.target.pk}/authorise/"),
        "a new webhook address": ("get", "/admin/connectors/webhookendpoint/add/"),
        "a new webhook secret": (
            "post",
            f"/admin/connectors/webhookendpoint/{world.endpoint.pk}/secret/",
        ),
        "a new tenant": ("get", "/admin/tenants/tenant/add/"),
        "a new member": ("post", f"/admin/tenants/tenant/{world.tenant_id}/change/"),
        "a member less": (
            "post",
            f"/admin/tenants/tenant/{world.tenant_id}/members/{people.owner.pk}/remove/",
        ),
        "a new person": ("get", "/admin/tenants/user/add/"),
        "a person's rights": ("get", f"/admin/tenants/user/{people.owner.pk}/change/"),
        "a password": ("get", f"/admin/tenants/user/{people.owner.pk}/password/"),
        "a new group": ("get", "/admin/auth/group/add/"),
        "a group's rights": ("get", f"/admin/auth/group/{group.pk}/change/"),
        "a group less": ("get", f"/admin/auth/group/{group.pk}/delete/"),
    }


def kept() -> list[Any]:
    with platform_scope():
        return [
            list(model.objects.order_by("pk").values())
            for model in (Connection, WebhookEndpoint, Member, Group, User)
        ]


def test_secrets_and_rights_want_the_password_of_just_now(
    staff: Client, world: World, people: People, clerk: User, passing: Any
) -> None:
    asked = places(world, people, clerk)
    passing(14)
    opened = {what: staff.get(address).status_code for what, (how, address) in asked.items()}
    assert not [what for what, (how, address) in asked.items() if opened[what] >= 400], opened
    assert not led_to_confirm(staff.get(EDIT.format(world.target.pk)))
    before = kept()
    passing(31)
    for what, (how, address) in asked.items():
        assert led_to_confirm(getattr(staff, how)(address)), what
        sent = staff.post(address, {"post": "yes"})
        assert led_to_confirm(sent) or sent.status_code == 405, what
    assert kept() == before
    # Everything else goes on.
    assert staff.get("/admin/connectors/connection/").status_code == 200
    assert staff.get(f"/admin/connectors/connection/{world.target.pk}/change/").status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete"])
def test_only_what_is_sent_has_time(staff: Client, passing: Any, method: str) -> None:
    passing(16)
    assert led_to_confirm(getattr(staff, method)("/admin/tenants/user/add/"))


def test_what_was_typed_in_time_is_taken(
    staff: Client, world: World, people: People, passing: Any
) -> None:
    """A form that opened in the last minute may be filled in at ease."""
    added = f"/admin/tenants/tenant/{world.tenant_id}/change/"
    passing(29)
    staff.post(added, {"user": people.outsider.pk, "role": "viewer"})
    with platform_scope():
        assert Member.objects.filter(tenant=world.tenant_id, user=people.outsider).exists()


def test_the_password_leads_back_and_is_noted(
    staff: Client, world: World, clerk: User, passing: Any
) -> None:
    passing(31)
    edit = EDIT.format(world.target.pk)
    asked = staff.get(edit)["Location"]
    assert "staff@example.com" in staff.get(asked).content.decode()
    wrong = staff.post(asked, {"password": "guessed"})
    assert "That is not your password." in wrong.content.decode()
    assert led_to_confirm(staff.get(edit))
    assert staff.post(asked, {"password": PASSWORD})["Location"] == edit
    assert staff.get(edit).status_code == 200
    noted = PlatformEvent.objects.filter(action__startswith="sign_in.").order_by("pk")
    assert [(event.action, event.actor) for event in noted][-1] == (
        "sign_in.confirmed",
        f"user:{clerk.pk} staff@example.com",
    )
    assert [event.action for event in noted][-2] == "sign_in.failed"


def test_nothing_that_was_sent_too_late_is_kept(staff: Client, world: World, passing: Any) -> None:
    """It may hold secrets, which have no business in a session."""
    passing(31)
    answer = staff.post(EDIT.format(world.target.pk), {"client_secret": "tell-nobody"})
    assert led_to_confirm(answer)
    assert "tell-nobody" not in str(dict(staff.session))
    staff.post(answer["Location"], {"password": PASSWORD})
    page = staff.get(EDIT.format(world.target.pk)).content.decode()
    assert "Nothing was changed. Send it again now." in page


def test_passwords_cannot_be_guessed_here_either(staff: Client, clerk: User, passing: Any) -> None:
    for _ in range(3):
        staff.post("/confirm/", {"password": "guessed"})
    answer = staff.post("/confirm/", {"password": PASSWORD})
    assert "Too many tries" in answer.content.decode()


def test_passwords_cannot_be_guessed_where_one_changes_ones_own(staff: Client, clerk: User) -> None:
    page, new = "/admin/password_change/", "quite-another-password"
    sent = {"new_password1": new, "new_password2": new}
    for _ in range(3):
        staff.post(page, {"old_password": "guessed", **sent})
    answer = staff.post(page, {"old_password": PASSWORD, **sent})
    assert "Too many tries" in answer.content.decode()
    noted = PlatformEvent.objects.filter(subject="staff@example.com").order_by("pk")
    assert [event.action for event in noted] == [*["sign_in.failed"] * 3, "sign_in.refused"]
    cache.clear()
    assert staff.post(page, {"old_password": PASSWORD, **sent}).status_code == 302


def test_another_persons_password_confirms_nothing(
    staff: Client, world: World, clerk: User, passing: Any
) -> None:
    """Also not with the address of the other in the form."""
    User.objects.create_superuser("lee@example.com", "quite-another-password")
    passing(31)
    for given in ({}, {"username": "lee@example.com"}):
        answer = staff.post("/confirm/", {**given, "password": "quite-another-password"})
        assert "That is not your password." in answer.content.decode()
    assert led_to_confirm(staff.get(EDIT.format(world.target.pk)))


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "/\\evil", ""]
)
def test_it_leads_nowhere_else(staff: Client, clerk: User, where: str) -> None:
    answer = staff.post(f"/confirm/?next={where}", {"password": PASSWORD})
    assert answer["Location"] == "/"


def test_a_stranger_is_sent_to_sign_in(client: Client, transactional_db: None) -> None:
    assert client.get("/confirm/")["Location"].startswith("/sign-in/")


@pytest.mark.django_db(transaction=True)
def test_members_who_are_no_staff_confirm_as_well(client: Client) -> None:
    member = User.objects.create_user("member@example.com", PASSWORD)
    client.force_login(member)
    refused = client.post("/confirm/?next=/sessions/", {"password": "guessed-wrongly"})
    assert "That is not your password" in refused.content.decode()
    answer = client.post("/confirm/?next=/sessions/", {"password": PASSWORD})
    assert answer["Location"] == "/sessions/"


@pytest.mark.parametrize("button", ["invite", "role", "remove", "link", "secret"])
def test_a_button_of_members_leads_back_to_a_page(
    client: Client, people: People, world: World, settings: Settings, button: str
) -> None:
    """A button's own address answers to POST only, so nobody may be led back to that."""
    with tenant_scope(world.tenant_id):
        channel = AlertChannel.objects.create(kind="webhook", name="Ours", host="a.example.com")
    address = {
        "invite": "settings/invite/",
        "role": f"settings/members/{people.viewer.pk}/role/",
        "remove": f"settings/members/{people.viewer.pk}/remove/",
        "link": f"connections/{world.target.pk}/link/",
        "secret": f"settings/alerts/{channel.pk}/secret/",
    }[button]
    client.force_login(people.owner)
    settings.CONFIRM_MINUTES = 0
    answer = client.post(f"/w/acme/{address}")
    assert led_to_confirm(answer)
    back = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert client.get(back).status_code == 200, back
