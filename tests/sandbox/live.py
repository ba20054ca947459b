"""A small world served over real HTTP from a thread, for tests of the simulators themselves.

No Django, no company: a test says what the organisation holds and asks over the wire.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectors.sandbox import zoho_books
from connectors.sandbox.world import World
from tests.sandbox.serving import serving

CLIENT = {"client_id": "1000.APP", "client_secret": "s3cret"}
REDIRECT = "https://service.example/callback"
ORG = "10229182"
VENDOR, OTHER_VENDOR = "460000000040001", "460000000040002"
ACCOUNT, INACTIVE_ACCOUNT = "460000000010001", "460000000010002"
TAX, OTHER_TAX = "460000000020001", "460000000020002"
USD, JPY, KWD = "460000000030001", "460000000030002", "460000000030003"
USER = "460000000080001"


def zoho_state(**more: Any) -> dict[str, Any]:
    """One organisation in New York, two vendors, a few accounts, taxes and currencies."""
    return {
        "region": "us",
        "clients": [{**CLIENT, "redirect_uris": [REDIRECT]}],
        "users": [{"user_id": USER, "name": "Ada", "email": "ada@example.com"}],
        "organizations": [
            {"organization_id": ORG, "name": "Zillium", "plan_name": "STANDARD"},
        ],
        "currencies": [
            {"currency_id": USD, "currency_code": "USD"},
            {"currency_id": JPY, "currency_code": "JPY", "exchange_rate": "0.0067"},
            {"currency_id": KWD, "currency_code": "KWD", "exchange_rate": "3.25"},
        ],
        "chartofaccounts": [
            {"account_id": ACCOUNT, "account_name": "Supplies", "account_type": "expense"},
            {
                "account_id": INACTIVE_ACCOUNT,
                "account_name": "Old",
                "account_type": "expense",
                "is_active": False,
            },
        ],
        "taxes": [
            {"tax_id": TAX, "tax_name": "GST", "tax_percentage": 5},
            {"tax_id": OTHER_TAX, "tax_name": "PST", "tax_percentage": "7.25"},
        ],
        "contacts": [
            {"contact_id": VENDOR, "contact_name": "Acme", "contact_type": "vendor"},
            {"contact_id": OTHER_VENDOR, "contact_name": "Bolt", "contact_type": "vendor"},
        ],
        **more,
    }


def line(rate: Any = "10", quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {"account_id": ACCOUNT, "rate": rate, "quantity": quantity, **more}


class Live:
    """A served world, with a client for its control door and one for Zoho's API."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)
        self.token = ""

    @property
    def zoho(self) -> zoho_books.Simulator:
        simulator = self.world.simulators["zoho_books"]
        assert isinstance(simulator, zoho_books.Simulator)
        return simulator

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def post_token(self, region: str = "us", **form: str) -> httpx.Response:
        return self.http.post(f"/zoho/{region}/accounts/oauth/v2/token", data=form)

    def sign_in(self, scope: str = "ZohoBooks.fullaccess.all") -> str:
        """Use a self-client code; the access token serves later calls."""
        code = self.zoho.grant_code({"scope": scope})
        reply = self.post_token(grant_type="authorization_code", code=code, **CLIENT).json()
        self.token = reply["access_token"]
        return str(reply["refresh_token"])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        region: str = "us",
        **query: Any,
    ) -> httpx.Response:
        """One API call in the organisation."""
        return self.http.request(
            method,
            f"/zoho/{region}/api/books/v3{path}",
            json=body,
            params={"organization_id": ORG, **query},
            headers={"Authorization": f"Zoho-oauthtoken {self.token}", **(headers or {})},
        )

    def done(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A call that must succeed."""
        answer = self.call(method, path, body, **query)
        assert answer.is_success, answer.text
        assert answer.json()["code"] == 0
        return answer.json()

    def refused(self, status: int, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A call that must be refused with that status; the error body."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code == status, answer.text
        assert set(answer.json()) == {"code", "message"}
        assert answer.json()["code"] != 0
        return answer.json()

    def order(self, number: str, *lines: dict[str, Any], **more: Any) -> Any:
        body = {"vendor_id": VENDOR, "purchaseorder_number": number, **more}
        body["line_items"] = list(lines) or [line()]
        created = self.done("POST", "/purchaseorders", body, ignore_auto_number_generation="true")
        return created["purchaseorder"]

    def bill(self, number: str, *lines: dict[str, Any], **more: Any) -> Any:
        body = {"vendor_id": VENDOR, "bill_number": number, "date": "2026-06-01", **more}
        body["line_items"] = list(lines) or [line()]
        return self.done("POST", "/bills", body)["bill"]


@contextmanager
def live(state: dict[str, Any] | None = None, **options: Any) -> Iterator[Live]:
    """Serve a world with Zoho Books alone until the test is over."""
    world = World({"zoho_books": zoho_books.Simulator}, options={"zoho_per_minute": 0, **options})
    world.simulators["zoho_books"].load(state or zoho_state())
    with serving(world) as url:
        served = Live(world, url)
        try:
            yield served
        finally:
            served.http.close()


def person_orders(zoho: Live, number: str = "P-1", **more: Any) -> Any:
    record = {"vendor_id": VENDOR, "purchaseorder_number": number, "line_items": [line()], **more}
    return zoho.control("POST", "add/zoho_books/purchaseorders", record)


def edit(zoho: Live, order: Any, **changes: Any) -> Any:
    path = f"edit/zoho_books/purchaseorders/{order['purchaseorder_id']}"
    return zoho.control("POST", path, changes)
