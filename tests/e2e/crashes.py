"""Kills or pauses a real worker at boundaries that are seen from outside, until all is at rest.

A connected company enters; workers that come and go sync it. Commits are held by the proxy in front
of PostgreSQL, requests by the sandbox's gates; what happened is counted by boundary.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import OperationalError

from config.env import BASE_DIR
from config.processes import is_running, python_module
from connectors.engine.dispatch import dispatch
from connectors.engine.job import Job
from connectors.models import EPOCH, ConnectionToken, Document, Run, WorkSlot
from tests.e2e.pg_proxy import BEFORE, Boundary, PgProxy
from tests.sandbox_process import SandboxProcess

ENGINE = {
    "claim_seconds": 8,
    "write_seconds": 1.5,
    "settle_seconds": 0.5,
    "first_look_seconds": 0.2,
    "retry_first_seconds": 0.3,
    "retry_most_seconds": 2,
    "run_lease_seconds": 8,
    "slice_seconds": 6,
    "claim_batch": 4,
}
# What a worker may ask of the sandbox while it posts, and so where it may be struck.
REQUESTS = {
    "create an order": ("zoho_books", "POST", r"/purchaseorders(\?|$)"),
    "set an order's status": ("zoho_books", "POST", r"/purchaseorders/\d+/status/"),
    "update an order": ("zoho_books", "PUT", r"/purchaseorders/\d+"),
    "create a bill": ("zoho_books", "POST", r"/bills(\?|$)"),
    "update a bill": ("zoho_books", "PUT", r"/bills/\d+"),
    "look up an order": ("zoho_books", "GET", r"/purchaseorders\?"),
    "read a source list": ("procurify", "GET", r"/(order-items|ap/bills)/\?"),
    "read a source record": ("procurify", "GET", r"/(purchase_orders|ap/bills)/\d+/"),
}
_TICK = 0.03


@dataclass
class Nursery:
    """Starts workers by forking a process that has imported everything already."""

    process: "subprocess.Popen[str]"
    log: Path
    born: int = 0

    def start(self) -> int:
        self.born += 1
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"start crash{self.born} {self.log}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def nursery(folder: Path, env: dict[str, str]) -> Iterator[Nursery]:
    """Workers with this environment; all end with the block."""
    with (folder / "nursery.log").open("ab") as output:
        process = subprocess.Popen(
            python_module("tests.e2e.nursery"),
            cwd=BASE_DIR,
            env={**env, "SUPERVISED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready == "ready\n", (folder / "nursery.log").read_text()
            yield Nursery(process, folder / "worker.log")
        finally:
            process.kill()


def worker_env(proxy: Path, **engine: float) -> dict[str, str]:
    """This test run's own environment, with the database behind the proxy."""
    database = settings.DATABASES["default"]
    # Real time stands still for nobody: a paused transaction lets go sooner than in production.
    options = quote("-c idle_in_transaction_session_timeout=1s")
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}"
        f"?host={quote(str(proxy))}&options={options}",
        "DATABASE_POOL": "8",
        "ENGINE": json.dumps({**ENGINE, **engine}),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass
class Gate:
    """A request of this kind that the sandbox holds back."""

    what: str
    phase: str
    id: str


@dataclass
class Crashes:
    """Strikes workers while they sync. ``struck`` counts by boundary."""

    job: Job
    sandbox: SandboxProcess
    nursery: Nursery
    proxy: PgProxy | None = None
    struck: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, str]] = field(default_factory=set)
    most: int = 1000
    only: set[str] = field(default_factory=set)
    _pid: int = 0
    _events: "Queue[Boundary]" = field(default_factory=Queue)
    _gates: list[Gate] = field(default_factory=list)
    _held: Any = None
    _armed: bool = False
    _one: threading.Lock = field(default_factory=threading.Lock)

    # --- where to strike ----------------------------------------------------------------------

    def wanted(self, boundary: Boundary) -> bool:
        """Asked by the proxy, in its threads: each kind of boundary is struck once."""
        key = (boundary.what, boundary.phase)
        if self.only and not any(name in boundary.what for name in self.only):
            return False
        with self._one:
            if not self._armed or boundary.pid != self._pid or key in self.seen:
                return False
            self._armed = False  # one at a time
            self.seen.add(key)
            self._events.put(boundary)
        return True

    def set_gates(self, kinds: Collection[str] = REQUESTS.keys(), seed: int = 1) -> None:
        """Hold one request of each kind before it is done, and one after."""
        chance = random.Random(seed)
        for what in sorted(kinds):
            provider, method, path = REQUESTS[what]
            for phase in ("before", "after"):
                match = {"provider": provider, "method": method, "path_regex": path}
                asked = {"match": match, "phase": phase, "nth": chance.randint(1, 3)}
                gate = self.sandbox.post("/control/gates", asked)
                self._gates.append(Gate(what, phase, gate["id"]))

    # --- the loop -----------------------------------------------------------------------------

    def run(self, strike: Callable[["Crashes"], None], *, seconds: float) -> None:
        """Ring for what is due and strike at every boundary, until nothing is under way."""
        ends = time.monotonic() + seconds
        self._pid = self.nursery.start()
        quiet = 0
        while quiet < 3:
            self._armed = self._events.empty() and self.struck.total() < self.most
            dispatch()
            self._strike_where_held(strike)
            quiet = 0 if self._under_way() else quiet + 1
            if time.monotonic() > ends:
                say("until then", self.struck)
                sys.stdout.write(self._told())
                raise AssertionError(f"not at rest after {seconds} s: {self._under_way()}")
        self._armed = False
        self.stop(self._pid)

    def run_and_kill_at_random(self, *, kills: int, seed: int, seconds: float) -> None:
        """Kill at any moment, and leave it to real time to bring the work back."""
        chance = random.Random(seed)
        self._pid = self.nursery.start()
        for _ in range(kills):
            self._work_for(chance.uniform(0.3, 1.2))
            self.stop(self._pid)
            self.struck["at random"] += 1
            self._pid = self.nursery.start()
        self.stop(self._pid)
        self.most = 0
        self.run(Crashes.kill, seconds=seconds)

    def _strike_where_held(self, strike: Callable[["Crashes"], None]) -> None:
        with suppress(Empty):
            boundary = self._events.get(timeout=_TICK)
            self.struck[f"commit, {boundary.phase}: {boundary.what}"] += 1
            self._held = boundary
            strike(self)
        for gate in list(self._gates):
            if self.sandbox.get(f"/control/gates/{gate.id}")["hit"]:
                self._gates.remove(gate)
                self.struck[f"request, {gate.phase}: {gate.what}"] += 1
                self._held = gate
                strike(self)

    def release(self, *, cut: bool) -> None:
        """Let what is held go on; ``cut`` for a client that is dead."""
        if isinstance(self._held, Boundary):
            # A commit that was held before it was sent dies with the worker.
            self._held.release(cut=cut and self._held.phase == BEFORE)
        elif self._held is not None:
            # The request is on its way, whatever becomes of the one who sent it.
            self.sandbox.post(f"/control/gates/{self._held.id}/release", {"action": "continue"})
        self._held = None

    # --- strikes ------------------------------------------------------------------------------

    def kill(self) -> None:
        """The worker dies; another one takes its place."""
        self.stop(self._pid)
        self.release(cut=True)
        self.let_time_pass()
        self._pid = self.nursery.start()

    def pause(self) -> None:
        """The worker stands still until another one has taken its work, and then goes on."""
        paused = self._pid
        os.kill(paused, signal.SIGSTOP)
        self.let_time_pass()
        self._pid = self.nursery.start()
        # Long enough for the other one to be sure that nothing was written, and to write it.
        self._work_for(2.4)
        self.release(cut=False)
        os.kill(paused, signal.SIGCONT)
        self._work_for(0.5)
        self.stop(paused)
        self.let_time_pass()

    def _work_for(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            dispatch()
            time.sleep(0.1)

    def stop(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        while is_running(pid, "nursery"):
            time.sleep(0.005)

    def let_time_pass(self) -> None:
        """Leases of the struck worker end. Deadlines of writes cannot be moved: they are kept.

        Its successor locks documents at this moment too, in an order of its own.
        """
        while True:
            try:
                self._end_leases()
            except OperationalError:
                continue
            return

    def _end_leases(self) -> None:
        with self.job.scope():
            mine = {"integration": self.job.integration}
            Document.objects.filter(**mine, state__in=["delivering", "unconfirmed"]).update(
                claimed_until=EPOCH
            )
            WorkSlot.objects.filter(**mine).update(leased_until=EPOCH)
            Run.objects.filter(**mine).update(leased_until=EPOCH)
            ConnectionToken.objects.update(leased_until=None)

    def _told(self) -> str:
        """What the ledger and the worker say, for finding out why nothing moves."""
        with self.job.scope():
            documents = Document.objects.filter(integration=self.job.integration)
            moving = documents.filter(state__in=["due", "delivering", "unconfirmed"])
            lines = [f"{d} {d.state} {d.next_at} {d.claimed_until} {d.words}" for d in moving]
            runs = Run.objects.filter(integration=self.job.integration)
            lines += [f"{run} {run.status} {run.phase} {run.words} {run.next_at}" for run in runs]
            slots = WorkSlot.objects.filter(integration=self.job.integration)
            lines += [f"{slot} {slot.leased_until}" for slot in slots]
        return "\n".join([*lines, self.nursery.log.read_text(errors="replace")[-3000:]])

    def _under_way(self) -> str:
        with self.job.scope():
            documents = Document.objects.filter(integration=self.job.integration)
            moving = documents.filter(state__in=["due", "delivering", "unconfirmed"])
            reading = documents.filter(wants_read=True).count()
            runs = Run.objects.filter(
                integration=self.job.integration, status__in=["queued", "running"]
            ).count()
            count = moving.count() + reading
        return f"{count} documents and {runs} runs" if count or runs else ""


def say(title: str, struck: Counter[str]) -> None:
    """How often each boundary was struck."""
    sys.stdout.write(f"\n{title}: {struck.total()} strikes at {len(struck)} boundaries\n")
    for what, number in sorted(struck.items()):
        sys.stdout.write(f"  {number:>3}  {what}\n")


def socket_folder_of_database() -> Path:
    """Where the real server listens."""
    folder = Path(settings.DATABASES["default"]["HOST"])
    assert (folder / ".s.PGSQL.5432").is_socket(), "crash tests need the embedded PostgreSQL"
    return folder
