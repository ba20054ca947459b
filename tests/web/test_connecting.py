"""Connecting through the pages, against the simulators: the whole way, and each way to fail.

What is wrong is said in a clear sentence, and nothing else changes.
"""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from connectors.models import Connection, ConnectionToken
from tenants.scope import tenant_scope
from tests.people import People
from tests.sandbox_process import SandboxProcess

COUNTS = {"plain": True, "orders": 3, "bills": 3}


@pytest.fixture
def company(sandbox: SandboxProcess) -> dict[str, Any]:
    options = {"zoho_per_minute": 0}
    sandbox.post(
        "/control/reset", {"company": "manufacturing", "counts": COUNTS, "options": options}
    )
    found: dict[str, Any] = sandbox.get("/control/company")
    return found


def add(staff: Client, people: People, provider: str, given: dict[str, Any]) -> Connection:
    url = reverse("admin:connectors_connection_add") + f"?provider={provider}"
    answer = staff.post(url, {"tenant": people.tenant.pk, "name": provider, **given})
    assert answer.status_code == 302, answer.content.decode()
    with tenant_scope(people.tenant.pk):
        return Connection.objects.get(name=provider)


def add_procurify(staff: Client, people: People, company: dict[str, Any], **changes: Any) -> Any:
    known = company["procurify"] | changes
    return add(
        staff,
        people,
        "procurify",
        {
            "credential_client_id": known["client_id"],
            "credential_client_secret": known["client_secret"],
            "setting_subdomain": known["subdomain"],
        },
    )


def add_zoho(staff: Client, people: People, company: dict[str, Any], **changes: Any) -> Connection:
    known = company["zoho_books"] | changes
    return add(
        staff,
        people,
        "zoho_books",
        {
            "credential_client_id": known["client_id"],
            "credential_client_secret": known["client_secret"],
            "setting_accounts_region": known["region"],
            "setting_organization_id": known.get("organization_id", ""),
        },
    )


def findings_of(staff: Client, connection: Connection) -> str:
    url = reverse("admin:connectors_connection_test", args=[connection.pk])
    return staff.post(url).content.decode()


def agree(staff: Client, connection: Connection, answer: str = "accept") -> str:
    """Walk the consent in a browser of its own; return the page that the person ends on."""
    start = staff.get(reverse("authorise", args=[connection.tenant_id, connection.pk]))
    with httpx.Client(trust_env=False) as browser:
        back = browser.post(start["Location"], data={"answer": answer})
    assert back.is_redirect, back.text
    place = urlsplit(back.headers["location"])
    done = staff.get(f"{place.path}?{place.query}")
    return staff.get(done["Location"]).content.decode()


def now(connection: Connection) -> Connection:
    with tenant_scope(connection.tenant_id):
        return Connection.objects.get(pk=connection.pk)


def test_procurify_is_connected(staff: Client, people: People, company: dict[str, Any]) -> None:
    connection = add_procurify(staff, people, company)
    assert "procurify works." in findings_of(staff, connection)
    assert now(connection).health == "ready"


def test_zoho_books_is_connected(staff: Client, people: People, company: dict[str, Any]) -> None:
    connection = add_zoho(staff, people, company)
    assert "Authorised" in agree(staff, connection)
    assert "zoho_books works." in findings_of(staff, connection)
    assert now(connection).profile["organization_id"] == company["zoho_books"]["organization_id"]


def test_a_wrong_secret_is_said(staff: Client, people: People, company: dict[str, Any]) -> None:
    connection = add_procurify(staff, people, company, client_secret="not-this")
    words = findings_of(staff, connection)
    assert "does not work yet" in words
    assert "not-this" not in words
    row = now(connection)
    assert row.health in ("needs_authorisation", "misconfigured")
    assert row.health_words
    assert (row.settings, row.profile) == (connection.settings, {})


def test_a_wrong_subdomain_is_said(staff: Client, people: People, company: dict[str, Any]) -> None:
    connection = add_procurify(staff, people, company, subdomain="somebody-else")
    assert "does not work yet" in findings_of(staff, connection)
    assert now(connection).settings == {"subdomain": "somebody-else"}


def test_a_declined_consent_is_said(staff: Client, people: People, company: dict[str, Any]) -> None:
    connection = add_zoho(staff, people, company)
    assert "The consent was declined" in agree(staff, connection, "reject")
    with tenant_scope(connection.tenant_id):
        assert not ConnectionToken.objects.exclude(sealed_token="").exists()


def test_an_unknown_organisation_is_said(
    staff: Client, people: People, company: dict[str, Any]
) -> None:
    connection = add_zoho(staff, people, company, organization_id="999")
    assert "Organisation 999 is not among those" in agree(staff, connection)
    assert "does not work yet" in findings_of(staff, connection)
    assert now(connection).settings["organization_id"] == "999"


def test_an_unreachable_host_is_said(
    staff: Client, people: People, company: dict[str, Any], settings: Any
) -> None:
    connection = add_procurify(staff, people, company)
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    words = findings_of(staff, connection)
    assert "does not work yet" in words
    assert "reach" in words
    assert now(connection).profile == {}
