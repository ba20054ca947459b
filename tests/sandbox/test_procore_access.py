"""Who may call the Procore simulator: tokens, the company header, permitted projects, limits."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.procore.errors import SHAPES
from tests.sandbox.procore_company import (
    BRIDGE,
    CLOSED_SITE,
    COMPANY,
    CREDENTIALS,
    DEPOT,
    EMPTY_COMPANY,
    FORBIDDEN,
    Served,
    served,
    state,
)

TOKEN = "/procore/login/oauth/token"
GRANT = {"grant_type": "client_credentials", **CREDENTIALS}


@pytest.fixture
def company() -> Iterator[Served]:
    with served() as found:
        yield found


def without(company: Served, name: str, **more: str) -> dict[str, str]:
    return {key: value for key, value in company.headers.items() if key != name} | more


@pytest.mark.parametrize(
    "encoding",
    [{"data": GRANT}, {"json": GRANT}, {"files": {key: (None, v) for key, v in GRANT.items()}}],
    ids=["form", "json", "multipart"],
)
def test_a_token_is_granted_in_every_documented_encoding(
    company: Served, encoding: dict[str, Any]
) -> None:
    answer = company.http.post(TOKEN, **encoding)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "created_at"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 5400)
    info = company.http.get(
        f"{TOKEN}/info", headers={"Authorization": f"Bearer {body['access_token']}"}
    ).json()
    assert info["application"] == {"uid": "an-id"}
    assert 5390 <= info["expires_in_seconds"] <= 5400


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
def test_a_bad_token_request_is_refused(
    company: Served, changes: dict[str, str], status: int, error: str
) -> None:
    answer = company.http.post(TOKEN, data={**GRANT, **changes})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_a_token_lives_ninety_minutes_and_dies_by_revocation(company: Served) -> None:
    company.control("POST", "clock", {"advance_seconds": 5390})
    company.done("GET", "/v1.0/me")
    company.control("POST", "clock", {"advance_seconds": 11})
    company.refused(401, "GET", "/v1.0/me")
    company.sign_in()
    token = company.headers["Authorization"].partition(" ")[2]
    for text in ("unknown", token):
        form = {"token": text, **CREDENTIALS}
        assert company.http.post("/procore/login/oauth/revoke", data=form).status_code == 200
    company.refused(401, "GET", "/v1.0/me")
    denied = company.http.post("/procore/login/oauth/revoke", data={"token": token})
    assert denied.status_code == 403


def test_without_a_token_nothing_is_told(company: Served) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        answer = company.call("GET", "/v1.0/me", headers={**headers, "Procore-Company-Id": "1"})
        assert answer.status_code == 401
        assert "access token is invalid" in answer.text
        assert "X-Rate-Limit-Limit" not in answer.headers


@pytest.mark.parametrize("path", ["/v1.0/me", "/v1.0/companies", "/v1.0/projects?company_id=1"])
def test_the_company_header_is_required_everywhere(company: Served, path: str) -> None:
    answer = company.call("GET", path, headers=without(company, "Procore-Company-Id"))
    assert answer.status_code == 400
    assert "Missing Procore-Company-Id header!" in answer.text
    for unknown in ("999", "abc"):
        answer = company.call(
            "GET", path, headers=without(company, "", **{"Procore-Company-Id": unknown})
        )
        assert answer.status_code == 403
        assert answer.json() == {"errors": ["App is not connected to this company."]}


def test_companies_can_be_listed_without_the_header_by_option(company: Served) -> None:
    company.control("POST", "options", {"procore_companies_need_header": False})
    answer = company.call("GET", "/v1.0/companies", headers=without(company, "Procore-Company-Id"))
    assert [one["id"] for one in answer.json()] == [COMPANY, EMPTY_COMPANY]
    assert company.done("GET", "/v1.0/me")["login"] == "connector@dmsa.example"


def test_another_company_of_the_app_has_books_of_its_own(company: Served) -> None:
    headers = without(company, "", **{"Procore-Company-Id": str(EMPTY_COMPANY)})
    answer = company.call("GET", "/v1.0/vendors", headers=headers)
    assert (answer.status_code, answer.json()) == (200, [])
    mixed = company.call("GET", f"/v1.0/vendors?company_id={COMPANY}", headers=headers)
    assert mixed.status_code == 403


def test_only_permitted_projects_are_seen(company: Served) -> None:
    def names(**query: Any) -> list[str]:
        return [one["name"] for one in company.done("GET", "/v1.0/projects", **query)]

    assert names() == ["Depot", "Bridge"]
    assert names(**{"filters[by_status]": "All"}) == ["Depot", "Bridge", "Closed site"]
    assert names(**{"filters[by_status]": "Inactive"}) == ["Closed site"]
    assert names(**{"filters[project_number]": "P102"}) == ["Bridge"]
    company.refused(403, "GET", "/v1.0/purchase_order_contracts", project_id=FORBIDDEN)
    company.refused(404, "GET", "/v1.0/purchase_order_contracts", project_id=999)
    company.control("POST", "options", {"procore_unpermitted_status": 404})
    company.refused(404, "GET", f"/v1.0/projects/{FORBIDDEN}")
    company.control("POST", "call/procore/permit", {"projects": [DEPOT]})
    company.refused(404, "GET", f"/v1.0/projects/{BRIDGE}")
    assert names(view="compact") == ["Depot"]
    assert company.done("GET", "/v1.1/projects", view="ids") == [{"id": DEPOT}]


def test_a_projects_name_and_status_can_be_changed(company: Served) -> None:
    path = f"/v1.0/projects/{CLOSED_SITE}"
    body = {"company_id": COMPANY, "project": {"name": "Reopened", "active": True}}
    changed = company.done("PATCH", path, body)
    assert (changed["display_name"], changed["active"]) == ("P103 - Reopened", True)
    assert changed["company"] == {"id": COMPANY, "name": "Ridge Builders"}
    company.refused(422, "PATCH", path, {"project": {"name": ""}})
    company.refused(400, "PATCH", path, {"name": "x"})


def test_pages_carry_totals_and_links(company: Served) -> None:
    for number in range(5):
        company.contract(number=f"PO-{number}")
    query = {"project_id": DEPOT, "per_page": 2}
    first = company.call("GET", "/v1.0/purchase_order_contracts", **query)
    assert (first.headers["Total"], first.headers["Per-Page"]) == ("5", "2")
    assert set(first.links) == {"next", "last"}
    second = company.http.get(first.links["next"]["url"], headers=company.headers)
    assert set(second.links) == {"first", "prev", "next", "last"}
    last = company.http.get(second.links["last"]["url"], headers=company.headers)
    assert set(last.links) == {"first", "prev", "last"}
    found = [one["number"] for page in (first, second, last) for one in page.json()]
    assert found == [f"PO-{number}" for number in range(5)]
    beyond = company.call("GET", "/v1.0/purchase_order_contracts", **{**query, "page": 9})
    assert beyond.json() == []
    company.refused(400, "GET", "/v1.0/purchase_order_contracts", project_id=DEPOT, page=0)


def test_the_spike_limit_refuses_and_ends_with_its_window(company: Served) -> None:
    company.control("POST", "options", {"procore_spike": 3, "procore_hourly": 100})
    company.world.simulators["procore"].load(state())
    company.sign_in()
    left = [company.call("GET", "/v1.0/me").headers["X-Rate-Limit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = company.call("GET", "/v1.0/me")
    assert (refused.status_code, "surpassed" in refused.json()["message"]) == (429, True)
    assert refused.headers["X-Rate-Limit-Limit"] == "3"
    assert "Retry-After" not in refused.headers
    company.control("POST", "options", {"procore_retry_after": True})
    assert 1 <= int(company.call("GET", "/v1.0/me").headers["Retry-After"]) <= 11
    company.control("POST", "clock", {"advance_seconds": 11})
    assert company.call("GET", "/v1.0/me").status_code == 200


def test_the_hourly_limit_is_described_once_it_is_nearer(company: Served) -> None:
    company.control("POST", "options", {"procore_spike": 0, "procore_hourly": 2})
    company.world.simulators["procore"].load(state())
    company.sign_in()
    assert company.call("GET", "/v1.0/me").headers["X-Rate-Limit-Limit"] == "2"
    company.done("GET", "/v1.0/me")
    company.refused(429, "GET", "/v1.0/me")
    company.control("POST", "clock", {"advance_seconds": 3601})
    company.sign_in()
    company.done("GET", "/v1.0/me")


def test_every_error_shape_is_shown_in_turn(company: Served) -> None:
    company.control("POST", "options", {"procore_error_shape": "rotate"})
    seen = []
    for _ in SHAPES:
        answer = company.call("PATCH", f"/v1.0/projects/{DEPOT}", {"project": {"name": ""}})
        assert answer.status_code == 422
        assert "can't be blank" in answer.text
        seen.append(json.dumps(shape_of(answer.json())))
    assert len(set(seen)) >= len(SHAPES) - 1
    company.control("POST", "options", {"procore_error_shape": "reason"})
    told = company.refused(404, "GET", "/v1.0/nothing/here")
    assert set(told["error"]) == {"reason"}


def shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape_of(one) for key, one in value.items()}
    return [shape_of(one) for one in value] if isinstance(value, list) else type(value).__name__


def test_bodies_that_are_no_json_objects_are_refused(company: Served) -> None:
    path = f"{company.url}/procore/api/rest/v1.0/vendors"
    for content in (b"{", b"[1]"):
        answer = company.http.post(path, content=content, headers=company.headers)
        assert answer.status_code == 400


def test_faults_gates_and_log_know_procore(company: Served) -> None:
    company.control("DELETE", "requests")
    rule = {"kind": "status", "status": 503, "retry_after": 4, "count": 1}
    match = {"provider": "procore", "write": True}
    company.control("POST", "faults", {"rules": [{**rule, "match": match}]})
    body = {"project_id": DEPOT, "updates": [{"origin_id": "a", "title": "x"}]}
    answer = company.call("PATCH", "/v1.0/purchase_order_contracts/sync", body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "4")
    assert company.sync({"origin_id": "a"})["errors"] == []
    rows = company.control("GET", "requests?provider=procore")["requests"]
    assert [(row["kind"], row["status"]) for row in rows] == [("write", 503), ("write", 200)]
    assert rows[1]["key"] == {"rows": "1", "origin_ids": "a"}
    company.sign_in()
    last = company.control("GET", "requests?provider=procore")["requests"][-1]
    assert last["kind"] == "token"


def test_faults_expire_tokens_disconnect_and_suspend(company: Served) -> None:
    company.control("POST", "call/procore/expire_tokens", {})
    company.refused(401, "GET", "/v1.0/me")
    company.sign_in()
    company.control("POST", "call/procore/suspend", {})
    company.refused(403, "GET", "/v1.0/me")
    company.control("POST", "call/procore/resume", {})
    company.done("GET", "/v1.0/me")
    company.control("POST", "call/procore/revoke_grants", {})
    assert company.http.post(TOKEN, data=GRANT).status_code == 401


def test_nothing_is_loaded_before_a_company_is(company: Served) -> None:
    company.world.simulators["procore"].load({})
    assert company.books() == {}
    assert company.http.post(TOKEN, data=GRANT).status_code == 401
