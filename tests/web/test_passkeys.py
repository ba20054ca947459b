"""Passkeys, with a device in software: adding, naming, removing one, and signing in with it."""

import json
import re
from html import unescape
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from audit.models import PlatformEvent
from tenants.accounts import passkeys
from tests.people import People
from tests.web.second_factor import PASSWORD
from tests.web.software_key import SoftwareKey

pytestmark = pytest.mark.django_db(transaction=True)
SIGN_IN = "/sign-in/passkey/"


def browser() -> Client:
    return Client(REMOTE_ADDR="10.0.0.9", HTTP_USER_AGENT="Firefox")


def add(client: Client, key: SoftwareKey, name: str = "Laptop") -> Any:
    page = client.get("/passkeys/add/").content.decode()
    assert "<script>" not in page
    found = re.search(r'data-options="([^"]+)"', page)
    assert found
    answer = key.made(json.loads(unescape(found[1])))
    return client.post("/passkeys/add/", {"name": name, "credential": answer})


def asked(client: Client) -> dict[str, Any]:
    answer = client.get(SIGN_IN, HTTP_ACCEPT="application/json")
    options: dict[str, Any] = answer.json()["request_options"]
    return options


def sign_in(client: Client, key: SoftwareKey, **more: str) -> Any:
    return client.post(SIGN_IN, {"credential": key.signed(asked(client)), **more})


def is_in(client: Client) -> bool:
    return client.get("/sessions/").status_code == 200


def test_a_passkey_is_added_named_used_and_removed(people: People) -> None:
    home, key = browser(), SoftwareKey()
    home.force_login(people.viewer)
    assert add(home, key)["Location"] == "/passkeys/"
    assert "Laptop" in home.get("/passkeys/").content.decode()
    row = Authenticator.objects.get()
    home.post(f"/passkeys/{row.pk}/name/", {"name": "Work <laptop>"})
    assert "Work &lt;laptop&gt;" in home.get("/passkeys/").content.decode()

    away = browser()
    assert sign_in(away, key, next="/w/acme/review/")["Location"] == "/w/acme/review/"
    assert is_in(away)
    elsewhere = browser()
    assert sign_in(elsewhere, key, next="https://evil.example/")["Location"] == "/"

    home.post(f"/passkeys/{row.pk}/remove/")
    late = browser()
    assert sign_in(late, key)["Location"] == "/sign-in/"
    assert not is_in(late)
    told = [e.action for e in PlatformEvent.objects.all() if e.action.startswith("passkey.")]
    assert told == ["passkey.added", "passkey.used", "passkey.used", "passkey.removed"]


def test_answers_of_others_and_old_ones_let_nobody_in(people: People) -> None:
    home, key = browser(), SoftwareKey()
    home.force_login(people.viewer)
    add(home, key)
    other = SoftwareKey()
    other.id, other.handle = key.id, key.handle  # it knows all but the private key
    mine = browser()
    first = key.signed(asked(mine))
    stranger = browser()
    asked(stranger)
    foreign, unseen = SoftwareKey("https://evil.example"), SoftwareKey(verifies=False)
    for copy in (foreign, unseen):
        copy.id, copy.handle, copy.key = key.id, key.handle, key.key
    for tried in (
        lambda: other.signed(asked(stranger)),
        lambda: first,  # the challenge of another session
        lambda: foreign.signed(asked(stranger)),
        lambda: unseen.signed(asked(stranger)),
    ):
        stranger.post(SIGN_IN, {"credential": tried()})
        assert not is_in(stranger)
    people.viewer.is_active = False
    people.viewer.save()
    sign_in(stranger, key)
    assert not is_in(stranger)


ODD = ("", "x", "[]", "1", '"a"', "{}", '{"response": []}', '{"id": "é"}', "9" * 4_000, "[" * 9_000)


def test_odd_answers_are_refused_calmly(people: People) -> None:
    stranger, client = browser(), browser()
    client.force_login(people.viewer)
    for odd in (*ODD, json.dumps("x" * 40_000)):
        cache.clear()  # or these would be too many tries
        asked(stranger)
        answer = stranger.post(SIGN_IN, {"credential": odd})
        assert answer["Location"] == "/sign-in/", odd[:40]
        assert client.post("/passkeys/add/", {"credential": odd}).status_code == 200, odd[:40]
    assert not Authenticator.objects.exists()


def test_nobody_touches_the_passkeys_of_others(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = browser()
    home.force_login(people.viewer)
    assert add(home, SoftwareKey(verifies=False)).status_code == 200
    assert not Authenticator.objects.exists()
    add(home, SoftwareKey())
    row = Authenticator.objects.get()
    monkeypatch.setattr(passkeys, "MOST", 1)
    assert home.get("/passkeys/add/")["Location"] == "/passkeys/"
    other = browser()
    other.force_login(people.owner)
    for act in ("name", "remove"):
        assert other.post(f"/passkeys/{row.pk}/{act}/", {"name": "mine"}).status_code == 404
    assert "Laptop" not in other.get("/passkeys/").content.decode()
    row.refresh_from_db()
    assert row.data["name"] == "Laptop"


def test_a_passkey_changes_nothing_about_the_password(people: People, settings: Settings) -> None:
    """No code is asked for without an app, and a passkey gives staff no second factor."""
    people.viewer.set_password(PASSWORD)
    people.viewer.save()
    home = browser()
    home.force_login(people.viewer)
    add(home, SoftwareKey())
    settings.STAFF_NEEDS_TWO_FACTOR = True
    away = browser()
    given = {"username": people.viewer.email, "password": PASSWORD}
    assert away.post("/sign-in/", given)["Location"] == "/"
    people.viewer.is_staff = True
    people.viewer.save()
    assert away.get("/admin/")["Location"] == "/two-factor/on/"
