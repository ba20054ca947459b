"""The accounts servers' pages: consent, token and revocation, one set per region.

Forms and queries enter, redirects and JSON leave. What may be granted is decided in accounts.
"""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from connectors.sandbox.zoho_books.accounts import (
    ACCESS_LIFE,
    REGIONS,
    Accounts,
    Client,
    TokenError,
    User,
    parse_scopes,
)

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1>{content}</main></body></html>"""
CONSENT = """<p>{app} would like to access the Zoho Books data of {user}:</p><ul>{scopes}</ul>
<form method="post"><button name="answer" value="accept">Accept</button>
<button name="answer" value="reject">Reject</button></form>"""
AUTHORIZE_ERRORS = {
    "invalid_client": "Invalid Client",
    "invalid_redirect_uri": "Invalid Redirect Uri",
    "invalid_response_type": "Invalid Response Type",
    "invalid_scope": "Invalid OAuth Scope",
}


class OAuthPages:
    """HTTP handlers around the accounts."""

    def __init__(self, accounts: Callable[[], Accounts], options: Mapping[str, Any]) -> None:
        self._accounts = accounts
        self._options = options

    def routes(self) -> list[web.RouteDef]:
        """All URLs of all accounts servers."""
        root = "/zoho/{region}/accounts/oauth"
        return [
            web.get(f"{root}/serverinfo", self.server_info),
            web.get(f"{root}/v2/auth", self._page(self.authorize)),
            web.post(f"{root}/v2/auth", self._page(self.answer)),
            web.get(f"{root}/v2/token", self.token_by_get),
            web.post(f"{root}/v2/token", self._json(self.token)),
            web.post(f"{root}/v2/revoke/token", self._json(self.revoke)),
            web.post(f"{root}/v2/token/revoke", self._json(self.revoke)),
        ]

    async def server_info(self, request: web.Request) -> web.Response:
        """The map of regions."""
        places = {region: accounts_server(request, region) for region in REGIONS}
        return web.json_response({"result": "success", "locations": places})

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The consent page; with ``auto=1`` or option auto_consent the answer is yes at once."""
        client, scopes = self._asked(request)
        if request.query.get("auto") == "1" or self._options.get("auto_consent"):
            return self._accept(request, client, scopes)
        user = self._user(request)
        content = CONSENT.format(
            app=html.escape(client.id),
            user=html.escape(user.email),
            scopes="".join(f"<li>{html.escape(scope)}</li>" for scope in scopes),
        )
        return _html("Zoho Accounts", content)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The person pressed Accept or Reject."""
        client, scopes = self._asked(request)
        form = await request.post()
        if form.get("answer") == "accept":
            return self._accept(request, client, scopes)
        return self._redirect(request, {"error": "access_denied"})

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code or a refresh token."""
        sent = await self._sent(request)
        region = _region(request)
        grant_type = sent.get("grant_type")
        if not grant_type:
            raise TokenError("invalid_request", status=400)
        client = self._client(region, sent)
        if grant_type == "authorization_code":
            given = (sent.get(name, "") for name in ("code", "redirect_uri", "code_verifier"))
            reply = self._accounts().redeem(region, client, *given)
        elif grant_type == "refresh_token":
            reply = self._accounts().renew(region, client, sent.get("refresh_token", ""))
        else:
            raise TokenError("invalid_client")
        bare = grant_type == "refresh_token" and self._options.get("zoho_bare_refresh")
        domain = {} if bare else {"api_domain": f"{request.url.origin()}/zoho/{region}/api"}
        return web.json_response({**reply, **domain, "token_type": "Bearer", **self._life()})

    def _life(self) -> dict[str, int]:
        """How long a token lives; old accounts say it in milliseconds, with seconds beside it."""
        seconds = int(self._options.get("zoho_expires_in", ACCESS_LIFE))
        if self._options.get("zoho_expires_in_milliseconds"):
            return {"expires_in": seconds * 1000, "expires_in_sec": seconds}
        return {"expires_in": seconds}

    async def token_by_get(self, request: web.Request) -> web.Response:
        """The wrong method."""
        return web.json_response({"error": "server error"}, status=400)

    async def revoke(self, request: web.Request) -> web.Response:
        """Both revocation addresses; the newer one wants the client, the older one does not."""
        sent = await self._sent(request)
        if request.path.endswith("/revoke/token"):
            try:
                self._client(_region(request), sent)
            except TokenError as error:
                raise TokenError(error.error, status=400) from error
        if not self._accounts().revoke(sent.get("token", "")):
            raise TokenError("invalid_token", status=400)
        return web.json_response({"status": "success"})

    def _page(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except TokenError as error:
                return _html(AUTHORIZE_ERRORS.get(error.error, "Error Occurred"), "", status=400)

        return handle

    def _json(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except TokenError as error:
                body = {"error": error.error}
                if error.description:
                    body["error_description"] = error.description
                status = error.status or int(self._options.get("zoho_token_error_status", 200))
                return web.json_response(body, status=status)

        return handle

    def _asked(self, request: web.Request) -> tuple[Client, tuple[str, ...]]:
        """Check an authorize request; the app must be registered at this very server."""
        query = request.query
        client = self._accounts().clients.get(query.get("client_id", ""))
        if client is None or client.region != _region(request):
            raise TokenError("invalid_client")
        if query.get("response_type") != "code":
            raise TokenError("invalid_response_type")
        if not client.redirects_to(query.get("redirect_uri", "")):
            raise TokenError("invalid_redirect_uri")
        if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
            raise TokenError("invalid_request")
        return client, parse_scopes(query.get("scope", ""))

    def _accept(
        self, request: web.Request, client: Client, scopes: tuple[str, ...]
    ) -> web.StreamResponse:
        user = self._user(request)
        try:
            code = self._accounts().issue_code(
                client,
                user,
                scopes,
                redirect_uri=request.query["redirect_uri"],
                offline=request.query.get("access_type") == "offline",
                consent=request.query.get("prompt") == "consent",
                challenge=self._challenge(request),
            )
        except TokenError as error:
            return self._redirect(request, {"error": error.error})
        place = accounts_server(request, user.region)
        return self._redirect(
            request, {"code": code, "location": user.region, "accounts-server": place}
        )

    def _challenge(self, request: web.Request) -> str:
        """Empty where the server does not know of challenges: it then ignores verifiers as well."""
        ignored = self._options.get("zoho_ignores_pkce")
        return "" if ignored else request.query.get("code_challenge", "")

    def _redirect(self, request: web.Request, values: dict[str, str]) -> web.StreamResponse:
        state = request.query.get("state")
        sent = {"state": state, **values} if state is not None else values
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sent.items())
        tail = "&" if self._options.get("zoho_trailing_ampersand", True) else ""
        target = request.query["redirect_uri"]
        joint = "&" if "?" in target else "?"
        return web.Response(status=302, headers={"Location": f"{target}{joint}{query}{tail}"})

    def _user(self, request: web.Request) -> User:
        """Who sits before the page: the first user, unless the query names another."""
        users = self._accounts().users
        return users.get(request.query.get("user", "")) or next(iter(users.values()))

    def _client(self, region: str, sent: Mapping[str, str]) -> Client:
        client = self._accounts().clients.get(sent.get("client_id", ""))
        if client is None or region not in client.regions:
            raise TokenError("invalid_client")
        if client.secret != sent.get("client_secret"):
            raise TokenError("invalid_client_secret")
        return client

    async def _sent(self, request: web.Request) -> dict[str, str]:
        """Parameters of query, form and Basic header; a JSON body is not read at all."""
        sent = dict(request.query)
        if request.content_type == "application/json":
            raise TokenError("invalid_client")
        sent.update({k: v for k, v in (await request.post()).items() if isinstance(v, str)})
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            sent.update(_basic(value))
        return sent


def accounts_server(request: web.Request, region: str) -> str:
    """The address of a region's accounts server here."""
    return f"{request.url.origin()}/zoho/{region}/accounts"


def _basic(value: str) -> dict[str, str]:
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenError("invalid_client") from error
    return {"client_id": client_id, "client_secret": secret}


def _region(request: web.Request) -> str:
    region = request.match_info["region"]
    if region not in REGIONS:
        raise web.HTTPNotFound
    return region


def _html(title: str, content: str, status: int = 200) -> web.Response:
    return web.Response(
        text=PAGE.format(title=title, content=content), status=status, content_type="text/html"
    )
