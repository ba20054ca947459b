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
    with httpx.Client(trust_env=False, verify=False) as browser:
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


def test_the_page_says_how_the_account_behaves(
    staff: Client, people: People, company: dict[str, Any], sandbox: SandboxProcess
) -> None:
    sandbox.post("/control/options", {"procurify_vendor_groups": 500})
    connection = add_procurify(staff, people, company)
    findings_of(staff, connection)
    page = staff.get(reverse("admin:connectors_connection_change", args=[connection.pk]))
    assert "Procurify lists its vendors at /api/v3/vendors/." in page.content.decode()


def test_consent_without_an_organisation_leads_to_the_chooser(
    staff: Client, people: People, company: dict[str, Any]
) -> None:
    connection = add_zoho(staff, people, company, organization_id="")
    page = agree(staff, connection)
    assert "Connected. Choose an organisation." in page
    assert "Authorised, but" not in page
    assert 'name="offer"' in page, "the chooser itself"
    tested = findings_of(staff, connection)
    assert "Connected. Choose an organisation" in tested
    assert "none chosen" not in tested
    choose = reverse("admin:connectors_connection_choose", args=[connection.pk])
    assert choose in tested, "the exit stands beside it"
    wanted = company["zoho_books"]["organization_id"]
    done = staff.post(choose, {"offer": wanted})
    assert "Everything can be read." in staff.get(done["Location"]).content.decode()
    assert now(connection).health == "ready"


def test_a_member_chooses_the_organisation_too(
    client: Client, staff: Client, people: People, company: dict[str, Any]
) -> None:
    connection = add_zoho(staff, people, company, organization_id="")
    client.force_login(people.admin)
    page = agree(client, connection)
    assert "Choose an organisation" in page
    assert "Authorised, but" not in page
    choose = reverse("choose", args=[people.tenant.pk, connection.pk])
    refused = client.post(choose, {"offer": "1"}).content.decode()
    assert "Choose one of those that are offered." in refused
    wanted = company["zoho_books"]["organization_id"]
    done = client.post(choose, {"offer": wanted}, follow=True).content.decode()
    assert "Everything can be read." in done
    assert now(connection).settings["organization_id"] == wanted
    client.force_login(people.viewer)
    assert client.get(choose).status_code == 403
    client.force_login(people.outsider)
    assert client.get(choose).status_code == 404
