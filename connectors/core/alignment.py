"""Sets both sides' master data side by side: what is linked, what stands alone, what has changed.

Rows of one kind from either side and the links between them enter; one row per pair or single
leaves, each with one word for how it stands. Nothing is decided or changed here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.core.names import normalise_name
from connectors.core.references import ReferenceRow


class Standing(StrEnum):
    """How a row stands, the most urgent first."""

    BROKEN = "broken"
    INACTIVE = "inactive"
    RENAMED = "renamed"
    ONLY_SOURCE = "only_source"
    ONLY_TARGET = "only_target"
    MATCHED = "matched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """One line of the list. A side that has nothing there, or not any more, is None.

    The keys are those of the link, also where its item is gone from a side.
    """

    kind: str
    standing: Standing
    source_key: str = ""
    target_key: str = ""
    source: ReferenceRow | None = None
    target: ReferenceRow | None = None


def align(
    kind: str,
    sources: Iterable[ReferenceRow],
    targets: Iterable[ReferenceRow],
    mappings: Mapping[str, str],
) -> list[Aligned]:
    """Linked ones and single ones, by urgency and then by name. ``mappings``: source -> target.

    Inactive items that nobody linked are left out: they are in nobody's way.
    """
    ours = {row.key: row for row in sources}
    theirs = {row.key: row for row in targets}
    used = set(mappings.values())
    rows = [
        _linked(kind, source_key, target_key, ours.get(source_key), theirs.get(target_key))
        for source_key, target_key in mappings.items()
    ]
    rows += [
        Aligned(kind=kind, standing=Standing.ONLY_SOURCE, source_key=key, source=row)
        for key, row in ours.items()
        if key not in mappings and row.active
    ]
    rows += [
        Aligned(kind=kind, standing=Standing.ONLY_TARGET, target_key=key, target=row)
        for key, row in theirs.items()
        if key not in used and row.active
    ]
    order = list(Standing)
    return sorted(rows, key=lambda row: (order.index(row.standing), _sorted_by(row)))


def _linked(
    kind: str,
    source_key: str,
    target_key: str,
    source: ReferenceRow | None,
    target: ReferenceRow | None,
) -> Aligned:
    return Aligned(
        kind=kind,
        standing=_standing(source, target),
        source_key=source_key,
        target_key=target_key,
        source=source,
        target=target,
    )


def _standing(source: ReferenceRow | None, target: ReferenceRow | None) -> Standing:
    """A rule (for one project, say) has no item at the source; its target must be there."""
    if target is None:
        return Standing.BROKEN
    if not target.active or (source is not None and not source.active):
        return Standing.INACTIVE
    if source is None or same_name(source.name, target.name, source.number, target.number):
        return Standing.MATCHED
    return Standing.RENAMED


def plain_name(row: ReferenceRow) -> str:
    """A name as it is compared: without the number that some systems show in front of it."""
    return normalise_name(bare_name(row.name, row.number))


def bare_name(name: str, number: str) -> str:
    """Depot Square, where a system shows a project as 26-004 - Depot Square."""
    start = f"{number} - "
    numbered = any(char.isdigit() for char in number) and name.startswith(start)
    return name.removeprefix(start) if numbered else name


def same_name(ours: str, theirs: str, *numbers: str) -> bool:
    """Whether a person would call both the same, whichever number is shown in front of either."""
    for number in numbers:
        ours, theirs = bare_name(ours, number), bare_name(theirs, number)
    return normalise_name(ours) == normalise_name(theirs)


def _sorted_by(row: Aligned) -> tuple[str, str, str]:
    shown = row.source or row.target
    return (shown.name.casefold() if shown else "", row.source_key, row.target_key)
