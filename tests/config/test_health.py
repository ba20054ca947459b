"""The health address tells which part fails, and nothing about it."""

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from connectors.engine.dispatch import HEARTBEAT, dispatch


@pytest.mark.django_db
def test_all_well(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "postgresql": True, "redis": True}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_part_that_fails_is_named_without_details(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConnectionError("redis://secret-host")

    monkeypatch.setattr(cache, "get", fail)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "postgresql": True, "redis": False}
    assert b"secret-host" not in answer.content


def test_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no such server")

    monkeypatch.setattr(connection, "cursor", fail)
    assert client.get("/healthz").json() == {"ok": False, "postgresql": False, "redis": True}


@pytest.mark.django_db
def test_work_is_well_while_a_dispatcher_works(client: Client) -> None:
    cache.delete(HEARTBEAT)
    assert (client.get("/healthz/work").status_code, client.get("/healthz").status_code) == (
        503,
        200,
    )
    dispatch()
    answer = client.get("/healthz/work")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "work": True})


@pytest.mark.django_db
def test_a_health_check_without_tls_is_answered(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    assert client.get("/admin/").status_code == 301
