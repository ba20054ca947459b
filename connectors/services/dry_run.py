"""Dry runs: people see what an integration would post before it posts anything.

A paused integration enters, a run that only reads and decides is queued; its outcome leaves in
numbers and money. No document is touched, and nothing is written at any provider.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from audit.services import Event, record
from connectors.core.errors import BadInputError
from connectors.core.money import ZERO
from connectors.engine import doorbell
from connectors.models import Document, Foreseen, Integration, Run
from tenants.scope import tenant_scope

_SUMMED = ("outcome", "group", "currency")


@dataclass(slots=True)
class Group:
    """Documents of one outcome, or of one cause of it, with their money by currency."""

    outcome: str
    key: str = ""
    label: str = ""
    kind: str = ""
    number: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)

    def add(self, number: int, currency: str, total: Decimal | None) -> None:
        self.number += number
        if total is not None:
            self.money[currency] = self.money.get(currency, ZERO) + total


def ask(integration: Integration, *, actor: str) -> Run:
    """Queue a dry run; raises BadInputError while the integration posts, or reads already."""
    with tenant_scope(integration.tenant_id):
        row = Integration.objects.get(pk=integration.pk)
        if row.enabled:
            raise BadInputError(
                f"“{row.name}” is started and posts by itself. Pause it first to make a dry run."
            )
        try:
            with transaction.atomic():
                run = Run.objects.create(
                    integration=row, trigger=Run.Trigger.PERSON, actor=actor, dry=True
                )
        except IntegrityError:
            raise BadInputError("A run is queued already. Wait until it has ended.") from None
        record(
            Event(
                action="integration.dry_run",
                actor=actor,
                integration_id=row.pk,
                target_kind="integration",
                target_id=str(row.pk),
                target_number=row.name,
                details={"run": run.pk},
            )
        )
        doorbell.ring(doorbell.ADVANCE_RUN, integration.tenant_id, run.pk)
    return run


def progress(run: Run) -> dict[str, int]:
    """How far a dry run is: documents found, read, and decided; call inside a scope."""
    documents = Document.objects.filter(integration=run.integration_id)
    return {
        "found": documents.count(),
        "read": documents.filter(record__isnull=False).count(),
        "decided": Foreseen.objects.filter(run=run).count(),
    }


def last(integration: Integration) -> Run | None:
    """The dry run that was asked for last; call inside a scope."""
    return Run.objects.filter(integration=integration, dry=True).order_by("-pk").first()


def outcomes(run: Run) -> list[Group]:
    """What a dry run foresees, one group an outcome; call inside a scope."""
    found = {value: Group(value, label=str(label)) for value, label in Foreseen.Outcome.choices}
    for outcome, _, currency, number, total in _sums(run):
        found[outcome].add(number, currency, total)
    return [group for group in found.values() if group.number]


def causes(run: Run) -> list[Group]:
    """Why documents are held or nothing is to be done, and what they wait for; worst money first.

    A document that waits for several things is counted at each of them.
    """
    found: dict[tuple[str, str], Group] = {}
    for outcome, group, currency, number, total in _sums(run):
        if group:
            one = found.setdefault((outcome, group), Group(outcome, key=group, label=group))
            one.add(number, currency, total)
    rows = Foreseen.objects.filter(run=run, outcome=Foreseen.Outcome.WAIT)
    for waits, currency, total in rows.values_list("waits", "currency", "total"):
        for wait in waits:
            key = (Foreseen.Outcome.WAIT, wait["key"])
            named = {"label": wait["label"], "kind": wait["kind"]}
            found.setdefault(key, Group(*key, **named)).add(1, currency, total)
    return sorted(found.values(), key=_rank)


def _rank(one: Group) -> tuple[bool, Decimal | int, int]:
    """What somebody can do something about first, and of it the most money."""
    return one.outcome == Foreseen.Outcome.NOTHING, -sum(one.money.values()), -one.number


def documents(run: Run, outcome: str = "", key: str = "") -> Any:
    """The rows behind a group: of one outcome, of one cause, or all."""
    rows = Foreseen.objects.filter(run=run)
    if outcome:
        rows = rows.filter(outcome=outcome)
    if key:
        waits = Q(outcome=Foreseen.Outcome.WAIT, waits__contains=[{"key": key}])
        rows = rows.filter(waits | Q(group=key))
    bodies = ("document__record", "document__sightings")
    rows = rows.select_related("document").defer(*bodies)
    return rows.order_by("document__rank", "document__pk")


def _sums(run: Run) -> Any:
    rows = Foreseen.objects.filter(run=run).values_list(*_SUMMED)
    return rows.annotate(number=Count("pk"), money=Sum("total")).order_by(*_SUMMED)
