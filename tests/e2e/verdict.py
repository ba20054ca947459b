"""What a comparison found, and the questions that are the same for every company.

Ledger rows `{kind, source_key, number, state, class}` and the expected lists enter; lost documents,
wrong counts and wrong reasons are written into a Result. Standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.e2e.planted_cases import Judged, Records, judge

Row = dict[str, Any]
Ledger = Iterable[Mapping[str, Any]]


@dataclass
class Result:
    """What was found. `ok` is that nothing was; `compared` is how much was looked at."""

    compared: dict[str, int] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    cents_off: int = 0
    mismatches: list[str] = field(default_factory=list)
    cases: list[Judged] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.duplicates or self.cents_off or self.mismatches)

    def __str__(self) -> str:
        head = (
            f"lost={len(self.lost)} duplicates={len(self.duplicates)} "
            f"cents_off={self.cents_off} mismatches={len(self.mismatches)} {self.counts}"
        )
        return "\n".join([head, *self.lost, *self.duplicates, *self.mismatches])


def compare_ledger(result: Result, rows: list[Row], wanted: Mapping[str, Any]) -> None:
    """How many documents are in which state, and which of them wait or are held, and why."""
    _count(result, rows, wanted["documents"])
    _compare_reasons(result, rows, wanted["waiting"], "waiting")
    _compare_reasons(result, rows, wanted["held"], "held")


def compare_cases(
    result: Result,
    rows: list[Row],
    wanted: Mapping[str, Any],
    source: Mapping[str, Iterable[str]],
    records: Records,
) -> None:
    """Each planted case: its document at the source, in the ledger and at the target."""
    result.cases = judge(wanted.get("cases", ()), source, rows, records)
    result.mismatches += [str(one) for one in result.cases if not one.ok]


def find_lost(result: Result, rows: list[Row], kind: str, records: Mapping[str, str]) -> None:
    """Source records, numbers by key, that the ledger does not know."""
    known = {str(row["source_key"]) for row in rows if row["kind"] == kind}
    for key, number in records.items():
        if key not in known:
            result.lost.append(f"lost: {kind} {number} ({key})")


def cents(difference: Decimal) -> int:
    """How far two amounts are apart."""
    return int(abs(difference) * 100)


def words(row: Mapping[str, Any]) -> str:
    """A document as a person would look for it."""
    return f"{row['kind']} {row['number']!r} ({row['source_key']})"


def _count(result: Result, rows: list[Row], wanted: Mapping[str, Mapping[str, int]]) -> None:
    for kind, states in wanted.items():
        found = Counter(_state(row) for row in rows if row["kind"] == kind)
        result.counts[kind] = dict(sorted(found.items())) | {"total": found.total()}
        for state in sorted({*states, *result.counts[kind]}):
            have, want = result.counts[kind].get(state, 0), states.get(state, 0)
            if have != want:
                result.mismatches.append(f"{kind}s {state}: {have} in the ledger, {want} expected")


def _compare_reasons(result: Result, rows: list[Row], planted: list[Row], state: str) -> None:
    """What waits or is held must be the planted list, by record and by class."""
    found = {_name(row): row for row in rows if _state(row) == state}
    wanted = {_name(row): row for row in planted}
    for name, row in wanted.items():
        if name not in found:
            result.mismatches.append(f"{words(row)} should be {state} ({row['class']})")
        elif not _same_class(found[name], row):
            have = found[name].get("class")
            result.mismatches.append(f"{words(row)} is {state} for {have}, not {row['class']}")
    for name, row in found.items():
        if name not in wanted:
            result.mismatches.append(f"{words(row)} is {state} ({row.get('class')}), unplanned")


def _same_class(row: Row, planted: Row) -> bool:
    """A row may name one class or several; each must be planted, and one at least be named."""
    said = row.get("class") or ()
    classes = {said} if isinstance(said, str) else set(said)
    return bool(classes) and classes <= {planted["class"], *planted.get("also", ())}


def _state(row: Row) -> str:
    return str(row["state"]).replace(" ", "_")


def _name(row: Row) -> tuple[str, str]:
    return row["kind"], str(row["source_key"])
