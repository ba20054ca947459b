"""The token of a Developer Managed Service Account, which lives ninety minutes.

Client id and secret enter, a token leaves. There is no refresh token: the grant is asked anew.
"""

from collections.abc import Mapping
from datetime import timedelta

from connectors.core import clock
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.providers.procore.environments import environment
from connectors.providers.procore.errors import KEY, TITLE, read_error
from connectors.providers.procore.limits import reset_in
from connectors.transport.error_table import retry_at
from connectors.transport.provider import Credentials, Endpoints, Settings
from connectors.transport.token_request import access_token, request_token, token_life
from connectors.transport.tokens import Grant, GrantRefusedError, NewToken
from connectors.transport.wire import Reply, Wire

TOKEN_LIFE = timedelta(minutes=90)
# Renewed well before its end, and before work that takes a while begins.
TOKEN_MARGIN = timedelta(minutes=15)
_PAUSE = timedelta(seconds=60)
_REFUSED = frozenset({400, 401, 403})


def grant(wire: Wire, credentials: Credentials, settings: Settings, endpoints: Endpoints) -> Grant:
    """A function that asks for a new token."""
    where = environment(str(settings.get("environment", ""))).title

    def ask() -> NewToken:
        body = {
            "grant_type": "client_credentials",
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
        }
        reply = request_token(wire, endpoints.token, provider=KEY, title=TITLE, json=body)
        return _token(reply, where)

    return ask


def _token(reply: Reply, where: str) -> NewToken:
    if reply.status == 429:
        at = retry_at(reply.headers, reset_in(reply.headers) or _PAUSE)
        raise RetryLater(at or clock.now() + _PAUSE, "Procore asks for fewer token requests")
    if reply.status in _REFUSED:
        code, said = read_error(reply.body)
        raise GrantRefusedError(
            f"Procore refused the client ID and secret: {said or code or reply.status}. Check both "
            f"in the Procore developer portal, and that they belong to the environment “{where}”."
        )
    body = reply.body if isinstance(reply.body, Mapping) else {}
    access = access_token(body)
    if not reply.ok or not access:
        raise _unclear(reply)
    expires_at = clock.now() + token_life(body, TOKEN_LIFE)
    return NewToken(access_token=access, expires_at=expires_at)


def _unclear(reply: Reply) -> ProviderError:
    wrong_address = 300 <= reply.status < 500
    hint = (
        "An admin must check the environment in the connection's settings."
        if wrong_address
        else "Nothing to do: it is tried again by itself."
    )
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.CONFIGURATION if wrong_address else ErrorKind.TRANSIENT,
            message=f"Procore's token address answered {reply.status} and no token.",
            hint=hint,
            provider=KEY,
            status=reply.status,
        )
    )
