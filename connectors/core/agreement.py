"""Compares two systems month by month: both totals, their difference, and what explains it.

Groups of documents and of target records enter as plain sums; months leave. Knows no table.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from connectors.core.money import ZERO
from connectors.core.states import State


class Cause(StrEnum):
    """Why the target's total of a month is another than the source's."""

    WAITING = "waiting"
    HELD = "held"
    MOVING = "moving"
    DISMISSED = "dismissed"
    NOT_APPLICABLE = "not_applicable"
    NOT_READ = "not_read"
    CHANGED = "changed"
    OTHER_MONTH = "other_month"
    OTHER_CURRENCY = "other_currency"
    ONLY_THERE = "only_there"
    OTHER_INTEGRATION = "other_integration"


_BY_STATE = {
    State.WAITING: Cause.WAITING,
    State.HELD: Cause.HELD,
    State.DUE: Cause.MOVING,
    State.DELIVERING: Cause.MOVING,
    State.UNCONFIRMED: Cause.MOVING,
    State.DISMISSED: Cause.DISMISSED,
    State.NOT_APPLICABLE: Cause.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an amount counts: a month as “2026-11”, “” for records without a day; a currency."""

    month: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Documents of one kind of standing, with the target records that stand for them.

    ``here`` is the documents' money in the source, ``there`` what the target lists for them.
    ``unread`` says that they were posted after the target was last read, ``changed`` that somebody
    changed them at the target and we know of it.
    """

    place: Place
    there_place: Place
    state: State
    number: int
    here: Decimal
    there: Decimal
    unread: bool = False
    changed: bool = False

    @property
    def cause(self) -> Cause | None:
        """Why the two amounts differ; None where nothing is known that explains it."""
        if self.changed:
            return Cause.CHANGED
        if self.unread:
            return Cause.NOT_READ
        return _BY_STATE.get(self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """Target records that no document of this integration stands for."""

    place: Place
    cause: Cause
    number: int
    there: Decimal


@dataclass(slots=True)
class Sum:
    """How many documents or records, and their part of the difference."""

    number: int = 0
    amount: Decimal = ZERO

    def add(self, number: int, amount: Decimal) -> None:
        self.number += number
        self.amount += amount


@dataclass(slots=True)
class Month:
    """One month in one currency; ``left`` documents differ without a reason that we know of."""

    place: Place
    source: Decimal = ZERO
    target: Decimal = ZERO
    causes: dict[Cause, Sum] = field(default_factory=lambda: defaultdict(Sum))
    left: int = 0

    @property
    def difference(self) -> Decimal:
        return self.target - self.source

    @property
    def unexplained(self) -> Decimal:
        """What is left of the difference without a reason: it must be nothing."""
        return self.difference - sum((one.amount for one in self.causes.values()), ZERO)

    @property
    def agrees(self) -> bool:
        """Whether everything is explained; two amounts may cancel each other out by accident."""
        return not self.left and not self.unexplained

    @property
    def explained(self) -> list[tuple[Cause, Sum]]:
        """The causes that there are, in the order in which they are named."""
        return [(cause, self.causes[cause]) for cause in Cause if cause in self.causes]


def months(
    source: Mapping[Place, Decimal],
    target: Mapping[Place, Decimal],
    pairs: Iterable[Pair],
    alone: Iterable[Alone],
) -> list[Month]:
    """The latest first. The totals are counted apart from what explains their difference, so that
    an amount that no cause accounts for shows.
    """
    found: dict[Place, Month] = {}

    def at(place: Place) -> Month:
        return found.setdefault(place, Month(place))

    for place, amount in source.items():
        at(place).source += amount
    for place, amount in target.items():
        at(place).target += amount
    for pair in pairs:
        if pair.place.currency != pair.there_place.currency:
            # Two amounts in two currencies have no difference: each stands alone in its own.
            at(pair.place).causes[Cause.OTHER_CURRENCY].add(pair.number, -pair.here)
            at(pair.there_place).causes[Cause.OTHER_CURRENCY].add(pair.number, pair.there)
            continue
        if pair.place != pair.there_place and pair.there:
            at(pair.place).causes[Cause.OTHER_MONTH].add(pair.number, -pair.there)
            at(pair.there_place).causes[Cause.OTHER_MONTH].add(pair.number, pair.there)
        if pair.here == pair.there:
            continue
        if pair.cause is None:
            at(pair.place).left += pair.number
        else:
            at(pair.place).causes[pair.cause].add(pair.number, pair.there - pair.here)
    for one in alone:
        at(one.place).causes[one.cause].add(one.number, one.there)
    return sorted(
        found.values(), key=lambda one: (one.place.month, one.place.currency), reverse=True
    )
