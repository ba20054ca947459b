"""What waits for a person in a workspace: missing mappings and held documents, most money first.

Read inside the tenant's scope. An order and its bill that wait for one thing count once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, QuerySet

from connectors.core.states import State
from connectors.models import Document, MappingFailure
from connectors.services.overview import weight
from connectors.services.waiting_money import waiting_amounts

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to fix: a missing mapping, or a held document."""

    failure: MappingFailure | None = None
    document: Document | None = None
    documents: int
    amounts: Mapping[str, Decimal]
    since: datetime


def size() -> int:
    """How many things wait for a person."""
    return _open_failures().count() + Document.objects.filter(state=State.HELD).count()


def items() -> list[Item]:
    """The queue, most money first and then the oldest; at most 200 of either kind."""
    found = [*_missing(), *_held()]
    return sorted(found, key=lambda item: (-weight(item.amounts), item.since))


def _missing() -> list[Item]:
    rows = list(
        _open_failures()
        .select_related("integration")
        .annotate(number=Count("waits"))
        .order_by("opened_at")[:_MOST]
    )
    amounts = waiting_amounts([row.pk for row in rows])
    return [
        Item(
            failure=row,
            documents=row.number,
            amounts=amounts.get(row.pk, {}),
            since=row.opened_at,
        )
        for row in rows
    ]


def _held() -> list[Item]:
    rows = (
        Document.objects.filter(state=State.HELD)
        .select_related("integration")
        .defer("record", "sightings")
        .order_by("state_at")[:_MOST]
    )
    return [
        Item(
            document=row,
            documents=1,
            amounts={} if row.total is None else {row.currency: row.total},
            since=row.state_at,
        )
        for row in rows
    ]


def _open_failures() -> QuerySet[MappingFailure]:
    return MappingFailure.objects.filter(status=MappingFailure.Status.OPEN)
