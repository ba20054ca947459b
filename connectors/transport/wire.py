"""Sends one request and reads one answer: fixed hosts, bounded time, bounded size, exact numbers.

A request enters complete, with its token; a reply leaves parsed. Anything that kept a reply from
arriving is a WireError that says whether the request may have left. Retries, pacing and the
meaning of a status are not its business.
"""

import os
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx

from connectors.core.errors import ConnectorError
from connectors.transport.deadline import Deadline
from connectors.transport.guard import refuse_inside_transaction
from connectors.transport.json_body import read_json
from connectors.transport.stream import BoundedTransport, CallState, call_state

MAX_BODY = 20 * 1024 * 1024
# One slow step; the sum of all steps is bounded by the call's deadline.
_STEP_TIMEOUT = httpx.Timeout(connect=5.0, read=25.0, write=10.0, pool=5.0)
# Idle connections are dropped before providers drop them, or a write would meet a dead one and
# its fate would be unknown for nothing.
_POOL = httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=4.0)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NO_CONTENT = 204
_SCHEMES = {"http": 80, "https": 443}


class WireError(ConnectorError):
    """No readable answer came. ``sent`` False: the request certainly did not leave."""

    def __init__(self, words: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(words)
        self.sent = sent
        self.timed_out = timed_out


class ForeignHostError(ConnectorError):
    """A URL leads elsewhere than to the hosts of its provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request, ready to leave. ``allowed`` are origins: scheme, host and port.

    ``may_be_empty``: an answer of success without a body is as good as one with.
    """

    method: str
    url: str
    allowed: frozenset[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    content: bytes | None = None
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of any status.

    ``body`` is parsed JSON; None with ``readable`` False if it was none. Header names are lower
    case.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    readable: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def origin(url: str) -> str:
    """Scheme, host and port in one spelling; ForeignHostError for what is no web address."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.username is not None:
        raise ForeignHostError(f"not a web address that calls may go to: {parts.hostname!r}")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _SCHEMES[parts.scheme]}"


class Wire:
    """Keeps one pool of connections per process and origin.

    ``transport`` replaces the network in tests.
    """

    def __init__(
        self, transport: httpx.BaseTransport | None = None, *, max_body: int = MAX_BODY
    ) -> None:
        self._transport = transport
        self._max_body = max_body
        self._lock = Lock()
        self._clients: dict[tuple[int, str], httpx.Client] = {}
        # httpx leaves idle sockets open when its client is dropped; this closes them, at exit too.
        weakref.finalize(self, _close, self._clients)

    def send(self, outgoing: Outgoing, deadline: Deadline) -> Reply:
        """Send exactly once. Raises WireError; never follows a redirect."""
        refuse_inside_transaction()
        place = origin(outgoing.url)
        if place not in outgoing.allowed:
            raise ForeignHostError(
                f"{place} is not one of this connection's hosts; nothing was sent"
            )
        if deadline.passed:
            raise WireError("its time was up before it was sent", sent=False, timed_out=True)
        started = time.monotonic()
        with call_state(deadline) as state:
            try:
                return self._exchange(self._client(place), outgoing, started)
            except httpx.TimeoutException as error:
                raise self._error("no answer in time", error, state, timed_out=True) from None
            except httpx.ConnectError as error:
                words = "its address could not be reached"
                raise self._error(words, error, state) from None
            except httpx.HTTPError as error:
                words = f"the connection failed ({type(error).__name__})"
                raise self._error(words, error, state) from None

    def _exchange(self, client: httpx.Client, outgoing: Outgoing, started: float) -> Reply:
        request = client.build_request(
            outgoing.method,
            outgoing.url,
            headers=dict(outgoing.headers),
            params=dict(outgoing.params) or None,
            content=outgoing.content,
        )
        response = client.send(request, stream=True)
        try:
            content = self._read_bounded(response)
        finally:
            response.close()
        empty_is_fine = response.status_code == _NO_CONTENT or outgoing.may_be_empty
        body, readable = _parse(content, empty_is_fine=empty_is_fine)
        return Reply(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            readable=readable,
            seconds=time.monotonic() - started,
        )

    def _read_bounded(self, response: httpx.Response) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._max_body:
                raise WireError(f"the answer is larger than {self._max_body} bytes", sent=True)
            chunks.append(chunk)
        return b"".join(chunks)

    def _client(self, place: str) -> httpx.Client:
        # A forked worker must not share its parent's sockets, hence the process id.
        key = (os.getpid(), place)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._open()
            return self._clients[key]

    def _open(self) -> httpx.Client:
        client = httpx.Client(
            transport=self._transport or BoundedTransport(_POOL),
            timeout=_STEP_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "ml-connector", "Accept": "application/json"},
        )
        # Tenants share this client: a cookie set for one must never travel with another's call.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client

    def _error(
        self, words: str, error: httpx.HTTPError, state: CallState, *, timed_out: bool = False
    ) -> WireError:
        never_left = isinstance(error, _NEVER_LEFT) or (self._transport is None and not state.sent)
        return WireError(words, sent=not never_left, timed_out=timed_out)


def _parse(content: bytes, *, empty_is_fine: bool) -> tuple[Any, bool]:
    if not content.strip():
        return None, empty_is_fine
    try:
        return read_json(content), True
    except (ValueError, RecursionError):
        return None, False


def _close(clients: Mapping[tuple[int, str], httpx.Client]) -> None:
    for (process, _), client in clients.items():
        if process == os.getpid():
            client.close()


_shared = Wire()


def shared_wire() -> Wire:
    """The one that all connections of this process use."""
    return _shared
