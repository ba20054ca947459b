"""The mappings of one kind as a list: what documents wait for, what is linked to nothing, and what
is linked; page by page, and as rows of a table file. Read inside the tenant's scope.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from connectors.core.errors import BadInputError
from connectors.core.flow import Flow
from connectors.core.references import ReferenceRow, Suggestion
from connectors.engine.references import to_row
from connectors.models import Integration, Mapping, MappingFailure, ReferenceItem
from connectors.services import mapping_usage
from connectors.services.mapping import targets
from connectors.services.mapping_usage import Usage

PAGE = 50
# What one table file holds, going out and coming in.
MOST_LINES = 5_000
WAITING, OPEN, LINKED = "waiting", "open", "linked"
# In the order of the list.
SHOWN = (WAITING, OPEN, LINKED)
# So many pairs of names are compared for one page; the rows behind that get no suggestion.
_COMPARED = 10_000
_LEAST = 3
HEADING = (
    "Source id",
    "Source name",
    "Source code",
    "Target id",
    "Target name",
    "Target code",
    "How made",
    "When",
)
HOW = {
    Mapping.Origin.AUTOMATIC: "Match",
    Mapping.Origin.EXTERNAL_ID: "Id",
    Mapping.Origin.PERSON: "Person",
    Mapping.Origin.IMPORT: "Import",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person filters by; ``shown`` is one of SHOWN, or empty for all."""

    integration: Integration
    kind: str
    search: str = ""
    shown: str = ""

    @property
    def segments(self) -> tuple[str, ...]:
        return (self.shown,) if self.shown else SHOWN


@dataclass(slots=True, kw_only=True)
class Line:
    """One thing of the source. What waits may be mapped: to a target that is not in use."""

    segment: str
    key: str
    label: str
    row_id: int
    failure: MappingFailure | None = None
    mapping: Mapping | None = None
    source: ReferenceItem | None = None
    target: ReferenceItem | None = None
    waiting: int = 0
    usage: Usage = field(default_factory=Usage)
    suggestions: Sequence[Suggestion] = ()

    @property
    def name(self) -> str:
        return self.source.name if self.source else self.label

    @property
    def how(self) -> str:
        return HOW[Mapping.Origin(self.mapping.origin)] if self.mapping else ""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a page, and where the next one begins: “” at the end."""

    lines: list[Line]
    after: str


def page(asked: Asked, after: str = "") -> Page:
    """The lines from behind the one that ``after`` names, with what the list shows of them."""
    found, more = _lines(asked, after, PAGE)
    _name(asked.integration, asked.kind, found)
    last = found[-1] if more else None
    return Page(found, f"{last.segment}.{last.row_id}.{last.label}" if last else "")


def count_uses(asked: Asked, lines: Iterable[Line]) -> None:
    """Give linked lines the posted documents that use them: this reads all that is posted."""
    linked = [line for line in lines if line.segment == LINKED]
    usage = mapping_usage.of_keys(asked.integration, asked.kind, [line.key for line in linked])
    for line in linked:
        line.usage = usage.get(line.key, line.usage)


def suggest(asked: Asked, flow: Flow, lines: Iterable[Line], *, most: int = 1) -> None:
    """Give lines that are not linked their likeliest targets, as far as one page may compare."""
    unlinked = [line for line in lines if line.segment != LINKED]
    if not unlinked:
        return
    rows = [to_row(item) for item in targets(asked.integration, asked.kind)]
    for line in unlinked[: max(_COMPARED // max(len(rows), 1), _LEAST)]:
        line.suggestions = flow.suggest(asked.kind, row_of(asked.kind, line), rows)[:most]


def row_of(kind: str, line: Line) -> ReferenceRow:
    """A line as the flows' matching knows it."""
    if line.source is not None:
        return to_row(line.source)
    return ReferenceRow(kind=kind, key=line.key, name=line.label)


def line_of(integration: Integration, kind: str, key: str) -> Line | None:
    """The line of one thing of the source; None for what neither side knows of."""
    failure = (
        MappingFailure.objects.filter(integration=integration, kind=kind, source_key=key)
        .annotate(documents=Count("waits"))
        .first()
    )
    line = Line(segment=OPEN, key=key, label=failure.label if failure else key, row_id=0)
    _name(integration, kind, [line])
    if failure is not None and failure.status == MappingFailure.Status.OPEN:
        line.segment, line.failure, line.waiting = WAITING, failure, failure.documents
    elif line.mapping is not None:
        line.segment = LINKED
    return line if failure or line.mapping or line.source else None


def counts(asked: Asked) -> dict[str, int]:
    """How many lines each segment has, whichever is shown."""
    return {segment: _rows(asked, segment).count() for segment in SHOWN}


def missing(integration: Integration) -> dict[str, int]:
    """How many things of each kind documents wait for."""
    rows = MappingFailure.objects.filter(
        integration=integration, status=MappingFailure.Status.OPEN
    ).order_by()
    return dict(rows.values_list("kind").annotate(number=Count("pk")))


def exported(asked: Asked, zone: tzinfo) -> Iterator[Sequence[Any]]:
    """Rows of a table file of all that fit, the heading first.

    Raises BadInputError for more than can be imported again.
    """
    found, more = _lines(asked, "", MOST_LINES)
    if more:
        raise BadInputError(
            f"More than {MOST_LINES:,} mappings fit. Search for a part of them, then export that."
        )
    _name(asked.integration, asked.kind, found)
    yield HEADING
    for line in found:
        row, source, target = line.mapping, line.source, line.target
        yield (
            line.key,
            line.name,
            source.number if source else "",
            row.target_key if row else "",
            target.name if target else "",
            target.number if target else "",
            line.how,
            row.changed_at.astimezone(zone).isoformat(timespec="minutes") if row else "",
        )


def _lines(asked: Asked, after: str, number: int) -> tuple[list[Line], bool]:
    """So many lines, and whether there are more."""
    segments, place = list(asked.segments), _place(after)
    if place and place[0] in segments:
        segments = segments[segments.index(place[0]) :]
    found: list[Line] = []
    for segment in segments:
        rows = _rows(asked, segment)
        if place and segment == place[0]:
            _, pk, label = place
            rows = rows.filter(Q(label_text__gt=label) | Q(label_text=label, pk__gt=pk))
        wanted = number + 1 - len(found)
        found += [_line(segment, row) for row in rows.order_by("label_text", "pk")[:wanted]]
    return found[:number], len(found) > number


def _line(segment: str, row: Any) -> Line:
    return Line(
        segment=segment,
        key=row.key if segment == OPEN else row.source_key,
        label=row.label_text,
        row_id=row.pk,
        failure=row if segment == WAITING else None,
        mapping=row if segment == LINKED else None,
        source=row if segment == OPEN else None,
        waiting=row.documents if segment == WAITING else 0,
    )


def _place(after: str) -> tuple[str, int, str] | None:
    """Where a page begins; None for what no page of ours has said."""
    segment, _, rest = after.partition(".")
    pk, _, label = rest.partition(".")
    if segment not in SHOWN or not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    return segment, int(pk), label


def _rows(asked: Asked, segment: str) -> QuerySet[Any]:
    """What a segment holds and fits the search, each with the text that it is sorted by."""
    integration, kind = asked.integration, asked.kind
    failures = MappingFailure.objects.filter(
        integration=integration, kind=kind, status=MappingFailure.Status.OPEN
    )
    mappings = Mapping.objects.filter(integration=integration, kind=kind)
    items = ReferenceItem.objects.filter(connection_id=integration.source_id, kind=kind)
    if segment == WAITING:
        rows: QuerySet[Any] = failures.annotate(label_text=F("label"), documents=Count("waits"))
        return rows.filter(_fits(asked, Q(label__icontains=asked.search)))
    if segment == OPEN:
        rows = items.filter(active=True, gone=False).annotate(label_text=F("name"))
        rows = rows.exclude(key__in=mappings.values("source_key"))
        rows = rows.exclude(key__in=failures.values("source_key"))
        return rows.filter(_named(asked.search)) if asked.search else rows
    name = Subquery(items.filter(key=OuterRef("source_key")).values("name")[:1])
    rows = mappings.exclude(source_key__in=failures.values("source_key")).annotate(
        label_text=Coalesce(name, F("source_key"))
    )
    theirs = ReferenceItem.objects.filter(connection_id=integration.target_id, kind=kind)
    named = theirs.filter(_named(asked.search)).values("key")
    return rows.filter(_fits(asked, Q(target_key__in=named)))


def _fits(asked: Asked, besides: Q) -> Q:
    """By the source's key or name, or as said besides."""
    if not asked.search:
        return Q()
    items = ReferenceItem.objects.filter(connection_id=asked.integration.source_id, kind=asked.kind)
    ours = items.filter(_named(asked.search)).values("key")
    return besides | Q(source_key__in=ours) | Q(source_key=asked.search)


def _named(search: str) -> Q:
    return Q(name__icontains=search) | Q(number__icontains=search) | Q(key=search)


def _name(integration: Integration, kind: str, lines: Sequence[Line]) -> None:
    """Give lines their cached rows of both sides, and those that wait the mapping they have."""
    keys = [line.key for line in lines]
    mappings = Mapping.objects.filter(integration=integration, kind=kind, source_key__in=keys)
    mapped = {row.source_key: row for row in mappings}
    wanted = Q(connection=integration.source_id, key__in=keys) | Q(
        connection=integration.target_id, key__in=[row.target_key for row in mapped.values()]
    )
    items = {
        (item.connection_id, item.key): item
        for item in ReferenceItem.objects.filter(wanted, kind=kind)
    }
    for line in lines:
        line.mapping = mapped.get(line.key)
        line.source = items.get((integration.source_id, line.key))
        if line.mapping is not None:
            line.target = items.get((integration.target_id, line.mapping.target_key))
