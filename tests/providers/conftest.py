"""Clients of both providers over the simulators' real HTTP, with tokens kept in memory."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from connectors.core.answers import Learn
from connectors.providers.procurify.client import ProcurifyClient
from connectors.providers.procurify.spec import SPEC as PROCURIFY
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.spec import SPEC as ZOHO_BOOKS
from connectors.transport.client import ApiClient
from connectors.transport.provider import ClientContext, Exchanged, ProviderSpec
from connectors.transport.tokens import TokenSource
from connectors.transport.wire import Wire
from tests.sandbox_process import SandboxProcess
from tests.transport.fakes import MemoryStore, OpenGovernor

COUNTS = {"plain": True, "orders": 4, "bills": 9}


@pytest.fixture(autouse=True)
def _fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiClient, "_futile", {})


@pytest.fixture
def world(sandbox: SandboxProcess) -> dict[str, Any]:
    """A small company, freshly loaded; how to connect to it."""
    options = {"zoho_per_minute": 0, "procurify_page_size": 10, "procurify_foreign_next": False}
    body = {"company": "manufacturing", "counts": COUNTS, "options": options}
    sandbox.post("/control/reset", body)
    sandbox.post("/control/call/procurify/resume")
    sandbox.delete("/control/requests")
    found: dict[str, Any] = sandbox.get("/control/company")
    return found


def open_at(
    spec: ProviderSpec,
    settings: Mapping[str, Any],
    credentials: Mapping[str, str],
    sandbox_url: str,
    store: MemoryStore,
    profile: Mapping[str, Any] | None = None,
    learn: Learn = lambda answer: None,
) -> Any:
    """What a session does, without a database."""
    cleaned = spec.clean(settings)
    endpoints = spec.endpoints(cleaned, sandbox_url)
    wire = Wire()
    return spec.open(
        ClientContext(
            connection="test",
            settings=cleaned,
            profile=profile or {},
            endpoints=endpoints,
            tokens=TokenSource(
                store,
                spec.grant(wire, credentials, cleaned, endpoints),
                margin=spec.token_margin,
                provider=spec.key,
                title=spec.title,
            ),
            governor=OpenGovernor(),
            wire=wire,
            client_id=credentials.get("client_id", ""),
            learn=learn,
        )
    )


OpenProcurify = Callable[..., ProcurifyClient]
OpenZoho = Callable[..., ZohoBooksClient]


@pytest.fixture
def open_procurify(sandbox: SandboxProcess, world: dict[str, Any]) -> OpenProcurify:
    """A client of the Procurify simulator; settings and credentials may be replaced."""

    def opened(
        store: MemoryStore | None = None,
        profile: Mapping[str, Any] | None = None,
        learn: Learn = lambda answer: None,
        **changes: Any,
    ) -> ProcurifyClient:
        known = world["procurify"]
        settings = {"subdomain": known["subdomain"], "per_minute": 6000}
        secret = changes.pop("client_secret", known["client_secret"])
        credentials = {"client_id": known["client_id"], "client_secret": secret}
        client: ProcurifyClient = open_at(
            PROCURIFY,
            settings | changes,
            credentials,
            sandbox.url,
            store or MemoryStore(),
            profile,
            learn,
        )
        return client

    return opened


@pytest.fixture
def consent(sandbox: SandboxProcess, world: dict[str, Any]) -> Callable[..., dict[str, str]]:
    """A person agrees on the consent page; returns the redirect's query."""

    def agree(region: str = "us", state: str = "s", **query: str) -> dict[str, str]:
        known = world["zoho_books"]
        assert ZOHO_BOOKS.consent is not None
        url = ZOHO_BOOKS.consent.authorise_url(
            {"client_id": known["client_id"], "client_secret": known["client_secret"]},
            {"accounts_region": region},
            known["redirect_uri"],
            state,
            sandbox.url,
        )
        with httpx.Client(trust_env=False, verify=False) as browser:
            answer = browser.get(
                url, params={**dict(parse_qsl(urlsplit(url).query)), "auto": "1"} | query
            )
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    return agree


@pytest.fixture
def exchanged(
    sandbox: SandboxProcess, world: dict[str, Any], consent: Callable[..., dict[str, str]]
) -> Exchanged:
    """A completed consent."""
    known = world["zoho_books"]
    assert ZOHO_BOOKS.consent is not None
    credentials = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    return ZOHO_BOOKS.consent.exchange(
        Wire(),
        credentials,
        {"accounts_region": "us"},
        known["redirect_uri"],
        consent(),
        sandbox.url,
        "",
    )


@pytest.fixture
def open_zoho(sandbox: SandboxProcess, world: dict[str, Any], exchanged: Exchanged) -> OpenZoho:
    """A client of the Zoho Books simulator with a granted consent."""

    def opened(
        store: MemoryStore | None = None,
        profile: Mapping[str, Any] | None = None,
        learn: Learn = lambda answer: None,
        **changes: Any,
    ) -> ZohoBooksClient:
        known = world["zoho_books"]
        settings = {
            "accounts_region": "us",
            "organization_id": known["organization_id"],
            **exchanged.settings,
            **changes,
        }
        credentials = {
            "client_id": known["client_id"],
            "client_secret": known["client_secret"],
            **exchanged.credentials,
        }
        client: ZohoBooksClient = open_at(
            ZOHO_BOOKS,
            settings,
            credentials,
            sandbox.url,
            store or MemoryStore(),
            profile,
            learn,
        )
        return client

    return opened
