"""Reads the bodies of requests without a thread: to a size, before a deadline, within a budget.

Whoever sends slowly, much or never to the end costs a socket and what was sent so far, no more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_TIMED_OUT, _TOO_LARGE, _BUSY = 408, 413, 503


class BodyError(Exception):
    """A body that is not waited for. ``status`` is the answer; None where the client has left."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost (seconds, bytes), and all of a door together (bytes)."""

    seconds: float
    most_bytes: int = 1_000_000
    budget: int = 64_000_000


class Bodies:
    """All bodies that a door holds at the moment. For one event loop, so it needs no lock."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.held = 0
        self._waited_for: set[Body] = set()

    @contextmanager
    def open(self, scope: Scope, receive: Receive) -> Iterator["Body"]:
        """The body of this request; what it holds counts until the block ends.

        Raises BodyError at once where the client announces too much.
        """
        if _announced(scope) > self.limits.most_bytes:
            raise BodyError(_TOO_LARGE)
        body = Body(self, receive)
        self._waited_for.add(body)
        try:
            yield body
        finally:
            self._waited_for.discard(body)
            self.held -= len(body.content)
            body.give_up()

    def make_room(self, size: int, wanted_by: "Body") -> None:
        """Give up the longest bodies that are waited for until so many bytes fit.

        The longest, not the latest: many who send much must not crowd out who sends little.
        """
        while self.held + size > self.limits.budget:
            longest = max(self._waited_for, key=lambda one: len(one.content))
            if longest is wanted_by or not longest.content:
                raise BodyError(_BUSY)
            self._waited_for.discard(longest)
            self.held -= len(longest.content)
            longest.give_up()

    def arrived(self, body: "Body") -> None:
        """It is whole, and no longer given up for others."""
        self._waited_for.discard(body)


class Body:
    """One body, as far as it has come."""

    def __init__(self, bodies: Bodies, receive: Receive) -> None:
        self._bodies = bodies
        self._receive = receive
        self._deadline = asyncio.get_running_loop().time() + bodies.limits.seconds
        self._next: asyncio.Future[Message] | None = None
        self._given_up = False
        self.content = bytearray()
        self.complete = False

    async def begin(self, seconds: float) -> None:
        """Take what has come already, or comes within so many seconds."""
        until = asyncio.get_running_loop().time() + seconds
        with suppress(TimeoutError):
            await self._read(until)

    async def whole(self) -> bytes:
        """All of it. Raises BodyError for too much, too late, or a client that has left."""
        try:
            await self._read(self._deadline)
        except TimeoutError:
            raise BodyError(_TIMED_OUT) from None
        return bytes(self.content)

    def give_up(self) -> None:
        """Wait no longer, and forget what came."""
        self._given_up = True
        self.content.clear()
        if self._next is not None:
            self._next.cancel()

    async def _read(self, until: float) -> None:
        while not self.complete:
            # A message that is asked for is never given up before the end: it would be lost.
            if self._next is None:
                self._next = asyncio.ensure_future(self._receive())
            left = until - asyncio.get_running_loop().time()
            done, _ = await asyncio.wait({self._next}, timeout=max(0.0, left))
            if not done:
                raise TimeoutError
            if self._given_up:
                raise BodyError(_BUSY)
            message, self._next = self._next.result(), None
            self._take(message)

    def _take(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            raise BodyError(None)
        piece = message.get("body", b"")
        if len(self.content) + len(piece) > self._bodies.limits.most_bytes:
            raise BodyError(_TOO_LARGE)
        self._bodies.make_room(len(piece), self)
        self.content += piece
        self._bodies.held += len(piece)
        self.complete = not message.get("more_body", False)
        if self.complete:
            self._bodies.arrived(self)


def _announced(scope: Scope) -> int:
    """The Content-Length; 0 where there is none. The server has refused what is no number."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0
