"""A door in front of PostgreSQL that sees each commit of a worker and can hold it.

Speaks just enough of the wire protocol to tell messages apart: a COMMIT can be held before it is
passed on, and its answer before it reaches the client. What a held one is for is said in words that
come from the statements of its transaction. Knows nothing of the service.
"""

import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

BEFORE, AFTER = "before", "after"
_WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?(.*)', re.DOTALL)
_TELLING = {"state", "open_attempt", "fence", "claimed_until", "leased_until", "status", "phase"}
_TELLING |= {"record"}
_WHOLE_ROW = 18  # a reading of a document writes one less
_BESIDES = "audit_"  # every audited transaction writes there too
_COLUMN = re.compile(r'"(\w+)" = ')


@dataclass(eq=False)
class Boundary:
    """A commit that is held, before or after it happens."""

    what: str
    phase: str
    pid: int
    cut: bool = False
    _go: threading.Event = field(default_factory=threading.Event)

    def release(self, *, cut: bool = False) -> None:
        """Let it go on, or cut the connection instead."""
        self.cut = cut
        self._go.set()

    def wait(self) -> bool:
        """Hold until released; True when the connection shall be cut."""
        self._go.wait(60)
        return self.cut


# Asked at each boundary; True holds it.
Wanted = Callable[[Boundary], bool]


class PgProxy:
    """Listens in ``folder`` as PostgreSQL would, and passes everything on to the real server."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.wanted: Wanted = _nothing
        # How many messages each process has sent.
        self.heard: Counter[int] = Counter()
        self._server = server / ".s.PGSQL.5432"
        self._held: set[Boundary] = set()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take nobody in any more."""
        self._door.close()
        self.rest()

    def rest(self) -> None:
        """Let everything go, and hold nothing until something is wanted again."""
        self.wanted = _nothing
        for boundary in list(self._held):
            boundary.release(cut=True)

    def at(self, boundary: Boundary) -> bool:
        """Hold here if somebody wants that; True when the connection shall be cut."""
        self._held.add(boundary)
        try:
            return self.wanted(boundary) and boundary.wait()
        finally:
            self._held.discard(boundary)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                _Line(self, client, server).start()


class _Line:
    """One connection, with a thread for each direction."""

    def __init__(self, proxy: PgProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self._pid = struct.unpack("3i", credentials)[0]
        self._writes: list[str] = []
        self._committing = ""

    def start(self) -> None:
        for work in (self._from_client, self._from_server):
            threading.Thread(target=self._run, args=[work], daemon=True).start()

    def _run(self, work: Callable[[], None]) -> None:
        with suppress(OSError):
            work()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _from_client(self) -> None:
        self._server.sendall(_exactly(self._client, 4, then=4))  # the start-up message has no type
        while True:
            head = _exactly(self._client, 5)
            body = _exactly(self._client, struct.unpack("!i", head[1:])[0] - 4)
            self._proxy.heard[self._pid] += 1
            if head[:1] == b"Q" and self._is_held_query(body[:-1].decode(errors="replace")):
                return
            self._server.sendall(head + body)

    def _is_held_query(self, text: str) -> bool:
        """Note what a transaction writes; True when its commit shall not go on."""
        word = text.strip().upper()
        if word in ("BEGIN", "ROLLBACK"):
            self._writes = []
        elif word == "COMMIT":
            what = " + ".join(dict.fromkeys(self._writes)) or "nothing written"
            if self._proxy.at(Boundary(what, BEFORE, self._pid)):
                return True
            self._committing = what
        elif (found := _WRITE.match(text)) and not found[2].startswith(_BESIDES):
            self._writes.append(_describe(*found.groups()))
        return False

    def _from_server(self) -> None:
        while True:
            answer = self._server.recv(65536)
            if not answer:
                return
            # Nothing is pipelined: what comes after a COMMIT was sent is the answer to it.
            if what := self._committing:
                self._committing = ""
                if self._proxy.at(Boundary(what, AFTER, self._pid)):
                    return
            self._client.sendall(answer)


def _nothing(_: Boundary) -> bool:
    return False


def _describe(verb: str, table: str, rest: str) -> str:
    """Such as ``update document(fence,state)``: what kind of write, not which row."""
    name = table.removeprefix("connectors_")
    if verb == "INSERT INTO":
        return f"insert {name}"
    written = set(_COLUMN.findall(rest.partition(" WHERE ")[0]))
    # Whole rows that are saved are told apart from moves by their number of columns.
    telling = sorted(written & _TELLING) if len(written) < _WHOLE_ROW else ["whole row"]
    return f"{verb.split(maxsplit=1)[0].lower()} {name}({','.join(telling)})"


def _exactly(line: socket.socket, size: int, *, then: int = 0) -> bytes:
    """So many bytes; with ``then`` they are a length that includes itself, and so much follows."""
    found = b""
    while len(found) < size:
        piece = line.recv(size - len(found))
        if not piece:
            raise ConnectionResetError
        found += piece
    if then:
        found += _exactly(line, struct.unpack("!i", found)[0] - then)
    return found
