"""Runs the parts of a service as child processes: start, look after, pause, kill, end together.

Takes parts and an environment; gives process numbers and log files. Used by `make demo` and by the
tests that kill real workers. Knows nothing of what the parts do.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from config import parts
from config.embedded import EmbeddedServices, embedded_services
from config.env import BASE_DIR
from config.local_keys import local_keys
from config.parts import Part
from config.processes import kill_session, spawn

_READY_SECONDS = 60.0
_END_SECONDS = 5.0
_LAST_LINES = 30
_POOL = 12  # a few more than any part has threads


class PartError(RuntimeError):
    """A part did not start, or ended by itself; the text holds its last words."""


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]


class Stack:
    """Children by name. Start them from the main thread: they end with the thread that did."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        """Log files go to `folder`; `env` is all that the children see."""
        self.folder = folder
        self.env = dict(env)
        self._running: dict[str, _Running] = {}

    def run(self, *manage_arguments: str) -> str:
        """Run a management command to its end and give what it said; raise if it failed."""
        log = self.folder / f"{manage_arguments[0]}.log"
        command = [sys.executable, "manage.py", *manage_arguments]
        with log.open("wb") as output:
            process = spawn(command, env=self.env, cwd=BASE_DIR, output=output)
            try:
                code = process.wait()
            finally:
                kill_session(process)
        if code != 0:
            raise PartError(f"manage.py {manage_arguments[0]} failed.\n{_last_words(log)}")
        return log.read_text(errors="replace")

    def start(self, part: Part) -> int:
        """Start the part, or start it again, and wait until it is ready. Gives its pid."""
        if part.name in self._running:
            kill_session(self._running[part.name].process)
        with self.log(part.name).open("ab") as output:
            begin = output.tell()
            process = spawn(part.argv, env=self._env_of_parts(), cwd=BASE_DIR, output=output)
        self._running[part.name] = _Running(part, process)
        self._wait_until_ready(part, process, begin)
        return process.pid

    def _env_of_parts(self) -> dict[str, str]:
        """What runs the service does not know the login that migrates."""
        return {name: value for name, value in self.env.items() if name != "DATABASE_OWNER_URL"}

    def restart(self, name: str) -> int:
        """Start a part again after it was killed, with the same command."""
        return self.start(self._running[name].part)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a part: SIGSTOP and SIGCONT pause and resume it."""
        self._running[name].process.send_signal(number)

    def kill(self, name: str) -> None:
        """End a part and its own children as a power cut would, and wait until it is gone."""
        kill_session(self._running[name].process)
        self._running[name].process.wait()

    def pids(self) -> dict[str, int]:
        """The process numbers of the parts that run."""
        return {
            name: running.process.pid
            for name, running in self._running.items()
            if running.process.poll() is None
        }

    def log(self, name: str) -> Path:
        """Where a part's output goes."""
        return self.folder / f"{name}.log"

    def raise_if_one_ended(self) -> None:
        """A part that ends by itself is an error, whatever its exit code."""
        for name, running in self._running.items():
            if (code := running.process.poll()) is not None:
                words = _last_words(self.log(name))
                raise PartError(f"{name} ended with exit code {code}.\n{words}")

    def stop(self) -> None:
        """Ask all parts to end, last started first, and end those that do not."""
        found = list(reversed(self._running.values()))
        for running in found:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGCONT)  # a paused one would not hear
                running.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _END_SECONDS
        for running in found:
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.0, deadline - time.monotonic()))
            kill_session(running.process)
            running.process.wait()
        self._running.clear()

    def _wait_until_ready(
        self, part: Part, process: subprocess.Popen[bytes], log_begin: int
    ) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._is_ready(part, log_begin):
            if process.poll() is not None or time.monotonic() > deadline:
                words = _last_words(self.log(part.name))
                raise PartError(f"{part.name} did not start.\n{words}")
            time.sleep(0.05)

    def _is_ready(self, part: Part, log_begin: int) -> bool:
        if part.ready_url:
            return _answers(part.ready_url)
        if part.ready_text:
            with self.log(part.name).open("rb") as log:
                log.seek(log_begin)
                return part.ready_text.encode() in log.read()
        return True


def demo_environment(
    folder: Path, services: EmbeddedServices, *, web_port: int, sandbox_port: int
) -> dict[str, str]:
    """The whole environment of a service whose providers are the simulators.

    What the person has set keeps precedence only where it leads to real servers.
    """
    return {
        **os.environ,
        **local_keys(folder),
        **services.env,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "true",
        "ALLOWED_HOSTS": f"localhost,{parts.LOOPBACK}",
        "SECURE_SSL_REDIRECT": "false",
        "SECURE_COOKIES": "false",
        "SECURE_HSTS_SECONDS": "0",
        "SANDBOX_URL": f"http://{parts.LOOPBACK}:{sandbox_port}",
        "BASE_URL": f"http://{parts.LOOPBACK}:{web_port}",
        "ALERT_LOOPBACK": "true",
        "DATABASE_POOL": str(_POOL),
        "WEB_THREADS": "4",
        "BEAT_SCHEDULE_FILE": str(folder / "beat-schedule"),
        "EMAIL_URL": os.environ.get("EMAIL_URL", f"filemail:///{quote(str(folder / 'outbox'))}"),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def running_stack(folder: Path, *, durable: bool = False) -> Iterator[Stack]:
    """Servers of its own and a migrated, empty database; the caller starts parts as it likes.

    The ports that the environment names are free: `sandbox_port(stack)` and `web_port(stack)`.
    """
    with embedded_services(folder, durable=durable, fresh=True, given={}) as services:
        ports = {"web_port": parts.free_port(), "sandbox_port": parts.free_port()}
        stack = Stack(folder, demo_environment(folder, services, **ports))
        try:
            stack.run("migrate", "--no-input")
            yield stack
        finally:
            stack.stop()


def web_port(stack: Stack) -> int:
    """The port that BASE_URL names."""
    return urlsplit(stack.env["BASE_URL"]).port or 0


def sandbox_port(stack: Stack) -> int:
    """The port that SANDBOX_URL names."""
    return urlsplit(stack.env["SANDBOX_URL"]).port or 0


def _answers(url: str) -> bool:
    address = urlsplit(url)
    line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=2)
    try:
        line.request("GET", address.path)
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
    return "\n".join([f"Its last words, from {log}:", *(f"  {line}" for line in lines)])
