"""Where somebody is signed in: they see it, and end what is not theirs."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from audit.models import PlatformEvent
from connectors.core import clock
from connectors.services import retention
from tenants.accounts import two_factor
from tenants.models import User

PASSWORD = "quite-a-long-password"
PAGE = "/sessions/"


@pytest.fixture(autouse=True)
def people(transactional_db: None) -> dict[str, User]:
    cache.clear()
    names = ("kim", "lee")
    return {name: User.objects.create_superuser(f"{name}@example.com", PASSWORD) for name in names}


def signed_in(name: str, address: str, agent: str = "Firefox", password: str = PASSWORD) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    given = {"username": f"{name}@example.com", "password": password}
    assert client.post("/sign-in/", given).status_code == 302
    return client


def text_of(client: Client) -> str:
    return client.get(PAGE).content.decode()


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def key_of(address: str) -> Any:
    return UserSession.objects.get(ip=address).pk


def test_people_see_their_own_sessions_only() -> None:
    home = signed_in("kim", "10.0.0.1")
    signed_in("kim", "10.0.0.2", "<script>alert(1)</script>")
    signed_in("lee", "10.0.0.3")
    page = text_of(home)
    assert "10.0.0.1</strong> (this one)" in page
    assert "10.0.0.2" in page
    assert "<script>" not in page
    assert "10.0.0.3" not in page
    assert str(home.session.session_key) not in page


def test_one_is_signed_out_or_all_others() -> None:
    home, away, third = (signed_in("kim", f"10.0.0.{last}") for last in (1, 2, 3))
    home.post(PAGE, {"session": key_of("10.0.0.2")})
    assert "Signed out there." in text_of(home)
    assert [is_in(client) for client in (home, away, third)] == [True, False, True]
    home.post(PAGE)
    assert [is_in(client) for client in (home, third)] == [True, False]
    ended = PlatformEvent.objects.filter(action="sign_in.ended_elsewhere").order_by("pk")
    assert [event.details["address"] for event in ended] == ["10.0.0.2", "10.0.0.3"]


def test_nobody_ends_a_session_of_somebody_else() -> None:
    home, other = signed_in("kim", "10.0.0.1"), signed_in("lee", "10.0.0.3")
    for chosen in (key_of("10.0.0.3"), "0", "-1", "x", "9" * 40, "٣", "1\x00"):
        assert home.post(PAGE, {"session": chosen}).status_code == 302, chosen
    home.post(PAGE)
    assert is_in(other)
    assert is_in(home)


def test_a_changed_password_leaves_this_session_alone_in_the_list() -> None:
    home, away = signed_in("kim", "10.0.0.1"), signed_in("kim", "10.0.0.2")
    new = {"new_password1": "another-long-password", "new_password2": "another-long-password"}
    changed = home.post("/admin/password_change/", {"old_password": PASSWORD, **new})
    assert changed.status_code == 302
    assert not is_in(away)
    page = text_of(home)
    assert "10.0.0.1</strong> (this one)" in page
    assert "10.0.0.2" not in page


@pytest.mark.parametrize("by", ["the person elsewhere", "staff who reset the second factor"])
def test_a_session_that_changed_the_password_can_still_be_ended(
    people: dict[str, User], by: str
) -> None:
    thief, new = signed_in("kim", "10.6.6.6"), "another-long-password"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert thief.post("/admin/password_change/", sent).status_code == 302
    assert is_in(thief)
    if by.startswith("staff"):
        two_factor.reset(people["kim"])
    else:
        home = signed_in("kim", "10.0.0.1", password=new)
        home.post(PAGE)
        assert is_in(home)
    assert not is_in(thief)


@pytest.mark.parametrize("page", ["/sign-in/", "/confirm/"])
def test_a_copy_of_a_session_ends_when_the_password_is_given_again(page: str) -> None:
    home, thief = signed_in("kim", "10.0.0.1"), Client(REMOTE_ADDR="10.6.6.6")
    thief.cookies.load({settings.SESSION_COOKIE_NAME: str(home.session.session_key)})
    assert is_in(thief)
    given = {"username": "kim@example.com", "password": PASSWORD}
    assert home.post(page, given).status_code == 302
    assert is_in(home)
    assert not is_in(thief)
    assert text_of(home).count("<strong>") == 1


def test_who_is_made_inactive_is_signed_out_for_good(people: dict[str, User]) -> None:
    home, other = signed_in("kim", "10.0.0.1"), signed_in("lee", "10.0.0.3")
    page = f"/admin/tenants/user/{people['lee'].pk}/change/"
    sent = {"email": "lee@example.com", "name": "", "is_staff": "on", "is_superuser": "on"}
    for active in ({}, {"is_active": "on"}):
        assert home.post(page, {**sent, **active}).status_code == 302
        assert not is_in(other)
    assert is_in(home)


def test_what_is_signed_out_or_over_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    home, away = signed_in("kim", "10.0.0.1"), signed_in("kim", "10.0.0.2")
    away.post("/admin/logout/")
    assert "10.0.0.2" not in text_of(home)
    signed_in("kim", "10.0.0.4")
    later = clock.now() + timedelta(hours=13)
    monkeypatch.setattr(clock, "now", lambda: later)
    retention.ring_for_old()
    assert not UserSession.objects.exists()


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    for answer in (client.get(PAGE), client.post(PAGE)):
        assert answer["Location"].startswith("/sign-in/")
