"""Addresses that members type: only public hosts are reached, whatever the address looks like."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.db import transaction

from connectors.core.errors import CallInsideTransactionError
from connectors.transport.egress import (
    Egress,
    NotDeliveredError,
    RefusedAddressError,
    look_up,
)
from tests.transport.certificates import tls_for
from tests.transport.servers import answer, serving

PUBLIC = "93.184.215.14"

ODD = (
    *("", " ", "hooks.example.com", "//hooks.example.com/", "https:", "https://", "https:///x"),
    *("http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd"),
    *("javascript:alert(1)", "gopher://hooks.example.com:443/", "https//hooks.example.com"),
    *("https://user@hooks.example.com/", "https://user:word@hooks.example.com/", "https://@a.com/"),
    *("https://hooks.example.com@127.0.0.1/", "https://127.0.0.1:443@hooks.example.com/"),
    *("https://hooks.example.com#@127.0.0.1/", "https://hooks.example.com/#x"),
    *("https://hooks.example.com\\@127.0.0.1/", "https:\\\\hooks.example.com/"),
    *("https://hooks.example.com/\r\nHost: x", "https://hooks.example.com/a b", "\thttps://a.com/"),
    *("https://hooks.example.com:22/", "https://hooks.example.com:80/", "https://a.com:6379/"),
    *("https://hooks.example.com:99999/", "https://a.com:-1/", "https://a.com:4 43/"),
    *("https://hooks.example.com:443:22/", "https://a.com:٤٤٣/", "https://a.com:0/"),
    *("https://localhost/", "https://localhost./", "https://printer/", "https://a..com/"),
    *("https://hooks.example.com./", "https://-a.com/", "https://a_b.com/", "https://.com/"),
    *("https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/"),
    *("https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://017700000001/"),
    *("https://127.0.0.1./", "https://0/", "https://0.0.0.0/", "https://10.0.0.1/"),
    *("https://1.2.3.0x4/", "https://example.com.0x10/", "https://1.1.1.1.1/", "https://a.123/"),
    *("https://169.254.169.254/latest/meta-data/", "https://192.168.1.1/", "https://172.16.0.9/"),
    *("https://100.64.0.1/", "https://224.0.0.1/", "https://255.255.255.255/"),
    *("https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
    *("https://[::ffff:8.8.8.8]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::8.8.8.8]/"),
    *("https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/", "https://[ff02::1]/"),
    *("https://[2002:7f00:1::]/", "https://[2001:db8::1]/", "https://[::1", "https://[v1.x]/"),
    *("https://[127.0.0.1]/", "https://::1/", "https://⑫７.0.0.1/", "https://exämple.com/"),
    *("https://hooks。example.com/", "https://hooks.example.com／@x/", "https://a.com\x00.b.com/"),
    *("https://%6cocalhost/", "https://127.0.0.1%2f@a.com/", "https://a.com%00.b.com/"),
    "https://hooks.example.com/" + "a" * 1_000,
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
)  # fmt: skip


def nobody(name: str, port: int, seconds: float) -> Sequence[str]:
    raise AssertionError(f"{name} was looked up")


def at(*addresses: str) -> Callable[[str, int, float], Sequence[str]]:
    return lambda name, port, seconds: addresses


def send(egress: Egress, url: str = "https://hooks.example.com/x", seconds: float = 5.0) -> int:
    return egress.post(url, b"{}", {"Content-Type": "application/json"}, seconds=seconds)


@pytest.mark.parametrize("url", ODD)
def test_odd_addresses_are_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        send(Egress(resolve=nobody), url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/services/T0/B0/x?y=1&z=%20",
        "HTTPS://Hooks.Example.COM:443/x",
        f"https://{PUBLIC}/",
        "https://[2606:4700:4700::1111]/",
        "https://xn--exmple-cua.com/",
    ],
)
def test_usual_addresses_are_taken(url: str) -> None:
    assert Egress(resolve=nobody).check(url)


@pytest.mark.parametrize(
    "found",
    [
        ("127.0.0.1",),
        ("10.1.2.3",),
        (PUBLIC, "169.254.169.254"),
        ("::1",),
        ("::ffff:93.184.215.14",),
        ("64:ff9b::a00:1",),
        ("fe80::1%2",),
        ("not-an-address",),
    ],
)
def test_a_name_that_leads_inside_is_refused(
    found: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    with pytest.raises(RefusedAddressError, match="not public"):
        send(Egress(resolve=at(*found)))


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that answers differently the second time is not asked a second time."""
    answers = [[PUBLIC], ["127.0.0.1"]]
    asked: list[str] = []
    reached: list[str] = []

    def rebind(name: str, port: int, seconds: float) -> Sequence[str]:
        asked.append(name)
        return answers.pop(0)

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("looked up again"))
    with pytest.raises(NotDeliveredError, match="could not be reached"):
        send(Egress(resolve=rebind))
    assert (asked, reached) == (["hooks.example.com"], [PUBLIC])


def test_an_unknown_name_is_said_to_be_unknown() -> None:
    def unknown(name: str, port: int, seconds: float) -> Sequence[str]:
        raise socket.gaierror("no such host")

    with pytest.raises(NotDeliveredError, match="name was not found"):
        send(Egress(resolve=unknown))


def test_a_name_server_that_hangs_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(*args: object, **kwargs: object) -> list[object]:
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(TimeoutError):
        look_up("hooks.example.com", 443, 0.05)
    over.set()


def test_tls_is_checked_for_the_name(tmp_path: Path) -> None:
    """Sent to a loopback address that stands for the name: name in TLS and in Host."""
    server, client = tls_for("hooks.example.com", tmp_path)
    heads: list[bytes] = []

    def ok(peer: socket.socket) -> None:
        peer.sendall(answer(b"ok"))

    with serving(ok, heads, tls=server) as url:
        port = int(url.rpartition(":")[2])
        egress = Egress(
            ports=frozenset({port}), loopback=True, resolve=at("127.0.0.1"), trusted=client
        )
        assert send(egress, f"https://hooks.example.com:{port}/x") == 200
        with pytest.raises(NotDeliveredError, match="certificate is not valid"):
            send(egress, f"https://other.example.com:{port}/x")
    assert heads[0].startswith(b"POST /x HTTP/1.1\r\n")
    assert f"host: hooks.example.com:{port}".encode() in heads[0].lower()


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, _ = tls_for("hooks.example.com", tmp_path)
    with serving(lambda peer: peer.sendall(answer(b"ok")), tls=server) as url:
        port = int(url.rpartition(":")[2])
        egress = Egress(ports=frozenset({port}), loopback=True, resolve=at("127.0.0.1"))
        with pytest.raises(NotDeliveredError, match="certificate is not valid"):
            send(egress, f"https://hooks.example.com:{port}/x")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    heads: list[bytes] = []
    where = answer(b"", "302 Found", "Location: http://127.0.0.1:1/elsewhere")
    with serving(lambda peer: peer.sendall(where), heads) as url:
        assert send(Egress(loopback=True), f"{url}/x") == 302
    assert len(heads) == 1


def test_loopback_wants_the_setting() -> None:
    heads: list[bytes] = []
    with serving(lambda peer: peer.sendall(answer(b"ok")), heads) as url:
        with pytest.raises(RefusedAddressError):
            send(Egress(), url)
        assert heads == []
        assert send(Egress(loopback=True), url) == 200


def test_the_setting_opens_this_machine_only() -> None:
    for url in ("https://10.0.0.1/", "http://192.168.0.1:8000/", "https://169.254.169.254/"):
        with pytest.raises(RefusedAddressError):
            send(Egress(loopback=True, resolve=nobody), url)


def drip(peer: socket.socket) -> None:
    for byte in answer(b"ok", "200 OK", f"X-Long: {'x' * 1_200}"):
        peer.sendall(bytes([byte]))
        time.sleep(0.05)


def test_a_dripping_receiver_holds_nobody() -> None:
    with serving(drip) as url, pytest.raises(NotDeliveredError, match="in time"):
        send(Egress(loopback=True), url, seconds=0.3)


def test_heads_and_bodies_without_end_are_not_read() -> None:
    def endless_body(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 1_000)

    with serving(endless_body) as url:
        assert send(Egress(loopback=True), url) == 200

    def endless_head(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 300_000)

    with serving(endless_head) as url, pytest.raises(NotDeliveredError, match="failed"):
        send(Egress(loopback=True), url)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")
    with serving(lambda peer: peer.sendall(answer(b"ok"))) as url:
        assert send(Egress(loopback=True), url) == 200


@pytest.mark.django_db
def test_nothing_is_sent_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(CallInsideTransactionError):
        send(Egress(resolve=nobody))
