"""How strangers come in: sign-up with a confirmed address, a new password, and invitations."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from audit.models import AuditEvent
from connectors.core import clock
from connectors.services import invitation_mail
from tenants import invitations
from tenants.models import Invitation, Member, Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.services import memberships_of, remove_member, role_in
from tests.people import People, make_user

PASSWORD = "quite-a-long-password"
NEW = {"name": "Kim", "email": "kim@example.com", "password1": PASSWORD}


@pytest.fixture(autouse=True)
def uncounted(transactional_db: None) -> None:
    cache.clear()


def code_in(message: Any) -> str:
    found = re.search(r"^  (\S+)$", message.body, re.MULTILINE)
    assert found
    return found[1]


def signed_up(client: Client, given: dict[str, str], query: str = "") -> Any:
    """Fill in the form and the code; returns the last answer."""
    first = client.post(f"/sign-up/{query}", given)
    assert first["Location"] == "/sign-up/code/"
    return client.post("/sign-up/code/", {"code": code_in(mail.outbox[-1])})


def test_a_stranger_signs_up_and_makes_a_workspace(client: Client) -> None:
    answer = signed_up(client, NEW)
    assert answer["Location"] == "/"
    assert client.get("/")["Location"] == "/workspaces/new/"
    made = client.post(
        "/workspaces/new/", {"name": "Northwind Ltd", "time_zone": "America/Chicago"}
    )
    assert made["Location"] == "/w/northwind-ltd/"
    page = client.get("/w/northwind-ltd/").content.decode()
    assert "No integration yet" in page
    assert "Confirmation email" not in page
    person = User.objects.get(email="kim@example.com")
    assert [place.role for place in memberships_of(person)] == [Role.OWNER]
    assert not person.is_staff


def test_a_stranger_is_told_what_this_is(client: Client, settings: Settings) -> None:
    page = client.get("/").content.decode()
    assert "See if it fits" in page
    settings.SIGN_UP_OPEN = False
    closed = client.get("/").content.decode()
    assert "/sign-up/" not in closed
    assert "/sign-in/" in closed


def test_two_workspaces_of_one_name_both_get_an_address(client: Client) -> None:
    signed_up(client, NEW)
    places = [
        client.post("/workspaces/new/", {"name": "Northwind", "time_zone": "UTC"})["Location"]
        for _ in range(2)
    ]
    assert places[0] == "/w/northwind/"
    assert re.fullmatch(r"/w/northwind-\w{6}/", places[1])


def test_an_address_that_is_not_confirmed_opens_nothing(client: Client) -> None:
    client.post("/sign-up/", NEW)
    assert client.get("/workspaces/new/")["Location"].startswith("/sign-in/")
    assert client.post("/sign-up/code/", {"code": "000000"}).status_code == 200
    assert client.get("/workspaces/new/")["Location"].startswith("/sign-in/")
    again = Client()
    cache.clear()  # as after the ten seconds in which no other code is sent
    answer = again.post("/sign-in/", {"username": NEW["email"], "password": PASSWORD})
    assert answer["Location"] == "/sign-up/code/"
    assert again.get("/workspaces/new/")["Location"].startswith("/sign-in/")


def test_the_page_does_not_tell_who_has_an_account(client: Client) -> None:
    make_user("kim")
    answer = client.post("/sign-up/", NEW)
    assert answer["Location"] == "/sign-up/code/"
    assert "You have an account" in mail.outbox[-1].subject
    page = client.get("/sign-up/code/").content.decode()
    other = Client()
    other.post("/sign-up/", {**NEW, "email": "new@example.com"})
    same = other.get("/sign-up/code/").content.decode().replace("new@", "kim@")
    hidden = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert hidden.sub("", page) == hidden.sub("", same)
    assert not User.objects.get(email="kim@example.com").has_usable_password()


def test_weak_passwords_are_refused(client: Client) -> None:
    for weak in ("short", "password1234", "123456789012345", "kim@example.com"):
        answer = client.post("/sign-up/", {**NEW, "password1": weak})
        assert answer.status_code == 200, weak
    assert not User.objects.exists()


def test_sign_up_can_be_closed(client: Client, settings: Settings) -> None:
    settings.SIGN_UP_OPEN = False
    assert "Sign-up is closed" in client.get("/sign-up/").content.decode()
    client.post("/sign-up/", NEW)
    assert not User.objects.exists()
    assert "Make an account" not in client.get("/sign-in/").content.decode()
    client.force_login(make_user("kim"))
    given = {"name": "Mine", "time_zone": "UTC"}
    for answer in (client.get("/workspaces/new/"), client.post("/workspaces/new/", given)):
        assert answer.status_code == 403
        assert "Whoever runs this service" in answer.content.decode()


def test_people_set_a_new_password_by_mail(client: Client) -> None:
    person = User.objects.create_user("kim@example.com", PASSWORD)
    other = Client()
    other.force_login(person)
    client.post("/password/reset/", {"email": "KIM@example.com"})
    link = code_in(mail.outbox[-1])
    page = client.get(link.partition("testserver")[2], follow=True)
    where = page.redirect_chain[-1][0]
    assert "set-password" in where
    fresh = "another-long-password"
    done = client.post(where, {"password1": fresh, "password2": fresh})
    assert done["Location"] == "/password/reset/done/"
    assert (
        client.post("/sign-in/", {"username": NEW["email"], "password": fresh}).status_code == 302
    )
    assert other.get("/sessions/").status_code == 302
    used = Client().get(link.partition("testserver")[2], follow=True).content.decode()
    assert "does not work any more" in used


def test_nobody_gets_mail_for_an_address_without_an_account(client: Client) -> None:
    answer = client.post("/password/reset/", {"email": "nobody@example.com"})
    assert answer["Location"] == "/password/reset/sent/"
    assert mail.outbox == []


def test_an_address_that_staff_change_is_the_confirmed_one() -> None:
    person = make_user("kim")
    person.email = "lee@example.com"
    person.save()
    [known] = EmailAddress.objects.filter(user=person)
    assert (known.email, known.verified, known.primary) == ("lee@example.com", True, True)


# --- invitations ------------------------------------------------------------------------------


def invited(people: People, role: Role = Role.OPERATOR, email: str = "kim@example.com") -> str:
    """Invite somebody; returns the path of the link that is mailed."""
    row = invitations.invite(tenant_id=people.tenant.pk, email=email, role=role, by=people.owner)
    invitation_mail.send(people.tenant.pk, row.pk)
    link = code_in(mail.outbox[-1])
    return "/invitations/" + link.partition("/invitations/")[2]


def test_an_admin_invites_and_a_stranger_joins(client: Client, people: People) -> None:
    client.force_login(people.admin)
    client.post("/confirm/?next=/", {"password": "-"})
    link = invited(people)
    stranger = Client()
    page = stranger.get(link).content.decode()
    assert "Join Acme" in page
    query = f"?next={link}&email=kim@example.com"
    assert signed_up(stranger, NEW, query)["Location"] == link
    assert stranger.post(link)["Location"] == "/w/acme/"
    person = User.objects.get(email="kim@example.com")
    assert role_in(person, people.tenant.pk) is Role.OPERATOR
    with tenant_scope(people.tenant.pk):
        actions = AuditEvent.objects.values_list("action", flat=True)
        assert {"member.invited", "member.added"} <= set(actions)


def test_closed_sign_up_is_open_to_the_invited(
    client: Client, people: People, settings: Settings
) -> None:
    settings.SIGN_UP_OPEN = False
    client.get(invited(people))
    assert signed_up(client, NEW).status_code == 302


def test_an_invitation_works_once_and_not_when_it_is_over(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = invited(people)
    first, second = make_user("first"), make_user("second")
    for person, works in ((first, True), (second, False)):
        client = Client()
        client.force_login(person)
        client.post(link)
        assert (role_in(person, people.tenant.pk) is not None) is works
    client = Client()
    client.force_login(second)
    taken_back = invited(people, email="b@example.com")
    with tenant_scope(people.tenant.pk):
        pk = Invitation.objects.get(email="b@example.com").pk
    assert invitations.take_back(tenant_id=people.tenant.pk, pk=pk, by=people.owner)
    renewed = invited(people, email="c@example.com")
    invited(people, email="c@example.com")
    old = invited(people, email="d@example.com")
    later = clock.now() + timedelta(days=8)
    for over in (taken_back, renewed):
        assert client.post(over).status_code == 404
    monkeypatch.setattr(clock, "now", lambda: later)
    assert client.post(old).status_code == 404
    assert role_in(second, people.tenant.pk) is None


@pytest.mark.parametrize("text", ["x", "e30:1:abc", "WzEsMSwiIl0:1wNqHS:forged", "%00", "a" * 900])
def test_a_forged_link_leads_nowhere(client: Client, people: People, text: str) -> None:
    client.force_login(people.outsider)
    for answer in (client.get(f"/invitations/{text}/"), client.post(f"/invitations/{text}/")):
        assert answer.status_code == 404
    assert role_in(people.outsider, people.tenant.pk) is None


def test_a_workspace_does_not_send_mail_to_the_world(people: People) -> None:
    for number in range(30):
        row = invitations.invite(
            tenant_id=people.tenant.pk,
            email=f"victim{number}@example.com",
            role=Role.VIEWER,
            by=people.owner,
        )
        assert invitations.take_back(tenant_id=people.tenant.pk, pk=row.pk, by=people.owner)
    with pytest.raises(ValidationError, match="within a day"):
        invited(people)


def test_resets_do_not_fill_a_mailbox(client: Client) -> None:
    User.objects.create_user("kim@example.com", PASSWORD)
    for _ in range(6):
        client.post("/password/reset/", {"email": "kim@example.com"})
    assert len(mail.outbox) == 3


def test_who_may_not_invite_any_more_brings_nobody_in(people: People) -> None:
    row = invitations.invite(
        tenant_id=people.tenant.pk, email="kim@example.com", role=Role.ADMIN, by=people.admin
    )
    remove_member(tenant_id=people.tenant.pk, user=people.admin, actor="system:tests")
    client = Client()
    client.force_login(make_user("kim"))
    page = client.post(f"/invitations/{invitations.token(row)}/").content.decode()
    assert "may no longer invite" in page
    with tenant_scope(people.tenant.pk):
        assert not Member.objects.filter(user__email="kim@example.com").exists()


def test_an_invitation_takes_no_role_away(people: People) -> None:
    link = invited(people, Role.VIEWER)
    client = Client()
    client.force_login(people.admin)
    client.post(link)
    assert role_in(people.admin, people.tenant.pk) is Role.ADMIN


def posted(client: Client, path: str, given: dict[str, Any]) -> Any:
    """Post as somebody who has just given their password."""
    session = client.session
    session["session_confirmed"] = clock.now().timestamp()
    session.save()
    return client.post(path, given)


def test_nobody_gives_a_role_above_their_own(client: Client, people: People) -> None:
    client.force_login(people.admin)
    posted(client, "/w/acme/settings/invite/", {"email": "kim@example.com", "role": "owner"})
    role = f"/w/acme/settings/members/{people.viewer.pk}/role/"
    posted(client, role, {"role": "owner"})
    posted(client, f"/w/acme/settings/members/{people.admin.pk}/role/", {"role": "owner"})
    posted(client, f"/w/acme/settings/members/{people.owner.pk}/role/", {"role": "viewer"})
    posted(client, f"/w/acme/settings/members/{people.owner.pk}/remove/", {})
    with tenant_scope(people.tenant.pk):
        assert not Invitation.objects.exists()
        roles = dict(Member.objects.values_list("user__email", "role"))
    assert roles["owner@example.com"] == "owner"
    assert roles["admin@example.com"] == "admin"
    assert roles["viewer@example.com"] == "viewer"
    posted(client, role, {"role": "operator"})
    assert role_in(people.viewer, people.tenant.pk) is Role.OPERATOR


def test_the_last_owner_stays_and_others_leave(client: Client, people: People) -> None:
    for person, stays in ((people.owner, True), (people.viewer, False)):
        client.force_login(person)
        client.post(f"/w/acme/settings/members/{person.pk}/remove/")
        assert (role_in(person, people.tenant.pk) is not None) is stays


def test_a_workspaces_settings_are_changed_by_admins(client: Client, people: People) -> None:
    given = {
        "name": "Acme & Sons",
        "time_zone": "Europe/Berlin",
        "alert_email": "",
        "locale": "en-gb",
    }
    for person, works in ((people.operator, False), (people.admin, True)):
        client.force_login(person)
        assert client.post("/w/acme/settings/", given).status_code == (302 if works else 403)
        with tenant_scope(people.tenant.pk):
            assert (Tenant.objects.get().name == "Acme & Sons") is works


def test_a_demo_shows_its_mail_and_a_service_does_not(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    assert client.get("/outbox/").status_code == 404
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    mail.send_mail(
        "First", "Öffne http://127.0.0.1:8000/x/?a=1&b=2 <b>", "a@example.com", ["k@example.com"]
    )
    mail.send_mail("Second", "Hello", "a@example.com", ["k@example.com"])
    assert client.get("/outbox/").status_code == 404
    settings.DEBUG = True
    page = client.get("/outbox/").content.decode()
    assert page.index("Second") < page.index("First")
    assert '<a href="http://127.0.0.1:8000/x/?a=1&amp;b=2">' in page
    assert "Öffne" in page
    assert "&lt;b&gt;" in page
