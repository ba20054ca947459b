"""What a person gets to read when connecting goes wrong: a clear sentence, and nothing changed.

Over the simulators and through the same use cases that the staff pages call.
"""

import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from connectors import registry
from connectors.core.answers import Answer, sentences, told
from connectors.core.errors import BadInputError, ConnectorError
from connectors.engine import sessions
from connectors.management import sandbox_door
from connectors.models import Connection, ConnectionToken, Document, Health, Mapping
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.services import connections
from connectors.transport import pkce
from tenants.scope import tenant_scope
from tests.people import ACTOR, make_tenant
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
REDIRECT = "http://localhost:8000/oauth/callback/"
Connect = Callable[..., Connection]


@pytest.fixture
def company(sandbox: SandboxProcess, transactional_db: None) -> dict[str, Any]:
    sandbox.post(
        "/control/reset",
        {
            "company": "manufacturing",
            "counts": {"plain": True, "orders": 1, "bills": 2},
            "options": {"zoho_per_minute": 0},
        },
    )
    found: dict[str, Any] = sandbox.get("/control/company")
    return found


@pytest.fixture
def connect(company: dict[str, Any]) -> Connect:
    tenant = make_tenant("acme")

    def make(provider: str, settings: dict[str, Any], **credentials: str) -> Connection:
        given = {**company[provider], **credentials}
        return connections.create(
            tenant_id=tenant.pk,
            spec=registry.provider(provider),
            name=provider,
            settings=settings,
            credentials={name: given[name] for name in ("client_id", "client_secret")},
            actor=ACTOR,
        )

    return make


def procurify(company: dict[str, Any]) -> dict[str, Any]:
    return {"subdomain": company["procurify"]["subdomain"], "per_minute": 6000}


def zoho(company: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "accounts_region": company["zoho_books"]["region"],
        "organization_id": company["zoho_books"]["organization_id"],
        **changes,
    }


def consent(connection: Connection) -> None:
    spec = registry.provider(connection.provider)
    verifier = pkce.new_verifier()
    url = connections.authorise_url(
        connection, spec=spec, redirect_uri=REDIRECT, state="s", verifier=verifier
    )
    connections.complete_consent(
        connection,
        spec=spec,
        redirect_uri=REDIRECT,
        query=sandbox_door.accept_consent(url),
        actor=ACTOR,
        verifier=verifier,
    )


def consent_with_stolen_code(connection: Connection, verifier: str) -> None:
    """As if the code of somebody's consent were redeemed by whoever caught it on its way back."""
    spec = registry.provider(connection.provider)
    url = connections.authorise_url(
        connection, spec=spec, redirect_uri=REDIRECT, state="s", verifier=pkce.new_verifier()
    )
    connections.complete_consent(
        connection,
        spec=spec,
        redirect_uri=REDIRECT,
        query=sandbox_door.accept_consent(url),
        actor=ACTOR,
        verifier=verifier,
    )


def ping(connection: Connection) -> str:
    spec = registry.provider(connection.provider)
    findings = connections.ping(connection, spec=spec, actor=ACTOR)
    return " ".join(finding.words for finding in findings if not finding.ok)


def health(connection: Connection) -> tuple[str, str]:
    with tenant_scope(connection.tenant_id):
        row = Connection.objects.get(pk=connection.pk)
        assert not Document.objects.exists()
        assert not Mapping.objects.exists()
    return row.health, row.health_words


def test_a_wrong_client_secret(connect: Connect, company: dict[str, Any]) -> None:
    connection = connect("procurify", procurify(company), client_secret="wrong")
    words = ping(connection)
    assert "client" in words
    state, said = health(connection)
    assert state == Health.NEEDS_AUTHORISATION
    assert said
    assert "wrong" not in said, "the secret itself is never repeated"
    with tenant_scope(connection.tenant_id):
        assert not ConnectionToken.objects.exclude(sealed_token="").filter(version__gt=0).exists()


def test_an_unknown_subdomain(connect: Connect) -> None:
    connection = connect("procurify", {"subdomain": "nobody-here", "per_minute": 6000})
    assert ping(connection)
    assert health(connection)[0] != Health.READY


@pytest.mark.parametrize("subdomain", ["a.b", "evil.com/", "x y", "-a", "https://acme"])
def test_a_subdomain_that_is_no_label(connect: Connect, subdomain: str) -> None:
    with pytest.raises(BadInputError, match=r"(?i)subdomain"):
        connect("procurify", {"subdomain": subdomain})


@pytest.mark.parametrize("guess", ["", pkce.new_verifier()], ids=["none", "another"])
def test_a_stolen_code_without_its_verifier_brings_no_token(
    connect: Connect, company: dict[str, Any], guess: str
) -> None:
    connection = connect("zoho_books", zoho(company))
    with pytest.raises(BadInputError, match="no longer accepts"):
        consent_with_stolen_code(connection, guess)
    with tenant_scope(connection.tenant_id):
        assert not ConnectionToken.objects.exclude(sealed_token="").filter(version__gt=0).exists()


@pytest.mark.parametrize("ignored", [True, False])
def test_a_consent_works_whether_or_not_the_provider_knows_of_challenges(
    connect: Connect, company: dict[str, Any], sandbox: SandboxProcess, ignored: bool
) -> None:
    sandbox.post("/control/options", {"zoho_ignores_pkce": ignored})
    connection = connect("zoho_books", zoho(company))
    consent(connection)
    assert ping(connection) == ""


def test_a_wrong_region(connect: Connect, company: dict[str, Any], sandbox: SandboxProcess) -> None:
    wrong = "jp" if company["zoho_books"]["region"] != "jp" else "au"
    connection = connect("zoho_books", zoho(company, accounts_region=wrong))
    with pytest.raises(sandbox_door.DoorError, match="Invalid Client"):
        consent(connection)  # Zoho's own page says so, before anybody comes back to us
    answer = sandbox.post("/control/call/zoho_books/grant_code", {})
    spec = registry.provider("zoho_books")
    with pytest.raises(ConnectorError, match="only in its own region"):
        connections.paste_code(connection, spec=spec, code=answer["result"], actor=ACTOR)
    assert health(connection)[0] != Health.READY
    with tenant_scope(connection.tenant_id):
        assert not ConnectionToken.objects.filter(version__gt=0).exists()


def test_an_unknown_organisation(connect: Connect, company: dict[str, Any]) -> None:
    connection = connect("zoho_books", zoho(company, organization_id="99999999"))
    consent(connection)
    words = ping(connection)
    assert "99999999" in words
    assert company["zoho_books"]["organization_id"] in words, "those there are, are offered"
    assert health(connection)[0] != Health.READY


def test_of_several_organisations_a_person_chooses(
    connect: Connect, company: dict[str, Any]
) -> None:
    connection = connect("zoho_books", zoho(company, organization_id=""))
    consent(connection)
    offered = [row["organization_id"] for row in connection.profile["organizations"]]
    assert len(offered) == 2
    assert company["zoho_books"]["organization_id"] in offered
    assert "organization_id" not in connection.settings
    assert "old books" in ping(connection)
    chosen = {**connection.settings, "organization_id": company["zoho_books"]["organization_id"]}
    spec = registry.provider("zoho_books")
    connections.change(connection, spec=spec, actor=ACTOR, settings=chosen)
    assert ping(connection) == ""
    assert health(connection)[0] == Health.READY


def test_the_only_organisation_is_taken(
    connect: Connect, company: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ZohoBooksClient.organizations
    monkeypatch.setattr(ZohoBooksClient, "organizations", lambda self: everything(self)[:1])
    connection = connect("zoho_books", zoho(company, organization_id=""))
    consent(connection)
    assert connection.settings["organization_id"] == company["zoho_books"]["organization_id"]
    assert ping(connection) == ""


def test_a_host_that_cannot_be_reached(
    connect: Connect, company: dict[str, Any], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect("procurify", procurify(company))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.SANDBOX_URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    with caplog.at_level(logging.INFO):
        words = ping(connection)
    assert "reach" in words.lower()
    state, said = health(connection)
    assert state == Health.NEW, "a broken network says nothing about the connection"
    assert said == words


def test_credentials_that_are_missing(connect: Connect, company: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match="Missing"):
        connect("procurify", procurify(company), client_secret=" ")


def test_what_an_account_tells_is_kept_and_not_lost_by_the_next_test(
    connect: Connect, company: dict[str, Any], sandbox: SandboxProcess
) -> None:
    sandbox.post("/control/options", {"procurify_vendor_groups": 400})
    connection = connect("procurify", {"subdomain": company["procurify"]["subdomain"]})
    spec = registry.provider("procurify")
    with tenant_scope(connection.tenant_id):
        Connection.objects.filter(pk=connection.pk).update(
            profile={"answers": {"of_before": {"value": True, "words": "Learned from a record."}}}
        )
        connection.refresh_from_db()
    connections.ping(connection, spec=spec, actor=ACTOR)
    with tenant_scope(connection.tenant_id):
        kept = Connection.objects.get(pk=connection.pk)
    assert told(kept.profile, "vendors_at") == "/api/v3/vendors/"
    assert told(kept.profile, "of_before") is True
    assert kept.profile["user_name"]
    assert "Procurify lists its vendors at /api/v3/vendors/." in sentences(kept.profile)


def test_another_account_starts_without_answers(connect: Connect, company: dict[str, Any]) -> None:
    connection = connect("procurify", {"subdomain": company["procurify"]["subdomain"]})
    stale = Answer(name="vendors_at", value="/api/v3/vendors/", words="Of another account.")
    with tenant_scope(connection.tenant_id):
        Connection.objects.filter(pk=connection.pk).update(settings={"subdomain": "other"})
    sessions.learn(connection, stale)
    with tenant_scope(connection.tenant_id):
        assert sentences(Connection.objects.get(pk=connection.pk).profile) == []
