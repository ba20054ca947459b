"""What a demo asks of the simulators: their control door, and the consent a person would click.

Speaks plain HTTP to one loopback address and knows nothing of the service. Only for commands that
set up a demo; providers are reached through the transport.
"""

import http.client
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_SECONDS = 60


class DoorError(RuntimeError):
    """The simulators cannot be reached or refused; the text says what was asked."""


def call(base_url: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the control door; gives its JSON."""
    status, _, text = _send(method, f"{base_url}{path}", body)
    if status != http.client.OK:
        raise DoorError(f"The sandbox answered {method} {path} with {status}: {text[:200]}")
    return json.loads(text)


def accept_consent(authorise_url: str) -> dict[str, str]:
    """Accept at the simulator's consent page; gives the query that the redirect carries."""
    status, location, text = _send("GET", f"{authorise_url}&auto=1")
    if status not in (http.client.FOUND, http.client.SEE_OTHER) or not location:
        raise DoorError(f"The sandbox's consent page answered {status}: {text[:200]}")
    return dict(parse_qsl(urlsplit(location).query))


def _send(method: str, url: str, body: dict[str, Any] | None = None) -> tuple[int, str, str]:
    address = urlsplit(url)
    line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
    path = address.path + (f"?{address.query}" if address.query else "")
    content = None if body is None else json.dumps(body)
    try:
        line.request(method, path, content, {"Content-Type": "application/json"})
        answer = line.getresponse()
        return answer.status, answer.getheader("Location", ""), answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise DoorError(f"The sandbox at {address.netloc} does not answer: {error}") from error
    finally:
        line.close()
