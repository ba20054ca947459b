"""Client-credentials tokens of the Procurify tenant, and the check that every API call passes.

JSON token requests enter; tokens of 24 hours or OAuth errors leave. Suspension, deactivation and
limits are options, because the real ones cannot be provoked.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from aiohttp import web

from connectors.sandbox.procurify.answers import detail
from connectors.sandbox.procurify.options import Options
from connectors.sandbox.procurify.store import Store

AUDIENCE = "https://api.procurify.com/"
LIFETIME_SECONDS = 86_400


class Now(Protocol):
    def now(self) -> datetime: ...


class Access:
    """Who may call: live tokens, and what the options say about suspension and limits."""

    def __init__(self, clock: Now, options: Options) -> None:
        self.clock = clock
        self.options = options
        self.issued = 0
        self._expiry: dict[str, datetime] = {}
        self._recent: deque[datetime] = deque()

    def expire_tokens(self) -> int:
        """Forget all live tokens, as if their day were over."""
        forgotten = len(self._expiry)
        self._expiry.clear()
        return forgotten

    async def token(self, store: Store, request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError:
            return _refused(400, "invalid_request", "The request body must be JSON.")
        problem = self._problem(store, body if isinstance(body, dict) else {})
        if problem is not None:
            return problem
        self.issued += 1
        lifetime = int(self.options.get("token_lifetime", LIFETIME_SECONDS))
        text = hashlib.sha256(f"{store.subdomain}:{self.issued}".encode()).hexdigest()
        self._expiry[text] = self.clock.now() + timedelta(seconds=lifetime)
        scope = (
            f"urn:procurify-api:domain:{store.subdomain} "
            f"urn:procurify-api:email:integration@{store.subdomain}.example"
        )
        granted = {"access_token": text, "scope": scope, "expires_in": lifetime}
        return web.json_response(granted | {"token_type": "Bearer"})

    def _problem(self, store: Store, body: Mapping[str, Any]) -> web.Response | None:
        if self.options.get("deactivated"):
            return _refused(403, "access_denied", "The application's user is not active.")
        if body.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "Use client_credentials.")
        known = (store.client_id, store.client_secret)
        if (body.get("client_id"), body.get("client_secret")) != known:
            return _refused(401, "invalid_client", "Client authentication failed.")
        if body.get("audience") != AUDIENCE:
            return _refused(403, "access_denied", f"Service not found: {body.get('audience')}")
        return None

    def refusal(self, request: web.Request, resource: str) -> web.Response | None:
        """Why this call is not answered, or None when it may go on."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return detail(401, "Authentication credentials were not provided.")
        expiry = self._expiry.get(token)
        if expiry is None or expiry <= self.clock.now():
            return detail(401, "Invalid token.")
        if self.options.get("suspended") or self.options.get("deactivated"):
            return detail(403, "You do not have permission to perform this action.")
        if resource in self.options.get("deny", ()):
            return detail(403, "You do not have permission to perform this action.")
        if self.options.get("require_client_header") and (
            request.headers.get("X-Procurify-Client") != "api"
        ):
            return detail(403, "X-Procurify-Client header is missing.")
        return self._limited()

    def _limited(self) -> web.Response | None:
        """429 above the optional number of calls per minute, with or without Retry-After."""
        limit = self.options.get("rate_per_minute")
        if not limit:
            return None
        now = self.clock.now()
        while self._recent and now - self._recent[0] >= timedelta(minutes=1):
            self._recent.popleft()
        if len(self._recent) < int(limit):
            self._recent.append(now)
            return None
        wait = max(1, round(60 - (now - self._recent[0]).total_seconds()))
        headers = {"Retry-After": str(wait)} if self.options.get("retry_after", True) else None
        return detail(429, f"Request was throttled. Expected available in {wait} seconds.", headers)


def _refused(status: int, error: str, text: str) -> web.Response:
    return web.json_response({"error": error, "error_description": text}, status=status)
