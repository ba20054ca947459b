"""A Procore company served to a test, with a small state and a client that has a token."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.sandbox import procore
from connectors.sandbox.world import World
from tests.sandbox.serving import serving

CREDENTIALS = {"client_id": "an-id", "client_secret": "a-secret"}
COMPANY, EMPTY_COMPANY = 5358233, 5358234
DEPOT, BRIDGE, CLOSED_SITE, FORBIDDEN = 101, 102, 103, 104
ACME, BOLT, GONE = 201, 202, 203
CONCRETE, STEEL, OLD_CODE, UNBUDGETED, BRIDGE_CODE = 501, 502, 503, 504, 551


def project(key: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "name": name, "project_number": f"P{key}", "vendors": [ACME], **more}


def depot() -> dict[str, Any]:
    """Two cost codes under a division, one cost type, four WBS codes of which two are budgeted."""
    codes = [
        {"id": 301, "code": "03", "name": "Concrete"},
        {"id": 302, "code": "100", "name": "Footings", "parent_id": 301},
        {"id": 303, "code": "05", "name": "Metals"},
        {"id": 304, "code": "09", "name": "Finishes"},
    ]
    joined = [
        {"id": CONCRETE, "cost_code_id": 302, "line_item_type_id": 401, "budget": "50000"},
        {"id": STEEL, "cost_code_id": 303, "line_item_type_id": 401, "budget": "20000.00"},
        {
            "id": OLD_CODE,
            "cost_code_id": 303,
            "line_item_type_id": 402,
            "status": "inactive",
            "budget": "1",
        },
        {"id": UNBUDGETED, "cost_code_id": 304, "line_item_type_id": 401},
    ]
    return project(DEPOT, "Depot", cost_codes=codes, wbs_codes=joined)


def bridge() -> dict[str, Any]:
    return project(
        BRIDGE,
        "Bridge",
        cost_codes=[{"id": 351, "code": "03", "name": "Concrete"}],
        wbs_codes=[
            {"id": BRIDGE_CODE, "cost_code_id": 351, "line_item_type_id": 401, "budget": "9"}
        ],
    )


def state(**more: Any) -> dict[str, Any]:
    return {
        **CREDENTIALS,
        "company": {"id": COMPANY, "name": "Ridge Builders"},
        "other_companies": [{"id": EMPTY_COMPANY, "name": "Ridge Homes"}],
        "user": {"id": 901, "login": "connector@dmsa.example", "name": "Connector"},
        "people": [{"id": 902, "login": "pat@example.com", "name": "Pat"}],
        "application_id": 7001,
        "permitted_projects": [DEPOT, BRIDGE, CLOSED_SITE],
        "uoms": ["ea", "ls", "cy"],
        "line_item_types": [
            {"id": 401, "code": "M", "name": "Materials", "base_type": "materials"},
            {"id": 402, "code": "L", "name": "Labor", "base_type": "labor"},
        ],
        "vendors": [
            {"id": ACME, "name": "Acme Concrete", "abbreviated_name": "ACM"},
            {"id": BOLT, "name": "Bolt Steel", "origin_id": "erp-7"},
            {"id": GONE, "name": "Gone Ltd", "is_active": False},
        ],
        "projects": [
            depot(),
            bridge(),
            project(CLOSED_SITE, "Closed site", active=False),
            project(FORBIDDEN, "Forbidden"),
        ],
        **more,
    }


class Served:
    """A served company: its world, an API client with a token, and the control door."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)
        self.headers = {"Procore-Company-Id": str(COMPANY)}
        self.sign_in()

    def sign_in(self) -> None:
        form = {"grant_type": "client_credentials", **CREDENTIALS}
        answer = self.http.post("/procore/login/oauth/token", data=form)
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Any = None, **query: Any
    ) -> httpx.Response:
        return self.http.request(
            method,
            f"/procore/api/rest{path}",
            json=body,
            params=query or None,
            headers=self.headers if headers is None else headers,
        )

    def done(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.call(method, path, body, **query)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def refused(self, status: int, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.call(method, path, body, **query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def books(self) -> Any:
        return self.control("GET", "books/procore")

    # Commitments

    def contract(self, **fields: Any) -> Any:
        sent = {"number": "PO-1", "title": "PO-1 Acme", "vendor_id": ACME, **fields}
        body = {"project_id": DEPOT, "purchase_order_contract": sent}
        return self.done("POST", "/v1.0/purchase_order_contracts", body)

    def get(self, contract: Any, project: int = DEPOT) -> Any:
        path = f"/v1.0/purchase_order_contracts/{contract['id']}"
        return self.done("GET", path, project_id=project)

    def change(self, contract: Any, **fields: Any) -> httpx.Response:
        path = f"/v1.0/purchase_order_contracts/{contract['id']}"
        body = {"project_id": DEPOT, "purchase_order_contract": fields}
        return self.call("PATCH", path, body)

    def sync(self, *updates: Any, project: int = DEPOT) -> Any:
        body = {"project_id": project, "updates": list(updates)}
        return self.done("PATCH", "/v1.0/purchase_order_contracts/sync", body)

    def sync_lines(self, contract: Any, *updates: Any) -> Any:
        path = f"/v1.0/purchase_order_contracts/{contract['id']}/line_items/sync"
        return self.done("PATCH", path, {"updates": list(updates)}, project_id=DEPOT)


def line(amount: str = "100.00", code: int = CONCRETE, **more: Any) -> dict[str, Any]:
    return {"wbs_code_id": code, "description": "Cement", "amount": amount, **more}


@contextmanager
def served(options: dict[str, Any] | None = None, **more: Any) -> Iterator[Served]:
    defaults = {"procore_hourly": 0, "procore_spike": 0}
    world = World({"procore": procore.Simulator}, options={**defaults, **(options or {})})
    world.simulators["procore"].load(state(**more))
    with serving(world) as url:
        company = Served(world, url)
        try:
            yield company
        finally:
            company.http.close()
