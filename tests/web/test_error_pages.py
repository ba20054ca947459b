"""What people see instead of a page: plain words, and never what went wrong inside."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tenants.models import User

PAGE = "/admin/"


@pytest.fixture
def staff(clerk: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(clerk)
    return client


def breaks(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    monkeypatch.setattr("connectors.admin.navigation.open_numbers", act)


def test_a_statement_that_is_cut_off_is_told_as_busy(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 50")
            cursor.execute("SELECT pg_sleep(30)")

    breaks(monkeypatch, slow)
    answer = staff.get(PAGE)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "The service is busy" in answer.content.decode()
    assert "pg_sleep" not in answer.content.decode()


def test_an_error_of_ours_says_nothing_of_its_inside(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong() -> None:
        raise RuntimeError("the inside")

    breaks(monkeypatch, wrong)
    answer = staff.get(PAGE)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
    assert "the inside" not in answer.content.decode()


def test_what_is_not_there_or_not_allowed_is_said_in_words(staff: Client, clerk: User) -> None:
    missing = staff.get("/nowhere/")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.content.decode()
    clerk.is_superuser = False
    clerk.save()
    refused = staff.get("/admin/tenants/user/")
    assert refused.status_code == 403
    assert "You may not do this" in refused.content.decode()
    strict = Client(enforce_csrf_checks=True)
    assert "This page was open too long" in strict.post("/sign-in/").content.decode()


def test_maintenance_stops_pages_and_lets_webhooks_in(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    """Asked without a database: none of these reaches one."""
    flag = tmp_path / "maintenance"
    settings.MAINTENANCE_FILE = str(flag)
    delivery = "/webhooks/zoho_books/nothing/"
    assert client.get("/security/").status_code == 200
    flag.touch()
    for address in ("/", "/security/", "/w/acme/", "/admin/", "/healthzz", "/webhooksx"):
        answer = client.get(address)
        assert answer.status_code == 503, address
        assert answer["Retry-After"] == "120"
        assert "We are working on the service" in answer.content.decode()
    assert client.post(delivery).status_code == 404, "the door itself answers"
    flag.unlink()
    settings.MAINTENANCE = True
    assert client.get("/security/").status_code == 503
    assert client.post(delivery).status_code == 404
