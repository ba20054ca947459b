"""What waits for a person in a workspace: missing mappings and held documents, most money first.

Read inside the tenant's scope. An order and its bill that wait for one thing count once. What
somebody has put off is left out until its time has come, or until it is decided anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Prefetch, QuerySet

from connectors.core import clock
from connectors.core.states import State
from connectors.models import Document, MappingFailure, ReviewItem
from connectors.services.overview import weight
from connectors.services.waiting_money import waiting_amounts
from tenants.models import Member

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person filters by. ``whose`` is a member's id, 0 for nobody's, None for anybody's;
    ``snoozed`` asks for what is put off instead. ``reason`` is what a document is held for, or the
    kind of what is not mapped.
    """

    kind: str = ""
    reason: str = ""
    integration_id: int = 0
    whose: int | None = None
    snoozed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to fix: a missing mapping, or a held document; and whose it is."""

    failure: MappingFailure | None = None
    document: Document | None = None
    documents: int
    amounts: Mapping[str, Decimal]
    since: datetime
    review: ReviewItem | None = None

    @property
    def assignee(self) -> Member | None:
        return self.review.assignee if self.review else None


def size() -> int:
    """How many things wait for a person now."""
    asked = Asked()
    return _open_failures(asked).count() + _held_documents(asked).count()


def size_of(asked: Asked) -> int:
    """How many things of one kind wait that fit."""
    rows = _open_failures(asked) if asked.kind == "missing" else _held_documents(asked)
    return rows.count()


def put_off() -> int:
    """How many things are put off."""
    asked = Asked(snoozed=True)
    return _open_failures(asked).count() + _held_documents(asked).count()


def is_put_off(thing: MappingFailure | Document) -> bool:
    """Whether the queue leaves it out now."""
    of = "failure" if isinstance(thing, MappingFailure) else "document"
    return _put_off(of).filter(**{of: thing.pk}).exists()


def items(asked: Asked | None = None) -> list[Item]:
    """The queue, most money first and then the oldest; at most 200 of either kind."""
    wanted = asked or Asked()
    found = [
        *(_missing(wanted) if wanted.kind in ("", "missing") else ()),
        *(_held(wanted) if wanted.kind in ("", "held") else ()),
    ]
    return sorted(found, key=lambda item: (-weight(item.amounts), item.since))


def _missing(asked: Asked) -> list[Item]:
    rows = list(
        _open_failures(asked)
        .select_related("integration")
        .prefetch_related(_REVIEWS)
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
            review=_review(row),
        )
        for row in rows
    ]


def _held(asked: Asked) -> list[Item]:
    rows = (
        _held_documents(asked)
        .select_related("integration")
        .prefetch_related(_REVIEWS)
        .defer("record", "sightings")
        .order_by("state_at")[:_MOST]
    )
    return [
        Item(
            document=row,
            documents=1,
            amounts={} if row.total is None else {row.currency: row.total},
            since=row.state_at,
            review=_review(row),
        )
        for row in rows
    ]


_REVIEWS = Prefetch("reviews", ReviewItem.objects.select_related("assignee__user"))


def _review(row: Any) -> ReviewItem | None:
    return next(iter(row.reviews.all()), None)


def _open_failures(asked: Asked) -> QuerySet[MappingFailure]:
    rows: QuerySet[MappingFailure] = _wanted(
        MappingFailure.objects.filter(status=MappingFailure.Status.OPEN), asked, "failure"
    )
    return rows


def _held_documents(asked: Asked) -> QuerySet[Document]:
    held = Document.objects.filter(state=State.HELD)
    rows: QuerySet[Document] = _wanted(held, asked, "document")
    return rows


def _wanted(rows: Any, asked: Asked, of: str) -> Any:
    """Those that fit; the few that are put off or given to somebody are named by their items."""
    items = ReviewItem.objects.filter(**{f"{of}__isnull": False})
    snoozed = _put_off(of).values(of)
    rows = rows.filter(pk__in=snoozed) if asked.snoozed else rows.exclude(pk__in=snoozed)
    if asked.integration_id:
        rows = rows.filter(integration=asked.integration_id)
    if asked.reason:
        rows = rows.filter(**{"kind" if of == "failure" else "reason": asked.reason})
    if asked.whose == 0:
        rows = rows.exclude(pk__in=items.filter(assignee__isnull=False).values(of))
    elif asked.whose is not None:
        rows = rows.filter(pk__in=items.filter(assignee=asked.whose).values(of))
    return rows


def _put_off(of: str) -> QuerySet[ReviewItem]:
    """Those whose day is to come; what was opened or held since is another thing to look at."""
    since = F("failure__opened_at" if of == "failure" else "document__state_at")
    rows = ReviewItem.objects.filter(**{f"{of}__isnull": False}, snoozed_until__gt=clock.now())
    return rows.exclude(snoozed_at__lt=since)
