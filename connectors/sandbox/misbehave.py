"""How each fault kind looks on the wire.

Given a drawn rule and either the request or the finished answer, this produces what the client is
to see. Whether and when a rule fires is decided elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from connectors.sandbox import odd
from connectors.sandbox.faults import Rule, page_number

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorMaker = Callable[[int], web.Response]

ABORTED = web.RequestKey("aborted", bool)


def abort(request: web.Request) -> web.Response:
    """Cut the connection with a reset; the answer returned here never arrives."""
    request[ABORTED] = True
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def generic_error(status: int) -> web.Response:
    """An error body for providers that bring none of their own."""
    return web.json_response({"detail": HTTPStatus(status).phrase}, status=status)


async def act_out(
    rule: Rule, request: web.Request, handler: Handler, make_error: ErrorMaker
) -> web.StreamResponse:
    """Serve the request the way the rule wants it."""
    if rule.kind == "drop_before":
        return abort(request)
    if rule.kind == "status":
        return _with_retry_after(make_error(rule.status), rule)
    if rule.kind == "repeat_page":
        return await handler(_asking_for_previous_page(request))
    response = await handler(request)
    if request.get(ABORTED):
        return response
    if rule.kind == "drop_after":
        return abort(request)
    if rule.kind == "error_after":
        return _with_retry_after(make_error(rule.status), rule)
    if rule.kind == "malformed_body":
        return _malformed(response)
    if rule.kind == "odd_rows":
        return odd.changed(response, rule.odd)
    return await _truncated(request, response)


async def wait(rule: Rule) -> None:
    """The pause of a delay rule, in real time."""
    await asyncio.sleep(rule.delay)


def _with_retry_after(response: web.Response, rule: Rule) -> web.Response:
    if rule.retry_after is not None:
        response.headers["Retry-After"] = rule.retry_after
    return response


def _asking_for_previous_page(request: web.Request) -> web.Request:
    previous = page_number(request.query_string) - 1
    return request.clone(rel_url=request.rel_url.update_query(page=str(previous)))


def _body(response: web.StreamResponse) -> bytes:
    body = response.body if isinstance(response, web.Response) else b""
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


def _malformed(response: web.StreamResponse) -> web.Response:
    body = _body(response)
    broken = body[: len(body) // 2] + b'<html>"'
    return web.Response(body=broken, status=response.status, content_type="application/json")


async def _truncated(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    body = _body(response)
    short = web.StreamResponse(
        status=response.status,
        headers={"Content-Type": "application/json", "Content-Length": str(len(body) + 64)},
    )
    await short.prepare(request)
    await short.write(body[: max(1, len(body) // 2)])
    request[ABORTED] = True
    # close, not abort: the half that was written must still reach the client.
    if request.transport is not None:
        request.transport.close()
    return short
