"""Setting up integrations: create, change, pause, resume, run now; with what a schedule costs.

A resolved flow, two connections and a person's choices enter; nothing is read from a provider.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.core.flow import SOURCE, TARGET
from connectors.engine import doorbell, release
from connectors.engine.job import Resolved
from connectors.engine.policy import policy
from connectors.engine.runs import queue_run
from connectors.engine.schedule import next_run, occurrences
from connectors.models import Connection, Integration, Run, WorkSlot
from connectors.services import identity, webhooks
from connectors.services.takeover import take_over
from tenants.models import Tenant
from tenants.scope import tenant_scope

_CHANGEABLE = frozenset(
    {
        *("name", "enabled", "shadow", "interval_minutes", "cron", "options", "history_start"),
        *(SOURCE, TARGET),
    }
)
# Nobody means a longer text, and it stays clear of what a database calls a number.
_MOST = 1_000_000
# Records of no earlier day are read; a start in more than a year is a slip of the pen.
_EARLIEST, _LATEST = date(1990, 1, 1), timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a schedule costs when nothing is new, against what the source's plan allows."""

    runs_per_day: int
    calls_per_run: int
    list_calls: int
    calls_per_day: int
    allowed_per_day: int | None

    @property
    def fits(self) -> bool:
        return self.allowed_per_day is None or self.calls_per_day <= self.allowed_per_day

    def __str__(self) -> str:
        plan = "no daily limit is known"
        if self.allowed_per_day is not None:
            plan = f"the plan allows {self.allowed_per_day:,}"
        each = "one call" if self.calls_per_run == 1 else f"{self.calls_per_run} calls"
        lists = f" and {self.list_calls:,} for master data" if self.list_calls else ""
        return (
            f"{self.runs_per_day:,} runs a day of {each} each{lists} make "
            f"{self.calls_per_day:,} calls a day when nothing is new; {plan}."
        )


def forecast(
    resolved: Resolved, source: Connection, *, interval_minutes: int, cron: str = ""
) -> Forecast:
    """Count a day's idle calls at the source; raises BadInputError for an unreadable schedule."""
    runs = _runs_per_day(interval_minutes, cron)
    calls = sum(len(stream.listings) for stream in resolved.flow.streams)
    lists = _list_calls(resolved, runs)
    limits = resolved.source.limits(source.settings, source.profile)
    return Forecast(
        runs_per_day=runs,
        calls_per_run=calls,
        list_calls=lists,
        calls_per_day=runs * calls + lists,
        allowed_per_day=limits.per_day,
    )


def _list_calls(resolved: Resolved, runs: int) -> int:
    """Master data is read by runs, and by each kind no more often than it says."""
    return sum(
        min(runs, timedelta(days=1) // reference.every)
        for reference in resolved.flow.references
        if reference.side == SOURCE
    )


def _runs_per_day(interval_minutes: int, cron: str) -> int:
    if not cron:
        if interval_minutes < 1:
            raise BadInputError("The interval must be one minute or more.")
        return 24 * 60 // interval_minutes
    zone = ZoneInfo("UTC")
    # The busiest day of a week: “every five minutes on Mondays” costs what Mondays cost.
    start = datetime(2026, 1, 5, tzinfo=UTC) - timedelta(seconds=1)
    end = start + timedelta(days=7)
    week = takewhile(lambda at: at < end, occurrences(start, cron, zone))
    days = Counter((at - start).days for at in week)
    return max(days.values(), default=1)


def create(
    *,
    tenant_id: int,
    resolved: Resolved,
    name: str,
    source: Connection,
    target: Connection,
    actor: str,
    options: Mapping[str, Any] | None = None,
    interval_minutes: int = 15,
    cron: str = "",
    history_start: date | None = None,
    enabled: bool = False,
) -> Integration:
    """Create an integration with its work slots. It is paused: nothing is posted, and nothing read,
    before somebody has seen what it would do, and starts it.
    """
    _check_sides(resolved, source, target)
    _check_proved(resolved, options or {}, target)
    _check_schedule(resolved, source, interval_minutes, cron)
    _check_start(history_start)
    with tenant_scope(tenant_id):
        integration = Integration(
            flow=resolved.flow.key,
            name=name.strip(),
            source=source,
            target=target,
            options=check_options(resolved, options or {}),
            interval_minutes=interval_minutes,
            cron=cron.strip(),
            history_start=history_start,
            enabled=enabled,
            next_run_at=clock.now() if enabled else None,
        )
        _insert(integration)
        WorkSlot.objects.bulk_create(
            WorkSlot(integration=integration, number=n + 1) for n in range(policy().slots)
        )
        if enabled:
            take_over(integration, actor=actor)
            webhooks.open_for(integration, resolved, actor=actor)
        record(_event("integration.created", integration, actor, _settings(integration)))
    return integration


def _insert(integration: Integration) -> None:
    try:
        with transaction.atomic():
            integration.save(force_insert=True)
    except IntegrityError:
        raise BadInputError(
            f"There is an integration called “{integration.name}” already."
        ) from None


def change(
    integration: Integration, *, resolved: Resolved, actor: str, **changes: Any
) -> Integration:
    """Change name, schedule, options or history start; audited with what changed.

    A history start that moves back makes the next run read from there. Its connections can be
    changed only before anything was read.
    """
    if unknown := changes.keys() - _CHANGEABLE:
        raise BadInputError(f"An integration's {', '.join(sorted(unknown))} cannot be changed.")
    with tenant_scope(integration.tenant_id):
        row = (
            Integration.objects.select_for_update(no_key=True, of=("self",))
            .select_related("source", "target", "tenant")
            .get(pk=integration.pk)
        )
        before = _settings(row)
        _change_sides(row, resolved, changes)
        if "options" in changes:
            changes["options"] = check_options(resolved, changes["options"])
            # What was chosen before stays, whatever has become of its proof.
            news = {k: v for k, v in changes["options"].items() if row.options.get(k) != v}
            _check_proved(resolved, news, row.target)
        if "history_start" in changes:
            _check_start(changes["history_start"])
        if changes.get("enabled"):
            changes["shadow"] = False
        if changes.get("enabled") and not row.enabled:
            # What was read before the pause may have changed since.
            row.reads_after = clock.now()
        for name, value in changes.items():
            setattr(row, name, value)
        _check_schedule(resolved, row.source, row.interval_minutes, row.cron)
        row.next_run_at = _next(row, row.tenant) if row.enabled or row.shadow else None
        row.save()
        if "history_start" in changes and before["history_start"] != str(row.history_start):
            row.streams.update(cursor=None)
        after = _settings(row)
        details = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        _follow(row, resolved, details, actor)
    return row


def _follow(row: Integration, resolved: Resolved, changed: Mapping[str, Any], actor: str) -> None:
    """What comes of the settings that have changed."""
    if "enabled" in changed and row.enabled:
        take_over(row, actor=actor)
    if "enabled" in changed:
        webhooks.open_for(row, resolved, actor=actor)
    if "options" in changed:
        # What stands still may be let go by another choice, as its words may have proposed.
        release.decide_anew(row.documents.all())
    if changed:
        record(_event("integration.changed", row, actor, changed))


def _change_sides(row: Integration, resolved: Resolved, changes: Mapping[str, Any]) -> None:
    """Let the locked row join other connections; what was read of the old ones goes."""
    sides = {side: getattr(row, side) for side in (SOURCE, TARGET)}
    moved = {side for side in sides if changes.get(side, sides[side]).pk != sides[side].pk}
    if not moved:
        return
    wanted = {side: changes.get(side, sides[side]) for side in sides}
    _check_sides(resolved, wanted[SOURCE], wanted[TARGET])
    # Whoever is reading loses the run first: nothing is written after we have looked.
    identity.take_away_runs(row)
    if row.documents.exists():
        side = moved.pop()
        raise BadInputError(
            f"“{row.name}” has documents from “{row.source.name}” and for “{row.target.name}”, so "
            f"its {side} cannot become “{wanted[side].name}”; nothing was changed. Make a new "
            "integration with the other connection."
        )
    identity.empty_integration([row.pk])


def pause(integration: Integration, *, resolved: Resolved, actor: str) -> None:
    """Stop scheduled runs and posting; what is under way ends."""
    change(integration, resolved=resolved, actor=actor, enabled=False, shadow=False)


def resume(integration: Integration, *, resolved: Resolved, actor: str) -> None:
    """Let it run again, beginning now."""
    change(integration, resolved=resolved, actor=actor, enabled=True)
    run_now(integration, actor=actor)


def shadow(integration: Integration, *, resolved: Resolved, actor: str) -> None:
    """Make fit reports by the schedule and post nothing; one that is live is refused."""
    if integration.enabled:
        raise BadInputError(f"“{integration.name}” is live. Pause it first to run it in shadow.")
    change(integration, resolved=resolved, actor=actor, shadow=True)


def run_now(
    integration: Integration, *, actor: str, trigger: str = Run.Trigger.PERSON, sweep: bool = False
) -> Run:
    """Queue a run at once; a run that is queued already serves this wish too."""
    with tenant_scope(integration.tenant_id):
        run = queue_run(integration, trigger=trigger, actor=actor, sweep=sweep)
        record(
            _event("integration.run_requested", integration, actor, {"run": run.pk, "sweep": sweep})
        )
        doorbell.ring(doorbell.ADVANCE_RUN, integration.tenant_id, run.pk)
    return run


def check_options(resolved: Resolved, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that differ from nothing said; raises BadInputError for unknown ones, and for
    those that do not go together.
    """
    known = {option.name: option for option in resolved.flow.options}
    for name, value in options.items():
        if name not in known:
            raise BadInputError(f"There is no option “{name}” in {resolved.flow.title}.")
        choices = [key for key, _ in known[name].choices]
        if choices and value not in choices:
            raise BadInputError(f"{known[name].label} must be one of {', '.join(choices)}.")
        if known[name].kind == "bool" and not isinstance(value, bool):
            raise BadInputError(f"{known[name].label} must be yes or no.")
        if known[name].kind == "number" and not _is_count(value):
            raise BadInputError(f"{known[name].label} must be a whole number, 0 or more.")
    if problem := resolved.flow.problem(options):
        raise BadInputError(problem)
    return dict(options)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _check_sides(resolved: Resolved, source: Connection, target: Connection) -> None:
    for connection, spec in ((source, resolved.source), (target, resolved.target)):
        if connection.provider != spec.key:
            raise BadInputError(
                f"{resolved.flow.title} needs a connection to {spec.title}; "
                f"“{connection.name}” is not one."
            )


def _check_proved(resolved: Resolved, options: Mapping[str, Any], target: Connection) -> None:
    if why := resolved.flow.unproved(options, target.profile):
        raise BadInputError(why)


def _check_schedule(
    resolved: Resolved, source: Connection, interval_minutes: int, cron: str
) -> None:
    if interval_minutes > _MOST:
        raise BadInputError(f"The interval must be {_MOST:,} minutes or less.")
    cost = forecast(resolved, source, interval_minutes=interval_minutes, cron=cron.strip())
    if not cost.fits:
        raise BadInputError(f"This schedule does not fit: {cost} Choose a longer interval.")


def _check_start(start: date | None) -> None:
    latest = clock.now().date() + _LATEST
    if start is not None and not _EARLIEST <= start <= latest:
        raise BadInputError(
            f"Records since {start.isoformat()}: choose a day from {_EARLIEST.isoformat()} to "
            f"{latest.isoformat()}."
        )


def _next(row: Integration, tenant: Tenant) -> datetime:
    return next_run(
        clock.now(),
        interval_minutes=row.interval_minutes,
        cron=row.cron,
        zone=tenant.zone,
    )


def _settings(integration: Integration) -> dict[str, Any]:
    return {
        "name": integration.name,
        "source": integration.source.name,
        "target": integration.target.name,
        "enabled": integration.enabled,
        "shadow": integration.shadow,
        "interval_minutes": integration.interval_minutes,
        "cron": integration.cron,
        "options": integration.options,
        "history_start": str(integration.history_start),
    }


def _event(action: str, row: Integration, actor: str, details: Mapping[str, Any]) -> Event:
    return Event(
        action=action,
        actor=actor,
        integration_id=row.pk,
        target_kind="integration",
        target_id=str(row.pk),
        target_number=row.name,
        details=dict(details),
    )
