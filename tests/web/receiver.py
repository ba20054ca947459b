"""A receiver of alerts on this machine: keeps what it got, and answers as it is told."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.transport.servers import answer, serving


@dataclass
class Receiver:
    """``status`` is what it answers; ``got`` are headers and body of each request."""

    url: str = ""
    status: str = "200 OK"
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def take(self, peer: socket.socket, head: bytes) -> None:
        lines, _, body = head.decode("latin-1").partition("\r\n\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines.split("\r\n")[1:])
        }
        wanted = int(headers.get("content-length", "0"))
        data = body.encode("latin-1")
        while len(data) < wanted and (more := peer.recv(65536)):
            data += more
        self.got.append((headers, data))
        peer.sendall(answer(b"ok", self.status))

    def texts(self) -> list[str]:
        """What came as Slack reads it."""
        return [json.loads(body)["text"] for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    made, heads = Receiver(), list[bytes]()
    with serving(lambda peer: made.take(peer, heads[-1]), heads) as url:
        made.url = f"{url}/hook"
        yield made


def verified(secret: str, headers: dict[str, str], body: bytes) -> Any:
    """The message, checked as its receiver would."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    return json.loads(body)
