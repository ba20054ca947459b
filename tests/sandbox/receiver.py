"""A webhook door for tests: a real HTTP server on the loopback that keeps what arrives."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.timing import PATIENCE, eventually


@dataclass
class Arrived:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What came, in order; `answers` are statuses used up first, then 200."""

    url: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    pause: float = 0.0

    def wait_for(self, number: int) -> list[Arrived]:
        assert eventually(lambda: len(self.arrived) >= number), self.arrived
        return self.arrived


@contextmanager
def receiver() -> Iterator[Receiver]:
    door = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(door.pause)
            door.arrived.append(Arrived(self.path, dict(self.headers), body, time.monotonic()))
            self.send_response(door.answers.pop(0) if door.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()
