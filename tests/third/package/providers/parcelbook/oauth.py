"""Parcelbook's client-credentials token, which lives ten minutes and is asked for anew.

Client id and secret enter, a token leaves; a refused pair needs a person.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.transport.error_table import retry_at
from connectors.transport.provider import Credentials, Endpoints, Settings
from connectors.transport.token_request import request_token
from connectors.transport.tokens import Grant, GrantRefusedError, NewToken
from connectors.transport.wire import Reply, Wire
from tests.third.package.providers.parcelbook.errors import KEY, TITLE, read_error

TOKEN_LIFE = timedelta(minutes=10)
_REFUSED = frozenset({400, 401, 403})


def grant(wire: Wire, credentials: Credentials, settings: Settings, endpoints: Endpoints) -> Grant:
    """A function that asks for a new token."""
    del settings

    def ask() -> NewToken:
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
        }
        return _token(request_token(wire, endpoints.token, provider=KEY, title=TITLE, form=form))

    return ask


def _token(reply: Reply) -> NewToken:
    if reply.status == 429:
        at = retry_at(reply.headers, timedelta(seconds=30)) or datetime.now(UTC)
        raise RetryLater(at, "Parcelbook asks for fewer token requests")
    if reply.status in _REFUSED:
        _, said = read_error(reply.body)
        raise GrantRefusedError(
            f"Parcelbook refused the client id and secret: {said or reply.status}. "
            "Make a new key in Parcelbook under House, Keys, and enter it here."
        )
    body = reply.body if isinstance(reply.body, Mapping) else {}
    access = str(body.get("access_token") or "")
    if not reply.ok or not access:
        raise _unclear(reply.status)
    life = str(body.get("expires_in") or "")
    seconds = int(life) if life.isdigit() else TOKEN_LIFE.total_seconds()
    return NewToken(access_token=access, expires_at=datetime.now(UTC) + timedelta(seconds=seconds))


def _unclear(status: int) -> ProviderError:
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.CONFIGURATION if 300 <= status < 500 else ErrorKind.TRANSIENT,
            message=f"Parcelbook's token address answered {status} and no token.",
            hint="An admin can check the house in the connection's settings.",
            provider=KEY,
            status=status,
        )
    )
