"""A Procurify tenant served to a test, with a small state and a client that has a token."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.sandbox import procurify
from connectors.sandbox.world import World
from tests.sandbox.serving import serving

SUBDOMAIN = "millwright"
CREDENTIALS = {
    "client_id": "an-id",
    "client_secret": "a-secret",
    "audience": "https://api.procurify.com/",
    "grant_type": "client_credentials",
}
ITEM = {"quantity": "10", "price": "12.50", "account": 11, "name": "Bolt"}


def order_record(key: int, **more: Any) -> dict[str, Any]:
    item = {
        "id": key * 10,
        **ITEM,
        "total_cost": "125.00",
        "tax_amount": "0.00",
        "shipping_amount": "0.00",
        "last_modified": "2026-08-03T10:00:00.000000Z",
    }
    return {
        "procurify_PO": key,
        "number": f"PO-{key}",
        "date": "2026-08-03T09:00:00-07:00",
        "vendor": 1,
        "currency": "CAD",
        "rate": "0.769231",
        "state": 0,
        "version": 1,
        "freight": "0",
        "other": "0",
        "tax": {"value": "0", "type": "amount"},
        "discount": {"value": "0", "type": "amount"},
        "subtotal": "125.00",
        "total": "125.00",
        "last_modified": "2026-08-03T10:00:00.000000Z",
        "items": [item],
        **more,
    }


def bill_record(group: int, **more: Any) -> dict[str, Any]:
    return {
        "id": 500 + group,
        "group": group,
        "version": 1,
        "status": 2,
        "type": 0,
        "vendor": 1,
        "currency": "USD",
        "rate": "1",
        "invoice_number": f"INV-{group}",
        "invoice_date": "2026-08-04T00:00:00-08:00",
        "due_date": None,
        "items": [bill_item(group)],
        "costs": [],
        "total": "115.50",
        "last_modified_datetime": f"2026-08-{group % 28 + 1:02d}T10:00:00.000000Z",
        **more,
    }


def bill_item(group: int, **more: Any) -> dict[str, Any]:
    return {
        "id": group * 100,
        "description": "Bolts",
        "quantity": "10",
        "unit_cost": "11.00",
        "total_cost": "110.00",
        "total_cost_with_tax": "115.50",
        "tax_name": "GST",
        "tax_percentage": "5",
        "tax_amount": "5.50",
        "shipping_amount": "0",
        "order_item": None,
        "allocations": [{"id": group, "account": 11, "amount": "110.00"}],
        **more,
    }


def state(**more: Any) -> dict[str, Any]:
    """One vendor, one account, a currency beside the base one; orders and bills as given."""
    return {
        "subdomain": SUBDOMAIN,
        "client_id": CREDENTIALS["client_id"],
        "client_secret": CREDENTIALS["client_secret"],
        "currencies": [
            {"id": 1, "name": "USD", "rate": "1", "base": True, "active": True},
            {"id": 2, "name": "CAD", "rate": "0.769231", "base": False, "active": True},
        ],
        "locations": [{"id": 1, "name": "Plant"}],
        "departments": [{"id": 1, "name": "Production"}],
        "account_codes": [{"id": 1, "code": "5010", "description": "Steel", "active": True}],
        "accounts": [{"id": 11, "account_code": 1, "department": 1}],
        "users": [{"id": 1, "email": "ada@example.com"}],
        "vendors": [
            {"id": 1, "name": "Acme", "type": 3, "dateModified": "2026-08-01T00:00:00Z"},
            {"id": 2, "name": "Cards", "type": 6, "dateModified": "2026-08-01T00:00:00Z"},
        ],
        **more,
    }


class Tenant:
    """A served tenant: its world, and an API client with a token."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.http = httpx.Client(
            base_url=f"{url}/procurify/{SUBDOMAIN}", trust_env=False, verify=False
        )
        self.door = httpx.Client(base_url=f"{url}/control", trust_env=False, verify=False)
        self.sign_in()

    def sign_in(self) -> None:
        token = self.http.post("/oauth/token", json=CREDENTIALS).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def data(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def walk(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All pages, by their `next` links."""
        rows: list[dict[str, Any]] = []
        answer = self.get(path, **query)
        while True:
            body = answer.json()
            rows += body["data"]
            if body["metadata"]["pagination"]["next"] is None:
                return rows
            answer = self.http.get(body["metadata"]["pagination"]["next"])

    def control(self, path: str, body: Any = None) -> Any:
        answer = self.door.post(path, json={} if body is None else body)
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def tenant(options: dict[str, Any] | None = None, **more: Any) -> Iterator[Tenant]:
    world = World({"procurify": procurify.Simulator}, options=options)
    world.simulators["procurify"].load(state(**more))
    with serving(world) as url:
        served = Tenant(world, url)
        try:
            yield served
        finally:
            served.http.close()
            served.door.close()
