"""What an alert tells, as plain data: groups of like things, each with its lines.

News enters, JSON leaves; a message is kept in this form until it is sent, whatever becomes of the
rows. Inside the tenant's scope.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict

from django.urls import reverse

from connectors.core.money import plain, to_cents
from connectors.core.states import Reason
from connectors.models import Connection, Document, Run, Topic, WebhookEndpoint
from connectors.services.news import Held, News
from tenants.models import Tenant
from tenants.staff import shown

# Of so many of a kind the lines are kept, and of so many held documents of a reason.
_MOST = 50
_LONGEST = 500


class Line(TypedDict):
    """One thing. ``staff`` and ``member`` are the paths of its pages; ``amounts`` by currency."""

    title: str
    detail: str
    text: str
    amounts: dict[str, str]
    staff: str
    member: str


class Group(TypedDict):
    """Like things: ``count`` may be more than there are lines. ``label`` is a hold's reason."""

    kind: str
    label: str
    count: int
    amounts: dict[str, str]
    lines: list[Line]


# The kinds of groups, most urgent first, and what each is about.
TOPICS: dict[str, Topic] = {
    "stopped": Topic.CONNECTIONS,
    "unopened": Topic.CONNECTIONS,
    "failed": Topic.RUNS,
    "late": Topic.RUNS,
    "resting": Topic.QUOTA,
    "held": Topic.HELD,
    "drift": Topic.DRIFT,
    "missing": Topic.MAPPINGS,
}
# What goes to owners and admins where a workspace has no channel.
BY_DEFAULT = frozenset(TOPICS) - {"late", "resting"}


def groups_of(news: News, tenant: Tenant) -> list[Group]:
    """All that is new, most urgent first."""
    workspace = reverse("dashboard:overview", args=[tenant.slug])
    drift = [held for held in news.held if held.reason == Reason.DRIFTED]
    held = [held for held in news.held if held.reason != Reason.DRIFTED]
    made = [
        _group("stopped", [_stopped(row, workspace) for row in news.connections]),
        _group("unopened", [_unopened(row, workspace) for row in news.unopened]),
        _group("failed", [_run(row, workspace) for row in news.runs]),
        _group("late", [_run(row, workspace, _since(row, tenant)) for row in news.late]),
        _group("resting", [_resting(row, workspace, tenant) for row in news.resting]),
        *(_documents("held", one, workspace) for one in held),
        *(_documents("drift", one, workspace) for one in drift),
        _group("missing", [_missing(row, workspace) for row in news.failures]),
    ]
    return [group for group in made if group["count"]]


def about(groups: Iterable[Group], topics: Collection[str]) -> list[Group]:
    """The groups that are about one of these topics."""
    return [group for group in groups if TOPICS.get(group["kind"]) in topics]


def merged(before: Iterable[Group], more: Iterable[Group]) -> list[Group]:
    """Both in one list, most urgent first; groups of one kind and label become one."""
    found: dict[tuple[str, str], Group] = {}
    for group in (*before, *more):
        key = (group["kind"], group["label"])
        found[key] = _joined(found[key], group) if key in found else group
    order = list(TOPICS)
    return sorted(found.values(), key=lambda group: order.index(group["kind"]))


def notice(kind: str, lines: list[Line]) -> Group:
    """A group about the alerts themselves, which no channel chooses."""
    return _group(kind, lines)


def _joined(one: Group, other: Group) -> Group:
    # What was told twice since is one thing; the later words count.
    lines: dict[str, Line] = {}
    outdated: list[Line] = []
    for row in (*one["lines"], *other["lines"]):
        key = row["member"] or row["title"]
        if key in lines:
            outdated.append(lines[key])
        lines[key] = row
    amounts = _sum([one["amounts"], other["amounts"]])
    told_twice = _sum(row["amounts"] for row in outdated)
    less = {currency: str(-Decimal(amount)) for currency, amount in told_twice.items()}
    return Group(
        kind=one["kind"],
        label=one["label"],
        count=one["count"] + other["count"] - len(outdated),
        amounts={c: a for c, a in _sum([amounts, less]).items() if Decimal(a)},
        lines=list(lines.values())[:_MOST],
    )


def _group(kind: str, lines: list[Line]) -> Group:
    return Group(
        kind=kind,
        label="",
        count=len(lines),
        amounts=_sum(row["amounts"] for row in lines),
        lines=lines[:_MOST],
    )


def _documents(kind: str, held: Held, workspace: str) -> Group:
    sums = [{row.currency: str(row.total)} for row in held.documents if row.total is not None]
    return Group(
        kind=kind,
        label=held.title,
        count=len(held.documents),
        amounts=_sum(sums),
        lines=[_document(row, workspace) for row in held.named],
    )


def _sum(amounts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in amounts:
        for currency, amount in one.items():
            sums[currency] += Decimal(amount)
    return {currency: _digits(sums[currency], currency) for currency in sorted(sums)}


def _digits(amount: Decimal, currency: str) -> str:
    """To the cent; a finer amount as it is."""
    cents = to_cents(amount, currency)
    return str(cents) if cents == amount else plain(amount)


def line(
    title: str,
    detail: str = "",
    text: str = "",
    *,
    staff: str = "",
    member: str = "",
    amounts: Mapping[str, str] | None = None,
) -> Line:
    """A line of bounded length; title and detail stay on one."""
    return Line(
        title=" ".join(title.split())[:_LONGEST],
        detail=" ".join(detail.split())[:_LONGEST],
        text=text[:_LONGEST],
        amounts=_sum([amounts or {}]),
        staff=staff,
        member=member,
    )


def _stopped(row: Connection, workspace: str) -> Line:
    return line(
        row.name,
        row.get_health_display(),
        row.health_words,
        staff=reverse("admin:connectors_connection_change", args=[row.pk]),
        member=f"{workspace}connections/{row.pk}/",
    )


def _unopened(row: WebhookEndpoint, workspace: str) -> Line:
    return line(
        row.connection.name,
        f"since {row.unopened_at:%-d %B %Y, %H:%M} UTC",
        staff=reverse("admin:connectors_webhookendpoint_change", args=[row.pk]),
        member=f"{workspace}connections/{row.connection_id}/",
    )


def _run(row: Run, workspace: str, detail: str = "") -> Line:
    return line(
        row.integration.name,
        detail,
        row.words,
        staff=reverse("admin:connectors_run_change", args=[row.pk]),
        member=f"{workspace}integrations/{row.integration_id}/",
    )


def _since(row: Run, tenant: Tenant) -> str:
    began = row.queued_at.astimezone(tenant.zone)
    return f"not finished since {began:%-d %B, %H:%M %Z}"


def _resting(row: Connection, workspace: str, tenant: Tenant) -> Line:
    assert row.resting_until is not None  # noqa: S101 - asked of one that rests
    until = row.resting_until.astimezone(tenant.zone)
    return line(
        row.name,
        f"no calls until {until:%-d %B, %H:%M %Z}",
        row.resting_words,
        staff=reverse("admin:connectors_connection_change", args=[row.pk]),
        member=f"{workspace}connections/{row.pk}/",
    )


def _document(row: Document, workspace: str) -> Line:
    return line(
        f"{shown.plain(row.stream).capitalize()} {row.number or row.key}",
        row.party,
        row.words,
        staff=reverse("admin:connectors_document_change", args=[row.pk]),
        member=f"{workspace}documents/{row.pk}/",
        amounts={} if row.total is None else {row.currency: str(row.total)},
    )


def _missing(row: Any, workspace: str) -> Line:
    return line(
        row.label,
        f"{row.integration.name}, {row.documents} document{'' if row.documents == 1 else 's'}",
        staff=reverse("admin:connectors_mappingfailure_change", args=[row.pk]),
        member=f"{workspace}review/missing/{row.pk}/",
        amounts={currency: str(amount) for currency, amount in row.amounts.items()},
    )
