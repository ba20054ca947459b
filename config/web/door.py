"""The webhook door as an ASGI route: the address first, then the body, then a thread to store it.

Most deliveries have arrived whole by the time they are looked at, and cost one turn in a thread. A
slow one is waited for without a thread, and only where somebody lives.
"""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import TooManyFieldsSent
from django.db import close_old_connections, reset_queries
from django.http import QueryDict

from config.web.answers import answer_plainly
from config.web.bodies import Bodies, Body, Receive, Scope, Send
from config.web.threads import Threads
from connectors.webhooks import door

logger = logging.getLogger(__name__)
# As connectors/webhooks/urls.py has it.
_PATH = re.compile(
    r"/webhooks/([-\w]{1,50})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/", re.ASCII
)
# A provider's key and the token of an endpoint.
Place = tuple[str, UUID]
_METHODS = ("POST", "PUT")
# A body that is not here by then is a slow one.
_AT_ONCE = 0.05


class WebhookDoor:
    """Answers deliveries; the threads are its own, so that no page keeps them waiting."""

    def __init__(self, bodies: Bodies, threads: Threads) -> None:
        self._bodies = bodies
        self._threads = threads

    @staticmethod
    def place(scope: Scope) -> Place | None:
        """Where a delivery goes; None for what only looks like one, which the pages answer."""
        found = _PATH.fullmatch(scope["path"]) if scope["method"] in _METHODS else None
        return (found[1], UUID(found[2])) if found else None

    async def take(self, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises BodyError for a body that is not waited for."""
        with self._bodies.open(scope, receive) as body:
            status = await self._status(place, scope, body)
        await answer_plainly(send, status, words=False)

    async def _status(self, place: Place, scope: Scope, body: Body) -> int:
        provider, token = place
        await body.begin(_AT_ONCE)
        if not body.complete and not await self._in_thread(door.is_open, token):
            return HTTPStatus.NOT_FOUND
        content = await body.whole()
        try:
            query = QueryDict(scope["query_string"])
        except TooManyFieldsSent:
            return HTTPStatus.BAD_REQUEST
        headers = _headers(scope)
        content_type = headers.get("content-type", "").split(";")[0].strip().lower()
        given = door.delivery(query, headers, content_type, content)
        status: int = await self._in_thread(door.take, provider, token, given)
        return status

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self._threads.run(_with_connection, function, *arguments)


def _with_connection(function: Callable[..., Any], *arguments: Any) -> Any:
    """As Django does around a request: the connection goes back to the pool afterwards."""
    reset_queries()
    close_old_connections()
    try:
        return function(*arguments)
    finally:
        close_old_connections()


def _headers(scope: Scope) -> dict[str, str]:
    """By names in lower case; what came twice stands there with a comma between."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
