"""One request to a provider's token address, sent once, with the secrets nowhere but in its body.

A form or JSON body enters, status and parsed answer leave; what an answer means is said by the
provider that asked.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.transport.deadline import Deadline
from connectors.transport.json_body import dump_json
from connectors.transport.wire import Outgoing, Reply, Wire, WireError, origin

# Well inside a token lease.
_TOTAL_SECONDS = 10.0
# Shorter than any token lives: each call would ask for another one.
_SHORTEST_SECONDS = 300
# A life a hundred times the usual one is said in milliseconds.
_MILLISECONDS_FROM = 100


def request_token(
    wire: Wire,
    url: str,
    *,
    provider: str,
    title: str,
    form: Mapping[str, str] | None = None,
    json: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask once. Raises a TRANSIENT error when no readable answer came or the server failed."""
    kind, content = _encoded(form, json)
    outgoing = Outgoing(
        method="POST",
        url=url,
        allowed=frozenset({origin(url)}),
        headers={"Content-Type": kind, **(headers or {})},
        content=content,
    )
    try:
        reply = wire.send(outgoing, Deadline.within(_TOTAL_SECONDS))
    except WireError as error:
        raise _transient(provider, f"{title}'s token address: {error}.", None) from None
    if reply.status >= 500 or (reply.ok and not isinstance(reply.body, Mapping)):
        words = f"{title}'s token address answered {reply.status} and no token."
        raise _transient(provider, words, reply.status)
    return reply


def token_life(body: Mapping[str, Any], usual: timedelta) -> timedelta:
    """How long a token lives by the words of its answer, never longer than such tokens do.

    ``expires_in_sec`` is believed before ``expires_in``, which old accounts say in milliseconds.
    What is no sensible number means the usual life; a token that ends sooner is refused then, and
    renewed.
    """
    said = next((body[name] for name in ("expires_in_sec", "expires_in") if body.get(name)), "")
    try:
        seconds = float(str(said))
    except ValueError:
        return usual
    if seconds >= _MILLISECONDS_FROM * usual.total_seconds():
        seconds /= 1000
    sensible = _SHORTEST_SECONDS <= seconds <= usual.total_seconds()
    return timedelta(seconds=seconds) if sensible else usual


def access_token(body: Mapping[str, Any]) -> str:
    """The token of an answer; empty where it is none, or nothing that a header can carry."""
    said = body.get("access_token")
    token = said.strip() if isinstance(said, str) else ""
    return token if token.isascii() and token.isprintable() and " " not in token else ""


def _encoded(form: Mapping[str, str] | None, json: Mapping[str, Any] | None) -> tuple[str, bytes]:
    if json is not None:
        return "application/json", dump_json(json).encode()
    return "application/x-www-form-urlencoded", urlencode(dict(form or {})).encode()


def _transient(provider: str, words: str, status: int | None) -> ProviderError:
    return ProviderError(
        ErrorFacts(
            kind=ErrorKind.TRANSIENT,
            message=words,
            hint="Nothing to do: it is tried again by itself.",
            provider=provider,
            status=status,
        )
    )
