"""One request to a provider's token address, sent once, with the secrets nowhere but in its body.

A form or JSON body enters, status and parsed answer leave; what an answer means is said by the
provider that asked.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.transport.deadline import Deadline
from connectors.transport.json_body import dump_json
from connectors.transport.wire import Outgoing, Reply, Wire, WireError, origin

# Well inside a token lease.
_TOTAL_SECONDS = 10.0


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
