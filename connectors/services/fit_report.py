"""Fit reports: what an integration would do with a company's own data, kept and shared.

A finished dry run enters; its report leaves, with both sides by month, what is matched and what a
first run costs. Links to a report are signed, end by themselves and can be taken back.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from django.core import signing
from django.db.models import Count, Q, Sum
from django.db.models.functions import Left, TruncMonth

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.core.money import ZERO
from connectors.engine.job import Resolved
from connectors.models import FitReport, Foreseen, Integration, Run, TargetRecord
from connectors.services import alignment, dry_run, integrations
from connectors.services.agreement import standing
from tenants.scope import tenant_scope

_KEPT = 5
SHARED_FOR = timedelta(days=14)
_SALT = "connectors.fit_report"
_O = Foreseen.Outcome
# Nobody reads more rows than that in a table file.
MOST_EXPORTED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a first run takes of the target's quota: calls, and about how long."""

    calls: int
    minutes: int
    per_day: int | None
    afterwards: str

    @property
    def days(self) -> int:
        """How many days' quota it takes."""
        return ceil(self.calls / self.per_day) if self.per_day else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month in one currency: the source, the target today, and what would become of it."""

    month: str
    currency: str
    source: Decimal = ZERO
    target: Decimal = ZERO
    posted: Decimal = ZERO
    there: Decimal = ZERO
    waits: Decimal = ZERO
    nothing: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What of the source's money no outcome accounts for: it must be nothing."""
        return self.source - self.posted - self.there - self.waits - self.nothing


def latest(integration: Integration, resolved: Resolved) -> FitReport | None:
    """The report of the last dry run that ended, made now where nobody has; inside a scope."""
    runs = Run.objects.filter(integration=integration, dry=True, finished_at__isnull=False)
    run = runs.order_by("-pk").first()
    if run is None:
        return None
    return FitReport.objects.filter(run=run).first() or keep(run, resolved)


def kept(integration: Integration) -> list[FitReport]:
    """All that are kept, the newest first; inside a scope."""
    return list(FitReport.objects.filter(integration=integration).order_by("-made_at", "-pk"))


def keep_ended(run_id: int, resolved: Resolved) -> None:
    """Make the report of this run if it is a dry one that has ended; inside a scope.

    Asked of the database: a worker that has lost the run may believe that it has ended it.
    """
    run = Run.objects.filter(pk=run_id, dry=True, finished_at__isnull=False).first()
    if run is not None:
        keep(run, resolved)


def keep(run: Run, resolved: Resolved) -> FitReport:
    """Make the report of a dry run that has ended; inside a scope. Old ones go unless shared."""
    integration = Integration.objects.select_related("source", "target").get(pk=run.integration_id)
    report, _ = FitReport.objects.get_or_create(
        run=run,
        defaults={
            "integration": integration,
            "made_at": run.finished_at or clock.now(),
            "content": _content(run, integration, resolved),
        },
    )
    old = [one.pk for one in kept(integration)[_KEPT:]]
    shared = Q(shared_until__gt=clock.now())
    FitReport.objects.filter(pk__in=old).exclude(shared).delete()
    return report


def _content(run: Run, integration: Integration, resolved: Resolved) -> dict[str, Any]:
    calls = Foreseen.objects.filter(run=run).aggregate(all=Sum("calls"))["all"] or 0
    limits = resolved.target.limits(integration.target.settings, integration.target.profile)
    minutes = calls * limits.interval / 60
    if limits.per_hour:
        minutes = max(minutes, calls / limits.per_hour * 60)
    return {
        "name": integration.name,
        "flow": integration.flow,
        "source": resolved.source.title,
        "target": resolved.target.title,
        "from": integration.source.name,
        "to": integration.target.name,
        "history_start": str(integration.history_start or ""),
        "words": run.words,
        "complete": run.status == Run.Status.FINISHED,
        "months": _months(run, integration, resolved),
        "matching": {
            kind: {standing.value: number for standing, number in standings.items()}
            for kind, standings in alignment.summary(integration, resolved.flow).items()
        },
        "calls": calls,
        "minutes": ceil(minutes),
        "per_day": limits.per_day,
        "afterwards": _afterwards(integration, resolved),
    }


def _afterwards(integration: Integration, resolved: Resolved) -> str:
    try:
        return str(
            integrations.forecast(
                resolved,
                integration.source,
                interval_minutes=integration.interval_minutes,
                cron=integration.cron,
            )
        )
    except BadInputError as error:
        return str(error)


def _months(run: Run, integration: Integration, resolved: Resolved) -> list[dict[str, str]]:
    """Both sides by month and currency, as plain text for the report."""
    found: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    rows = (
        Foreseen.objects.filter(run=run, total__isnull=False)
        .order_by()
        .annotate(month=TruncMonth("day"))
        .values_list("month", "currency", "outcome", "linkable")
        .annotate(amount=Sum("total"))
    )
    for month, currency, outcome, linkable, amount in rows:
        place = found[f"{month:%Y-%m}" if month else "", currency]
        place["source"] += amount
        place["there" if linkable else COLUMN[_O(outcome)]] += amount
    for month, currency, amount in _there(integration, resolved):
        found[month, currency]["target"] += amount
    return [
        {"month": month, "currency": currency, **{name: str(n) for name, n in amounts.items()}}
        for (month, currency), amounts in sorted(found.items(), reverse=True)
    ]


COLUMN = {
    _O.POST: "posted",
    _O.CHANGE: "posted",
    _O.CANCEL: "nothing",
    _O.WAIT: "waits",
    _O.HOLD: "waits",
    _O.LATER: "waits",
    _O.STANDS: "there",
    _O.NOTHING: "nothing",
}


def _there(integration: Integration, resolved: Resolved) -> Iterator[tuple[str, str, Decimal]]:
    """What the target holds today by month and currency, whoever made it."""
    start = integration.history_start or date(1970, 1, 1)
    known = TargetRecord.objects.filter(
        Q(day="") | Q(day__gte=start.isoformat()),
        connection=integration.target_id,
        total__isnull=False,
    )
    for kind in {one.target_kind for one in resolved.flow.streams if one.upkeep is None}:
        statuses = standing(resolved.flow, integration.target_id, kind)
        rows = known.filter(kind=kind, status__in=statuses).order_by()
        months = rows.annotate(month=Left("day", 7)).values_list("month", "currency")
        yield from months.annotate(amount=Sum("total"))


def months(report: FitReport) -> list[Month]:
    """The months of a report, the latest first."""
    return [
        Month(
            month=row["month"],
            currency=row["currency"],
            **{name: Decimal(row[name]) for name in _AMOUNTS if name in row},
        )
        for row in report.content["months"]
    ]


_AMOUNTS = ("source", "target", "posted", "there", "waits", "nothing")


def cost(report: FitReport) -> Cost:
    named = ("calls", "minutes", "per_day", "afterwards")
    return Cost(**{name: report.content[name] for name in named})


def summary(report: FitReport) -> dict[str, dry_run.Group]:
    """What would be posted, is there already, waits, and is not meant for the target."""
    found = {
        name: dry_run.Group(name, label=label)
        for name, label in (
            ("posted", "Would be posted"),
            ("there", f"Already in {report.content['target']}"),
            ("waits", "Waits for you"),
            ("nothing", f"Not meant for {report.content['target']}"),
        )
    }
    rows = (
        Foreseen.objects.filter(run=report.run_id)
        .order_by()
        .values_list("outcome", "linkable", "currency")
        .annotate(number=Count("pk"), amount=Sum("total"))
    )
    for outcome, linkable, currency, number, amount in rows:
        column = "there" if linkable else COLUMN[_O(outcome)]
        found[column].add(number, currency, amount)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedIn:
    """What people typed into the target by hand beside what would be posted.

    ``same`` agree in number, vendor and total; ``differ`` do not, and ``fields`` counts in what.
    """

    same: int
    differ: int
    fields: list[tuple[str, int]]


def typed_in(report: FitReport) -> TypedIn:
    """How the records that people typed in compare; inside a scope."""
    rows = Foreseen.objects.filter(run=report.run_id).exclude(existing=[])
    same, differ, fields = 0, 0, Counter[str]()
    for linkable, existing in rows.values_list("linkable", "existing").iterator(chunk_size=2_000):
        if linkable:
            same += 1
            continue
        differ += 1
        # The likeliest one stands first.
        fields.update(name for name, ours, theirs in existing[0]["rows"] if ours != theirs)
    return TypedIn(same=same, differ=differ, fields=fields.most_common())


def exported(report: FitReport) -> Iterator[list[Any]]:
    """Rows of a table file, the heading first; inside a scope."""
    target = report.content["target"]
    yield [
        *("Kind", "Number", "Vendor", "Day", "Amount", "Currency", "Outcome", "Reason"),
        *(f"Already in {target}", f"Would be in {target}"),
    ]
    rows = dry_run.documents(report.run)[:MOST_EXPORTED]
    for row in rows.iterator(chunk_size=2_000):
        yield [
            row.stream,
            row.number or row.document.key,
            row.party,
            row.day or "",
            "" if row.total is None else f"{row.total.normalize():f}",
            row.currency,
            row.get_outcome_display(),
            row.words,
            ", ".join(one["number"] or one["target_id"] for one in row.existing),
            ", ".join(part["target_number"] or part["reference"] for part in row.parts),
        ]


def share(report: FitReport, *, actor: str) -> str:
    """Let whoever has the link read this report for two weeks; gives the link's token."""
    with tenant_scope(report.tenant_id):
        row = FitReport.objects.select_for_update(no_key=True).get(pk=report.pk)
        if not is_shared(row):
            # A link that has ended stays ended.
            row.shares += 1
        row.shared_until = clock.now() + SHARED_FOR
        row.save(update_fields=["shared_until", "shares"])
        _tell("fit_report.shared", row, actor, until=row.shared_until.isoformat())
    return token_of(row)


def is_shared(report: FitReport) -> bool:
    """Whether a link opens it now."""
    return report.shared_until is not None and report.shared_until > clock.now()


def take_back(report: FitReport, *, actor: str) -> None:
    """End all links to a report."""
    with tenant_scope(report.tenant_id):
        row = FitReport.objects.select_for_update(no_key=True).get(pk=report.pk)
        row.shared_until, row.shares = None, row.shares + 1
        row.save(update_fields=["shared_until", "shares"])
        _tell("fit_report.taken_back", row, actor)


def token_of(report: FitReport) -> str:
    """The same as long as the link is: without the time that ``signing.dumps`` adds."""
    content = [report.tenant_id, report.pk, report.shares]
    return signing.Signer(salt=_SALT).sign_object(content)


def shared(token: str) -> tuple[int, int] | None:
    """The tenant and the report that a link leads to; None for one that is not valid any more."""
    try:
        tenant_id, report_id, shares = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    with tenant_scope(tenant_id):
        valid = FitReport.objects.filter(
            pk=report_id, shares=shares, shared_until__gt=clock.now()
        ).exists()
    return (tenant_id, report_id) if valid else None


def _tell(action: str, report: FitReport, actor: str, **details: Mapping[str, Any] | str) -> None:
    record(
        Event(
            action=action,
            actor=actor,
            integration_id=report.integration_id,
            run_id=report.run_id,
            target_kind="fit_report",
            target_id=str(report.pk),
            target_number=report.content["name"],
            details=dict(details),
        )
    )
