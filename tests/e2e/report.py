"""What the rounds of a check found together, in the one line that a person or a script reads.

Rounds and complaints enter; text and an exit code leave. The line can be read back, so that a
round in another process adds up with the others.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

AT_REST = ("posted", "waiting", "held", "cancelled", "not_applicable")
_SHOWN = ("documents", "posted", "waiting", "held", "duplicates", "lost", "cents_off")
_HIDDEN = ("cancelled", "not_applicable")
_LINE = re.compile(r"^check-demo: (.*)$", re.MULTILINE)
_REST = re.compile(r"^also at rest: (.*)$", re.MULTILINE)
_WRONG = re.compile(r"^WRONG: (.*)$", re.MULTILINE)


@dataclass
class Report:
    """Numbers and what is wrong."""

    numbers: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def take(self, made: Any) -> None:
        """Add a round."""
        self.numbers["documents"] += len(made.rows)
        for state in AT_REST:
            self.numbers[state] += made.count(state)
        for stage, result in made.results:
            self.numbers["duplicates"] += len(result.duplicates)
            self.numbers["lost"] += len(result.lost)
            self.numbers["cents_off"] += result.cents_off
            if not result.ok:
                self.complaints.append(f"{made.name}, {stage}: the books are not as written down")

    def add_said(self, said: str) -> None:
        """Add what another process said of its rounds."""
        self.complaints += _WRONG.findall(said)
        lines = [*_LINE.findall(said), *_REST.findall(said)]
        if len(lines) != 2:
            self.complaints.append("a round beside this one came to no end")
        for name, number in re.findall(r"(\w+)=(\d+)", " ".join(lines)):
            self.numbers[name] += int(number)

    def conclude(self) -> int:
        """Say everything that is wrong, then the one line; gives the exit code."""
        at_rest = sum(self.numbers[state] for state in AT_REST)
        if self.numbers["documents"] != at_rest:
            self.complaints.append(f"{self.numbers['documents']} documents, {at_rest} at rest")
        for complaint in self.complaints:
            print(f"WRONG: {complaint}")
        print(f"also at rest: {self._line(_HIDDEN)}")
        print(f"check-demo: {self._line(_SHOWN)}", flush=True)
        wrong = self.numbers["duplicates"] or self.numbers["lost"] or self.numbers["cents_off"]
        return 1 if self.complaints or wrong else 0

    def _line(self, names: tuple[str, ...]) -> str:
        return " ".join(f"{name}={self.numbers[name]}" for name in names)
