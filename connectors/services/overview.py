"""How a workspace stands: documents by state, what is stuck and for how much, each integration's
last run, and the last days. Read inside the tenant's scope, in a few grouped queries.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, OuterRef, Subquery, Sum
from django.db.models.functions import TruncDate

from connectors.core import clock
from connectors.core.money import minor_digits
from connectors.core.states import State
from connectors.models import Document, Integration, Run, StreamState

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Stuck:
    """The documents that wait or are held for one reason."""

    state: str
    reason: str
    number: int
    amounts: Amounts
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """One integration: its last run, and up to when its source has been read for certain."""

    integration: Integration
    last_run: Run | None
    read_to: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """How many documents came to a state on a day and are still in it."""

    day: date
    posted: int
    waiting: int
    held: int


def counts(integration_id: int | None = None) -> dict[str, int]:
    """How many documents stand in each state; states without any are left out."""
    rows = Document.objects.order_by()
    if integration_id is not None:
        rows = rows.filter(integration=integration_id)
    return dict(rows.values_list("state").annotate(number=Count("pk")))


def stuck() -> list[Stuck]:
    """What waits for somebody by reason, most money first."""
    rows = (
        Document.objects.filter(state__in=(State.WAITING, State.HELD))
        .order_by()
        .values_list("state", "reason", "currency")
        .annotate(number=Count("pk"), amount=Sum("total"), oldest=Min("state_at"))
    )
    found: dict[tuple[str, str], Stuck] = {}
    for state, reason, currency, number, amount, oldest in rows:
        before = found.get((state, reason), Stuck(state, reason, 0, {}, oldest))
        amounts = before.amounts if amount is None else {**before.amounts, currency: amount}
        found[state, reason] = Stuck(
            state, reason, before.number + number, amounts, min(before.oldest, oldest)
        )
    return sorted(found.values(), key=lambda row: (-weight(row.amounts), row.oldest))


def weight(amounts: Amounts) -> int:
    """For sorting: no rate is known, so each currency counts in its smallest unit."""
    return sum(
        int(abs(amount) * 10 ** minor_digits(currency)) for currency, amount in amounts.items()
    )


def together(rows: Sequence[Stuck]) -> dict[str, Decimal]:
    """The money of all of these by currency, the most first."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for currency, amount in row.amounts.items():
            found[currency] += amount
    return dict(sorted(found.items(), key=lambda pair: -weight(dict([pair]))))


def posted_since(moment: datetime) -> int:
    return Document.objects.filter(state=State.POSTED, state_at__gte=moment).count()


def standings() -> list[Standing]:
    """Every integration by name, in three queries."""
    integrations = list(
        Integration.objects.select_related("source", "target")
        .defer("source__sealed_credentials", "target__sealed_credentials")
        .annotate(
            last=Subquery(
                Run.objects.filter(integration=OuterRef("pk"), dry=False)
                .order_by("-pk")
                .values("pk")[:1]
            )
        )
        .order_by("name")
    )
    runs = Run.objects.in_bulk([row.last for row in integrations if row.last])
    read = dict(
        StreamState.objects.filter(integration__in=integrations)
        .order_by()
        .values_list("integration")
        .annotate(read_to=Min("cursor"))
    )
    return [Standing(row, runs.get(row.last), read.get(row.pk)) for row in integrations]


def days(zone: ZoneInfo, number: int = 30) -> list[Day]:
    """The last days in the workspace's zone, oldest first, those without documents too."""
    today = clock.now().astimezone(zone).date()
    first = today - timedelta(days=number - 1)
    rows = (
        Document.objects.filter(
            state__in=(State.POSTED, State.WAITING, State.HELD),
            state_at__gte=datetime.combine(first, time.min, tzinfo=zone),
        )
        .order_by()
        .annotate(on=TruncDate("state_at", tzinfo=zone))
        .values_list("on", "state")
        .annotate(number=Count("pk"))
    )
    found = {(on, state): count for on, state, count in rows}
    return [
        Day(day, *(found.get((day, state), 0) for state in ("posted", "waiting", "held")))
        for day in (first + timedelta(days=n) for n in range(number))
    ]
