"""Scripted misbehaviour: which rule fires on which request, and how often each has.

Rules come in as JSON from the control door, a drawn rule goes out to the server, which acts it
out. Each rule has its own seeded random source, so a script repeats itself; counts by kind let a
test demand that faults really fired.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.matching import Incoming, Match

KINDS = frozenset(
    {
        "status",
        "delay",
        "drop_before",
        "drop_after",
        "error_after",
        "truncated_body",
        "malformed_body",
        "odd_rows",
        "repeat_page",
        "expire_tokens",
        "revoke_grant",
        "suspend",
    }
)
# These change the world and then let the request go on, so another rule may still fire.
PASSING = frozenset({"delay", "expire_tokens", "revoke_grant", "suspend"})


@dataclass(slots=True)
class Rule:
    """One scripted fault. ``left`` counts down; None means without end.

    ``meanwhile`` is what people edit in the moment in which it strikes, ``odd`` how rows are
    changed by the kind of that name.
    """

    match: Match
    kind: str
    left: int | None
    probability: float
    skip: int
    status: int
    retry_after: str | None
    delay: float
    source: random.Random = field(repr=False)
    meanwhile: tuple[Mapping[str, Any], ...] = ()
    odd: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: Mapping[str, Any], position: int) -> Rule:
        """Build a rule from JSON, refusing what would silently never fire."""
        kind = raw.get("kind")
        if kind not in KINDS:
            raise ValueError(f"Unknown fault kind {kind!r}; known: {sorted(KINDS)}.")
        retry_after = raw.get("retry_after")
        return cls(
            match=Match.parse(raw.get("match") or {}),
            kind=kind,
            left=int(raw["count"]) if raw.get("count") is not None else None,
            probability=float(raw.get("probability", 1.0)),
            skip=int(raw.get("skip", 0)),
            status=int(raw.get("status", 500)),
            retry_after=None if retry_after is None else str(retry_after),
            delay=float(raw.get("delay", 0.0)),
            source=random.Random(raw.get("seed", position)),
            meanwhile=tuple(raw.get("meanwhile", ())),
            odd=raw.get("odd", {}),
        )

    def fires(self, incoming: Incoming) -> bool:
        """Decide for one request, using up a count, a skip or a random draw."""
        if self.left == 0 or not self.match.covers(incoming) or not self._applies(incoming):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability < 1.0 and self.source.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def _applies(self, incoming: Incoming) -> bool:
        # Page 1 has no previous page to repeat.
        return self.kind != "repeat_page" or page_number(incoming.query) > 1


def page_number(query: str) -> int:
    """The page that a query string asks for, 1 when it names none."""
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "page" and value.isdigit():
            return int(value)
    return 1


class Faults:
    """The rules in force, in order, and what has fired so far."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self.fired: Counter[str] = Counter()

    def add(self, rules: Iterable[Mapping[str, Any]]) -> int:
        """Add rules after those in force; all or none. Returns how many are in force."""
        start = len(self._rules)
        parsed = [Rule.parse(raw, start + number) for number, raw in enumerate(rules, start=1)]
        self._rules.extend(parsed)
        return len(self._rules)

    def add_first(self, raw: Mapping[str, Any]) -> None:
        """Add a rule before those in force, so that none of them takes its request away."""
        self._rules.insert(0, Rule.parse(raw, 0))

    def clear(self, *, counts: bool = False) -> None:
        """Forget all rules, and the counts too if asked."""
        self._rules.clear()
        if counts:
            self.fired.clear()

    def draw(self, incoming: Incoming) -> list[Rule]:
        """The rules that fire on this request: passing ones, then at most one that ends it."""
        drawn: list[Rule] = []
        for rule in self._rules:
            if rule.fires(incoming):
                drawn.append(rule)
                self.fired[rule.kind] += 1
                if rule.kind not in PASSING:
                    break
        return drawn

    def summary(self) -> dict[str, Any]:
        """Fired counts by kind, and how many rules can still fire."""
        able = sum(1 for rule in self._rules if rule.left != 0)
        return {"fired": dict(self.fired), "total": sum(self.fired.values()), "rules": able}
