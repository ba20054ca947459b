"""What every answer tells a browser: no foreign content, no script in a page, host cookies."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client, override_settings

from config.env import BASE_DIR

NO_PAGE = "/no-such-page"
_ASK = """
import json
from django.conf import settings
names = [f"{cookie}_COOKIE_{what}" for cookie in ("SESSION", "CSRF")
         for what in ("NAME", "SECURE", "DOMAIN", "PATH")] + ["SECURE_HSTS_PRELOAD"]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def policy(answer) -> dict[str, list[str]]:
    parts = (part.split() for part in answer["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


@override_settings(DEBUG=False)
def test_a_page_takes_nothing_from_elsewhere_and_no_script_of_its_own_text(client: Client) -> None:
    said = policy(client.get(NO_PAGE))
    assert said["default-src"] == ["'none'"]
    assert said["script-src"] == ["'self'"]
    assert said["frame-ancestors"] == said["base-uri"] == ["'none'"]
    assert said["form-action"] == ["'self'"]


@override_settings(DEBUG=False)
@pytest.mark.parametrize("address", ["/healthz", "/sign-in/", "/webhooks/zoho_books/none/"])
def test_every_answer_has_a_policy(client: Client, address: str) -> None:
    answer = client.get(address)
    assert policy(answer)["default-src"] == ["'none'"]
    assert "'unsafe-inline'" not in policy(answer)["script-src"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def as_in_production(**changed: str) -> dict[str, object]:
    environment = {**os.environ, "DEBUG": "false", "SANDBOX_URL": "", "ENV_FILE": os.devnull}
    environment.pop("SECURE_COOKIES", None)
    told = subprocess.run(
        [sys.executable, "-c", _ASK],
        env={**environment, **changed, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(told.stdout)


def test_cookies_of_production_belong_to_this_host_alone() -> None:
    said = as_in_production()
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        assert str(said[name]).startswith("__Host-")
    assert said["SESSION_COOKIE_SECURE"] is said["CSRF_COOKIE_SECURE"] is True
    assert said["SESSION_COOKIE_DOMAIN"] is said["CSRF_COOKIE_DOMAIN"] is None
    assert said["SESSION_COOKIE_PATH"] == "/"
    assert said["SECURE_HSTS_PRELOAD"] is False
