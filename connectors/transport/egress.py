"""Sends to addresses that members of a workspace have typed: public hosts only, and only by HTTPS.

The name is looked up once and the connection goes to an address that was checked, so that a name
server cannot answer twice. TLS is checked for the name. Redirects, proxies and bodies are ignored.
"""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx

from connectors.core.errors import BadInputError, ConnectorError
from connectors.transport.deadline import Deadline
from connectors.transport.guard import refuse_inside_transaction
from connectors.transport.public_addresses import is_loopback, is_public
from connectors.transport.stream import BoundedBackend, call_state, certificates

LONGEST_URL = 1_000
_HTTPS_PORT = 443
_HTTP_PORT = 80
_SECONDS = 15.0
# So many addresses of a name are tried.
_MOST_ADDRESSES = 4
# So many look-ups may hang at a time; a name server may take minutes.
_LOOKUPS = threading.BoundedSemaphore(16)
_STEP = httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=5.0)
_PLAIN = re.compile(r"[!-\[\]-~]+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SPELLED = "Write it like https://example.com/path."

# (name, port, seconds) -> addresses; raises OSError.
Resolve = Callable[[str, int, float], Sequence[str]]


class RefusedAddressError(BadInputError):
    """The address is not one that we send to; nothing was sent."""


class NotDeliveredError(ConnectorError):
    """No answer came. The words are for the people of the workspace."""


def look_up(name: str, port: int, seconds: float) -> Sequence[str]:
    """The addresses of a name, each once. Raises OSError, also when it takes too long."""
    found: list[str] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError(str(error)))
        finally:
            _LOOKUPS.release()

    if not _LOOKUPS.acquire(timeout=max(0.0, seconds)):
        raise TimeoutError("too many names are being looked up")
    thread = threading.Thread(target=ask, name="look-up", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if thread.is_alive():
        raise TimeoutError("the name server did not answer")
    if failed:
        raise failed[0]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """What may be reached, and how.

    ``loopback`` also allows this machine, by plain HTTP and at any port: for demos and tests.
    ``resolve`` and ``trusted`` replace name servers and certificates in tests.
    """

    ports: frozenset[int] = frozenset({_HTTPS_PORT})
    loopback: bool = False
    resolve: Resolve = look_up
    trusted: ssl.SSLContext | None = field(default=None, repr=False)

    def check(self, url: str) -> str:
        """The host of an address that we may send to; raises RefusedAddressError, in words."""
        parts = _split(url)
        host, port = parts.hostname or "", _port_of(parts)
        if self.loopback and is_loopback(host):
            return host
        if parts.scheme != "https":
            raise RefusedAddressError(f"The address must begin with https://. {_SPELLED}")
        self.check_port(host, port)
        if _is_address(host):
            self.check_addresses(host, [host])
        elif not _is_name(host):
            raise RefusedAddressError(f"“{host}” is no host name. {_SPELLED}")
        return host

    def check_port(self, host: str, port: int) -> None:
        """Refuse ports that other services than web servers listen at."""
        if port not in self.ports and not (self.loopback and is_loopback(host)):
            allowed = ", ".join(map(str, sorted(self.ports)))
            raise RefusedAddressError(f"Port {port} is not allowed. Allowed: {allowed}.")

    def check_addresses(self, host: str, addresses: Sequence[str]) -> None:
        """Refuse a name as soon as one of its addresses is not public."""
        for address in addresses:
            if not (is_public(address) or (self.loopback and is_loopback(address))):
                raise RefusedAddressError(
                    f"{host} leads to an address that is not public. Use a host on the internet."
                )

    def post(
        self,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        *,
        seconds: float = _SECONDS,
    ) -> int:
        """Send once; returns the status of the answer, whose body is not read.

        Raises RefusedAddressError before anything is sent, NotDeliveredError where no answer came.
        """
        refuse_inside_transaction()
        host = self.check(url)
        with _client(self) as client, call_state(Deadline.within(seconds)):
            try:
                request = client.build_request("POST", url, content=content, headers=dict(headers))
                response = client.send(request, stream=True)
                response.close()
            except httpx.TimeoutException:
                raise NotDeliveredError(f"{host} did not answer in time.") from None
            except httpx.ConnectError as error:
                raise NotDeliveredError(f"{host} could not be reached{_why(error)}.") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                words = f"The connection to {host} failed ({type(error).__name__})."
                raise NotDeliveredError(words) from None
        return response.status_code


class _CheckedBackend(BoundedBackend):
    """Looks a name up by itself, and connects to the addresses that were checked."""

    def __init__(self, egress: Egress) -> None:
        super().__init__()
        self._egress = egress

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        # httpx has read the address by itself: what it found is checked once more.
        self._egress.check_port(host, port)
        addresses = self._addresses(host, port, timeout)
        self._egress.check_addresses(host, addresses)
        problem: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[str]:
        if _is_address(host):
            return [host]
        try:
            return self._egress.resolve(host, port, timeout or _SECONDS)
        except OSError as error:
            raise httpcore.ConnectError("its name was not found") from error

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise RefusedAddressError("Only hosts on the internet are reached.")


class _CheckedTransport(httpx.HTTPTransport):
    """httpx's own transport over the checked connections; see ``stream.BoundedTransport``."""

    def __init__(self, egress: Egress) -> None:
        trusted = egress.trusted or certificates()
        super().__init__(verify=trusted, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_CheckedBackend(egress),
        )


def _client(egress: Egress) -> httpx.Client:
    """A client for one call: nothing of one workspace's call is left for another's."""
    return httpx.Client(
        transport=_CheckedTransport(egress),
        timeout=_STEP,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "ml-connector"},
    )


def _split(url: str) -> SplitResult:
    """The parts of an address without anything that two parsers could read in two ways."""
    if len(url) > LONGEST_URL:
        raise RefusedAddressError(f"The address is longer than {LONGEST_URL} characters.")
    if not _PLAIN.fullmatch(url):
        raise RefusedAddressError(
            "The address may hold plain letters, digits and signs only, and no spaces."
        )
    try:
        parts = urlsplit(url)
        _port_of(parts)
    except ValueError:
        raise RefusedAddressError(f"This is no web address. {_SPELLED}") from None
    if "@" in parts.netloc:
        raise RefusedAddressError("The address must not hold a user name or password.")
    if "#" in url:
        raise RefusedAddressError("The address must not hold a # sign.")
    bracketed = "[" in parts.netloc and not _is_address(parts.hostname or "")
    if bracketed or not parts.hostname or parts.scheme not in ("http", "https"):
        raise RefusedAddressError(f"This is no web address. {_SPELLED}")
    return parts


def _port_of(parts: SplitResult) -> int:
    if parts.port is not None:
        return parts.port
    return _HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT


def _is_address(host: str) -> bool:
    """Whether it is an IP address in its one usual spelling."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False


def _is_name(host: str) -> bool:
    """A full host name. The last label holds a letter: else some resolvers read an address."""
    labels = host.split(".")
    plain = all(_LABEL.fullmatch(label) for label in labels)
    return (
        plain
        and len(labels) > 1
        and len(host) <= 253
        and not labels[-1].isdigit()
        and not (labels[-1].startswith("0x"))
    )


def _why(error: httpx.ConnectError) -> str:
    """What people can act on: a wrong name or a wrong certificate."""
    said = str(error)
    if "certificate" in said.lower():
        return ": its certificate is not valid for this name"
    return ": its name was not found" if "name was not found" in said else ""
