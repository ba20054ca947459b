"""A whole service of its own for rounds over real processes, and the one process that drives it.

Takes a folder; gives servers, simulators, web, worker and beat, and the steps that people and the
clock would take. After `ready()` this process has Django set up against the same database.
"""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import redis

from config import parts
from config.embedded import EmbeddedServices, embedded_services
from config.stack import Stack, demo_environment, sandbox_port, web_port
from connectors.management import sandbox_door

COMPANY = "manufacturing"
_NO_REDIS = "Cannot connect to redis"
# PostgreSQL ends the transaction of a part that stands still. libpq drops the server's last words
# when they arrive behind a result, and then knows only that the connection is gone. Others wait
# meanwhile for what it has locked, for no longer than they may.
_STOOD_STILL = (
    "idle-in-transaction timeout",
    "server closed the connection unexpectedly",
    "canceling statement due to lock timeout",
)
# Whatever moves meanwhile does so in circles.
_LONGEST_SECONDS = 3600.0
_ERROR = re.compile(r'"level": ?"(error|critical)"|^Traceback')


class TooSlowError(AssertionError):
    """Something did not come to rest in the time that it may take."""


class Service:
    """The parts of one service, its servers, and its sandbox's control door."""

    def __init__(self, stack: Stack, servers: EmbeddedServices) -> None:
        self.stack = stack
        self.servers = servers
        self.url = stack.env["SANDBOX_URL"]
        # What parts say because of blows that they were meant to have.
        self._meant: set[str] = set()

    def start(self) -> None:
        """Start every part; the sandbox is empty until `load`."""
        self.stack.start(parts.sandbox(sandbox_port(self.stack)))
        self.stack.start(parts.web(web_port(self.stack)))
        self.stack.start(parts.worker())
        self.stack.start(parts.beat(self.stack.folder / "beat-schedule"))

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return sandbox_door.call(self.url, method, f"/control/{path}", body)

    def deliveries_pending(self) -> int:
        """How many webhooks the sandbox has still to deliver."""
        told = self.control("GET", "deliveries")["deliveries"]
        return sum(int(counts["pending"]) for counts in told.values())

    def load(self, *, options: dict[str, Any] | None = None, **counts: Any) -> Any:
        """A fresh company of this size; gives what the sandbox tells of it."""
        self.load_all({COMPANY: counts}, options=options)
        return self.control("GET", "company")

    def load_all(
        self, companies: Mapping[str, Mapping[str, Any]], *, options: dict[str, Any] | None = None
    ) -> None:
        """Fresh companies of these sizes side by side."""
        wishes = [{"company": name, "counts": counts} for name, counts in companies.items()]
        self.control("POST", "reset", {"companies": wishes, "options": options or {}})

    def use_engine(self, **overrides: float) -> None:
        """Restart the worker with other times than the engine's own."""
        self.stack.env["ENGINE"] = json.dumps(overrides)
        self.stack.restart("worker")

    def lose_redis(self) -> None:
        """Empty Redis, then kill it as a power cut would, and start it again."""
        self._meant.add(_NO_REDIS)
        server = self.servers.redis
        assert server is not None
        assert server.pid is not None
        redis.Redis.from_url(self.stack.env["REDIS_URL"]).flushall()
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        server.start(fresh=True)

    def let_stand_still(self, name: str) -> None:
        """Stop a part where it is, until it is sent SIGCONT."""
        self._meant.update(_STOOD_STILL)
        self.stack.signal(name, signal.SIGSTOP)

    def answered(self, provider: str, status: int) -> int:
        """How many requests the sandbox has answered with this status."""
        totals = self.control("GET", "totals")["totals"]
        return int(totals.get(provider, {}).get("by_status", {}).get(str(status), 0))

    def errors_logged(self, *names: str) -> list[str]:
        """What worker, beat and web, or these parts, logged as an error, in their own words."""
        return [
            # Its beginning says what, and the end of a traceback where.
            f"{name}: {line if len(line) < 1_500 else f'{line[:500]} … {line[-1_000:]}'}"
            for name in names or ("worker", "beat", "web")
            for line in self.stack.log(name).read_text(errors="replace").splitlines()
            if _ERROR.search(line) and not any(words in line for words in self._meant)
        ]


@contextmanager
def running_service(folder: Path) -> Iterator[Service]:
    """Servers, migrated database and parts, until the block ends; Django is ready inside."""
    with embedded_services(folder, durable=False, fresh=True, given={}) as servers:
        ports = {"web_port": parts.free_port(), "sandbox_port": parts.free_port()}
        stack = Stack(folder, demo_environment(folder, servers, **ports))
        stack.env["LOG_LEVEL"] = "INFO"
        service = Service(stack, servers)
        try:
            stack.run("migrate", "--no-input")
            service.start()
            os.environ.update(stack.env)
            django.setup()
            yield service
        finally:
            stack.stop()


def wait_until(
    what: str, done: Callable[[], bool | str], *, seconds: float, every: float = 0.25
) -> float:
    """Ask until the answer is true; gives how long that took.

    TooSlowError after ``seconds`` in which the answer's words stayed the same: a standstill, which
    a busy machine is not.
    """
    started = moved = time.monotonic()
    before: bool | str = ""
    while (answer := done()) is not True:
        now = time.monotonic()
        if answer != before:
            before, moved = answer, now
        if now - moved > seconds or now - started > _LONGEST_SECONDS:
            raise TooSlowError(f"{what}: nothing moved for {now - moved:.0f} s: {answer}")
        time.sleep(every)
    return time.monotonic() - started
