"""Small misbehaving servers on a real socket, one thread each."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]


@contextmanager
def serving(
    behave: Behaviour, heads: list[bytes] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve each connection with ``behave`` once its request came, which goes to ``heads``."""
    listener = socket.create_server(("127.0.0.1", 0))
    # Poll, so that the thread ends with the test.
    listener.settimeout(0.1)
    over = threading.Event()

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(60)
                try:
                    with _speaking(connection, tls) as peer:
                        head = read_request(peer)
                        if heads is not None:
                            heads.append(head)
                        behave(peer)
                except OSError:
                    continue

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def _speaking(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return tls.wrap_socket(connection, server_side=True) if tls else connection


def read_request(connection: socket.socket) -> bytes:
    """The request, as far as its length tells it.

    A socket that is closed with something unread takes back the answer that it has just sent.
    """
    data = b""
    while not _is_whole(data):
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *([0-9]+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A complete answer that closes its connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
