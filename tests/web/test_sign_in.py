"""Guessing passwords, and sessions that nobody ends: each is attacked here."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate, hashers
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from audit import platform
from audit.models import PlatformEvent
from connectors import tasks
from connectors.core import clock
from connectors.engine import doorbell
from tenants.models import User

PASSWORD = "quite-a-long-password"
SIGN_IN = "/sign-in/"


@pytest.fixture(autouse=True)
def limited(settings: Settings, transactional_db: None) -> Iterator[None]:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "6/5m/ip,3/15m/key"}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def kim() -> User:
    return User.objects.create_superuser("kim@example.com", PASSWORD)


def signed_in(
    client: Client, email: str, password: str, address: str = "10.0.0.1", **how: Any
) -> bool:
    given = {"username": email, "password": password}
    answer = client.post(SIGN_IN, given, REMOTE_ADDR=address, **how)
    assert answer.status_code in (200, 302)
    return answer.status_code == 302


def said(client: Client, email: str, password: str, address: str = "10.0.0.1") -> str:
    given = {"username": email, "password": password}
    return client.post(SIGN_IN, given, REMOTE_ADDR=address).content.decode()


def noted() -> list[tuple[str, str]]:
    events = PlatformEvent.objects.filter(action__startswith="sign_in.")
    return list(events.values_list("action", "subject"))


def test_an_account_is_refused_after_a_few_tries_from_wherever_they_come(
    client: Client, kim: User
) -> None:
    for number in range(3):
        assert not signed_in(client, "kim@example.com", "guessed", f"10.0.0.{number}")
    # Neither another spelling, nor another host, nor the right password gets any further.
    for email in ("kim@example.com", " KIM@Example.com "):
        assert "Too many tries" in said(client, email, PASSWORD, "10.0.0.9")
    assert not signed_in(client, "kim@example.com", PASSWORD, HTTP_HOST="127.0.0.1")
    other = User.objects.create_superuser("lee@example.com", PASSWORD)
    assert signed_in(client, other.email, PASSWORD, "10.0.0.9")


def test_a_place_is_refused_after_tries_with_many_accounts(client: Client, kim: User) -> None:
    for number in range(6):
        assert not signed_in(client, f"guess{number}@example.com", "guessed")
    assert "Too many tries" in said(client, "kim@example.com", PASSWORD)
    assert signed_in(client, "kim@example.com", PASSWORD, "10.0.0.2")


def test_right_passwords_do_not_count(client: Client, kim: User) -> None:
    for _ in range(5):
        assert signed_in(client, "kim@example.com", PASSWORD)
        client.logout()


def test_a_refused_try_costs_no_hash(
    client: Client, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        signed_in(client, "kim@example.com", "guessed")

    def hashed(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a password was hashed")

    for name in ("check_password", "make_password"):
        monkeypatch.setattr(hashers, name, hashed)
        monkeypatch.setattr(f"django.contrib.auth.base_user.{name}", hashed)
    assert not signed_in(client, "kim@example.com", "guessed")


def test_without_the_count_nobody_gets_in(client: Client, kim: User, settings: Settings) -> None:
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    before = settings.CACHES
    settings.CACHES = {"default": away}
    try:
        assert "Nobody can sign in at the moment" in said(client, "kim@example.com", PASSWORD)
    finally:
        settings.CACHES = before


def test_an_address_that_a_client_makes_up_is_not_believed(client: Client, kim: User) -> None:
    for number in range(6):
        made_up = {"HTTP_X_FORWARDED_FOR": f"192.0.2.{number}"}
        assert not signed_in(client, f"guess{number}@example.com", "guessed", **made_up)
    assert "Too many tries" in said(client, "kim@example.com", PASSWORD)


def test_a_network_of_ipv6_is_one_place_and_ipv4_in_its_words_is_not(
    client: Client, kim: User
) -> None:
    for number in range(6):
        address = f"2001:db8::{number:x}:1"
        assert not signed_in(client, f"guess{number}@example.com", "guessed", address)
    assert "Too many tries" in said(client, "kim@example.com", PASSWORD, "2001:db8::ffff")
    assert signed_in(client, "kim@example.com", PASSWORD, "2001:db8:1::1")
    for number in range(6):
        assert not signed_in(client, f"more{number}@example.com", "guessed", "::ffff:10.0.0.1")
    for address in ("10.0.0.1", "::ffff:10.0.0.1"):
        assert "Too many tries" in said(client, "kim@example.com", PASSWORD, address)
    assert signed_in(client, "kim@example.com", PASSWORD, "::ffff:10.0.0.2")


def test_behind_a_proxy_its_address_counts_and_not_what_was_sent_to_it(
    client: Client, kim: User, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(6):
        sent = {"HTTP_X_FORWARDED_FOR": f"192.0.2.{number}, 10.0.0.1"}
        assert not signed_in(client, f"guess{number}@example.com", "guessed", "10.9.9.9", **sent)
    refused = {"HTTP_X_FORWARDED_FOR": "192.0.2.99, 10.0.0.1"}
    assert not signed_in(client, "kim@example.com", PASSWORD, "10.9.9.9", **refused)
    other = {"HTTP_X_FORWARDED_FOR": "10.0.0.2"}
    assert signed_in(client, "kim@example.com", PASSWORD, "10.9.9.9", **other)


def test_a_proxy_that_says_nothing_is_named_and_keeps_nobody_from_leaving(
    client: Client, kim: User, settings: Settings
) -> None:
    assert signed_in(client, "kim@example.com", PASSWORD)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3
    headers: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}
    assert client.post("/admin/logout/", **headers).status_code == 200
    given = {"username": "kim@example.com", "password": PASSWORD}
    assert "must set TRUSTED_PROXIES" in client.post(SIGN_IN, given, **headers).content.decode()
    rubbish: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": "a, b, <script>"}
    assert client.post(SIGN_IN, given, **rubbish).status_code in (200, 403)


def test_who_signs_in_and_who_tries_stands_in_the_audit(client: Client, kim: User) -> None:
    for _ in range(8):
        signed_in(client, "lee@example.com", "guessed")
    assert signed_in(client, "kim@example.com", PASSWORD, "10.0.0.2")
    client.post("/admin/logout/")
    name = f"user:{kim.pk} kim@example.com"
    assert noted() == [
        *[("sign_in.failed", "lee@example.com")] * 3,
        ("sign_in.refused", "lee@example.com"),
        ("sign_in.done", name),
        ("sign_in.ended", name),
    ]
    failed = PlatformEvent.objects.filter(action="sign_in.failed").first()
    assert failed is not None
    assert failed.details["address"] == "10.0.0.1"
    assert "guessed" not in str(list(platform.export()))


def test_an_inactive_member_is_told_and_noted_like_a_wrong_password(client: Client) -> None:
    User.objects.create_user("member@example.com", PASSWORD, is_active=False)
    pages = {
        re.sub('value="[^"]+"', "", said(client, "member@example.com", password))
        for password in (PASSWORD, "guessed")
    }
    assert len(pages) == 1
    assert noted() == [("sign_in.failed", "member@example.com")] * 2


def test_a_flood_of_made_up_names_and_programs_does_not_fill_the_audit(client: Client) -> None:
    for number in range(20):
        agent = {"HTTP_USER_AGENT": f"Program {number}"}
        assert not signed_in(client, f"guess{number}@example.com", "guessed", **agent)
    assert [action for action, _ in noted()] == ["sign_in.failed"] * 6 + ["sign_in.refused"]


def test_a_password_in_the_wrong_field_does_not_stand_in_the_audit(client: Client) -> None:
    for number in range(7):
        assert not signed_in(client, f"My secret {number}", "kim@example.com")
    assert {subject for _, subject in noted()} == {"(no e-mail address)"}
    assert "My secret" not in str(list(platform.export()))


def test_a_sign_in_from_a_new_place_is_told_by_mail(
    client: Client, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, Any]] = []
    monkeypatch.setattr(doorbell, "_send", lambda task, ids, at: rung.append((task, *ids)))

    def sign_in(address: str, agent: str) -> int:
        before = len(rung)
        how = {"HTTP_USER_AGENT": agent}
        assert signed_in(client, "kim@example.com", PASSWORD, address, **how)
        client.logout()
        return len(rung) - before

    assert sign_in("10.0.0.1", "Firefox") == 1
    assert sign_in("10.0.0.1", "Firefox") == 0
    assert sign_in("10.0.0.2", "Firefox") == 1
    assert sign_in("10.0.0.1", "curl") == 1
    later = clock.now() + timedelta(days=91)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sign_in("10.0.0.1", "Firefox") == 1
    task, event = rung[2]
    assert task == doorbell.TELL_SIGN_IN
    tasks.tell_sign_in(event)
    [sent] = mail.outbox
    assert sent.to == ["kim@example.com"]
    assert "10.0.0.1" in sent.body
    assert "curl" in sent.body


@pytest.mark.parametrize(
    "password", ["short-1-word", "short", "password1234", "123456789012345", "kim@example.com1"]
)
def test_weak_passwords_are_refused(kim: User, password: str) -> None:
    if password == "short-1-word":
        validate_password(password, kim)
        return
    with pytest.raises(ValidationError):
        validate_password(password, kim)


def test_new_passwords_are_hashed_with_argon2_and_old_ones_when_their_owner_signs_in(
    settings: Settings,
) -> None:
    hashers_of_production = [
        f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2")
    ]
    settings.PASSWORD_HASHERS = hashers_of_production[1:]
    kim = User.objects.create_superuser("kim@example.com", PASSWORD)
    assert kim.password.startswith("pbkdf2_")
    settings.PASSWORD_HASHERS = hashers_of_production
    assert authenticate(username="kim@example.com", password=PASSWORD) == kim
    kim.refresh_from_db()
    assert kim.password.startswith("argon2")


def test_a_session_ends_after_rest_and_after_a_day_however_busy(
    client: Client, kim: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 60, 12
    began = now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    client.force_login(kim)
    for minutes in range(50, 12 * 60, 50):
        now = began + timedelta(minutes=minutes)
        assert client.get("/admin/").status_code == 200
    now = began + timedelta(hours=12, seconds=1)
    assert client.get("/admin/").status_code == 302
    client.force_login(kim)
    now += timedelta(minutes=61)
    assert client.get("/admin/").status_code == 302
    assert [action for action, _ in noted()] == [
        *("sign_in.done", "sign_in.ended") * 2,
    ]
