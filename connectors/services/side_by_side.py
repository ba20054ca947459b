"""Both sides of a document beside each other, out of what is stored; nothing is asked of providers.

A document with its links and the differences last seen enters, in a scope that may read it; rows
of plain values leave. What is not posted yet is shown as it would be, by the mappings of now.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connectors.core.errors import BadInputError
from connectors.core.flow import Flow
from connectors.core.outlines import Field, Line, Named, Outline
from connectors.models import Document, Link
from connectors.services.mapped_names import MappedNames, Place

SAME, LINKED, DIFFERS, MISSING, ONLY_HERE, ONLY_THERE = (
    "same",
    "linked",
    "differs",
    "missing",
    "only here",
    "only there",
)
# Fields that somebody changed at the target, as they were noted: field, ours and theirs.
Differences = Sequence[Mapping[str, Any]]
# How differences that somebody made there name a field or a column.
_FIELDS = {"due date": "Due", "delivery date": "Delivery", "contract date": "Date"}
_COLUMNS = {"budget code": "account", "unit cost": "price"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRow:
    """One field on both sides; ``now`` is what somebody has made of it at the target."""

    label: str
    source: str = ""
    target: str = ""
    place: Place | None = None
    now: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A line of the target beside the source's. Of a split line only the first row has it.

    ``now`` gives what somebody made of a column there; ``rows`` how many belong together.
    """

    source: Line | None = None
    target: Line | None = None
    account: Place | None = None
    tax: Place | None = None
    project: Place | None = None
    now: Mapping[str, str] = field(default_factory=dict)
    rows: int = 1
    verdict: str = ""
    words: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The fields of one record at the target; without a link of one that would be posted."""

    link: Link | None
    rows: Sequence[HeaderRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A document's both sides. ``trouble`` says what of it cannot be told, ``newer`` that the
    source has another version by now than was posted.
    """

    posted: bool
    headers: Sequence[Header]
    lines: Sequence[LineRow]
    source_total: Decimal | None
    target_total: Decimal | None
    currency: str
    trouble: str
    newer: bool
    whole: bool

    @property
    def different(self) -> int:
        """How many lines are not alike."""
        return sum(row.verdict not in (SAME, "") for row in self.lines)

    @property
    def source_lines(self) -> Decimal | None:
        """The sum of the source's lines."""
        return _sum(row.source.amount for row in self.lines if row.source is not None)

    @property
    def target_lines(self) -> Decimal | None:
        """The sum of the target's lines, as posted or as they would be."""
        return _sum(row.target.amount for row in self.lines if row.target is not None)

    @property
    def totals_agree(self) -> bool:
        return None not in (self.source_total, self.target_total) and (
            self.source_total == self.target_total
        )


def compare(
    document: Document,
    links: Sequence[Link],
    flow: Flow,
    differences: Mapping[str, Differences],
) -> Sides | None:
    """Both sides, or None for a flow or a kind of record that has no lines to compare.

    ``differences`` are those last seen, by the target's id of the record; accepted ones are added.
    """
    stream = flow.stream(document.stream)
    if flow.outlines is None or stream.upkeep is not None:
        return None
    posted = [link for link in links if link.payload]
    source, trouble = _source(document, posted, flow)
    targets = [flow.outlines.posted(link.target_kind, link.payload) for link in posted]
    names = MappedNames.load(document, [source, *targets], posted)
    if posted:
        changed = [_changed(link, differences) for link in posted]
        headers = [
            Header(link=link, rows=_header(source, target, names, found, link))
            for link, target, found in zip(posted, targets, changed, strict=True)
        ]
        rows = [
            row
            for link, target, found in zip(posted, targets, changed, strict=True)
            for row in _posted_lines(link, target, names, found, named=len(posted) > 1)
        ]
        lines = _lines(source, rows)
        lines += [row for found in changed for row in _added(found)]
        total = _sum(
            link.total if link.total is not None else target.total
            for link, target in zip(posted, targets, strict=True)
        )
    else:
        headers = [Header(link=None, rows=_planned_header(source, names))]
        lines = _lines(source, [_planned(line, names) for line in source.meant])
        total = None
    return Sides(
        posted=bool(posted),
        headers=headers,
        lines=lines,
        source_total=source.total,
        target_total=total,
        currency=source.currency or document.currency,
        trouble=trouble,
        newer=any(link.version and link.version != document.version for link in posted),
        whole=bool(posted) and all(link.matched == Link.Matched.EVERYTHING for link in posted),
    )


def _source(document: Document, links: Sequence[Link], flow: Flow) -> tuple[Outline, str]:
    """The source's side, and why it cannot be told."""
    if not document.record or flow.outlines is None:
        return Outline(), "The record has not been read yet."
    options = {**flow.default_options(), **document.integration.options}
    for link in links:
        options |= link.options
    try:
        record = flow.stream(document.stream).parse(document.record)
        outline = flow.outlines.source(document.stream, record, options)
    except BadInputError as error:
        return Outline(), str(error)
    return outline, outline.trouble


def _header(
    source: Outline,
    target: Outline,
    names: MappedNames,
    differences: Differences,
    link: Link,
) -> list[HeaderRow]:
    here = {one.label: one for one in source.fields}
    there = {one.label: one for one in target.fields}
    changed = {
        _FIELDS.get(one["field"], str(one["field"]).capitalize()): one for one in differences
    }
    rows = []
    for label in [*here, *(label for label in there if label not in here)]:
        ours, theirs = here.get(label), there.get(label)
        row = _header_row(label, ours, theirs, names, link)
        if label in changed and theirs is not None:
            named = theirs.named
            value = str(changed[label].get("theirs", ""))
            now = names.target(named.kind, value) if named else value
            row = replace(row, now=now, verdict=DIFFERS)
        rows.append(row)
    return rows


def _header_row(
    label: str, ours: Field | None, theirs: Field | None, names: MappedNames, link: Link
) -> HeaderRow:
    if theirs is None:
        return HeaderRow(label=label, source=_text(ours), verdict="")
    if theirs.named is not None:
        source = ours.named if ours else None
        place = names.posted(theirs.named, source, link)
        verdict = LINKED if place.mapping else ""
        return HeaderRow(
            label=label, source=_text(ours), target=place.name, place=place, verdict=verdict
        )
    verdict = ""
    if ours is not None and ours.compared:
        verdict = SAME if ours.text == theirs.text else DIFFERS
    return HeaderRow(label=label, source=_text(ours), target=theirs.text, verdict=verdict)


def _planned_header(source: Outline, names: MappedNames) -> list[HeaderRow]:
    rows = []
    for one in source.fields:
        place = names.planned(one.named) if one.named else None
        if place is None:
            rows.append(HeaderRow(label=one.label, source=one.text, target=one.text))
            continue
        verdict = MISSING if place.missing else LINKED
        row = HeaderRow(label=one.label, source=_text(one), target=place.name, place=place)
        rows.append(replace(row, verdict=verdict))
    return rows


def _text(one: Field | None) -> str:
    if one is None:
        return ""
    return (one.named.label or one.named.key) if one.named else one.text


def _changed(link: Link, differences: Mapping[str, Differences]) -> Differences:
    """What somebody changed of a record: what was accepted, and what was seen last."""
    accepted = [{"field": name, "theirs": theirs} for name, theirs in link.adopted.items()]
    return [*accepted, *differences.get(link.target_id, ())]


def _posted_lines(
    link: Link, target: Outline, names: MappedNames, differences: Differences, *, named: bool
) -> list[LineRow]:
    """The lines of a record, each with what somebody made of it there."""
    called = Counter(line.words for line in target.lines)
    changed = {
        str(one["field"]): str(one.get("theirs", ""))
        for one in differences
        if one.get("ours") != "not ours"
    }
    return [
        LineRow(
            target=line,
            account=_posted_place(line.account, line.key, names, link),
            tax=_posted_place(line.tax, line.key, names, link),
            now=_changes(line, changed, names) if called[line.words] == 1 else {},
            part=(link.target_number or link.target_id) if named else "",
        )
        for line in target.lines
    ]


def _posted_place(named: Named | None, key: str, names: MappedNames, link: Link) -> Place | None:
    return names.posted(named, names.meant(key, named.kind), link) if named else None


def _changes(line: Line, changed: Mapping[str, str], names: MappedNames) -> dict[str, str]:
    """What somebody made of a line's columns; the whole line under ``amount`` if it is gone."""
    found: dict[str, str] = {}
    for name, theirs in changed.items():
        if name == line.words:
            found["amount"] = theirs
        elif name.startswith(f"{line.words}: "):
            label = name.removeprefix(f"{line.words}: ")
            column = _COLUMNS.get(label, label)
            named = {"account": line.account, "tax": line.tax}.get(column)
            found[column] = names.target(named.kind, theirs) if named else theirs or "none"
    return found


def _planned(line: Line, names: MappedNames) -> LineRow:
    return LineRow(
        target=line,
        account=names.planned(line.account) if line.account else None,
        tax=names.planned(line.tax) if line.tax else None,
        project=names.planned(line.project) if line.project else None,
    )


def _lines(source: Outline, rows: Sequence[LineRow]) -> list[LineRow]:
    """The rows in the order of the source's lines, each group judged as a whole."""
    groups: dict[str, list[LineRow]] = defaultdict(list)
    for row in rows:
        if row.target is not None:
            groups[row.target.of].append(row)
    found: list[LineRow] = []
    for line in source.lines:
        group = groups.pop(line.of, [])
        if not group:
            known = bool(rows)
            found.append(LineRow(source=line, verdict=ONLY_HERE if known else ""))
            continue
        first, *others = group
        verdict, words = _judged(line, group)
        found.append(replace(first, source=line, rows=len(group), verdict=verdict, words=words))
        found += [replace(row, verdict=_own(row), words="") for row in others]
    # What no line of the source stands for any more, or whose source is not known.
    left = [row for group in groups.values() for row in group]
    return found + [replace(row, verdict=ONLY_THERE if source.lines else "") for row in left]


def _own(row: LineRow) -> str:
    places = (row.account, row.tax, row.project)
    if any(place is not None and place.missing for place in places):
        return MISSING
    return DIFFERS if row.now else ""


def _judged(line: Line, group: Sequence[LineRow]) -> tuple[str, str]:
    """What the comparison of a line with all that was made of it says, and in which words."""
    targets = [row.target for row in group if row.target is not None]
    split = f"split into {len(group)}" if len(group) > 1 else ""
    own = [_own(row) for row in group]
    if MISSING in own:
        return MISSING, split
    if DIFFERS in own:
        names = sorted({name for row in group for name in row.now})
        return DIFFERS, ", ".join([*names, *([split] if split else [])])
    amount = _sum(target.amount for target in targets)
    if line.amount is not None and amount is not None and amount != line.amount:
        return DIFFERS, ", ".join(["amount", *([split] if split else [])])
    return SAME, split


def _added(differences: Differences) -> list[LineRow]:
    """Lines that somebody typed in at the target."""
    return [
        LineRow(
            target=Line(of="", name=str(one["field"]).removeprefix("line ")),
            now={"amount": str(one.get("theirs", ""))},
            verdict=ONLY_THERE,
            words="added there",
        )
        for one in differences
        if one.get("ours") == "not ours"
    ]


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(found) else None
