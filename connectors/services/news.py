"""What a tenant has not been told yet: stopped connections, failing runs, held documents, mappings,
and webhook secrets that no key opens.

Taken inside the tenant's scope and marked as told at once, so that two workers never tell it twice;
`give_back` unmarks what could not be sent.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F

from connectors.core.money import Money
from connectors.core.states import State
from connectors.models import (
    Connection,
    Document,
    Health,
    MappingFailure,
    Run,
    WebhookEndpoint,
)
from connectors.services import unopened
from connectors.services.waiting_money import waiting_amounts

_STOPPED = [Health.NEEDS_AUTHORISATION, Health.SUSPENDED, Health.MISCONFIGURED]
# So many documents of a reason are named; of the others only their number and money.
_NAMED = 5
# An integration that fails for weeks has many failed runs; so many of them are compared with.
_LOOKED_BACK = 50
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

    @property
    def others(self) -> int:
        return len(self.documents) - len(self.named)

    @property
    def money(self) -> str:
        return in_words((row.currency, row.total) for row in self.documents if row.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """All that is to be told at once."""

    connections: list[Connection]
    runs: list[Run]
    held: list[Held]
    failures: list[Any]
    unopened: list[WebhookEndpoint] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.connections, self.runs, self.held, self.failures, self.unopened))


def take(now: datetime, *, urgent_only: bool) -> News:
    """What is new, marked as told; ``urgent_only`` leaves all but stopped connections for later."""
    connections = _connections(now)
    if urgent_only and not connections:
        return News(connections=[], runs=[], held=[], failures=[])
    return News(
        connections=connections,
        runs=_runs(now),
        held=_held(),
        failures=_failures(now),
        unopened=unopened.take(now),
    )


def give_back(news: News) -> None:
    """Make it news again."""
    Connection.objects.filter(pk__in=_ids(news.connections)).update(alerted_at=None)
    Run.objects.filter(pk__in=_ids(news.runs)).update(alerted_at=None)
    Document.objects.filter(pk__in=_ids(d for h in news.held for d in h.documents)).update(told="")
    MappingFailure.objects.filter(pk__in=_ids(news.failures)).update(alerted_at=None)
    WebhookEndpoint.objects.filter(pk__in=_ids(news.unopened)).update(alerted_at=None)


def in_words(amounts: Iterable[tuple[str, Decimal | None]]) -> str:
    """“1,234.50 EUR + 8,000 JPY”: never one sum over several currencies."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        sums[currency] += amount or 0
    return " + ".join(str(Money(sums[currency], currency)).strip() for currency in sorted(sums))


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
        failure.amounts = in_words(amounts.get(failure.pk, {}).items())
    return failures
