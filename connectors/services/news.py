"""What a tenant has not been told yet: stopped connections, failing runs, held documents, mappings,
and webhook secrets that no key opens; for channels also late runs and used up quotas.

Taken inside the tenant's scope and marked as told at once, so that two workers never tell it twice;
`give_back` unmarks what could not be sent.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q

from connectors.core import clock
from connectors.core.states import State
from connectors.models import (
    Connection,
    Document,
    Health,
    MappingFailure,
    Run,
    Topic,
    WebhookEndpoint,
)
from connectors.services import unopened
from connectors.services.waiting_money import waiting_amounts

_STOPPED = [Health.NEEDS_AUTHORISATION, Health.SUSPENDED, Health.MISCONFIGURED]
# So many documents of a reason are named; of the others only their number and money.
_NAMED = 5
# An integration that fails for weeks has many failed runs; so many of them are compared with.
_LOOKED_BACK = 50
# A run is late after an hour, or after twice its interval.
_LATE = timedelta(hours=1)
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The documents that are held for one reason, those with most money first."""

    reason: str
    documents: list[Document]

    @property
    def title(self) -> str:
        """“Total differs”."""
        return self.reason.replace("_", " ").capitalize()

    @property
    def named(self) -> list[Document]:
        return self.documents[:_NAMED]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """All that is to be told at once."""

    connections: list[Connection]
    runs: list[Run]
    held: list[Held]
    failures: list[Any]
    unopened: list[WebhookEndpoint] = field(default_factory=list)
    late: list[Run] = field(default_factory=list)
    resting: list[Connection] = field(default_factory=list)

    def __bool__(self) -> bool:
        usual = any((self.connections, self.runs, self.held, self.failures, self.unopened))
        return usual or bool(self.late or self.resting)


def take(now: datetime, *, urgent_only: bool, also: Collection[str] = ()) -> News:
    """What is new, marked as told; ``urgent_only`` leaves all but stopped connections for later.

    Late runs and quotas are taken where the topics in ``also`` ask for them.
    """
    connections = _connections(now)
    if urgent_only and not connections:
        return News(connections=[], runs=[], held=[], failures=[])
    return News(
        connections=connections,
        runs=_runs(now),
        held=_held(),
        failures=_failures(now),
        unopened=unopened.take(now),
        late=_late(now) if Topic.RUNS in also else [],
        resting=_resting(now) if Topic.QUOTA in also else [],
    )


def give_back(news: News) -> None:
    """Make it news again."""
    Connection.objects.filter(pk__in=_ids(news.connections)).update(alerted_at=None)
    Run.objects.filter(pk__in=_ids(news.runs)).update(alerted_at=None)
    Document.objects.filter(pk__in=_ids(d for h in news.held for d in h.documents)).update(told="")
    MappingFailure.objects.filter(pk__in=_ids(news.failures)).update(alerted_at=None)
    WebhookEndpoint.objects.filter(pk__in=_ids(news.unopened)).update(alerted_at=None)


def _ids(rows: Iterable[Any]) -> list[int]:
    return [row.pk for row in rows]


def _connections(now: datetime) -> list[Connection]:
    rows = list(Connection.objects.select_for_update().filter(health__in=_STOPPED, alerted_at=None))
    Connection.objects.filter(pk__in=_ids(rows)).update(alerted_at=now)
    return rows


def _runs(now: datetime) -> list[Run]:
    """Runs that failed otherwise than those before; a stopped connection has been told as such."""
    failed = Run.objects.filter(status=Run.Status.FAILED)
    rows = list(
        failed.select_for_update(of=("self",))
        .filter(alerted_at=None)
        .select_related("integration__source", "integration__target")
        .order_by("pk")
    )
    Run.objects.filter(pk__in=_ids(rows)).update(alerted_at=now)
    return [row for row in rows if not _is_stopped(row) and not _told_of_the_same(row)]


def _late(now: datetime) -> list[Run]:
    """Runs that take too long. The first one of an integration reads years, and may."""
    rows = list(
        Run.objects.select_for_update(of=("self",))
        .filter(
            status__in=(Run.Status.QUEUED, Run.Status.RUNNING),
            dry=False,
            late_told_at=None,
            queued_at__lt=now - _LATE,
        )
        .select_related("integration__source", "integration__target")
        .order_by("pk")
    )
    late = [row for row in rows if now - row.queued_at > 2 * _interval(row) and not _rests(row)]
    Run.objects.filter(pk__in=_ids(late)).update(late_told_at=now)
    finished = Run.objects.filter(status=Run.Status.FINISHED, dry=False)
    return [
        row
        for row in late
        if not _is_stopped(row) and finished.filter(integration=row.integration_id).exists()
    ]


def _interval(run: Run) -> timedelta:
    return timedelta(minutes=run.integration.interval_minutes)


def _rests(run: Run) -> bool:
    ends = (run.integration.source.resting_until, run.integration.target.resting_until)
    return any(until is not None and until > clock.now() for until in ends)


def _resting(now: datetime) -> list[Connection]:
    """Connections that rest and whose last told rest is over: a longer rest is no news."""
    untold = Q(rest_told_until=None) | Q(rest_told_until__lt=now)
    rows = list(Connection.objects.select_for_update().filter(untold, resting_until__gt=now))
    Connection.objects.filter(pk__in=_ids(rows)).update(rest_told_until=F("resting_until"))
    return rows


def _is_stopped(run: Run) -> bool:
    return bool({run.integration.source.health, run.integration.target.health} & set(_STOPPED))


def _told_of_the_same(run: Run) -> bool:
    """Whether it has failed for this reason already since a run of it went well."""
    earlier = Run.objects.filter(integration=run.integration_id, pk__lt=run.pk)
    fine = earlier.filter(status=Run.Status.FINISHED).order_by("pk").last()
    failed = earlier.filter(status=Run.Status.FAILED, pk__gt=fine.pk if fine else 0)
    reasons = failed.order_by("-pk").values_list("words", flat=True)[:_LOOKED_BACK]
    return _reason(run.words) in map(_reason, reasons)


def _reason(words: str) -> str:
    """The words without their numbers: an id, a time or a count makes no other reason."""
    return _NUMBERS.sub("", words)


def _most_money_first(row: Document) -> tuple[bool, Decimal]:
    return row.total is None, -(row.total or Decimal(0))


def _held() -> list[Held]:
    rows = list(
        Document.objects.select_for_update(of=("self",))
        .filter(state=State.HELD)
        .exclude(told=F("reason"))
        .select_related("integration")
        .defer("record", "sightings")
        # Locked in the order of all, or a worker at the same documents would wait in a circle.
        .order_by("pk")
    )
    Document.objects.filter(pk__in=_ids(rows)).update(told=F("reason"))
    by_reason: defaultdict[str, list[Document]] = defaultdict(list)
    for row in sorted(rows, key=_most_money_first):
        by_reason[row.reason].append(row)
    return [Held(reason=reason, documents=found) for reason, found in by_reason.items()]


def _failures(now: datetime) -> list[Any]:
    rows = list(
        MappingFailure.objects.select_for_update().filter(
            status=MappingFailure.Status.OPEN, alerted_at=None
        )
    )
    MappingFailure.objects.filter(pk__in=_ids(rows)).update(alerted_at=now)
    failures: list[Any] = list(
        MappingFailure.objects.filter(pk__in=_ids(rows))
        .select_related("integration")
        .annotate(documents=Count("waits"))
        .order_by("-documents", "label")
    )
    amounts = waiting_amounts(_ids(failures))
    for failure in failures:
        failure.amounts = amounts.get(failure.pk, {})
    return failures
