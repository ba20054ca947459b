"""Zoho's accounts servers: consent, codes, tokens, regions, limits and revocation."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.sandbox.live import CLIENT, ORG, REDIRECT, Live, live, zoho_state

SCOPE = "ZohoBooks.bills.ALL,ZohoBooks.settings.READ"
ASK = {
    "response_type": "code",
    "client_id": CLIENT["client_id"],
    "redirect_uri": REDIRECT,
    "scope": SCOPE,
    "access_type": "offline",
    "state": "xyz",
}


@pytest.fixture
def zoho() -> Iterator[Live]:
    with live() as served:
        yield served


def auth(zoho: Live, region: str = "us", **changes: str) -> httpx.Response:
    return zoho.http.get(f"/zoho/{region}/accounts/oauth/v2/auth", params={**ASK, **changes})


def consent(zoho: Live, **changes: str) -> dict[str, str]:
    """The parameters of the redirect after the person said yes."""
    answer = auth(zoho, auto="1", **changes)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{REDIRECT}?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def exchange(zoho: Live, code: str, region: str = "us", **changes: str) -> httpx.Response:
    form = {**CLIENT, "redirect_uri": REDIRECT, "code": code, **changes}
    return zoho.post_token(region, grant_type="authorization_code", **form)


def refresh(zoho: Live, token: str, region: str = "us") -> httpx.Response:
    return zoho.post_token(region, grant_type="refresh_token", refresh_token=token, **CLIENT)


def test_the_page_asks_and_the_form_answers(zoho: Live) -> None:
    page = auth(zoho)
    assert "text/html" in page.headers["Content-Type"]
    assert "Accept" in page.text
    assert "ZohoBooks.bills.ALL" in page.text
    url = str(page.url)
    accepted = zoho.http.post(url, data={"answer": "accept"}).headers["Location"]
    values = dict(parse_qsl(urlsplit(accepted).query))
    assert values.pop("code").startswith("1000.")
    assert values == {
        "state": "xyz",
        "location": "us",
        "accounts-server": f"{zoho.url}/zoho/us/accounts",
    }
    rejected = zoho.http.post(url, data={"answer": "reject"}).headers["Location"]
    assert dict(parse_qsl(urlsplit(rejected).query)) == {"state": "xyz", "error": "access_denied"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "1000.NOBODY"}, "Invalid Client"),
        ({"redirect_uri": "https://evil.example/"}, "Invalid Redirect Uri"),
        ({"scope": "ZohoBooks.everything.ALL"}, "Invalid OAuth Scope"),
        ({"response_type": "token"}, "Invalid Response Type"),
    ],
)
def test_a_bad_request_for_consent_shows_a_page_and_redirects_nowhere(
    zoho: Live, changes: dict[str, str], words: str
) -> None:
    answer = auth(zoho, auto="1", **changes)
    assert answer.status_code == 400
    assert words in answer.text
    assert "Location" not in answer.headers


def test_consent_starts_only_where_the_client_is_registered(zoho: Live) -> None:
    assert "Invalid Client" in auth(zoho, "eu").text


def test_a_token_works_and_names_its_api_domain(zoho: Live) -> None:
    reply = exchange(zoho, consent(zoho)["code"]).json()
    assert set(reply) == {
        "access_token",
        "refresh_token",
        "api_domain",
        "token_type",
        "expires_in",
    }
    assert (reply["token_type"], reply["expires_in"]) == ("Bearer", 3600)
    root = reply["api_domain"]
    answer = zoho.http.get(
        f"{root}/books/v3/organizations",
        headers={"Authorization": f"Zoho-oauthtoken {reply['access_token']}"},
    )
    assert answer.json()["organizations"][0]["organization_id"] == ORG


def test_a_user_of_another_region_is_redeemed_there_and_nowhere_else() -> None:
    state = zoho_state()
    state["users"][0]["region"] = "eu"
    with live(state) as zoho:
        values = consent(zoho)
        assert values["location"] == "eu"
        assert values["accounts-server"].endswith("/zoho/eu/accounts")
        assert exchange(zoho, values["code"], "us").json() == {"error": "invalid_code"}
        reply = exchange(zoho, values["code"], "eu").json()
        assert reply["api_domain"].endswith("/zoho/eu/api")
        zoho.token = reply["access_token"]
        assert zoho.call("GET", "/bills", region="eu").status_code == 200
        assert zoho.call("GET", "/bills", region="us").json()["code"] == 57
        assert refresh(zoho, reply["refresh_token"], "us").json() == {"error": "invalid_code"}


def test_a_client_that_is_not_enabled_in_a_region_is_unknown_there() -> None:
    state = zoho_state()
    state["clients"][0]["regions"] = ["us"]
    with live(state) as zoho:
        answer = exchange(zoho, "1000.x.y", "in")
        assert answer.json() == {"error": "invalid_client"}


def test_a_code_serves_once_and_for_two_minutes(zoho: Live) -> None:
    code = consent(zoho)["code"]
    assert "access_token" in exchange(zoho, code).json()
    again = exchange(zoho, code)
    assert (again.status_code, again.json()) == (200, {"error": "invalid_code"})
    late = consent(zoho)["code"]
    zoho.control("POST", "clock", {"advance_seconds": 121})
    assert exchange(zoho, late).json() == {"error": "invalid_code"}


def test_a_challenged_code_wants_its_verifier(zoho: Live) -> None:
    # The example of RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    asked = {
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    for wrong in ({}, {"code_verifier": "guess"}):
        code = consent(zoho, **asked)["code"]
        assert exchange(zoho, code, **wrong).json() == {"error": "invalid_code"}
    right = exchange(zoho, consent(zoho, **asked)["code"], code_verifier=verifier)
    assert "access_token" in right.json()
    assert auth(zoho, code_challenge="x", code_challenge_method="plain").status_code == 400


def test_the_status_of_token_errors_is_an_option(zoho: Live) -> None:
    zoho.control("POST", "options", {"zoho_token_error_status": 400})
    assert exchange(zoho, "1000.no.no").status_code == 400


def test_wrong_secret_redirect_and_json_bodies_are_refused(zoho: Live) -> None:
    code = consent(zoho)["code"]
    wrong = exchange(zoho, code, client_secret="guess")
    assert wrong.json() == {"error": "invalid_client_secret"}
    elsewhere = exchange(zoho, code, redirect_uri="https://other.example")
    assert elsewhere.json() == {"error": "invalid_redirect_uri"}
    url = "/zoho/us/accounts/oauth/v2/token"
    body = {**CLIENT, "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert zoho.http.post(url, json=body).json() == {"error": "invalid_client"}
    assert zoho.http.post(url, data=CLIENT).status_code == 400
    assert zoho.http.get(url).json() == {"error": "server error"}
    basic = {name: value for name, value in body.items() if not name.startswith("client")}
    auth = (CLIENT["client_id"], CLIENT["client_secret"])
    assert "access_token" in zoho.http.post(url, params=basic, auth=auth).json()


def test_a_refresh_token_comes_once_unless_consent_is_prompted_for(zoho: Live) -> None:
    online = exchange(zoho, consent(zoho, access_type="online")["code"]).json()
    first = exchange(zoho, consent(zoho)["code"]).json()
    second = exchange(zoho, consent(zoho)["code"]).json()
    prompted = exchange(zoho, consent(zoho, prompt="consent")["code"]).json()
    have = ["refresh_token" in reply for reply in (online, first, second, prompted)]
    assert have == [False, True, False, True]


def test_refreshing_gives_access_only_and_access_ends_after_an_hour(zoho: Live) -> None:
    token = zoho.sign_in()
    renewed = refresh(zoho, token).json()
    assert "refresh_token" not in renewed
    zoho.control("POST", "clock", {"advance_seconds": 3601})
    assert zoho.refused(401, "GET", "/bills")["code"] == 57
    zoho.token = refresh(zoho, token).json()["access_token"]
    assert zoho.call("GET", "/bills").status_code == 200


def test_ten_refreshes_in_ten_minutes_then_access_denied(zoho: Live) -> None:
    token = zoho.sign_in()
    assert all("access_token" in refresh(zoho, token).json() for _ in range(10))
    denied = refresh(zoho, token)
    assert denied.status_code == 400
    assert denied.json()["error"] == "Access Denied"
    assert "too many requests" in denied.json()["error_description"]
    zoho.control("POST", "clock", {"advance_seconds": 601})
    assert "access_token" in refresh(zoho, token).json()


def test_the_sixteenth_access_token_ends_the_first(zoho: Live) -> None:
    token = zoho.sign_in()
    zoho.control("POST", "options", {"zoho_refreshes_per_window": 0})
    last = [refresh(zoho, token).json()["access_token"] for _ in range(14)][-1]
    assert zoho.call("GET", "/bills").status_code == 200
    refresh(zoho, token)
    assert zoho.refused(401, "GET", "/bills")["code"] == 57
    zoho.token = last
    assert zoho.call("GET", "/bills").status_code == 200


def test_the_twenty_first_refresh_token_ends_the_first(zoho: Live) -> None:
    zoho.control("POST", "options", {"zoho_codes_per_window": 0})
    tokens = [zoho.sign_in() for _ in range(21)]
    assert refresh(zoho, tokens[0]).json() == {"error": "invalid_code"}
    assert "access_token" in refresh(zoho, tokens[1]).json()


def test_ten_codes_in_ten_minutes_then_access_denied(zoho: Live) -> None:
    assert all("code" in consent(zoho) for _ in range(10))
    assert consent(zoho)["error"] == "access_denied"


@pytest.mark.parametrize("path", ["revoke/token", "token/revoke"])
def test_revoking_a_refresh_token_ends_its_access_tokens(zoho: Live, path: str) -> None:
    token = zoho.sign_in()
    url = f"/zoho/us/accounts/oauth/v2/{path}"
    secret = (CLIENT["client_id"], CLIENT["client_secret"])
    answer = zoho.http.post(url, params={"token": token}, auth=secret)
    assert answer.json() == {"status": "success"}
    assert refresh(zoho, token).json() == {"error": "invalid_code"}
    zoho.refused(401, "GET", "/bills")
    assert zoho.http.post(url, params={"token": token}, auth=secret).status_code == 400


def test_revoking_at_the_newer_address_needs_the_client(zoho: Live) -> None:
    token = zoho.sign_in()
    url = "/zoho/us/accounts/oauth/v2/revoke/token"
    assert zoho.http.post(url, data={"token": token}).status_code == 400
    assert "access_token" in refresh(zoho, token).json()


def test_a_self_client_code_lives_as_long_as_it_says(zoho: Live) -> None:
    call = "call/zoho_books/grant_code"
    code = zoho.control("POST", call, {"scope": "ZohoBooks.bills.READ", "seconds": 600})["result"]
    zoho.control("POST", "clock", {"advance_seconds": 500})
    assert "refresh_token" in exchange(zoho, code, redirect_uri="").json()


def test_server_info_lists_eight_regions(zoho: Live) -> None:
    info = zoho.http.get("/zoho/us/accounts/oauth/serverinfo").json()
    assert set(info["locations"]) == {"us", "eu", "in", "au", "jp", "ca", "cn", "sa"}
