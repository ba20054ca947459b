"""Serves Django's pages from an event loop: whole bodies in, whole answers out, few threads.

Django runs as under WSGI, because its code waits for the database in threads either way.
"""

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from config.web.answers import answer
from config.web.bodies import Bodies, Receive, Scope, Send
from config.web.threads import Threads

# (environ, start_response) -> pieces of the answer
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Pages:
    """An ASGI application around a WSGI one."""

    def __init__(self, application: Wsgi, bodies: Bodies, threads: Threads) -> None:
        self._application = application
        self._bodies = bodies
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises BodyError for a body that is not waited for."""
        with self._bodies.open(scope, receive) as body:
            environ = _environ(scope, await body.whole())
            status, headers, content = await self._threads.run(self._respond, environ)
        await answer(send, status, headers, content)

    def _respond(self, environ: dict[str, Any]) -> _Answer:
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            begun[:] = [int(status[:3]), headers]

        pieces = self._application(environ, start_response)
        try:
            content = b"".join(pieces)
        finally:
            # Tells Django that the request has ended, so that its connection is free again.
            getattr(pieces, "close", lambda: None)()
        status, headers = begun
        coded = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return status, coded, content


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """What PEP 3333 asks for; texts are bytes read as Latin-1."""
    host, port = scope.get("server") or ("localhost", 80)
    raw_path = scope.get("raw_path") or scope["path"].encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        # A name with "_" would pass for one with "-", and so for a header that a proxy sets.
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        joint = "; " if name == "COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ
