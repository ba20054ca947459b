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
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, Queue

from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from connectors.engine.dispatch import dispatch, housekeeping
from connectors.engine.job import Job
from connectors.models import (
    EPOCH,
    ConnectionToken,
    Document,
    InboxEvent,
    Outcome,
    Run,
    WebhookEndpoint,
    WorkSlot,
)
from tests.e2e.boundaries import REQUESTS, Asked
from tests.e2e.pg_proxy import AFTER, BEFORE, Boundary, PgProxy
from tests.e2e.workers import Nursery
from tests.sandbox_process import SandboxProcess

Strike = Callable[["Crashes"], None]
BOTH = (BEFORE, AFTER)
_TICK = 0.06
# A worker that stands still is let go at the latest after so long.
_LONGEST_PAUSE, _LONGEST_WAKING = 30.0, 5.0
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

    One blow may hit several boundaries, where other threads of the worker were held too. At most
    ``most`` kinds of commits are struck, and only those whose names ``only`` mentions.
    """

    job: Job
    sandbox: SandboxProcess
    nursery: Nursery
    proxy: PgProxy
    struck: Counter[str] = field(default_factory=Counter)
    blows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, str]] = field(default_factory=set)
    most: int = 1000
    only: set[str] = field(default_factory=set)
    engine: Mapping[str, float] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    _pid: int = 0
    _events: "Queue[Boundary]" = field(default_factory=Queue)
    _gates: list[Gate] = field(default_factory=list)
    _held: list[Boundary | Gate] = field(default_factory=list)
    _armed: bool = False
    _commits: int = 0
    _waited_out: int = 0
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
            self._commits += 1
            self.seen.add(key)
            self._events.put(boundary)
        return True

    def set_gates(
        self,
        kinds: Collection[str],
        phases: tuple[str, ...] = BOTH,
        *,
        within: int = 1,
        again: bool = False,
    ) -> None:
        """Hold one request of each kind before it is done and, later, another one after.

        It is one of the next ``within`` of its kind. What was struck already is left alone, unless
        it shall be struck ``again``.
        """
        for what in sorted(kinds):
            left = [phase for phase in phases if again or not self.requests_struck(phase, what)]
            if left:
                self._set_gate(what, tuple(left), self.chance.randint(1, within))

    @contextmanager
    def without_gates(self) -> Iterator[None]:
        """Nobody is held meanwhile; afterwards the gates that are left stand again."""
        gates, self._gates = self._gates, []
        self.sandbox.delete("/control/gates")
        yield
        for gate in gates:
            self._set_gate(gate.what, (gate.phase, *gate.later), 1)

    def requests_struck(self, phase: str, what: str) -> int:
        """How often a request of this kind was struck in this phase."""
        return self.struck[f"request, {phase}: {what}"]

    def commits_struck(self, phase: str, what: str) -> int:
        """How often commits were struck in which this was written."""
        kinds = self.struck.items()
        return sum(n for name, n in kinds if name.startswith(f"commit, {phase}: ") and what in name)

    def _set_gate(self, what: str, phases: tuple[str, ...], nth: int) -> None:
        phase, *later = phases
        asked = {"match": self.requests[what].match, "phase": phase, "nth": nth}
        gate = self.sandbox.post("/control/gates", asked)
        self._gates.append(Gate(what, phase, gate["id"], tuple(later)))

    def strike_again(self, *names: str) -> None:
        """Commits with these names are struck once more."""
        self.seen = {key for key in self.seen if not any(name in key[0] for name in names)}

    # --- the loop -----------------------------------------------------------------------------

    def run(self, strike: "Strike", *, seconds: float) -> None:
        """Ring for what is due and strike at every boundary, until nothing is under way."""
        ends = time.monotonic() + seconds
        self._pid = self._start()
        quiet = 0
        while quiet < 3:
            self._armed = self._events.empty() and self._commits < self.most
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
        self.nursery.stop(self._pid)

    def take_up(self, others: "Crashes") -> None:
        """Go on counting where those of another company ended; what was struck stays so."""
        self.struck, self.blows = others.struck, others.blows
        self.outcomes, self.seen = others.outcomes, others.seen

    def count_outcomes(self) -> None:
        """Add up what became of the steps, as the ledger of this company says."""
        with self.job.scope():
            self.outcomes.update(Outcome.objects.values_list("result", flat=True))

    def _start(self) -> int:
        return self.nursery.start(**self.engine)

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

    def release(self, *, cut: bool, late: bool = False) -> None:
        """Let what is held go on; ``cut`` for a client that is dead.

        ``late`` is after so long that a request which was not done then never will be.
        """
        for held in self._held:
            if isinstance(held, Boundary):
                # A commit that was held before it was sent dies with the worker.
                held.release(cut=cut and held.phase == BEFORE)
            else:
                # The request is on its way, whatever becomes of the one who sent it.
                action = "abort" if late and held.phase == BEFORE else "continue"
                self.sandbox.post(f"/control/gates/{held.id}/release", {"action": action})
        done, self._held = self._held, []
        for gate in done:
            # Not before: the same request would be held once more, with nobody behind it.
            if isinstance(gate, Gate) and gate.later:
                self._set_gate(gate.what, gate.later, 1)

    # --- strikes ------------------------------------------------------------------------------

    def kill(self) -> None:
        """The worker dies; another one takes its place."""
        self.nursery.stop(self._pid)
        self._note_held()
        self.release(cut=True)
        self.let_time_pass()
        self._pid = self._start()

    def pause(self) -> None:
        """The worker stands still until another one has done its work, and then goes on."""
        paused = self._pid
        os.kill(paused, signal.SIGSTOP)
        self._note_held()
        in_hand = self._in_hand()
        self.let_time_pass()
        self._pid = self._start()
        if not self._ring_until(lambda: self._is_done(*in_hand), _LONGEST_PAUSE):
            self._waited_out += 1
        heard = self.proxy.heard[paused]
        self.release(cut=False, late=True)
        os.kill(paused, signal.SIGCONT)
        # It finds out that it comes too late, and says so to the database.
        self._ring_until(lambda: self.proxy.heard[paused] > heard + 2, _LONGEST_WAKING)
        self.nursery.stop(paused)
        self.let_time_pass()

    def _ring_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Whether it was done before the time was over."""
        ends = time.monotonic() + seconds
        while not done():
            if time.monotonic() > ends:
                return False
            self._ring()
            time.sleep(0.1)
        return True

    def _in_hand(self) -> tuple[list[int], list[int]]:
        """Documents and hints that the worker which stands still has taken."""
        with self.job.scope():
            claimed = self._moving().filter(claimed_until__gt=Now())
            hints = self._hints().filter(next_at__gt=Now())
            return [row.pk for row in claimed], [row.pk for row in hints]

    def _is_done(self, documents: list[int], hints: list[int]) -> bool:
        """Another worker was sure that nothing was written, and has written it."""
        with self.job.scope():
            return not (
                self._moving().filter(pk__in=documents).exists()
                or self._hints().filter(pk__in=hints).exists()
            )

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
        moving = Q(state__in=["due", "delivering", "unconfirmed"]) | Q(wants_read=True, unread="")
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
        f"  what became of the steps: {dict(crashes.outcomes)}\n"
        f"  pauses in which nobody else finished: {crashes._waited_out}\n"
    )
    for what, number in sorted(struck.items()):
        sys.stdout.write(f"  {number:>3}  {what}\n")
