"""Procurify's simulator: tokens, refusals and limits, over the wire."""

from collections.abc import Iterator

import pytest

from tests.sandbox.procurify_tenant import CREDENTIALS, Tenant, order_record, tenant

ME = "/api/v3/users/me/"


@pytest.fixture
def procurify() -> Iterator[Tenant]:
    with tenant(purchase_orders=[order_record(1)]) as served:
        yield served


def test_a_token_lasts_a_day(procurify: Tenant) -> None:
    answer = procurify.http.post("/oauth/token", json=CREDENTIALS)
    body = answer.json()
    assert (answer.status_code, body["expires_in"], body["token_type"]) == (200, 86400, "Bearer")
    assert "urn:procurify-api:domain:millwright" in body["scope"]
    procurify.control("/clock", {"advance_seconds": 86_399 - 60})
    assert procurify.get(ME).status_code == 200
    procurify.control("/clock", {"advance_seconds": 120})
    assert procurify.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"audience": "https://api.procurify.com"}, 403, "access_denied"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials(
    procurify: Tenant, wrong: dict[str, str], status: int, error: str
) -> None:
    answer = procurify.http.post("/oauth/token", json=CREDENTIALS | wrong)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_form_body_is_no_json(procurify: Tenant) -> None:
    answer = procurify.http.post("/oauth/token", data=CREDENTIALS)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_call_without_or_with_an_unknown_token(procurify: Tenant) -> None:
    for header in ("", "Bearer unknown", "Basic abc"):
        answer = procurify.http.get(ME, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.json()["detail"]


def test_expired_by_the_control_door(procurify: Tenant) -> None:
    procurify.control("/call/procurify/expire_tokens")
    assert procurify.get(ME).status_code == 401
    procurify.sign_in()
    assert procurify.get(ME).status_code == 200


def test_suspension_refuses_every_call_and_ends(procurify: Tenant) -> None:
    procurify.control("/call/procurify/suspend")
    for path in (ME, "/api/v3/ap/bills/", "/api/v2/purchase_orders/1/"):
        assert procurify.get(path).status_code == 403
    procurify.sign_in()
    procurify.control("/call/procurify/resume")
    assert procurify.get(ME).status_code == 200


def test_a_deactivated_user_gets_no_token_either(procurify: Tenant) -> None:
    procurify.control("/call/procurify/revoke_grants")
    assert procurify.get(ME).status_code == 403
    answer = procurify.http.post("/oauth/token", json=CREDENTIALS)
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


def test_one_missing_permission(procurify: Tenant) -> None:
    procurify.control("/options", {"procurify_deny": ["bills"]})
    assert procurify.get("/api/v3/ap/bills/").status_code == 403
    assert procurify.get(ME).status_code == 200


def test_limits_with_and_without_retry_after(procurify: Tenant) -> None:
    procurify.control("/options", {"procurify_rate_per_minute": 2})
    assert [procurify.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    assert 1 <= int(procurify.get(ME).headers["Retry-After"]) <= 60
    procurify.control("/options", {"procurify_retry_after": False})
    assert "Retry-After" not in procurify.get(ME).headers
    procurify.control("/clock", {"advance_seconds": 61})
    assert procurify.get(ME).status_code == 200


def test_the_client_header_may_be_required(procurify: Tenant) -> None:
    procurify.control("/options", {"procurify_require_client_header": True})
    assert procurify.get(ME).status_code == 403
    answer = procurify.http.get(ME, headers={"X-Procurify-Client": "api"})
    assert answer.status_code == 200


def test_another_subdomain_is_a_page_not_an_answer(procurify: Tenant) -> None:
    url = str(procurify.http.base_url).replace("millwright", "elsewhere")
    answer = procurify.http.post(f"{url}oauth/token", json=CREDENTIALS)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_unknown_paths_missing_slashes_and_methods(procurify: Tenant) -> None:
    assert procurify.get("/api/v3/nothing/").json() == {"detail": "Not found."}
    moved = procurify.get("/api/v3/ap/bills", page_size=3)
    assert moved.status_code == 301
    assert moved.headers["Location"].endswith("/api/v3/ap/bills/?page_size=3")
    assert procurify.http.post("/api/v3/ap/bills/", json={}).status_code == 405
    assert procurify.http.delete("/api/v3/ap/bills/").status_code == 405


def test_a_gateway_error_is_html_and_others_are_json(procurify: Tenant) -> None:
    for status, kind in ((502, "text/html"), (500, "application/json")):
        rule = {"kind": "status", "status": status, "count": 1, "match": {}}
        procurify.control("/faults", {"rules": [rule]})
        answer = procurify.get(ME)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith(kind)
