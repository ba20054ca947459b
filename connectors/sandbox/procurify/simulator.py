"""The Procurify simulator: its routes, and the doors that the sandbox's control uses.

A state dictionary and control edits enter, the published API leaves. Every API call passes the
access check, and finds only its own subdomain.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from connectors.sandbox.procurify import bills, items, orders, reference, vendors
from connectors.sandbox.procurify.answers import detail, filter_error, not_found
from connectors.sandbox.procurify.filters import FilterError
from connectors.sandbox.procurify.oauth import Access, Now
from connectors.sandbox.procurify.options import Options
from connectors.sandbox.procurify.people import People
from connectors.sandbox.procurify.simulation import Simulation
from connectors.sandbox.procurify.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Resource = Callable[[Simulation, web.Request], Awaitable[web.Response]]
GATEWAY_ERRORS = {502, 503, 504}
ROOT = "/procurify/{subdomain}"
ENDPOINTS: tuple[tuple[str, str, str, Resource], ...] = (
    ("GET", "/api/v3/users/me/", "users", reference.me),
    ("GET", "/api/v3/users/", "users", reference.list_users),
    ("GET", "/api/v3/order-items/", "order_items", items.list_items),
    ("GET", "/api/v2/global/order_items/", "order_items", items.list_items),
    ("GET", "/api/v2/purchase_orders/{role}/{status}/", "purchase_orders", orders.list_orders),
    ("GET", "/api/v2/purchase_orders/{key}/", "purchase_orders", orders.get_order),
    ("GET", "/api/v3/ap/bills/", "bills", bills.list_bills),
    ("GET", "/api/v2/ap/bills/{uuid:[0-9a-f-]+}/", "bills", bills.get_bill),
    ("GET", "/api/v3/vendors/", "vendors", vendors.list_vendors),
    ("POST", "/api/v3/vendors/", "vendors", vendors.add_vendor),
    ("GET", "/api/v3/vendors/{group}/", "vendors", vendors.vendor_or_group),
    ("PATCH", "/api/v3/vendors/{group}/", "vendors", vendors.change_vendor),
    ("PUT", "/api/v3/vendors/{group}/", "vendors", vendors.change_vendor),
    ("GET", "/api/v3/account-codes/", "account_codes", reference.list_account_codes),
    ("GET", "/api/v3/accounts/", "accounts", reference.list_accounts),
    ("GET", "/api/v3/departments/", "departments", reference.list_departments),
    ("GET", "/api/v2/locations/", "locations", reference.list_locations),
    ("GET", "/api/v2/locations/{key}/", "locations", reference.get_location),
    ("GET", "/api/v2/currencies/", "currencies", reference.list_currencies),
    ("GET", "/api/public/v1/payments/", "payments", reference.list_payments),
)


class Simulator:
    name = "procurify"
    SAVED = ("store", "access")

    def __init__(self, clock: Now, options: dict[str, Any]) -> None:
        self.clock = clock
        self.options = Options(options)
        self.store = Store()
        self.access = Access(clock, self.options)
        self.calls: dict[str, Callable[[dict[str, Any]], object]] = {
            "expire_tokens": lambda params: self.access.expire_tokens(),
            "revoke_grants": lambda params: self.options.set("deactivated", True),
            "suspend": lambda params: self.options.set("suspended", True),
            "resume": lambda params: self._resume(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Start afresh from this state; tokens given out before no longer work."""
        self.store = Store(state)
        self.access = Access(self.clock, self.options)

    def forget(self) -> None:
        """Everything it holds is saved."""

    def books(self) -> dict[str, Any]:
        return self.store.as_state()

    def edit(self, kind: str, key: str | int, changes: dict[str, Any]) -> dict[str, Any]:
        return self._people().edit(kind, key, changes)

    def add(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        return self._people().add(kind, record)

    def delete(self, kind: str, key: str | int) -> None:
        self._people().delete(kind, key)

    def error_response(self, status: int) -> web.Response:
        """A scripted error in the form it would have: HTML from the gateway, else DRF's JSON."""
        if status in GATEWAY_ERRORS:
            page = f"<html><head><title>{status} {HTTPStatus(status).phrase}</title></head></html>"
            return web.Response(status=status, text=page, content_type="text/html")
        return detail(status, f"{HTTPStatus(status).phrase}.")

    def _resume(self) -> None:
        self.options.set("suspended", False)
        self.options.set("deactivated", False)

    def routes(self) -> list[web.RouteDef]:
        found = [web.post(f"{ROOT}/oauth/token", self._token)]
        for method, path, resource, handler in ENDPOINTS:
            name = "".join(c if c.isalnum() else "_" for c in f"procurify_{method}_{path}")
            found.append(
                web.route(method, ROOT + path, self._guarded(resource, handler), name=name)
            )
        found.append(web.route("*", f"{ROOT}/{{tail:.*}}", self._elsewhere))
        return found

    def _people(self) -> People:
        return People(self.store, self.clock.now)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["subdomain"] != self.store.subdomain:
            return _no_such_domain()
        return await self.access.token(self.store, request)

    def _guarded(self, resource: str, handler: Resource) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.match_info["subdomain"] != self.store.subdomain:
                return _no_such_domain()
            refusal = self.access.refusal(request, resource)
            if refusal is not None:
                return refusal
            try:
                return await handler(self, request)
            except FilterError as error:
                return filter_error(error)

        return guarded

    async def _elsewhere(self, request: web.Request) -> web.StreamResponse:
        """No endpoint: a GET without its last slash is redirected, other methods are refused."""
        if request.match_info["subdomain"] != self.store.subdomain:
            return _no_such_domain()
        path = request.path if request.path.endswith("/") else f"{request.path}/"
        known = {method for method, pattern in self._patterns() if _matches(pattern, path)}
        if known and request.method not in known:
            return detail(405, f'Method "{request.method}" not allowed.')
        if known and path != request.path:
            raise web.HTTPMovedPermanently(request.url.with_path(path).with_query(request.query))
        return not_found()

    def _patterns(self) -> list[tuple[str, str]]:
        root = ROOT.format(subdomain=self.store.subdomain)
        return [(method, root + path) for method, path, _, _ in ENDPOINTS]


def _matches(pattern: str, path: str) -> bool:
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        expected.startswith("{") or expected == part
        for part, expected in zip(parts, wanted, strict=True)
    )


def _no_such_domain() -> web.Response:
    page = "<!doctype html><title>Not found</title><h1>This Procurify domain does not exist.</h1>"
    return web.Response(status=404, text=page, content_type="text/html")
