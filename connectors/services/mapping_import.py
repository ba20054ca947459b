"""Mappings out of a table file: what each line would change, and setting exactly that.

A file's bytes enter; a plan leaves, line by line, with what is wrong named by line and column.
Nothing is kept in between: the plan is made anew from the same bytes when it is applied.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.engine.release import lock_mappings
from connectors.models import Integration, MappingFailure
from connectors.models import Mapping as MappingRow
from connectors.services import mapping_lookup
from connectors.services.mapping import Choice, set_mappings
from connectors.services.mapping_file import Line, read
from connectors.services.mapping_lookup import Side, WrongCellError
from tenants.scope import tenant_scope


class Standing(StrEnum):
    """What would become of a line, in the order in which people look at them."""

    ERROR = "error"
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What people call the kind and the two systems."""

    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A line of the file and what it would do; ``column`` and ``words`` say what is wrong."""

    number: int
    source: str
    standing: Standing = Standing.UNCHANGED
    before: str = ""
    after: str = ""
    column: str = ""
    words: str = ""
    choice: Choice | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do, line by line."""

    lines: tuple[Planned, ...]

    @property
    def digest(self) -> str:
        """Stands for exactly this plan, so that no other is applied in its place."""
        return fingerprint(
            [
                [line.number, line.standing.value, line.source, line.before, line.after, line.words]
                + ([line.choice.source_key, line.choice.target_key] if line.choice else [])
                for line in self.lines
            ]
        )

    @property
    def choices(self) -> list[Choice]:
        return [line.choice for line in self.lines if line.choice is not None]

    def count(self, standing: Standing) -> int:
        return sum(line.standing is standing for line in self.lines)


class ChangedMeanwhileError(BadInputError):
    """The file would do something else by now than a person has seen: what ``plan`` says."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            "Something has changed since the dry run, so nothing was imported. Look at the new dry "
            "run and import again."
        )
        self.plan = plan


def plan(integration: Integration, kind: str, content: bytes, *, names: Names) -> Plan:
    """What the file would do at this moment.

    Raises BadInputError for a file that cannot be read as one of mappings.
    """
    lines = read(content)
    with tenant_scope(integration.tenant_id):
        known = _load(integration, kind, lines, names)
    taken: dict[str, int] = {}
    return Plan(tuple(_planned(kind, line, known, taken) for line in lines))


def apply(
    integration: Integration, kind: str, content: bytes, *, names: Names, digest: str, actor: str
) -> tuple[int, int]:
    """Set what the plan with this digest says, all or nothing.

    Returns how many mappings were set and how many documents were freed. Raises
    ChangedMeanwhileError where the file would do something else by now.
    """
    with tenant_scope(integration.tenant_id):
        lock_mappings(integration)
        found = plan(integration, kind, content, names=names)
        if found.digest != digest:
            raise ChangedMeanwhileError(found)
        if found.count(Standing.ERROR):
            raise BadInputError("Correct the lines with errors first. Nothing was imported.")
        freed = set_mappings(
            integration, found.choices, actor=actor, origin=MappingRow.Origin.IMPORT
        )
        return len(found.choices), freed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Both sides, the keys that documents or mappings have, and what is mapped."""

    source: Side
    target: Side
    sources: Collection[str]
    mapped: Mapping[str, str]


def _load(integration: Integration, kind: str, lines: Sequence[Line], names: Names) -> _Known:
    rows = MappingRow.objects.filter(integration=integration, kind=kind)
    mapped = dict(rows.values_list("source_key", "target_key"))
    failures = MappingFailure.objects.filter(integration=integration, kind=kind)
    source = mapping_lookup.load(
        "Source",
        names.source,
        names.kind,
        connection_id=integration.source_id,
        kind=kind,
        named=[line.source for line in lines],
    )
    target = mapping_lookup.load(
        "Target",
        names.target,
        names.kind,
        connection_id=integration.target_id,
        kind=kind,
        named=[line.target for line in lines],
    )
    waited = failures.values_list("source_key", flat=True)
    sources = {*source.by_key, *mapped, *waited}
    return _Known(source=source, target=target, sources=sources, mapped=mapped)


def _planned(kind: str, line: Line, known: _Known, taken: dict[str, int]) -> Planned:
    """What a line would do; ``taken`` are the lines that name a source already."""
    found = Planned(number=line.number, source=str(line.source))
    try:
        key = _source_key(line, known)
        found = replace(found, source=known.source.label(key) or found.source)
        if key in taken:
            raise WrongCellError("Source id", f"Line {taken[key]} names it already.")
        taken[key] = line.number
        return _compared(kind, line, key, known, found)
    except WrongCellError as wrong:
        return replace(
            found, standing=Standing.ERROR, column=wrong.column, words=wrong.words, before=""
        )


def _source_key(line: Line, known: _Known) -> str:
    item = known.source.find(line.source)
    if item is not None:
        return item.key
    key = line.source.key if line.source.key in known.sources else line.source.key.strip()
    if key not in known.sources:
        raise WrongCellError("Source id", known.source.unknown(key))
    return key


def _compared(kind: str, line: Line, key: str, known: _Known, found: Planned) -> Planned:
    now = known.mapped.get(key, "")
    found = replace(found, before=known.target.label(now), after=known.target.label(now))
    if not line.target:
        if now:
            raise WrongCellError(
                "Target id",
                "It is empty, and an import unlinks nothing. Enter a target or take the line out.",
            )
        return found
    item = known.target.find(line.target)
    target_key = item.key if item else line.target.key.strip()
    if target_key == now:
        return found
    if item is None:
        raise WrongCellError("Target id", known.target.unknown(target_key))
    if not item.active:
        column = "Target id" if line.target.key else "Target name"
        raise WrongCellError(column, f"{item} is not in use in {known.target.title}.")
    return replace(
        found,
        standing=Standing.CHANGED if now else Standing.NEW,
        after=str(item),
        choice=Choice(kind=kind, source_key=key, target_key=target_key),
    )
