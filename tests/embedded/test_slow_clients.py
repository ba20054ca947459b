"""Hundreds of clients that send a byte now and then, against the real web process: it answers on.

A drip is a socket whose request never ends. No thread waits for it, and it ends at its deadline.
"""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from benchmarks.deliveries import COMPANY_ID
from config import parts
from config.stack import Stack, running_stack, web_port
from tests.embedded.conftest import PROJECT

# One web process for all of them.
pytestmark = pytest.mark.xdist_group("slow_clients")
MANY = 600
BODY_SECONDS = 8.0
SIGN_IN = "/sign-in/"
NOBODYS = "/webhooks/procore/00000000-0000-4000-8000-000000000000/"
# A machine that is busy with other tests; before, an answer took minutes.
PROMPT, PATIENT = 1.0, 5.0


@dataclass
class Served:
    """The web process, and a delivery that it takes."""

    stack: Stack
    port: int
    path: str
    authorization: str
    events: int = 0

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, float]:
        """The status of an honest request, and the seconds that it took."""
        begun = time.monotonic()
        with closing(http.client.HTTPConnection(parts.LOOPBACK, self.port, timeout=60)) as line:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            answer.read()
        return answer.status, time.monotonic() - begun

    def deliver(self) -> tuple[int, float]:
        self.events += 1
        event = {"id": self.events, "company_id": COMPANY_ID, "resource_name": "Projects"}
        body = json.dumps({**event, "resource_id": 7, "event_type": "update"}).encode()
        return self.ask("POST", self.path, body, Authorization=self.authorization)

    def sign_in(self) -> tuple[int, float]:
        """A form without the page's token: read, and refused by Django."""
        return self.ask(
            "POST",
            SIGN_IN,
            b"username=somebody&password=wrong",
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )

    def threads(self) -> int:
        """Of the process that serves, which Granian has forked."""
        pid = self.stack.pids()["web"]
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(len(list(Path(f"/proc/{child}/task").iterdir())) for child in children)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="ml-connector-slow-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with running_stack(folder) as stack:
            stack.env["BODY_SECONDS"] = str(BODY_SECONDS)
            told = subprocess.run(
                [sys.executable, "-m", "tests.embedded.listening"],
                cwd=PROJECT,
                env=stack.env,
                capture_output=True,
                check=True,
            )
            stack.start(parts.web(web_port(stack)))
            yield Served(stack, web_port(stack), **json.loads(told.stdout.splitlines()[-1]))


class Drips:
    """Sockets with a request that never ends; ``drip`` sends one byte more on each."""

    def __init__(self, port: int, path: str, *, headers_end: bool = True) -> None:
        end = "\r\n{" if headers_end else "X-Slow: "
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.LOOPBACK}\r\n"
            f"Content-Type: application/json\r\nContent-Length: 5000\r\n{end}"
        )
        self.opened = time.monotonic()
        self.sockets = [
            socket.create_connection((parts.LOOPBACK, port), timeout=60) for _ in range(MANY)
        ]
        for one in self.sockets:
            one.sendall(head.encode())

    def drip(self) -> None:
        for one in self.sockets:
            try:
                one.sendall(b"a")
            except OSError:
                continue

    def statuses(self) -> set[bytes]:
        """What they are told in the end; empty where they are only hung up on."""
        return {self._last_words(one)[9:12] for one in self.sockets}

    def close(self) -> None:
        for one in self.sockets:
            one.close()

    @staticmethod
    def _last_words(one: socket.socket) -> bytes:
        try:
            return one.recv(1000)
        except ConnectionError:
            return b""


@pytest.mark.crash
def test_both_doors_answer_while_hundreds_drip_on_each(served: Served) -> None:
    assert served.deliver()[0] == 200
    assert served.sign_in()[0] == 403
    threads = served.threads()
    drips = [Drips(served.port, served.path), Drips(served.port, SIGN_IN)]
    try:
        seconds: list[float] = []
        begun = time.monotonic()
        while time.monotonic() < begun + BODY_SECONDS / 2:
            for ask, wanted in ((served.deliver, 200), (served.sign_in, 403)):
                status, took = ask()
                assert status == wanted
                seconds.append(took)
            for one in drips:
                one.drip()
        assert median(seconds) < PROMPT, seconds
        assert max(seconds) < PATIENT, seconds
        # Python's pool makes its few threads as they are needed, up to its bound.
        assert served.threads() <= threads + 8, "no thread waits for a body"
        for one in drips:
            assert one.statuses() == {b"408"}
            assert time.monotonic() - one.opened < BODY_SECONDS + PATIENT
    finally:
        for one in drips:
            one.close()


@pytest.mark.crash
def test_a_stranger_at_the_webhook_door_is_not_waited_for(served: Served) -> None:
    drips = Drips(served.port, NOBODYS)
    try:
        assert drips.statuses() == {b"404"}
        assert time.monotonic() - drips.opened < BODY_SECONDS
        assert served.deliver()[0] == 200
    finally:
        drips.close()


@pytest.mark.crash
def test_slow_headers_hold_up_nobody(served: Served) -> None:
    drips = Drips(served.port, SIGN_IN, headers_end=False)
    try:
        for _ in range(10):
            status, took = served.deliver()
            assert (status, took < PATIENT) == (200, True)
            drips.drip()
    finally:
        drips.close()


@pytest.mark.crash
def test_clients_that_do_not_read_hold_up_nobody(served: Served) -> None:
    """Each asks many times over one socket for a page of some kilobytes, and reads nothing."""
    request = f"GET {SIGN_IN} HTTP/1.1\r\nHost: {parts.LOOPBACK}\r\n\r\n".encode()
    sockets = []
    for _ in range(100):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.connect((parts.LOOPBACK, served.port))
        one.sendall(request * 2)
        sockets.append(one)
    try:
        with ThreadPoolExecutor(4) as honest:
            for status, took in honest.map(lambda _: served.deliver(), range(20)):
                assert (status, took < PATIENT) == (200, True)
    finally:
        for one in sockets:
            one.close()


@pytest.mark.crash
@pytest.mark.parametrize("path", ["/sign-in/", "path of the door"])
def test_a_body_that_is_too_long_is_not_read(served: Served, path: str) -> None:
    path = served.path if path == "path of the door" else path
    # Only announced, not sent: who sends it all the same is hung up on, and may miss the answer.
    assert served.ask("POST", path, b"", **{"Content-Length": "1000001"})[0] == 413
    # In chunks nobody knows the length beforehand.
    line = http.client.HTTPConnection(parts.LOOPBACK, served.port, timeout=60)
    line.putrequest("POST", path)
    line.putheader("Transfer-Encoding", "chunked")
    line.endheaders()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    try:
        for _ in range(20):
            line.send(chunk)
        assert line.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # hung up on in the middle, which is as good
    finally:
        line.close()
    assert served.deliver()[0] == 200
