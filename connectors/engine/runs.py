"""Runs: queued once, leased by one worker at a time, advanced phase by phase in short slices.

A run reads master data, then the source, then waits until nothing is left to post now. Whatever
interrupts it, the next slice starts from what the database says.
"""

import logging
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.db.models.functions import Now
from django.utils import timezone

from connectors.core.errors import ProviderError, RetryLater
from connectors.core.flow import SOURCE, TARGET
from connectors.core.states import State
from connectors.engine import extract, health, references, trail, upkeep
from connectors.engine.claims import READABLE
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.engine.sessions import open_client
from connectors.models import EPOCH, Document, Integration, Run
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
_FAILURES = 5
_LOOK_AGAIN = timedelta(seconds=1)


class LostRun(Exception):  # noqa: N818 - a signal
    """The run was taken over by another worker; nothing more may be written for it."""


class SliceOver(Exception):  # noqa: N818 - a signal
    """This task's share of time is used up; the run goes on in another task."""


def queue_run(integration: Integration, *, trigger: str, actor: str, sweep: bool = False) -> Run:
    """Queue a run inside the scope; the one that is queued already serves both callers."""
    while True:
        try:
            with transaction.atomic():
                return Run.objects.create(
                    integration=integration, trigger=trigger, actor=actor, sweep=sweep
                )
        except IntegrityError:
            queued = Run.objects.select_for_update().filter(
                integration=integration, status=Run.Status.QUEUED
            )
            run = queued.first()
        # None: it was started between our two looks, so there is room for ours.
        if run is not None:
            if sweep and not run.sweep:
                run.sweep = True
                run.save(update_fields=["sweep"])
            return run


def lease_run(run_id: int) -> Run | None:
    """Take an unfinished run in hand, inside the scope; None when another has it or goes first."""
    run = (
        Run.objects.select_for_update(skip_locked=True)
        .filter(pk=run_id, status__in=[Run.Status.QUEUED, Run.Status.RUNNING])
        .filter(leased_until__lte=Now(), next_at__lte=Now())
        .first()
    )
    if run is None:
        return None
    first = run.status == Run.Status.QUEUED
    run.status = Run.Status.RUNNING
    run.started_at = run.started_at or timezone.now()
    run.fence += 1
    run.leased_until = _lease_end()
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:  # another run of this integration is running
        return None
    if first:
        trail.write([_event(run, "run.started")])
    return run


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=policy().run_lease_seconds)


def advance(job: Job, run: Run) -> None:
    """Do one slice of a leased run; leaves it finished, failed, or due for another slice."""
    job.check_lease = partial(_check_lease, run)
    try:
        _slice(job, run)
    except LostRun:
        logger.warning("run %s was taken over by another worker", run.pk)


def _check_lease(run: Run) -> None:
    """Refuse to write for a run that was lost; while we write, nobody takes it."""
    mine = Run.objects.select_for_update(no_key=True).filter(pk=run.pk, fence=run.fence)
    if not mine.exists():
        raise LostRun


def _slice(job: Job, run: Run) -> None:
    try:
        _phases(job, run, _guard(job, run))
    except SliceOver:
        _pause(job, run, timezone.now())
    except RetryLater as later:
        _pause(job, run, later.at, later.why)
    except ProviderError as error:
        _provider_failed(job, run, error)


def _guard(job: Job, run: Run) -> extract.Guard:
    ends = time.monotonic() + policy().slice_seconds
    renewed = [time.monotonic()]

    def guard(*, inside: bool = False) -> None:
        now = time.monotonic()
        if now > ends and not inside:
            raise SliceOver
        if now - renewed[0] > 1:
            _save(job, run, leased_until=_lease_end())
            renewed[0] = now

    return guard


def _phases(job: Job, run: Run, guard: extract.Guard) -> None:
    if run.phase == Run.Phase.REFERENCES:
        _references(job, run, guard)
        _next(job, run, Run.Phase.EXTRACT)
    if run.phase == Run.Phase.EXTRACT:
        _count(run, due=upkeep.observe(job, guard), drift=upkeep.look_for_drift(job, guard))
        _extract(job, run, guard)
        _index(job, run, guard)
        _next(job, run, Run.Phase.DELIVER)
    if run.phase == Run.Phase.DELIVER:
        _finish_when_idle(job, run, guard)


def _references(job: Job, run: Run, guard: extract.Guard) -> None:
    """Read what is old or waited for; a side whose cache is fresh is not even connected to."""
    wanted = references.kinds_with_failures(job)
    due = [s for s in job.flow.references if references.refresh_due(job, s, wanted=wanted)]
    with ExitStack() as stack:
        clients: dict[str, Any] = {}
        for stream in due:
            if stream.side not in clients:
                clients[stream.side] = _client(job, stream.side, stack)
            references.refresh(job, stream, clients[stream.side], guard)
    if due:
        _count(run, linked=references.link_automatically(job))


def _extract(job: Job, run: Run, guard: extract.Guard) -> None:
    with ExitStack() as stack:
        client = _client(job, SOURCE, stack)
        done = set(run.counts.get("read", []))
        for stream in (stream for stream in job.flow.streams if stream.upkeep is None):
            for listing in stream.listings:
                name = f"{stream.name}/{listing.name}"
                if name not in done:
                    news = extract.read_listing(job, stream, listing, client, guard)
                    _mark_read(job, run, name, news)
            if f"{stream.name}/sweep" not in done and (extract.sweep_due(job, stream) or run.sweep):
                news = extract.sweep(job, stream, client, guard)
                _mark_read(job, run, f"{stream.name}/sweep", news)
            _count(run, due=extract.read_details(job, stream, client, guard))


def _mark_read(job: Job, run: Run, name: str, news: int) -> None:
    """Note that a list has been read in this run, so that a later slice does not read it again."""
    run.counts["read"] = [*run.counts.get("read", []), name]
    _count(run, seen=news)
    _save(job, run, counts=run.counts)


def _index(job: Job, run: Run, guard: extract.Guard) -> None:
    """Refresh what the target holds already, but only when something is about to be posted."""
    with job.scope():
        due = Document.objects.filter(integration=job.integration, state=State.DUE).exists()
    stale = [i for i in job.flow.indexes if references.index_due(job, i, run.started_at)]
    if not due or not stale:
        return
    with ExitStack() as stack:
        client = _client(job, TARGET, stack)
        for index in stale:
            references.refresh_index(job, index, client, guard)


def _client(job: Job, side: str, stack: ExitStack) -> Any:
    return stack.enter_context(open_client(job, side))


def _finish_when_idle(job: Job, run: Run, guard: extract.Guard) -> None:
    """End the run once nothing is left that could be posted now."""
    with job.scope():
        busy = Document.objects.filter(
            READABLE,
            integration=job.integration,
            state__in=[State.DUE, State.DELIVERING],
            next_at__lte=timezone.now() + timedelta(seconds=30),
        ).exists()
        counts = _by_state(job)
        enabled = Integration.objects.filter(pk=job.integration.pk, enabled=True).exists()
    # What was found missing meanwhile may be something to make.
    made_due = 0 if busy else upkeep.observe(job, guard)
    if (busy or made_due) and enabled:
        _pause(job, run, timezone.now() + _LOOK_AGAIN)
        return
    run.counts["documents"] = counts
    words = "The integration is paused: what is due posts when it is resumed." if busy else ""
    _end(job, run, Run.Status.FINISHED, words)


def _by_state(job: Job) -> dict[str, int]:
    """How many documents of the integration are in each state."""
    documents = Document.objects.filter(integration=job.integration)
    return dict(documents.values_list("state").annotate(number=Count("pk")))


def _next(job: Job, run: Run, phase: str) -> None:
    run.phase = phase
    _save(job, run, phase=phase, counts=run.counts, failures=0)


def _pause(job: Job, run: Run, at: datetime, words: str = "") -> None:
    _save(job, run, next_at=at, leased_until=EPOCH, words=words, counts=run.counts)


def _provider_failed(job: Job, run: Run, error: ProviderError) -> None:
    side = SOURCE if error.facts.provider == job.resolved.source.key else TARGET
    if error.kind in health.CONNECTION_KINDS:
        health.report(job, side, error)
        _end(job, run, Run.Status.FAILED, str(error))
        return
    run.failures += 1
    if run.failures >= _FAILURES:
        _end(job, run, Run.Status.FAILED, str(error))
        return
    pause = policy().retry_in(run.failures - 1)
    logger.warning("run %s pauses for %s: %s", run.pk, pause, error)
    _save(job, run, failures=run.failures)
    _pause(job, run, error.facts.retry_at or timezone.now() + pause, str(error))


def _end(job: Job, run: Run, status: str, words: str) -> None:
    run.status, run.words = status, words
    _save(
        job,
        run,
        status=status,
        phase=Run.Phase.DONE,
        words=words,
        counts=run.counts,
        finished_at=timezone.now(),
        leased_until=EPOCH,
    )
    with job.scope():
        trail.write([_event(run, f"run.{status}", words=words)])


def _save(job: Job, run: Run, **changes: Any) -> None:
    """Write to the run if it is still ours; API calls counted so far go along."""
    with tenant_scope(job.tenant_id):
        row = Run.objects.select_for_update().filter(pk=run.pk, fence=run.fence).first()
        if row is None:
            raise LostRun
        calls = _with_calls(row, job)
        Run.objects.filter(pk=run.pk).update(calls=calls, **changes)
    run.calls = calls
    job.calls.clear()


def count_calls(job: Job) -> None:
    """Count the calls of a worker at the documents to the run that they belong to."""
    if not job.calls:
        return
    with job.scope():
        runs = Run.objects.select_for_update().filter(integration=job.integration)
        row = runs.order_by(F("finished_at").desc(nulls_first=True), "-pk").first()
        if row is not None:
            Run.objects.filter(pk=row.pk).update(calls=_with_calls(row, job))
    job.calls.clear()


def _with_calls(row: Run, job: Job) -> dict[str, int]:
    return dict(Counter(row.calls) + job.calls)


def _count(run: Run, **numbers: int) -> None:
    for name, number in numbers.items():
        run.counts[name] = run.counts.get(name, 0) + number


def _event(run: Run, action: str, words: str = "") -> trail.Event:
    return trail.Event(
        action=action,
        actor=run.actor or trail.WORKER,
        integration_id=run.integration_id,
        run_id=run.pk,
        details={"trigger": run.trigger, **({"words": words} if words else {})},
    )
