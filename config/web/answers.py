"""Sends answers, and gives up on clients that do not take them."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from config.web.bodies import Send

Headers = Iterable[tuple[bytes, bytes]]

# The longest that somebody may take to read an answer.
SECONDS_TO_READ = 60.0
# An answer of the server itself holds nothing that a browser should make anything of.
_PLAIN = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


async def answer(send: Send, status: int, headers: Headers, content: bytes) -> None:
    """One answer, whole."""
    async with asyncio.timeout(SECONDS_TO_READ):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": content, "more_body": False})


async def answer_plainly(send: Send, status: int, *, words: bool = True) -> None:
    """A status with its usual words, if at all; ends the connection of whose body is unread."""
    content = f"{HTTPStatus(status).phrase}\n".encode() if words else b""
    headers = [*_PLAIN, (b"content-length", str(len(content)).encode())]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"30"))
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        headers.append((b"connection", b"close"))
    await answer(send, status, headers, content)
