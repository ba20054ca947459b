"""What the rounds of a check found together: a line for each company, and one for all of them.

Rounds and complaints enter; text and an exit code leave. The lines can be read back, so that a
round in another process adds up with the others.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

AT_REST = ("posted", "waiting", "held", "cancelled", "not_applicable", "dismissed")
WRONG = ("duplicates", "lost", "cents_off")
_SHOWN = ("documents", "posted", "waiting", "held", *WRONG)
_OF_COMPANY = ("documents", *AT_REST)
_LINE = re.compile(r"^check-demo: (.*)$", re.MULTILINE)
_COMPANY = re.compile(r"^company (\w+): (.*)$", re.MULTILINE)
_WRONG = re.compile(r"^WRONG: (.*)$", re.MULTILINE)


@dataclass
class Report:
    """Numbers by company, and what is wrong."""

    name: str = "check-demo"
    companies: dict[str, Counter[str]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> Counter[str]:
        """All companies together."""
        return sum(self.companies.values(), Counter())

    def take(self, made: Any) -> None:
        """Add a round."""
        numbers = self._company(made.company)
        numbers["documents"] += len(made.rows)
        for state in AT_REST:
            numbers[state] += made.count(state)
        numbers.update(made.numbers)
        for stage, result in made.results:
            numbers["duplicates"] += len(result.duplicates)
            numbers["lost"] += len(result.lost)
            numbers["cents_off"] += result.cents_off
            if not result.ok:
                self.complaints.append(f"{made.name}, {stage}: the books are not as written down")

    def add_said(self, said: str) -> None:
        """Add what another process said of its rounds."""
        self.complaints += _WRONG.findall(said)
        if not _LINE.search(said):
            self.complaints.append("a round beside this one came to no end")
        for company, line in _COMPANY.findall(said):
            for name, number in re.findall(r"(\w+)=(\d+)", line):
                self._company(company)[name] += int(number)

    def conclude(self) -> int:
        """Say everything that is wrong, a line per company, then the one line; the exit code."""
        numbers = self.numbers
        at_rest = sum(numbers[state] for state in AT_REST)
        if numbers["documents"] != at_rest:
            self.complaints.append(f"{numbers['documents']} documents, {at_rest} at rest")
        for complaint in self.complaints:
            print(f"WRONG: {complaint}")
        for company, own in self.companies.items():
            others = [name for name in own if name not in (*_OF_COMPANY, *WRONG)]
            print(f"company {company}: {_line(own, (*_OF_COMPANY, *others, *WRONG))}")
        print(f"{self.name}: {_line(numbers, _SHOWN)}", flush=True)
        return 1 if self.complaints or any(numbers[name] for name in WRONG) else 0

    def _company(self, name: str) -> Counter[str]:
        return self.companies.setdefault(name, Counter())


def before_the_end(said: str) -> str:
    """What a process said of its rounds, without the lines that are added up."""
    return re.split(r"^(?:WRONG|company \w+|check-demo): ", said, maxsplit=1, flags=re.MULTILINE)[
        0
    ].rstrip()


def _line(numbers: Counter[str], names: tuple[str, ...]) -> str:
    return " ".join(f"{name}={numbers[name]}" for name in names)
