"""Kills or pauses a real worker at boundaries that are seen from outside, until all is at rest.

A connected company enters; workers that come and go sync it. Commits are held by the proxy in front
of PostgreSQL, requests by the sandbox's gates; what happened is counted by boundary.
"""

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Queue

from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.processes import is_running
from connectors.engine.dispatch import dispatch, housekeeping
from connectors.engine.job import Job
from connectors.models import (
    EPOCH,
    ConnectionToken,
    Document,
    InboxEvent,
    Run,
    WebhookEndpoint,
    WorkSlot,
)
from tests.e2e.boundaries import REQUESTS, Asked
from tests.e2e.pg_proxy import BEFORE, Boundary, PgProxy
from tests.e2e.workers import Nursery
from tests.sandbox_process import SandboxProcess

_TICK = 0.06
_BETWEEN_LOOKS_AT_HOOKS = 2.0


@dataclass
class Gate:
    """A request of this kind that the sandbox holds back; ``later`` are phases to follow."""

    what: str
    phase: str
    id: str
    later: tuple[str, ...]


@dataclass
class Crashes:
    """Strikes workers while they sync. ``struck`` counts by boundary, ``blows`` the strikes.

    One blow may hit several boundaries, where other threads of the worker were held too.
    """

    job: Job
    sandbox: SandboxProcess
    nursery: Nursery
    proxy: PgProxy | None = None
    struck: Counter[str] = field(default_factory=Counter)
    blows: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)
    most: int = 1000
    only: set[str] = field(default_factory=set)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    _pid: int = 0
    _events: "Queue[Boundary]" = field(default_factory=Queue)
    _gates: list[Gate] = field(default_factory=list)
    _held: list[Boundary | Gate] = field(default_factory=list)
    _armed: bool = False
    _one: threading.Lock = field(default_factory=threading.Lock)
    _hooks_again: float = 0

    # --- where to strike ----------------------------------------------------------------------

    @property
    def requests(self) -> Mapping[str, Asked]:
        """The kinds of requests that this flow's workers send."""
        return REQUESTS[self.job.flow.key]

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

    def set_gates(
        self,
        kinds: Collection[str],
        phases: tuple[str, ...] = ("before", "after"),
        *,
        within: int = 1,
    ) -> None:
        """Hold one request of each kind before it is done and, later, another one after.

        It is one of the next ``within`` of its kind.
        """
        for what in sorted(kinds):
            self._set_gate(what, phases, self.chance.randint(1, within))

    def _set_gate(self, what: str, phases: tuple[str, ...], nth: int) -> None:
        phase, *later = phases
        asked = {"match": self.requests[what].match, "phase": phase, "nth": nth}
        gate = self.sandbox.post("/control/gates", asked)
        self._gates.append(Gate(what, phase, gate["id"], tuple(later)))

    def strike_again(self, *names: str) -> None:
        """Commits with these names are struck once more."""
        self.seen = {key for key in self.seen if not any(name in key[0] for name in names)}

    # --- the loop -----------------------------------------------------------------------------

    def run(self, strike: Callable[["Crashes"], None], *, seconds: float) -> None:
        """Ring for what is due and strike at every boundary, until nothing is under way."""
        ends = time.monotonic() + seconds
        self._pid = self.nursery.start()
        quiet = 0
        while quiet < 3:
            self._armed = self._events.empty() and self.struck.total() < self.most
            self._ring()
            if self._note_held(_TICK):
                self.blows += 1
                strike(self)
            quiet = 0 if self._under_way() else quiet + 1
            if time.monotonic() > ends:
                say("until then", self)
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
            self.blows += 1
            self.struck["at random"] += 1
            self._pid = self.nursery.start()
        self.stop(self._pid)
        self.most = 0
        self.run(Crashes.kill, seconds=seconds)

    def _ring(self) -> None:
        """What beat would ring for."""
        dispatch()
        if time.monotonic() > self._hooks_again:
            self._hooks_again = time.monotonic() + _BETWEEN_LOOKS_AT_HOOKS
            with self.job.scope():
                unchecked = WebhookEndpoint.objects.filter(checked_at=None).exists()
            if unchecked:
                housekeeping()

    def _note_held(self, seconds: float = 0) -> bool:
        """Take down what is held now; whether there is anything."""
        with suppress(Empty):
            boundary = self._events.get(timeout=seconds) if seconds else self._events.get_nowait()
            self.struck[f"commit, {boundary.phase}: {boundary.what}"] += 1
            self._held.append(boundary)
        if self._gates:
            rows = self.sandbox.get("/control/gates")["gates"]
            hit = {row["id"] for row in rows if row["hit"]}
            for gate in [gate for gate in self._gates if gate.id in hit]:
                self._gates.remove(gate)
                self.struck[f"request, {gate.phase}: {gate.what}"] += 1
                self._held.append(gate)
        return bool(self._held)

    def release(self, *, cut: bool) -> None:
        """Let what is held go on; ``cut`` for a client that is dead."""
        for held in self._held:
            if isinstance(held, Boundary):
                # A commit that was held before it was sent dies with the worker.
                held.release(cut=cut and held.phase == BEFORE)
            else:
                # The request is on its way, whatever becomes of the one who sent it.
                self.sandbox.post(f"/control/gates/{held.id}/release", {"action": "continue"})
        done, self._held = self._held, []
        for gate in done:
            # Not before: the same request would be held once more, with nobody behind it.
            if isinstance(gate, Gate) and gate.later:
                self._set_gate(gate.what, gate.later, 1)

    # --- strikes ------------------------------------------------------------------------------

    def kill(self) -> None:
        """The worker dies; another one takes its place."""
        self.stop(self._pid)
        self._note_held()
        self.release(cut=True)
        self.let_time_pass()
        self._pid = self.nursery.start()

    def pause(self) -> None:
        """The worker stands still until another one has taken its work, and then goes on."""
        paused = self._pid
        os.kill(paused, signal.SIGSTOP)
        self._note_held()
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
            self._ring()
            time.sleep(0.2)

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
            self._hints().update(next_at=timezone.now())

    def _told(self) -> str:
        """What the ledger and the worker say, for finding out why nothing moves."""
        with self.job.scope():
            lines = [
                f"{d} {d.state} {d.next_at} {d.claimed_until} {d.words}" for d in self._moving()
            ]
            lines += [f"{r} {r.status} {r.phase} {r.words} {r.next_at}" for r in self._runs()]
            slots = WorkSlot.objects.filter(integration=self.job.integration)
            lines += [f"{slot} {slot.leased_until}" for slot in slots]
            lines += [f"{hint} {hint.next_at} {hint.tries} {hint.words}" for hint in self._hints()]
        return "\n".join([*lines, self.nursery.log.read_text(errors="replace")[-3000:]])

    def _under_way(self) -> str:
        """What is still to be done, in words; empty at rest."""
        looks: dict[str, Callable[[], int]] = {
            "documents": self._moving().count,
            "runs": self._runs().filter(status__in=["queued", "running"]).count,
            "hints": self._hints().count,
            "hooks": WebhookEndpoint.objects.filter(checked_at=None).count,
        }
        with self.job.scope():
            for what, count in looks.items():
                if found := count():
                    return f"{found} {what}"
        told = self.sandbox.get("/control/deliveries")["deliveries"]
        pending = sum(int(counts["pending"]) for counts in told.values())
        return f"{pending} deliveries" if pending else ""

    def _moving(self) -> QuerySet[Document]:
        moving = Q(state__in=["due", "delivering", "unconfirmed"]) | Q(wants_read=True)
        return Document.objects.filter(moving, integration=self.job.integration)

    def _runs(self) -> QuerySet[Run]:
        return Run.objects.filter(integration=self.job.integration)

    def _hints(self) -> QuerySet[InboxEvent]:
        """Webhooks that were taken in and not followed yet."""
        sides = [self.job.source, self.job.target]
        return InboxEvent.objects.filter(connection__in=sides, status=InboxEvent.Status.PENDING)


def say(title: str, crashes: Crashes) -> None:
    """How often each boundary was struck."""
    struck = crashes.struck
    sys.stdout.write(
        f"\n{title}: {crashes.blows} strikes, {struck.total()} times at {len(struck)} boundaries\n"
    )
    for what, number in sorted(struck.items()):
        sys.stdout.write(f"  {number:>3}  {what}\n")
