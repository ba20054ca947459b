"""Browsers of people with an authenticator app: they give passwords and codes, as people do."""

import re
import time
from typing import Any

from allauth.mfa.totp.internal import auth
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from audit.models import PlatformEvent
from tenants.models import User

PASSWORD = "quite-a-long-password"
CODE_PAGE = "/two-factor/code/"


def make_kim_and_lee(settings: Settings) -> dict[str, User]:
    """Two superusers without a second factor, and few tries."""
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "30/5m/ip,4/15m/key"}
    cache.clear()
    names = ("kim", "lee")
    return {name: User.objects.create_superuser(f"{name}@example.com", PASSWORD) for name in names}


def browser(address: str = "10.0.0.1") -> Client:
    return Client(REMOTE_ADDR=address, HTTP_USER_AGENT="Firefox")


def give_password(client: Client, name: str = "kim", path: str = "/sign-in/") -> Any:
    return client.post(path, {"username": f"{name}@example.com", "password": PASSWORD})


def signed_in(name: str = "kim") -> Client:
    client = browser()
    assert give_password(client, name)["Location"] == "/"
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an app shows now, or so many half minutes later."""
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 + steps))


def wrong_code(secret: str) -> str:
    right = {code_of(secret, steps=steps) for steps in range(-3, 4)}
    return next(code for code in ("123456", "654321", "111111", "222222") if code not in right)


def set_up(client: Client) -> tuple[str, list[str]]:
    """Turn it on as a person does; returns the app's secret and the recovery codes."""
    page = client.get("/two-factor/on/").content.decode()
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found
    secret = found[1].replace(" ", "")
    # A code works once: the one of now is left to the test.
    answer = client.post("/two-factor/on/", {"code": code_of(secret, steps=-1)})
    assert answer["Location"] == "/two-factor/codes/"
    shown = client.get("/two-factor/codes/").content.decode()
    return secret, re.findall(r"<code>(\d{8})</code>", shown)


def actions() -> list[str]:
    found = PlatformEvent.objects.filter(action__startswith="two_factor.").order_by("pk")
    return [event.action.removeprefix("two_factor.") for event in found]


def signed_in_again(code: str) -> Client:
    client = browser()
    give_password(client)
    client.post(CODE_PAGE, {"code": code})
    return client
