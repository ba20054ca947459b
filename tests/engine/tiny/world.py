"""A tenant with the tiny flow: what workers do, called one after the other or in threads.

Nothing here sleeps: time passes by moving the times that the database holds.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from audit.models import AuditEvent
from connectors.core.errors import ProviderError, failing_at
from connectors.core.states import State
from connectors.engine import claims, recover, rest, runs, work
from connectors.engine.claims import Slot
from connectors.engine.job import Job, Resolved, load_job
from connectors.models import (
    EPOCH,
    Attempt,
    Connection,
    Document,
    Health,
    Integration,
    Link,
    Outcome,
    Run,
    WorkSlot,
)
from connectors.transport.governor import Limits
from connectors.transport.provider import ProviderSpec
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import quick_flush
from tests.engine.tiny import source, target
from tests.engine.tiny.flow import CHILDREN, KEY, PARENTS, make_flow
from tests.engine.tiny.source import TinySource
from tests.engine.tiny.target import TinyTarget
from tests.people import make_tenant


@contextmanager
def open_client(job: Job, side: str) -> Iterator[Any]:
    """In the place of ``sessions.open_client``: the systems need no client."""
    connection = job.connection(side)
    with failing_at(str(connection.secret_id)):
        rest.refuse_resting(connection)
        yield None


class Worker(threading.Thread):
    """Does one thing in a thread with a database connection of its own; ``end`` raises for it."""

    def __init__(self, work_on: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work_on = work_on
        self._error: BaseException | None = None
        self.result: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._work_on()
        except BaseException as error:  # noqa: BLE001 - raised again by end()
            self._error = error
        finally:
            connection.close()

    def end(self) -> Any:
        self.join(timeout=60)
        assert not self.is_alive(), "the worker hangs"
        if self._error is not None:
            raise self._error
        return self.result


class Pause:
    """A hook that stops the first worker that comes by, until it is told to go on."""

    def __init__(self) -> None:
        self._reached, self._go_on = threading.Event(), threading.Event()
        self._first = threading.Lock()

    def __call__(self, *_: Any) -> None:
        if self._first.acquire(blocking=False):
            self._reached.set()
            assert self._go_on.wait(60), "nobody let the worker go on"

    def wait(self) -> None:
        assert self._reached.wait(60), "no worker came by"

    def go_on(self) -> None:
        self._go_on.set()


class Killed(BaseException):
    """What no worker catches: as if its process had been killed here."""


def spec(key: str, per_day: int | None = None) -> ProviderSpec:
    """A provider of which only names and limits are ever asked."""
    unused: Any = None
    return ProviderSpec(
        key=key,
        title=key.replace("_", " ").title(),
        dialect=unused,
        credential_fields=(),
        setting_fields=(),
        identity=(),
        authorisation="client_credentials",
        token_life=unused,
        token_margin=unused,
        clean=dict,
        limits=lambda settings, profile: Limits(per_minute=60, concurrency=5, per_day=per_day),
        quota_subject=lambda settings: key,
        endpoints=unused,
        grant=unused,
        open=unused,
        ping=unused,
        resolve=unused,
    )


@dataclass
class World:
    """One tenant's integration with its two systems."""

    tenant: Tenant
    integration: Integration
    resolved: Resolved
    source: TinySource
    target: TinyTarget
    jobs: list[Job] = field(default_factory=list)

    # --- workers ----------------------------------------------------------------------------

    def job(self) -> Job:
        """As a new task would load it."""
        return load_job(self.tenant.pk, self.integration.pk, lambda _: self.resolved)

    def queue(self, *, sweep: bool = False) -> Run:
        with self.scope():
            return runs.queue_run(
                self.integration, trigger=Run.Trigger.PERSON, actor="user:1", sweep=sweep
            )

    def lease(self, run: Run) -> Run | None:
        with self.scope():
            return runs.lease_run(run.pk)

    def read(self, *, sweep: bool = False) -> Run:
        """Let a new run read the source; posting is not waited for."""
        self.set(Run, status=Run.Status.FINISHED)
        run = self.lease(self.queue(sweep=sweep))
        assert run is not None
        runs.advance(self.job(), run)
        return run

    def slot(self) -> Slot:
        with self.scope():
            rows = WorkSlot.objects.filter(integration=self.integration).values_list(
                "pk", flat=True
            )
            for row in rows:
                slot = claims.lease_slot(row)
                if slot is not None:
                    return slot
        raise AssertionError("every slot is taken")

    def work(self) -> None:
        """Decide and deliver all that is due now."""
        work.work_slot(self.job(), self.slot())

    def recover(self) -> int:
        """Free abandoned claims, and look up what is unconfirmed and due."""
        job = self.job()
        recover.free_abandoned(job)
        return sum(recover.look_up(view, None) for view in job.views())

    def sync(self, *, sweep: bool = False) -> Run:
        """A whole run: read, post, end."""
        run = self.read(sweep=sweep)
        self.work()
        self.set(Run, next_at=EPOCH)
        taken = self.lease(run)
        if taken is not None:
            runs.advance(self.job(), taken)
            run = taken
        return run

    def settle(self, rounds: int = 8) -> None:
        """Work and recover until nothing moves, with time passing in between."""
        for _ in range(rounds):
            self.work()
            self.pass_time(120)
            self.recover()
            if not self.under_way():
                return
        raise AssertionError(f"still under way: {self.states()}")

    def kill(self, work_on: Callable[[], Any]) -> None:
        """Run it up to where a hook kills it."""
        try:
            work_on()
        except Killed:
            return
        raise AssertionError("nothing killed the worker")

    # --- time -------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Move every time that anybody waits for."""
        by = f"- interval '{seconds} seconds'"
        with quick_flush.owners_cursor(self.tenant.pk) as cursor:
            for table, columns in (
                ("connectors_document", ("next_at", "claimed_until", "read_next_at")),
                ("connectors_run", ("next_at", "leased_until")),
                ("connectors_workslot", ("leased_until",)),
                ("connectors_attempt", ("deadline",)),
            ):
                moved = ", ".join(f"{name} = {name} {by}" for name in columns)
                self._rewrite(cursor, table, moved)

    def rewrite(self, table: str, changes: str) -> None:
        """Change rows as their owner, who may lift the guard of append-only ones."""
        with quick_flush.owners_cursor(self.tenant.pk) as cursor:
            self._rewrite(cursor, table, changes)

    def _rewrite(self, cursor: Any, table: str, changes: str) -> None:
        mine = f"{table} WHERE tenant_id = {self.tenant.pk}"
        if table in ("connectors_attempt", "connectors_outcome"):
            if not cursor.execute(f"SELECT 1 FROM {mine} LIMIT 1").fetchone():
                return
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute(f"UPDATE {table} SET {changes} WHERE tenant_id = {self.tenant.pk}")
        if table in ("connectors_attempt", "connectors_outcome"):
            # A trigger that waits for the commit would forbid the next statement.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")

    # --- what the database says -------------------------------------------------------------

    @contextmanager
    def scope(self) -> Iterator[None]:
        with tenant_scope(self.tenant.pk):
            yield

    def document(self, key: str) -> Document:
        with self.scope():
            return Document.objects.get(integration=self.integration, key=key)

    def state(self, key: str) -> str:
        return self.document(key).state

    def states(self) -> dict[str, str]:
        with self.scope():
            rows = Document.objects.filter(integration=self.integration)
            return dict(rows.values_list("key", "state"))

    def under_way(self) -> bool:
        moving = {State.DUE, State.DELIVERING, State.UNCONFIRMED}
        return bool(moving & set(self.states().values()))

    def link(self, key: str) -> Link:
        with self.scope():
            return Link.objects.get(document__key=key, document__integration=self.integration)

    def links(self) -> dict[str, str]:
        with self.scope():
            return dict(Link.objects.values_list("document__key", "target_id"))

    def attempts(self, key: str) -> list[Attempt]:
        with self.scope():
            return list(Attempt.objects.filter(document__key=key))

    def outcomes(self, key: str) -> list[str]:
        with self.scope():
            found = Outcome.objects.filter(attempt__document__key=key)
            return list(found.values_list("result", flat=True))

    def events(self, action: str) -> list[AuditEvent]:
        with self.scope():
            return list(AuditEvent.objects.filter(action=action).order_by("sequence"))

    def set(self, model: Any, **changes: Any) -> None:
        with self.scope():
            model.objects.update(**changes)

    def make_due(self, keys: Iterable[str]) -> None:
        with self.scope():
            Document.objects.filter(key__in=keys).update(state=State.DUE, next_at=EPOCH)

    def end_claims(self) -> None:
        """As if the time of every claim had run out, and no other time had passed."""
        with self.scope():
            Document.objects.exclude(claimed_until=EPOCH).update(claimed_until=EPOCH)


def make_world(
    slug: str = "acme",
    *,
    refuses_second: Iterable[str] = (PARENTS, CHILDREN),
    enabled: bool = True,
    per_day: int | None = None,
    indexed: bool = False,
) -> World:
    """A tenant whose connections are ready; its vendor Acme maps itself at the first run."""
    tenant = make_tenant(slug)
    origin, sink = TinySource(), TinyTarget()
    flow = make_flow(origin, sink, refuses_second, indexed)
    resolved = Resolved(flow=flow, source=spec(source.KEY, per_day), target=spec(target.KEY))
    with tenant_scope(tenant.pk):
        sides = [
            Connection.objects.create(provider=key, name=key, health=Health.READY)
            for key in (source.KEY, target.KEY)
        ]
        integration = Integration.objects.create(
            flow=KEY, name="Tiny", source=sides[0], target=sides[1], enabled=enabled
        )
        WorkSlot.objects.bulk_create(
            WorkSlot(integration=integration, number=number) for number in range(1, 5)
        )
    return World(tenant, integration, resolved, origin, sink)


def failing(problem: ProviderError) -> Callable[..., None]:
    """A hook that fails every call."""

    def fail(*_: Any) -> None:
        raise problem

    return fail


def once(problem: BaseException) -> Callable[..., None]:
    """A hook that fails one call."""
    waiting = [problem]

    def fail(*_: Any) -> None:
        if waiting:
            raise waiting.pop()

    return fail
