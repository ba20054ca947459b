"""The API's front: authorisation, scope, organization, limits, then the handler of the route.

Every handler takes a Call and returns an answer or raises a refusal; what goes on the wire around
it is the same for all and is done here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from connectors.sandbox.request_log import KEY
from connectors.sandbox.zoho_books.accounts import Access, Accounts, User
from connectors.sandbox.zoho_books.envelope import failure, read_body
from connectors.sandbox.zoho_books.errors import ZohoError
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record

ROOT = "/zoho/{region}/api/books/v3"
SCHEME = "Zoho-oauthtoken"
LOGGED_FIELDS = (
    "bill_number",
    "purchaseorder_number",
    "reference_number",
    "contact_name",
    "vendor_id",
)


@dataclass(frozen=True)
class Call:
    """One authorised API call."""

    org: Organization
    user: User
    query: Mapping[str, str]
    path: Mapping[str, str]
    headers: Mapping[str, str]
    body: Record
    organizations: Mapping[str, Organization]

    @property
    def options(self) -> Mapping[str, Any]:
        """The sandbox's options."""
        return self.org.options


@dataclass(frozen=True)
class Route:
    """One API address. ``organization`` says where the organization id stands, if anywhere."""

    method: str
    path: str
    scope: str
    handler: Callable[[Call], web.Response]
    organization: str = "query"


class Front:
    """Wraps handlers for aiohttp."""

    def __init__(
        self,
        accounts: Callable[[], Accounts],
        organizations: Callable[[], Mapping[str, Organization]],
        options: Mapping[str, Any],
    ) -> None:
        self._accounts = accounts
        self._organizations = organizations
        self._options = options

    def routes(self, routes: list[Route]) -> list[web.RouteDef]:
        """aiohttp routes, ending with the refusals for addresses that do not exist."""
        served = [web.route(one.method, ROOT + one.path, self._serve(one)) for one in routes]
        known: dict[str, None] = dict.fromkeys(ROOT + one.path for one in routes)
        refused = [web.route("*", path, self._refuse_method) for path in known]
        return [*served, *refused, web.route("*", ROOT + "/{tail:.*}", self._refuse_url)]

    def _serve(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            org: Organization | None = None
            try:
                access = self._authenticate(request, route.scope)
                user = self._accounts().users[access.user_id]
                org = self._organization(request, route, user)
                response = await self._limited(request, route, org, user)
            except ZohoError as error:
                response = failure(error, self._options)
            if org is not None:
                response.headers.update(org.limiter.headers())
            return response

        return handle

    async def _limited(
        self, request: web.Request, route: Route, org: Organization, user: User
    ) -> web.Response:
        org.limiter.admit()
        try:
            pause = float(self._options.get("zoho_latency", 0))
            if pause:
                await asyncio.sleep(pause)
            body = await read_body(request)
            _note(request, body)
            return route.handler(
                Call(
                    org=org,
                    user=user,
                    query=request.query,
                    path=request.match_info,
                    headers=request.headers,
                    body=body,
                    organizations=self._organizations(),
                )
            )
        finally:
            org.limiter.leave()

    def _authenticate(self, request: web.Request, scope: str) -> Access:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != SCHEME or not token:
            raise ZohoError(
                "not_authenticated",
                "The request could not be authenticated as the authentication value you entered "
                "is invalid.",
                401,
            )
        access = self._accounts().holder(request.match_info["region"], token)
        if access is None or not access.allows(scope):
            raise ZohoError(
                "not_authorised", "You are not authorized to perform this operation", 401
            )
        if self._options.get("zoho_suspended"):
            raise ZohoError(
                "trial_over", "Your trial of Zoho Books is over. Please upgrade to continue."
            )
        return access

    def _organization(self, request: web.Request, route: Route, user: User) -> Organization:
        organizations = self._organizations()
        if route.organization == "none":
            mine = [org for org in organizations.values() if user.belongs_to(org.id)]
            return mine[0] if mine else next(iter(organizations.values()))
        source = request.match_info if route.organization == "path" else request.query
        org_id = source.get("organization_id", "")
        if org_id not in organizations or not user.belongs_to(org_id):
            raise ZohoError(
                "wrong_organization",
                f"This user is not associated with the CompanyID/CompanyName:{org_id}.",
            )
        return organizations[org_id]

    async def _refuse_method(self, request: web.Request) -> web.StreamResponse:
        error = ZohoError("method_not_allowed", "The HTTP method is not allowed here.", 405)
        return failure(error, self._options)

    async def _refuse_url(self, request: web.Request) -> web.StreamResponse:
        return failure(ZohoError("invalid_url", "Invalid URL Passed", 404), self._options)


def _note(request: web.Request, body: Record) -> None:
    """Leave the record's own keys in the sandbox's request log."""
    key = request.get(KEY)
    if key is not None:
        key.update({name: str(body[name]) for name in LOGGED_FIELDS if body.get(name)})
