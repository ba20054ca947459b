"""Drives an integration in this very process, without Celery: what workers do, step by step.

An integration's ids enter; its runs are advanced, its documents delivered and recovered until
nothing is left that could be done now. Engine functions only, so that a test sees each exception.
"""

import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from connectors import registry
from connectors.core.errors import ProviderError
from connectors.core.states import State
from connectors.engine import claims, recover, runs, work
from connectors.engine.job import Job, load_job
from connectors.engine.sessions import open_client
from connectors.models import Document, Run, WorkSlot
from tenants.scope import tenant_scope


def fresh_job(job: Job) -> Job:
    """The job as a new task would load it: health, profile and options as they are now."""
    return load_job(job.tenant_id, job.integration.pk, registry.resolve)


def run_until_idle(
    job: Job, *, sweep: bool = False, seconds: float = 300, between: Callable[[], Any] | None = None
) -> Run:
    """Start a run and work until it has ended and no document is under way; gives the run.

    ``between`` is called after every step, to change the world in the middle.
    """
    with job.scope():
        run = runs.queue_run(
            job.integration, trigger=Run.Trigger.COMMAND, actor="system:tests", sweep=sweep
        )
    ends = time.monotonic() + seconds
    while True:
        step(job)
        if between is not None:
            between()
        with job.scope():
            run.refresh_from_db()
        if run.finished_at is not None and not _under_way(job):
            return run
        if time.monotonic() > ends:
            raise AssertionError(f"not idle after {seconds} s: {run.words} {states(job)}")


def step(job: Job) -> None:
    """One look at everything that a dispatcher would ring for."""
    advance_runs(job)
    work_on_documents(job)
    recover_documents(job)
    time.sleep(0.01)


def advance_runs(job: Job) -> None:
    """One slice of each unfinished run that may be leased now."""
    with job.scope():
        unfinished = Run.objects.filter(
            integration=job.integration, status__in=[Run.Status.QUEUED, Run.Status.RUNNING]
        )
        ids = list(unfinished.order_by("-status", "pk").values_list("pk", flat=True))
    for run_id in ids:
        with job.scope():
            leased = runs.lease_run(run_id)
        if leased is not None:
            runs.advance(fresh_job(job), leased)


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


def recover_documents(job: Job) -> None:
    """Free abandoned claims and look up what is unconfirmed and due."""
    if not _counts(job).get(State.UNCONFIRMED) and not _counts(job).get(State.DELIVERING):
        return
    now = fresh_job(job)
    try:
        recover.recover(now, lambda view: open_client(view, "target"))
    except ProviderError:
        return  # as a task that fails: the next look finds the same


def states(job: Job, stream: str = "") -> dict[str, int]:
    """How many documents, of one stream or of all, are in which state."""
    return _counts(job, stream)


def _under_way(job: Job) -> bool:
    counts = _counts(job)
    return any(counts.get(state) for state in (State.DUE, State.DELIVERING, State.UNCONFIRMED))


def _counts(job: Job, stream: str = "") -> dict[str, int]:
    counts: dict[str, int] = {}
    with tenant_scope(job.tenant_id):
        found = Document.objects.filter(integration=job.integration)
        if stream:
            found = found.filter(stream=stream)
        for (state,) in found.values_list("state"):
            counts[state] = counts.get(state, 0) + 1
    return counts
