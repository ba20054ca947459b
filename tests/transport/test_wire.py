"""One request over a real socket: bounded, to known hosts only, honest about what was sent."""

import socket
import time

import pytest

from connectors.transport.deadline import Deadline
from connectors.transport.wire import ForeignHostError, Outgoing, Reply, Wire, WireError, origin
from tests.transport.servers import answer, serving


def send(url: str, seconds: float = 60.0, wire: Wire | None = None, method: str = "GET") -> Reply:
    outgoing = Outgoing(method=method, url=url, allowed=frozenset({origin(url)}), content=b"{}")
    return (wire or Wire()).send(outgoing, Deadline.within(seconds))


def test_an_answer_is_parsed_with_exact_numbers() -> None:
    with serving(
        lambda peer: peer.sendall(answer(b'{"total": 0.10}', "200 OK", "X-Left: 7"))
    ) as url:
        reply = send(url)
    assert (reply.status, str(reply.body["total"]), reply.headers["x-left"]) == (200, "0.10", "7")


# Bytes, at twenty a second.
LONG = 1200


def drip_head(peer: socket.socket) -> None:
    for byte in answer(b"{}", "200 OK", f"X-Long: {'x' * LONG}"):
        peer.sendall(bytes([byte]))
        time.sleep(0.05)


def drip_body(peer: socket.socket) -> None:
    peer.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\n\r\n".encode())
    for _ in range(LONG):
        peer.sendall(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("drip", [drip_head, drip_body])
def test_a_dripping_server_cannot_hold_a_worker(drip: object) -> None:
    with serving(drip) as url, pytest.raises(WireError) as caught:  # type: ignore[arg-type]
        send(url, seconds=1)
    assert caught.value.sent
    # Whoever waited longer would have had the whole answer, after a minute.
    assert caught.value.timed_out


def test_nothing_is_sent_after_the_deadline() -> None:
    seen: list[int] = []
    with serving(lambda peer: seen.append(1)) as url, pytest.raises(WireError) as caught:
        send(url, seconds=-1)
    assert not caught.value.sent
    assert seen == []


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(WireError) as caught:
        send(f"http://127.0.0.1:{port}")
    assert not caught.value.sent


def test_an_unknown_host_was_not_sent() -> None:
    with pytest.raises(WireError) as caught:
        send("http://nobody.invalid")
    assert not caught.value.sent


def test_a_connection_cut_after_the_request_may_have_been_served() -> None:
    with serving(lambda peer: None) as url, pytest.raises(WireError) as caught:
        send(url, method="POST")
    assert caught.value.sent


def test_a_truncated_body_is_no_answer() -> None:
    short = b'HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"bill": '
    with serving(lambda peer: peer.sendall(short)) as url, pytest.raises(WireError) as caught:
        send(url, method="POST")
    assert caught.value.sent


@pytest.mark.parametrize("body", [b"<html>gateway</html>", b'{"a": 1', b""])
def test_a_body_that_is_no_json_is_said_to_be_unreadable(body: bytes) -> None:
    with serving(lambda peer: peer.sendall(answer(body))) as url:
        reply = send(url)
    assert not reply.readable
    assert reply.body is None


def test_a_body_above_the_limit_is_not_read_on() -> None:
    big = answer(b"[" + b"1," * 50_000 + b"1]")
    with serving(lambda peer: peer.sendall(big)) as url, pytest.raises(WireError, match="larger"):
        send(url, wire=Wire(max_body=10_000))


def test_a_redirect_is_not_followed() -> None:
    where = answer(b"{}", "302 Found", "Location: http://127.0.0.1:1/elsewhere")
    with serving(lambda peer: peer.sendall(where)) as url:
        assert send(url).status == 302


def test_cookies_of_one_call_never_travel_with_the_next() -> None:
    heads: list[bytes] = []

    def behave(peer: socket.socket) -> None:
        peer.sendall(answer(b"{}", "200 OK", "Set-Cookie: session=abc; Path=/"))

    wire = Wire()
    with serving(behave, heads) as url:
        assert "session=abc" in send(url, wire=wire).headers["set-cookie"]
        send(url, wire=wire)
    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com.evil.test/x",
        "http://api.example.com/x",
        "https://api.example.com:8443/x",
        "https://evil.test/x",
    ],
)
def test_other_hosts_schemes_and_ports_are_refused(url: str) -> None:
    outgoing = Outgoing(method="GET", url=url, allowed=frozenset({"https://api.example.com:443"}))
    with pytest.raises(ForeignHostError, match="nothing was sent"):
        Wire().send(outgoing, Deadline.within(1))


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "https://user:pw@api.example.com/", "api.example.com"]
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(ForeignHostError):
        origin(url)
