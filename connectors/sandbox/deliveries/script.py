"""What goes wrong with deliveries, by script: some lost, some twice, some late and so out of order.

A provider's script is set through the control door and asked once for every new delivery. Draws are
seeded, so that a script repeats itself; of every ``lose_one_in`` deliveries exactly one is lost.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple


class Fate(NamedTuple):
    """What happens to one delivery; seconds on the simulated clock."""

    lost: bool = False
    delay: float = 0.0
    copy_after: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """A provider's behaviour. ``retries`` None: until ``give_up_after`` seconds have passed."""

    seed: int = 1
    lose_one_in: int = 0
    duplicate_probability: float = 0.0
    duplicate_after: tuple[float, float] = (0.0, 2.0)
    delay_probability: float = 0.0
    delay: tuple[float, float] = (0.0, 3.0)
    concurrency: int = 4
    timeout: float = 5.0
    first_pause: float = 1.0
    largest_pause: float = 3600.0
    give_up_after: float = 43_200.0
    retries: int | None = None
    # One failure stops all deliveries to that address until the pause is over.
    pauses_address: bool = True

    def changed(self, raw: Mapping[str, Any]) -> Settings:
        """With what was sent; an unknown name is refused rather than ignored."""
        known = {one.name for one in fields(self)}
        unknown = set(raw) - known
        if unknown:
            raise ValueError(f"Unknown {sorted(unknown)}; deliveries know {sorted(known)}.")
        return replace(self, **{name: _value(name, value) for name, value in raw.items()})

    def shown(self) -> dict[str, Any]:
        return asdict(self)


RANGES = ("duplicate_after", "delay")
WHOLE = ("seed", "lose_one_in", "concurrency")


def _value(name: str, value: Any) -> Any:
    if name in RANGES:
        low, high = value
        if not 0 <= low <= high:
            raise ValueError(f"{name} is [least, most] in seconds, not {value!r}.")
        return (float(low), float(high))
    if name == "retries":
        return None if value is None else int(value)
    if name == "pauses_address":
        return bool(value)
    number = int(value) if name in WHOLE else float(value)
    if number < 0 or (name == "concurrency" and number < 1):
        raise ValueError(f"{name} cannot be {value!r}.")
    return number


@dataclass(slots=True)
class Script:
    """Settings with their own source of chance."""

    settings: Settings
    _source: random.Random = field(init=False, repr=False)
    _left_in_block: int = 0
    _loses_at: int = 0

    def __post_init__(self) -> None:
        self._source = random.Random(self.settings.seed)

    def fate(self) -> Fate:
        """Decide about the next delivery."""
        rules = self.settings
        if self._loses():
            return Fate(lost=True)
        delay = copy_after = None
        if self._source.random() < rules.delay_probability:
            delay = self._source.uniform(*rules.delay)
        if self._source.random() < rules.duplicate_probability:
            copy_after = self._source.uniform(*rules.duplicate_after)
        return Fate(delay=delay or 0.0, copy_after=copy_after)

    def _loses(self) -> bool:
        block = self.settings.lose_one_in
        if not block:
            return False
        if self._left_in_block == 0:
            self._left_in_block = block
            self._loses_at = self._source.randint(1, block)
        self._left_in_block -= 1
        return self._left_in_block + 1 == self._loses_at
