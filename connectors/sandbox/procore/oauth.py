"""Procore's login host: tokens of the service account by client credentials.

Requests in any of the documented encodings enter, tokens of 90 minutes of the simulated clock
leave. Options: procore_token_lifetime (seconds); procore_token_unit, "milliseconds" to tell it in
thousandths; the credentials die with procore_disconnected.
"""

from __future__ import annotations

import email
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from connectors.sandbox.clock import Clock
from connectors.sandbox.procore.state import Books

ROOT = "/procore/login/oauth"
LIFETIME = 5400
UNKNOWN_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or "
    "unsupported authentication method."
)


@dataclass(slots=True)
class Token:
    """A live access token."""

    created: int
    expires: float
    client_id: str


class Login:
    """Tokens, and who may have one."""

    def __init__(
        self, clock: Clock, options: Mapping[str, Any], books: Callable[[], Books]
    ) -> None:
        self._clock = clock
        self._options = options
        self._books = books
        self.tokens: dict[str, Token] = {}
        self.issued = 0

    def clear(self) -> int:
        """Forget all tokens."""
        forgotten = len(self.tokens)
        self.tokens.clear()
        return forgotten

    def live(self, text: str) -> Token | None:
        """The token, while it lives."""
        token = self.tokens.get(text)
        return token if token and token.expires > self._now() else None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{ROOT}/token", self._grant),
            web.get(f"{ROOT}/token/info", self._info),
            web.post(f"{ROOT}/revoke", self._revoke),
        ]

    async def _grant(self, request: web.Request) -> web.StreamResponse:
        sent = await _sent(request)
        if not sent.get("grant_type"):
            return _error(400, "invalid_request", "Missing required parameter: grant_type.")
        if not self._knows(sent):
            return _error(401, "invalid_client", UNKNOWN_CLIENT)
        if sent["grant_type"] != "client_credentials":
            text = "The authorization grant type is not supported by the authorization server."
            return _error(400, "unsupported_grant_type", text)
        lifetime = int(self._options.get("procore_token_lifetime", LIFETIME))
        now = self._now()
        text = f"eyJ{secrets.token_urlsafe(48)}"
        self.tokens[text] = Token(int(now), now + lifetime, sent["client_id"])
        self.issued += 1
        thousandths = self._options.get("procore_token_unit") == "milliseconds"
        told = lifetime * 1000 if thousandths else lifetime
        answer = {"access_token": text, "token_type": "bearer", "expires_in": told}
        return web.json_response(answer | {"created_at": int(now)})

    async def _info(self, request: web.Request) -> web.StreamResponse:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        token = self.live(text) if scheme.lower() == "bearer" else None
        if token is None:
            return _error(401, "invalid_request", "The access token is invalid")
        found = {
            "resource_owner_id": self._books().user["id"],
            "scopes": [],
            "expires_in_seconds": int(token.expires - self._now()),
            "application": {"uid": token.client_id},
            "created_at": token.created,
        }
        return web.json_response(found)

    async def _revoke(self, request: web.Request) -> web.StreamResponse:
        """200 for every token, known or not."""
        sent = await _sent(request)
        if not self._knows(sent):
            return _error(403, "unauthorized_client", "You are not authorized to revoke this token")
        self.tokens.pop(str(sent.get("token", "")), None)
        return web.json_response({})

    def _knows(self, sent: Mapping[str, Any]) -> bool:
        if self._options.get("procore_disconnected"):
            return False
        client_id, secret = self._books().credentials
        given = (str(sent.get("client_id", "")), str(sent.get("client_secret", "")))
        return bool(client_id) and given == (client_id, secret)

    def _now(self) -> float:
        return self._clock.now().timestamp()


async def _sent(request: web.Request) -> dict[str, Any]:
    """The parameters: JSON, multipart or a form, as the documentation shows all three."""
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError:
            return {}
        return body if isinstance(body, dict) else {}
    if request.content_type == "multipart/form-data":
        return _parts(request.headers["Content-Type"], await request.read())
    return dict(await request.post())


def _parts(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields of a multipart form. The body has been read already, which aiohttp cannot undo."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body)
    found: dict[str, Any] = {}
    for part in message.walk():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode()
    return found


def _error(status: int, error: str, description: str) -> web.Response:
    body = {"error": error, "error_description": description}
    return web.json_response(body, status=status)
