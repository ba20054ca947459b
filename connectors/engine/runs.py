"""Runs: queued once, leased by one worker at a time, advanced phase by phase in short slices.

A run reads master data, then the source, then waits until nothing is left to post now. Whatever
interrupts it, the next slice starts from what the database says.
"""

import logging
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.errors import ProviderError, RetryLater
from connectors.core.flow import SOURCE, TARGET
from connectors.core.states import State
from connectors.engine import apart, extract, foresee, health, phases, rest, trail, unread, upkeep
from connectors.engine.apart import LostRun, SliceOver
from connectors.engine.away import DATABASE_AWAY
from connectors.engine.claims import READABLE
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.models import EPOCH, Document, Integration, Run
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
_FAILURES = 5
# How many workers in a row may die over one run, and where the run counts them.
_MOST_DEATHS, _DEATHS = 10, "deaths"
_LOOK_AGAIN = timedelta(seconds=1)


def queue_run(
    integration: Integration, *, trigger: str, actor: str, sweep: bool = False, dry: bool = False
) -> Run:
    """Queue a run inside the scope; the one that is queued already serves both callers."""
    while True:
        try:
            with transaction.atomic():
                return Run.objects.create(
                    integration=integration, trigger=trigger, actor=actor, sweep=sweep, dry=dry
                )
        except IntegrityError:
            queued = Run.objects.select_for_update().filter(
                integration=integration, status=Run.Status.QUEUED
            )
            run = queued.first()
        # None: it was started between our two looks, so there is room for ours.
        if run is not None:
            # A dry run that has not begun gives way to the real one.
            run.sweep, run.dry = run.sweep or sweep, run.dry and dry
            run.save(update_fields=["sweep", "dry"])
            return run


def lease_run(run_id: int) -> Run | None:
    """Take an unfinished run in hand, inside the scope; None when another has it or goes first."""
    run = (
        Run.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=run_id, status__in=[Run.Status.QUEUED, Run.Status.RUNNING])
        .filter(rest.awake("integration__"), leased_until__lte=Now(), next_at__lte=Now())
        .first()
    )
    if run is None:
        return None
    first = run.status == Run.Status.QUEUED
    # Whoever comes to an orderly end gives the lease back.
    deaths = run.counts.get(_DEATHS, 0) + 1 if run.leased_until > EPOCH else 0
    run.counts = {**run.counts, _DEATHS: deaths}
    if deaths >= _MOST_DEATHS:
        _bury(run)
        return None
    run.status = Run.Status.RUNNING
    run.started_at = run.started_at or clock.now()
    run.reads_from = run.reads_from or run.started_at
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


def _bury(run: Run) -> None:
    """End a run that its workers do not survive, inside the scope, so that the next may begin."""
    run.status, run.phase, run.finished_at = Run.Status.FAILED, Run.Phase.DONE, clock.now()
    run.leased_until = EPOCH
    run.words = (
        f"{_MOST_DEATHS} workers in a row ended in the middle of it. "
        "Its operator finds the reason in their logs."
    )
    run.save()
    trail.write([_event(run, "run.failed", words=run.words)])


def _lease_end() -> datetime:
    return clock.now() + timedelta(seconds=policy().run_lease_seconds)


def advance(job: Job, run: Run) -> None:
    """Do one slice of a leased run; leaves it finished, failed, or due for another slice."""
    job.check_lease = partial(_check_lease, run)
    job.read_only = run.dry
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
        _pause(job, run, clock.now())
    except RetryLater as later:
        rest.note(job, SOURCE, later)
        _wait(job, run, later, later.at, later.why)
    except apart.StillUnreadError as error:
        _failed(job, run, str(error))
    except ProviderError as error:
        _provider_failed(job, run, error)
    except (LostRun, *DATABASE_AWAY):
        raise
    except Exception as error:
        logger.exception("run %s met an error that nobody expected", run.pk)
        _failed(job, run, apart.our_mistake(error))


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
    _begin_anew_where_stale(job, run)
    if run.phase == Run.Phase.REFERENCES:
        phases.read_references(job, run, guard)
        _next(job, run, Run.Phase.EXTRACT)
    if run.phase == Run.Phase.EXTRACT:
        phases.read_source(job, run, guard)
        phases.read_indexes(job, run, guard)
        if not run.dry:
            _allow_posting(job, run)
        _next(job, run, Run.Phase.DELIVER)
    if run.phase == Run.Phase.DELIVER:
        (_foresee if run.dry else _finish_when_idle)(job, run, guard)


def _foresee(job: Job, run: Run, guard: extract.Guard) -> None:
    run.counts["foreseen"] = foresee.foresee(job, run, guard)
    found, failed = foresee.in_words(run.counts["foreseen"]), apart.words(run)
    status = Run.Status.FAILED if failed else Run.Status.FINISHED
    _end(job, run, status, f"{found} {failed}".strip())


def _begin_anew_where_stale(job: Job, run: Run) -> None:
    """What was read before a rest of the connections is read once more."""
    after = job.integration.reads_after
    if after is None or run.reads_from is None or run.reads_from >= after:
        return
    run.phase, run.reads_from = Run.Phase.REFERENCES, clock.now()
    run.counts.pop("read", None)
    _save(job, run, phase=run.phase, reads_from=run.reads_from, counts=run.counts)


def _allow_posting(job: Job, run: Run) -> None:
    """The source was read to the end; what rested meanwhile is read again by the next slice."""
    with job.scope():
        mine = Integration.objects.filter(pk=job.integration.pk)
        mine.filter(reads_after__lte=run.reads_from).update(reads_after=None)


def _finish_when_idle(job: Job, run: Run, guard: extract.Guard) -> None:
    """End the run once nothing is left that could be posted now, or be read soon."""
    phases.read_again(job, run, guard)
    given_up = _is_given_up(run)
    with job.reading():
        busy = Document.objects.filter(
            READABLE,
            integration=job.integration,
            state__in=[State.DUE, State.DELIVERING],
            # What was tried so often already keeps no run open.
            tries__lt=policy().read_tries,
            next_at__lte=clock.now() + timedelta(seconds=30),
        ).exists()
        enabled = Integration.objects.filter(pk=job.integration.pk, enabled=True).exists()
    # What was found missing meanwhile may be something to make.
    made_due = 0 if busy else upkeep.observe(job, guard)
    until = _LOOK_AGAIN if busy or made_due else None if given_up else unread.next_try(job)
    if enabled and until is not None:
        _pause(job, run, clock.now() + until)
        return
    with job.reading():
        counts, moved = _by_state(job), _by_state(job, moved_since=run.started_at)
    run.counts |= {"documents": counts, "moved": moved}
    words = "The integration is paused: what is due posts when it is resumed." if busy else ""
    failed = apart.words(run)
    if failed:
        unread.tell(job, failed)
    _end(
        job, run, Run.Status.FAILED if failed else Run.Status.FINISHED, f"{failed} {words}".strip()
    )


def _is_given_up(run: Run) -> bool:
    """Whether what fails has been tried often enough; raises where it is to be tried again."""
    if run.failures < _FAILURES - 1:
        apart.try_again(run)
    given_up = bool(run.counts.get(apart.PASSING))
    apart.give_up(run)
    return given_up


def _by_state(job: Job, moved_since: datetime | None = None) -> dict[str, int]:
    """How many documents of the integration are in each state, or came into it since then."""
    documents = Document.objects.filter(integration=job.integration)
    if moved_since is not None:
        documents = documents.filter(state_at__gte=moved_since)
    return dict(documents.values_list("state").annotate(number=Count("pk")))


def _next(job: Job, run: Run, phase: str) -> None:
    _is_given_up(run)
    run.phase, run.failures = phase, 0
    _save(job, run, phase=phase, counts=run.counts, failures=0)


def _pause(job: Job, run: Run, at: datetime, words: str = "") -> None:
    _save(job, run, next_at=at, leased_until=EPOCH, words=words, counts=run.counts)


def _wait(
    job: Job, run: Run, why: ProviderError | RetryLater, at: datetime, words: str = ""
) -> None:
    """Come again then; after a rest the run has its own words, and goes on when that ends."""
    if not rest.is_long(at):
        _pause(job, run, at, words)
        return
    with job.scope():
        words = rest.words(job.connection_of(why, SOURCE))
    _pause(job, run, clock.now(), words)


def _provider_failed(job: Job, run: Run, error: ProviderError) -> None:
    """A connection's error names it; where it does not, that of its provider is meant."""
    side = SOURCE if error.facts.provider == job.resolved.source.key else TARGET
    if error.kind in health.CONNECTION_KINDS:
        health.report(job, side, error)
        _end(job, run, Run.Status.FAILED, str(error))
        return
    rest.note(job, side, error)
    _failed(job, run, str(error), error)


def _failed(job: Job, run: Run, words: str, error: ProviderError | None = None) -> None:
    """Try again after a growing pause; a run that has failed often enough ends, and says so."""
    run.failures += 1
    if run.failures >= _FAILURES:
        _end(job, run, Run.Status.FAILED, f"{words} {apart.words(run)}".strip())
        return
    pause = policy().retry_in(run.failures - 1)
    logger.warning("run %s pauses for %s: %s", run.pk, pause, words)
    _save(job, run, failures=run.failures)
    at = clock.now() + pause
    if error is None:
        _pause(job, run, at, words)
    else:
        _wait(job, run, error, error.facts.retry_at or at, words)


def _end(job: Job, run: Run, status: str, words: str) -> None:
    run.status, run.words = status, words
    _save(
        job,
        run,
        status=status,
        phase=Run.Phase.DONE,
        words=words,
        counts=run.counts,
        finished_at=clock.now(),
        leased_until=EPOCH,
    )
    with job.scope():
        trail.write([_event(run, f"run.{status}", words=words)])


def _save(job: Job, run: Run, **changes: Any) -> None:
    """Write to the run if it is still ours; API calls counted so far go along."""
    mine = Run.objects.filter(pk=run.pk, fence=run.fence)
    with tenant_scope(job.tenant_id):
        if job.calls:
            row = mine.select_for_update().first()
            if row is None:
                raise LostRun
            changes["calls"] = run.calls = _with_calls(row, job)
        if not mine.update(**changes):
            raise LostRun
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


def _event(run: Run, action: str, words: str = "") -> trail.Event:
    return trail.Event(
        action=action,
        actor=run.actor or trail.WORKER,
        integration_id=run.integration_id,
        run_id=run.pk,
        details={"trigger": run.trigger, **({"words": words} if words else {})},
    )
