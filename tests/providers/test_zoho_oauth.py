"""Zoho's consent: the right region, nothing believed that is not in our table, errors in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.core import clock
from connectors.core.errors import BadInputError, ProviderError, RetryLater
from connectors.providers.zoho_books import oauth
from connectors.providers.zoho_books.regions import REGIONS, region, region_of_redirect
from connectors.providers.zoho_books.spec import SPEC, clean, endpoints
from connectors.transport.provider import Exchanged
from connectors.transport.tokens import GrantRefusedError
from connectors.transport.wire import Wire
from tests.providers.conftest import OpenZoho
from tests.sandbox_process import SandboxProcess
from tests.transport.fakes import MemoryStore

CREDENTIALS = {"client_id": "1000.X", "client_secret": "s", "refresh_token": "1000.r.r"}
GOOD = {
    "access_token": "1000.a.b",
    "refresh_token": "1000.c.d",
    "api_domain": "https://www.zohoapis.eu",
    "expires_in": 3600,
}


class Accounts:
    """An accounts server that answers one body and remembers the requests."""

    def __init__(self, body: Any, status: int = 200) -> None:
        self.requests: list[httpx.Request] = []
        self._body, self._status = body, status
        self.wire = Wire(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._status, json=self._body)

    @property
    def form(self) -> dict[str, str]:
        found = parse_qs(self.requests[-1].content.decode())
        return {name: values[0] for name, values in found.items()}


def refresh(accounts: Accounts, where: str = "eu") -> Any:
    settings = {"region": where}
    return oauth.grant(accounts.wire, CREDENTIALS, settings, endpoints(settings))()


# --- regions --------------------------------------------------------------------------------------


def test_there_are_eight_regions_each_with_its_own_hosts() -> None:
    assert list(REGIONS) == ["us", "eu", "in", "au", "jp", "ca", "cn", "sa"]
    for name in ("accounts", "api", "web"):
        assert len({getattr(place, name) for place in REGIONS.values()}) == 8
    assert REGIONS["ca"].accounts == "https://accounts.zohocloud.ca"
    assert REGIONS["ca"].api == "https://www.zohoapis.ca"


@pytest.mark.parametrize("key", list(REGIONS))
def test_a_redirect_leads_to_its_own_region(key: str) -> None:
    place = REGIONS[key]
    assert region_of_redirect({"accounts-server": place.accounts}, "us") is place
    assert region_of_redirect({"location": key}, "us") is place
    assert region_of_redirect({}, key) is place
    both = {"accounts-server": f"{place.accounts}/", "location": key.upper()}
    assert region_of_redirect(both, "us") is place


@pytest.mark.parametrize(
    "query",
    [
        {"accounts-server": "https://accounts.zoho.uk"},
        {"accounts-server": "https://accounts.zoho.com.evil.test"},
        {"accounts-server": "http://accounts.zoho.com"},
        {"accounts-server": "https://accounts.zoho.com/x"},
        {"location": "uk"},
        {"location": "eu", "accounts-server": "https://accounts.zoho.com"},
    ],
)
def test_anything_else_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadInputError):
        region_of_redirect(query, "us")


def test_the_sandboxs_addresses_are_known_only_with_the_sandbox() -> None:
    query = {"accounts-server": "http://127.0.0.1:9/zoho/in/accounts", "location": "in"}
    assert region_of_redirect(query, "us", "http://127.0.0.1:9").key == "in"
    with pytest.raises(BadInputError):
        region_of_redirect(query, "us")


def test_an_api_domain_may_have_its_other_names() -> None:
    assert region("us").knows_api("https://www.zohoapis.com/")
    assert region("us").knows_api("https://api.zoho.com")
    assert not region("us").knows_api("https://www.zohoapis.eu")
    assert not region("us").knows_api("https://www.zohoapis.com.evil.test")


# --- consent --------------------------------------------------------------------------------------


def test_consent_starts_where_the_client_is_registered() -> None:
    settings = {"accounts_region": "eu", "region": "in"}
    url = urlsplit(oauth.authorise_url(CREDENTIALS, settings, "https://x.test/cb", "st", ""))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://accounts.zoho.eu/oauth/v2/auth"
    query = parse_qs(url.query)
    assert (query["access_type"], query["prompt"], query["state"]) == (
        ["offline"], ["consent"], ["st"],
    )  # fmt: skip
    assert "ZohoBooks.bills.CREATE" in query["scope"][0].split(",")


def test_the_code_is_redeemed_in_the_users_region() -> None:
    accounts = Accounts({**GOOD, "api_domain": "https://www.zohoapis.in"})
    query = {"code": "1000.x", "location": "in", "accounts-server": "https://accounts.zoho.in"}
    got = oauth.exchange(
        accounts.wire, CREDENTIALS, {"accounts_region": "us"}, "https://x.test/cb", query, ""
    )
    assert accounts.requests[0].url.host == "accounts.zoho.in"
    assert accounts.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert accounts.form["redirect_uri"] == "https://x.test/cb"
    assert got.settings == {"region": "in"}
    assert got.credentials == {"refresh_token": "1000.c.d"}
    assert "1000.c.d" not in repr(got)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"error": "access_denied"}, "declined"),
        ({"error": "odd"}, "odd"),
        ({}, "no code"),
        ({"code": "x", "accounts-server": "https://evil.test"}, "eight regions"),
    ],
)
def test_a_redirect_that_brings_nothing_is_explained(query: dict[str, str], words: str) -> None:
    accounts = Accounts(GOOD)
    with pytest.raises(BadInputError, match=words):
        oauth.exchange(accounts.wire, CREDENTIALS, {"region": "us"}, "https://x", query, "")
    assert accounts.requests == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "invalid_code"}, "works once"),
        ({"error": "invalid_client"}, "client id"),
        ({**GOOD, "refresh_token": ""}, "no lasting access"),
        ({**GOOD, "api_domain": "https://www.zohoapis.jp"}, "another region"),
    ],
)
def test_a_code_that_cannot_be_redeemed_is_explained(body: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        oauth.paste(Accounts(body).wire, CREDENTIALS, {"region": "eu"}, " 1000.x ", "")


def test_a_pasted_code_needs_no_redirect_address() -> None:
    accounts = Accounts(GOOD)
    got = oauth.paste(accounts.wire, CREDENTIALS, {"region": "eu"}, " 1000.x ", "")
    assert accounts.form["code"] == "1000.x"
    assert "redirect_uri" not in accounts.form
    assert got.settings == {"region": "eu"}
    with pytest.raises(BadInputError, match="Paste"):
        oauth.paste(accounts.wire, CREDENTIALS, {"region": "eu"}, " ", "")


# --- refresh --------------------------------------------------------------------------------------


def test_a_refresh_asks_its_own_region_and_nothing_else() -> None:
    accounts = Accounts({"access_token": "1000.n.n", "expires_in": 3600})
    assert refresh(accounts).access_token == "1000.n.n"
    assert str(accounts.requests[0].url) == "https://accounts.zoho.eu/oauth/v2/token"
    assert accounts.form["refresh_token"] == "1000.r.r"


@pytest.mark.parametrize(
    "life", [{"expires_in": 3600000, "expires_in_sec": 3600}, {"expires_in": 3600000}, {}]
)
def test_a_token_is_renewed_before_its_hour_ends_however_its_life_is_said(
    life: dict[str, int],
) -> None:
    # A refresh brings neither an address nor another refresh token.
    token = refresh(Accounts({"access_token": "1000.n.n", **life}))
    lives = token.expires_at - clock.now()
    assert timedelta(minutes=59) < lives <= timedelta(hours=1)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("error", ["invalid_code", "invalid_client", "invalid_client_secret"])
def test_a_refused_grant_is_one_whatever_the_status(error: str, status: int) -> None:
    with pytest.raises(GrantRefusedError):
        refresh(Accounts({"error": error}, status))


def test_the_throttle_is_no_refusal() -> None:
    body = {"error": "Access Denied", "error_description": "You have made too many requests."}
    with pytest.raises(RetryLater):
        refresh(Accounts(body, 400))


@pytest.mark.parametrize(
    ("body", "status"), [({}, 200), ({"error": "odd"}, 400), ("<html>", 502), ([], 200)]
)
def test_an_unclear_answer_is_tried_again(body: Any, status: int) -> None:
    with pytest.raises(ProviderError):
        refresh(Accounts(body, status))


def test_a_token_of_another_region_is_not_used() -> None:
    with pytest.raises(GrantRefusedError, match="another region"):
        refresh(Accounts({**GOOD, "api_domain": "https://www.zohoapis.com"}))


# --- over the simulator ---------------------------------------------------------------------------


def test_a_real_consent_and_its_revocation(
    sandbox: SandboxProcess, world: dict[str, Any], exchanged: Exchanged
) -> None:
    known = world["zoho_books"]
    assert exchanged.settings == {"region": "us"}
    credentials = {
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        **exchanged.credentials,
    }
    settings = {"accounts_region": "us", **exchanged.settings}
    ask = SPEC.grant(Wire(), credentials, settings, SPEC.endpoints(settings, sandbox.url))
    assert ask().access_token != exchanged.token.access_token
    assert oauth.revoke(Wire(), credentials, settings, sandbox.url)
    with pytest.raises(GrantRefusedError):
        ask()


def test_a_bare_refresh_in_milliseconds_lets_us_read(
    sandbox: SandboxProcess, open_zoho: OpenZoho
) -> None:
    options = {"zoho_expires_in_milliseconds": True, "zoho_bare_refresh": True}
    sandbox.post("/control/options", options)
    store = MemoryStore()
    assert open_zoho(store).organizations()
    assert store.token is not None
    assert store.token.expires_at < clock.now() + timedelta(hours=2)


def test_a_code_works_once(
    sandbox: SandboxProcess, world: dict[str, Any], consent: Callable[..., dict[str, str]]
) -> None:
    known, query = world["zoho_books"], consent()
    credentials = {"client_id": known["client_id"], "client_secret": known["client_secret"]}
    settings = {"accounts_region": "us"}
    for attempt in range(2):
        if attempt:
            with pytest.raises(BadInputError, match="works once"):
                oauth.exchange(
                    Wire(), credentials, settings, known["redirect_uri"], query, sandbox.url
                )
        else:
            oauth.exchange(Wire(), credentials, settings, known["redirect_uri"], query, sandbox.url)


# --- settings -------------------------------------------------------------------------------------


def test_settings_are_cleaned() -> None:
    given = {"accounts_region": "us", "organization_id": " 123 ", "per_day": "900", "region": ""}
    assert clean(given) == {"accounts_region": "us", "organization_id": "123", "per_day": 900}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"accounts_region": "uk"},
        {"accounts_region": "us", "organization_id": "abc"},
        {"accounts_region": "us", "per_minute": "0"},
        {"accounts_region": "us", "per_day": "many"},
    ],
)
def test_settings_that_cannot_be_right_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        clean(given)
