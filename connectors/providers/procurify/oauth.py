"""Procurify's client-credentials token, which lives a day.

Client id and secret enter, a token leaves. There is no refresh token: the grant is asked anew.
"""

from collections.abc import Mapping
from datetime import timedelta

from connectors.core import clock
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.providers.procurify.errors import KEY, TITLE, read_error
from connectors.transport.error_table import retry_at
from connectors.transport.provider import Credentials, Endpoints, Settings
from connectors.transport.token_request import access_token, request_token, token_life
from connectors.transport.tokens import Grant, GrantRefusedError, NewToken
from connectors.transport.wire import Reply, Wire

AUDIENCE = "https://api.procurify.com/"
TOKEN_LIFE = timedelta(hours=24)
_REFUSED = frozenset({400, 401, 403})
_HEADERS = {"X-Procurify-Client": "api"}


def grant(wire: Wire, credentials: Credentials, settings: Settings, endpoints: Endpoints) -> Grant:
    """A function that asks for a new token."""

    def ask() -> NewToken:
        body = {
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
            "audience": AUDIENCE,
            "grant_type": "client_credentials",
        }
        reply = request_token(
            wire, endpoints.token, provider=KEY, title=TITLE, json=body, headers=_HEADERS
        )
        return _token(reply, str(settings.get("subdomain", "")))

    return ask


def _token(reply: Reply, subdomain: str) -> NewToken:
    if reply.status == 429:
        at = retry_at(reply.headers, timedelta(seconds=60)) or clock.now()
        raise RetryLater(at, "Procurify asks for fewer token requests")
    if reply.status in _REFUSED:
        code, said = read_error(reply.body)
        raise GrantRefusedError(
            f"Procurify refused the client id and secret: {said or code or reply.status}. "
            "Check both under Settings, Integrations in Procurify, and that their user is active."
        )
    body = reply.body if isinstance(reply.body, Mapping) else {}
    access = access_token(body)
    if not reply.ok or not access:
        raise _unclear(reply, subdomain)
    expires_at = clock.now() + token_life(body, TOKEN_LIFE)
    return NewToken(access_token=access, expires_at=expires_at)


def _unclear(reply: Reply, subdomain: str) -> ProviderError:
    wrong_address = 300 <= reply.status < 500
    hint = (
        f"Nothing seems to be at {subdomain}.procurify.com: an admin must check the subdomain."
        if wrong_address
        else "Nothing to do: it is tried again by itself."
    )
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.CONFIGURATION if wrong_address else ErrorKind.TRANSIENT,
            message=f"Procurify's token address answered {reply.status} and no token.",
            hint=hint,
            provider=KEY,
            status=reply.status,
        )
    )
