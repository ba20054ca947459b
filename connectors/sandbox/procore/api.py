"""The API's front: token, company header, project permission, limits, then the route's handler.

Every handler takes a Call and returns an answer or raises a refusal; what goes on the wire around
it is the same for all. Options: procore_missing_company_status (400), procore_unpermitted_status
(403, or 404), procore_companies_need_header (true, as documented for service accounts),
procore_latency (real seconds), procore_suspended.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiohttp import web
from yarl import URL

from connectors.sandbox.procore.errors import TOKEN_INVALID, Refusal, Shaper, malformed, not_found
from connectors.sandbox.procore.filters import Filters
from connectors.sandbox.procore.limits import Limiter
from connectors.sandbox.procore.oauth import Login
from connectors.sandbox.procore.state import Actor, Books
from connectors.sandbox.procore.table import Record
from connectors.sandbox.request_log import KEY

ROOT = "/procore/api/rest"
MISSING_HEADER = "Missing Procore-Company-Id header! Send the id of the company you are calling."
NOT_CONNECTED = "App is not connected to this company."


@dataclass(frozen=True)
class Call:
    """One authorised API call. ``project_id`` is 0 where the address needs none."""

    books: Books
    url: URL
    path: Mapping[str, str]
    body: Record
    project_id: int

    @property
    def options(self) -> Mapping[str, Any]:
        return self.books.options

    @property
    def filters(self) -> Filters:
        return Filters(self.url, self.books.options)

    def number(self, name: str) -> int:
        """An id in the path; one that is no number belongs to nothing."""
        text = self.path[name]
        if not text.isdigit():
            raise not_found()
        return int(text)

    def wrapped(self, name: str) -> Record:
        """The part of the body that holds the record."""
        found = self.body.get(name)
        if not isinstance(found, dict):
            raise malformed(**{name: "is missing"})
        return found


@dataclass(frozen=True)
class Route:
    """One API address; ``scope`` says whether it is about a company, a project, or neither."""

    method: str
    path: str
    handler: Callable[[Call], web.Response]
    scope: str = "project"


class Front:
    """Wraps handlers for aiohttp."""

    def __init__(
        self,
        login: Login,
        companies: Callable[[], Mapping[int, Books]],
        limiters: Callable[[int], Limiter],
        shaper: Shaper,
        options: Mapping[str, Any],
    ) -> None:
        self._login = login
        self._companies = companies
        self._limiters = limiters
        self._shaper = shaper
        self._options = options

    def routes(self, routes: list[Route]) -> list[web.RouteDef]:
        served = [web.route(one.method, ROOT + one.path, self._serve(one)) for one in routes]
        return [*served, web.route("*", f"{ROOT}/{{tail:.*}}", self._nothing)]

    def _serve(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            limiter: Limiter | None = None
            try:
                self._authenticate(request)
                books = self._books(request, route)
                limiter = self._limiters(books.company["id"])
                limiter.admit()
                await asyncio.sleep(float(self._options.get("procore_latency", 0)))
                call = await self._call(request, route, books)
                with books.acting(Actor(books.user["id"], books.application_id)):
                    response = route.handler(call)
            except Refusal as refusal:
                response = self._shaper.response(refusal)
            if limiter is not None:
                response.headers.update(limiter.headers(response.status))
            return response

        return handle

    def _authenticate(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._login.live(token) is None:
            raise Refusal(401, TOKEN_INVALID)
        if self._options.get("procore_suspended"):
            raise Refusal(403, NOT_CONNECTED)

    def _books(self, request: web.Request, route: Route) -> Books:
        companies = self._companies()
        text = request.headers.get("Procore-Company-Id", "")
        if not text:
            optional = not self._options.get("procore_companies_need_header", True)
            if route.scope == "none" and optional and companies:
                return next(iter(companies.values()))
            status = int(self._options.get("procore_missing_company_status", 400))
            raise Refusal(status, MISSING_HEADER)
        if not text.isdigit() or int(text) not in companies:
            raise Refusal(403, NOT_CONNECTED)
        return companies[int(text)]

    async def _call(self, request: web.Request, route: Route, books: Books) -> Call:
        body = await _body(request)
        _note(request, body)
        own_company = books.company["id"]
        if _id(request, body, "company_id", own_company) != own_company:
            raise Refusal(403, NOT_CONNECTED)
        project_id = _id(request, body, "project_id", 0)
        if route.scope == "project" and not project_id:
            raise malformed(project_id="is missing")
        if project_id:
            self._refuse_project(books, project_id)
        return Call(books, request.url, request.match_info, body, project_id)

    def _refuse_project(self, books: Books, project_id: int) -> None:
        if project_id not in books["projects"]:
            raise not_found()
        if not books.permits(project_id):
            if int(self._options.get("procore_unpermitted_status", 403)) == 404:
                raise not_found()
            raise Refusal(403, "You do not have permission to access this project.")

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        return self._shaper.response(not_found())


async def _body(request: web.Request) -> Record:
    text = await request.text()
    if not text.strip():
        return {}
    try:
        body = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError:
        raise Refusal(400, "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return body


def _id(request: web.Request, body: Record, name: str, default: int) -> int:
    """A company or project as the path, the query or the body names it."""
    value = request.match_info.get(name) or request.query.get(name) or body.get(name) or default
    text = str(value)
    if isinstance(value, bool) or not text.isdigit():
        raise malformed(**{name: "is not an id"})
    return int(text)


def _note(request: web.Request, body: Record) -> None:
    """Leave in the request log which records a write is about."""
    key = request.get(KEY)
    if key is None:
        return
    updates = body.get("updates")
    if isinstance(updates, list):
        origins = [str(row.get("origin_id", "")) for row in updates if isinstance(row, dict)]
        key.update({"rows": str(len(updates)), "origin_ids": " ".join(origins[:20])})
    record = next((value for value in body.values() if isinstance(value, dict)), {})
    names = ("number", "origin_id", "name", "vendor_id", "status")
    key.update({name: str(record[name]) for name in names if record.get(name)})
