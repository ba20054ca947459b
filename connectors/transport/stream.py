"""Sockets that know the deadline of the call they serve.

httpx bounds each socket operation, not their sum: a server that sends one byte a second would hold
a worker for as long as it likes. These wrap httpcore's sockets and give every operation only what
is left, refuse to begin sending once the time is up, and remember whether anything was sent.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from connectors.transport.deadline import Deadline


@dataclass(slots=True)
class CallState:
    """The call that this thread is making; ``sent`` once the first byte may have left."""

    deadline: Deadline
    sent: bool = False


_call: ContextVar[CallState | None] = ContextVar("call_state", default=None)


@contextmanager
def call_state(deadline: Deadline) -> Iterator[CallState]:
    """Bound every socket operation inside the block by the deadline."""
    state = CallState(deadline)
    token = _call.set(state)
    try:
        yield state
    finally:
        _call.reset(token)


def _bounded(timeout: float | None, error: type[Exception]) -> float | None:
    state = _call.get()
    if state is None:
        return timeout
    left = state.deadline.left()
    if left <= 0:
        raise error("the call's total time is up")
    return left if timeout is None else min(timeout, left)


class BoundedStream(httpcore.NetworkStream):
    """A connection whose reads and writes end with the call's deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _bounded(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        timeout = _bounded(timeout, httpcore.WriteTimeout)
        state = _call.get()
        if state is not None and buffer:
            state.sent = True
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        timeout = _bounded(timeout, httpcore.ConnectTimeout)
        return BoundedStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class BoundedBackend(httpcore.SyncBackend):
    """Opens connections that end with the call's deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = _bounded(timeout, httpcore.ConnectTimeout)
        return BoundedStream(
            super().connect_tcp(host, port, timeout, local_address, socket_options)
        )


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """Whom we trust, read once per process: reading it takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)


class BoundedTransport(httpx.HTTPTransport):
    """httpx's own transport over bounded sockets.

    httpx offers no public way to hand httpcore a backend, hence the one private attribute; a test
    with a dripping server fails should an update of httpx rename it.
    """

    def __init__(self, limits: httpx.Limits) -> None:
        super().__init__(verify=certificates(), trust_env=False, limits=limits)
        self._pool = httpcore.ConnectionPool(
            ssl_context=certificates(),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=BoundedBackend(),
        )
