"""The doors without a server: bodies against their limits, requests as Django sees them."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from pytest_django import Settings

from config.web import application
from config.web.bodies import Bodies, BodyError, Limits, Message, Scope
from config.web.pages import Pages
from config.web.threads import Threads
from tests.timing import PATIENCE


def scope(method: str = "POST", path: str = "/", **changed: Any) -> Scope:
    given: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "headers": [],
    }
    return {**given, **changed}


class Client:
    """Sends these pieces, and then nothing more unless it ``ends``; keeps what it is told."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self._pieces = list(pieces) or [b""]
        self._ends = ends
        self.told: list[Message] = []

    async def receive(self) -> Message:
        if not self._pieces:
            await asyncio.Event().wait()
        piece = self._pieces.pop(0)
        more = bool(self._pieces) or not self._ends
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(self, message: Message) -> None:
        self.told.append(message)


def read(bodies: Bodies, client: Client, **asked: Any) -> bytes:
    async def whole() -> bytes:
        with bodies.open(scope(**asked), client.receive) as body:
            return await body.whole()

    return asyncio.run(whole())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is awaited tells nobody
            await asyncio.sleep(0.005)


def test_a_body_is_read_whole_and_counts_no_longer() -> None:
    bodies = Bodies(Limits(seconds=60))
    assert read(bodies, Client(b"ab", b"", b"cd")) == b"abcd"
    assert bodies.held == 0


@pytest.mark.parametrize(
    ("client", "headers", "seconds", "status"),
    [
        (Client(b"a", ends=False), [], 0.05, 408),
        (Client(b"a" * 6, b"a" * 6, ends=False), [], PATIENCE, 413),
        (Client(ends=False), [(b"content-length", b"11")], PATIENCE, 413),
        (Client(ends=False), [(b"content-length", b"9" * 5000)], PATIENCE, 413),
    ],
)
def test_a_body_that_is_not_waited_for(
    client: Client, headers: list[tuple[bytes, bytes]], seconds: float, status: int
) -> None:
    bodies = Bodies(Limits(seconds=seconds, most_bytes=10))
    with pytest.raises(BodyError) as refused:
        read(bodies, client, headers=headers)
    assert refused.value.status == status
    assert bodies.held == 0


def test_who_sends_much_gives_way_to_who_sends_little() -> None:
    bodies = Bodies(Limits(seconds=60, most_bytes=10, budget=25))

    async def one(client: Client) -> bytes:
        with bodies.open(scope(), client.receive) as body:
            return await body.whole()

    async def crowd() -> list[Any]:
        greedy = [asyncio.create_task(one(Client(b"a" * 8, ends=False))) for _ in range(3)]
        await until(lambda: bodies.held == 24)
        assert await one(Client(b"ok")) == b"ok"
        await until(lambda: any(task.done() for task in greedy))
        waiting = [task for task in greedy if not task.done()]
        for task in waiting:
            task.cancel()
        return await asyncio.gather(*greedy, return_exceptions=True)

    ends = asyncio.run(crowd())
    refused = [end for end in ends if isinstance(end, BodyError)]
    assert [error.status for error in refused] == [503]
    assert bodies.held == 0


def seen(client: Client, **asked: Any) -> dict[str, Any]:
    """The environ that a page of this request gets."""
    found: dict[str, Any] = {}

    def page(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        found.update(environ, body=environ["wsgi.input"].read())
        start("200 OK", [("X-Seen", "yes")])
        return [b"he", b"re"]

    pages = Pages(page, Bodies(Limits(seconds=60)), Threads("test", 1))
    asyncio.run(pages(scope(**asked), client.receive, client.send))
    assert client.told[0]["status"] == 200
    assert client.told[0]["headers"] == [(b"x-seen", b"yes")]
    assert client.told[1]["body"] == b"here"
    return found


def test_a_page_sees_the_request_as_it_was() -> None:
    environ = seen(
        Client(b"a=", b"1"),
        path="/caf%C3%A9/%ff",
        query_string=b"q=%00",
        headers=[
            (b"host", b"connector.example.com"),
            (b"content-type", b"text/plain"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"x-seen", b"1"),
            (b"x-seen", b"2"),
            (b"x_forwarded_proto", b"https"),
            (b"content-length", b"3"),
        ],
    )
    assert environ["body"] == b"a=1"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["PATH_INFO"].encode("latin-1") == "/café/".encode() + b"\xff"
    assert environ["QUERY_STRING"] == "q=%00"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_SEEN"] == "1,2"
    assert environ["HTTP_HOST"] == "connector.example.com"
    assert "HTTP_X_FORWARDED_PROTO" not in environ, "“_” would pass for what a proxy sets"


@pytest.mark.parametrize(
    ("changed", "fine"),
    [
        ({}, False),
        ({"scheme": "https"}, True),
        ({"headers": [(b"x-forwarded-proto", b"https")]}, True),
        ({"headers": [(b"x-forwarded-proto", b"http")]}, False),
    ],
)
def test_a_delivery_without_tls_goes_to_django_which_redirects(
    settings: Settings, changed: dict[str, Any], fine: bool
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert application._is_secure_enough(scope(**changed)) is fine
