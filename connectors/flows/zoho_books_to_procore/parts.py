"""Splits an order over its projects: which lines go where, under which number, with which share.

Lines with their projects enter, parts leave whose sum is exactly the order's total. Numbers stay as
they are once a part is linked, whatever is added or taken away later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.core.decisions import LinkState
from connectors.core.money import ZERO, share
from connectors.flows.zoho_books_to_procore.lines import Charge, Line, charge_line
from connectors.flows.zoho_books_to_procore.words import DELETED, TAX, read_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one project gets of an order, and the part's place among its commitments."""

    project_id: str
    ordinal: int
    generation: int
    number: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


def split(
    number: str,
    lines: Sequence[tuple[str, Line]],
    charges: Sequence[Charge],
    links: Mapping[str, LinkState],
    currency: str,
) -> list[Part]:
    """Parts in the order of their numbers; ``lines`` come with the project that each goes to."""
    by_project: dict[str, list[Line]] = {}
    for project_id, line in lines:
        by_project.setdefault(project_id, []).append(line)
    places = _places(list(by_project), number, links)
    projects = sorted(by_project, key=lambda project_id: places[project_id][0])
    extra = _distributed([by_project[project_id] for project_id in projects], charges, currency)
    return [
        Part(
            project_id=project_id,
            ordinal=places[project_id][0],
            generation=_generation(links.get(project_id)),
            number=places[project_id][1],
            lines=(*by_project[project_id], *more),
        )
        for project_id, more in zip(projects, extra, strict=True)
    ]


def _places(
    projects: Sequence[str], number: str, links: Mapping[str, LinkState]
) -> dict[str, tuple[int, str]]:
    """Ordinal and number of each part: as linked, or the next free one.

    An order for one project keeps its number bare, also when further projects come later.
    """
    taken = {part: read_reference(link.reference).ordinal for part, link in links.items()}
    alone = len(projects) == 1 and not links
    following = max(taken.values(), default=0)
    places = {}
    for project_id in projects:
        ordinal = taken.get(project_id, 0)
        if ordinal:
            bare = ordinal == 1 and _is_bare(links[project_id], number)
        else:
            following += 1
            ordinal, bare = following, alone
        places[project_id] = (ordinal, number if bare else f"{number}-{ordinal}")
    return places


def _is_bare(link: LinkState, number: str) -> bool:
    """Whether the first part has no suffix; an order's own number may well end in "-1".

    What was posted tells the order's number of then, which may be another one by now.
    """
    then = link.payload.get("origin_code")
    if then and link.payload.get("number"):
        return bool(link.payload["number"] == then)
    return link.target_number == number or not link.target_number.endswith("-1")


def _generation(link: LinkState | None) -> int:
    """One more than the last for what was deleted: Procore keeps the origin ids of deleted ones."""
    if link is None:
        return 1
    last = read_reference(link.reference).generation
    return last + 1 if link.status == DELETED else last


def _distributed(
    parts: Sequence[Sequence[Line]], charges: Sequence[Charge], currency: str
) -> list[list[Line]]:
    """Each part's shares of the charges as lines, in proportion, by the largest remainder."""
    found: list[list[Line]] = [[] for _ in parts]
    for charge in charges:
        shares = share(charge.amount, _weights(parts, charge), currency)
        for more, lines, amount in zip(found, parts, shares, strict=True):
            if amount:
                more.append(charge_line(charge.key, amount, near=lines[0]))
    return found


def _weights(parts: Sequence[Sequence[Line]], charge: Charge) -> list[Decimal]:
    """Amounts of the lines; of tax, what each line's rate makes of them, where rates are known.

    A part that takes off bears none of a charge, or another would bear more than all of it.
    """
    sums = [sum((line.amount for line in lines), ZERO) for lines in parts]
    amounts = [max(amount, ZERO) for amount in sums]
    if not any(amounts):
        amounts = sums
    if charge.key != TAX:
        return amounts
    taxes = [sum((line.taxed for line in lines), ZERO) for lines in parts]
    return taxes if sum(taxes, ZERO) * charge.amount > 0 else amounts
