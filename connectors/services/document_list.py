"""The ledger as a list: what people ask for, page by page, and how many there are of each state.

Read inside the tenant's scope. A page goes on from the last row of the one before, so that rows
that come meanwhile shift nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from connectors.core.states import State
from connectors.models import Document
from connectors.services.document_search import by_amount, by_link, readable

PAGE = 50
_NEEDS = (State.WAITING, State.HELD)
# Nobody reads more rows than that in a table file.
MOST_EXPORTED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person filters by; empty means any. ``state`` may be “needs”: waiting or held."""

    search: str = ""
    state: str = ""
    reason: str = ""
    stream: str = ""
    integration_id: int = 0

    def without_state(self) -> "Asked":
        return replace(self, state="")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page, and where the next one begins: “” at the end."""

    rows: list[Document]
    after: str


def chosen(asked: Asked) -> QuerySet[Document]:
    """The documents that fit."""
    rows = Document.objects.defer("record", "sightings").select_related("integration")
    states = _NEEDS if asked.state == "needs" else (asked.state,)
    for field, wanted in (
        ("state__in", states if asked.state else ()),
        ("reason", asked.reason),
        ("stream", asked.stream),
        ("integration", asked.integration_id),
    ):
        if wanted:
            rows = rows.filter(**{field: wanted})
    return rows.filter(_by_text(asked.search)) if readable(asked.search) else rows


def page(asked: Asked, after: str = "") -> Page:
    """The newest first, from behind the row that ``after`` names."""
    rows = chosen(asked).order_by("-state_at", "-pk")
    if place := _place(after):
        moment, pk = place
        rows = rows.filter(Q(state_at__lt=moment) | Q(state_at=moment, pk__lt=pk))
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    last = found[PAGE - 1] if more else None
    return Page(found[:PAGE], f"{last.state_at.isoformat()}_{last.pk}" if last else "")


def counts(asked: Asked) -> dict[str, int]:
    """How many there are of each state, whatever state is asked for."""
    rows = chosen(asked.without_state()).order_by().values_list("state")
    return dict(rows.annotate(number=Count("pk")))


def totals(asked: Asked) -> dict[str, Decimal]:
    """The money of all that fit, by currency."""
    rows = chosen(asked).filter(total__isnull=False).order_by().values_list("currency")
    return dict(sorted(rows.annotate(amount=Sum("total"))))


def streams() -> list[str]:
    """The kinds of record that there are documents of."""
    return sorted(Document.objects.order_by().values_list("stream", flat=True).distinct())


def exported(asked: Asked) -> Iterator[list[Any]]:
    """Rows of a table file of all that fit, the heading first."""
    yield ["Kind", "Number", "Vendor", "Day", "Amount", "Currency", "State", "Reason", "Words"]
    rows = chosen(asked).order_by("-state_at", "-pk")[:MOST_EXPORTED]
    for row in rows.iterator(chunk_size=2_000):
        yield [
            row.stream,
            row.number or row.key,
            row.party,
            row.day or "",
            "" if row.total is None else f"{row.total.normalize():f}",
            row.currency,
            row.state,
            row.reason,
            row.words,
        ]


def _by_text(search: str) -> Q:
    term = readable(search)
    said = Q(number__icontains=term) | Q(party__icontains=term) | Q(key__iexact=term)
    return said | by_link(term) | by_amount(term)


def _place(after: str) -> tuple[datetime, int] | None:
    """Where a page begins; None for what no page of ours has said."""
    text, _, pk = after.partition("_")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    return moment, int(pk)
