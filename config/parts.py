"""The processes that make up a running service, as values: what to run and when it is ready.

Takes ports and sizes; gives a `Part` that `config.stack` can start. Knows the command lines of
Celery, the web server and the simulators, and starts nothing itself.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

from config.processes import python_module

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process: its name, its command, and what tells that it is ready."""

    name: str
    argv: list[str]
    ready_url: str | None = None
    ready_text: str | None = None


def sandbox(port: int, *arguments: str) -> Part:
    """The simulators of all providers on one port; `arguments` as their own command takes them."""
    return Part(
        name="sandbox",
        argv=python_module("connectors.sandbox", "--port", str(port), *arguments),
        ready_url=f"http://{LOOPBACK}:{port}/control/health",
    )


# Sockets that wait cost a web process no thread, so it takes many; headers must come in 10 s.
WEB_OPTIONS = (
    *("--interface", "asginl", "--http", "1", "--no-ws", "--workers", "1"),
    *("--backlog", "4096", "--backpressure", "8192", "--http1-header-read-timeout", "10000"),
)


def web(port: int) -> Part:
    """The web server with the pages, the API and the webhooks' doors."""
    where = ("--host", LOOPBACK, "--port", str(port))
    return Part(
        name="web",
        argv=python_module("granian", *WEB_OPTIONS, *where, "config.asgi:application"),
        ready_url=f"http://{LOOPBACK}:{port}/healthz",
    )


def worker(name: str = "worker", *, threads: int = 8) -> Part:
    """A Celery worker whose threads share the process's pool of database connections."""
    options = ["--pool", "threads", "--concurrency", str(threads), "--loglevel", "INFO"]
    options += ["--hostname", f"{name}@%h", "--without-gossip", "--without-mingle"]
    return Part(
        name=name,
        argv=python_module("celery", "-A", "config.celery", "worker", *options),
        ready_text=" ready.",
    )


def beat(schedule: Path) -> Part:
    """The clock that rings for due work; `schedule` is where it remembers its last rings."""
    options = ["--schedule", str(schedule), "--loglevel", "INFO"]
    return Part(
        name="beat",
        argv=python_module("celery", "-A", "config.celery", "beat", *options),
        ready_text="maxinterval",
    )


def free_port(preferred: int = 0) -> int:
    """`preferred` if nobody listens there, else one that the system picks."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise RuntimeError(f"No free port on {LOOPBACK}.")
