"""Drives an integration in this very process, without Celery: what workers do, step by step.

An integration's ids enter; its runs are advanced, its documents delivered and recovered until
nothing is left that could be done now. Engine functions only, so that a test sees each exception.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from connectors import registry
from connectors.core.errors import ProviderError
from connectors.core.states import State
from connectors.engine import claims, recover, runs, work
from connectors.engine.claims import READABLE
from connectors.engine.job import Job, load_job
from connectors.engine.sessions import open_client
from connectors.engine.unread import HOPED_FOR
from connectors.models import EPOCH, Document, Integration, Run, WorkSlot
from tenants.scope import tenant_scope


def fresh_job(job: Job) -> Job:
    """The job as a new task would load it: health, profile and options as they are now."""
    return load_job(job.tenant_id, job.integration.pk, registry.resolve)


def run_until_idle(
    job: Job,
    *,
    sweep: bool = False,
    seconds: float = 300,
    between: Callable[[], Any] | None = None,
    trigger: str = Run.Trigger.COMMAND,
    blocked: bool = False,
) -> Run:
    """Start a run and work until it has ended and no document is under way; gives the run.

    ``between`` is called after every step, to change the world in the middle; ``blocked`` says that
    documents stay due, since something keeps all of them back.
    """
    with job.scope():
        run = runs.queue_run(job.integration, trigger=trigger, actor="system:tests", sweep=sweep)
    ends = time.monotonic() + seconds
    while True:
        step(job)
        if between is not None:
            between()
        with job.scope():
            run.refresh_from_db()
            under_way = _under_way(job)
            waits = under_way and _under_way(job, READABLE)
        if run.finished_at is not None and (blocked or not under_way):
            return run
        if blocked or not waits:
            _hurry(job, run)
        if time.monotonic() > ends:
            raise AssertionError(f"not idle after {seconds} s: {run.words} {states(job)}")


def without_schedule(job: Job) -> Job:
    """The job of an integration that posts, and runs only when a test says so."""
    with job.scope():
        Integration.objects.filter(pk=job.integration.pk).update(enabled=True, next_run_at=None)
    return fresh_job(job)


def step(job: Job) -> None:
    """One look at everything that a dispatcher would ring for."""
    advanced, due = advance_runs(job), _anything_due(job)
    if due:
        work_on_documents(job)
    recovered = recover_documents(job)
    if not (advanced or due or recovered):
        # Longer than such a step takes: who waits for an instant shall not be busy with it.
        time.sleep(0.05)


def _anything_due(job: Job) -> bool:
    with job.scope():
        due = Document.objects.filter(READABLE, integration=job.integration, state=State.DUE)
        return due.filter(next_at__lte=Now()).exists()


def _hurry(job: Job, run: Run) -> None:
    """Let the time pass that a run waits when all that can be posted is: it looks again, and reads
    again what could not be read.

    A run that pauses for a provider's sake is left alone.
    """
    if run.phase != Run.Phase.DELIVER or run.words or run.failures:
        return
    with job.scope():
        Document.objects.filter(HOPED_FOR, integration=job.integration).update(read_next_at=EPOCH)
        Run.objects.filter(pk=run.pk, next_at__gt=Now()).update(next_at=EPOCH)


def advance_runs(job: Job) -> int:
    """One slice of each unfinished run that may be leased now; returns how many there were."""
    with job.scope():
        unfinished = Run.objects.filter(
            integration=job.integration, status__in=[Run.Status.QUEUED, Run.Status.RUNNING]
        )
        ready = unfinished.filter(leased_until__lte=Now(), next_at__lte=Now())
        ids = list(ready.order_by("-status", "pk").values_list("pk", flat=True))
    for run_id in ids:
        with job.scope():
            leased = runs.lease_run(run_id)
        if leased is not None:
            runs.advance(fresh_job(job), leased)
    return len(ids)


def work_on_documents(job: Job) -> None:
    """One free slot's worth of deciding and delivering."""
    with job.scope():
        ids = list(
            WorkSlot.objects.filter(integration=job.integration, leased_until__lte=timezone.now())
            .order_by("number")
            .values_list("pk", flat=True)[:1]
        )
    for slot_id in ids:
        with job.scope():
            slot = claims.lease_slot(slot_id)
        if slot is not None:
            work.work_slot(fresh_job(job), slot)


def recover_documents(job: Job) -> bool:
    """Free abandoned claims and look up what is unconfirmed and due; False if there is nothing."""
    with job.scope():
        left = Document.objects.filter(integration=job.integration, claimed_until__lte=Now())
        unconfirmed = Q(state=State.UNCONFIRMED, next_at__lte=Now())
        if not left.filter(Q(state=State.DELIVERING) | unconfirmed).exists():
            return False
    now = fresh_job(job)
    # A task that fails: the next look finds the same.
    with suppress(ProviderError):
        recover.recover(now, lambda view: open_client(view, "target"))
    return True


def states(job: Job, stream: str = "") -> dict[str, int]:
    """How many documents, of one stream or of all, are in which state."""
    return _counts(job, stream)


def _under_way(job: Job, which: Q | None = None) -> bool:
    if not Integration.objects.filter(pk=job.integration.pk, enabled=True).exists():
        return False  # what is due waits
    moving = [State.DUE, State.DELIVERING, State.UNCONFIRMED]
    documents = Document.objects.filter(which or Q(), integration=job.integration)
    return documents.filter(state__in=moving).exists()


def _counts(job: Job, stream: str = "") -> dict[str, int]:
    counts: dict[str, int] = {}
    with tenant_scope(job.tenant_id):
        found = Document.objects.filter(integration=job.integration)
        if stream:
            found = found.filter(stream=stream)
        for (state,) in found.values_list("state"):
            counts[state] = counts.get(state, 0) + 1
    return counts
