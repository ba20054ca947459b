"""Judges a run from outside: the books of both sides against the books that were written down.

Reads both simulators' books and the expected ones over HTTP, and takes the ledger as plain rows
`{kind, source_key, number, state, class}` (kind is purchase_order or bill). Uses the standard
library alone and nothing of the service, so that no mistake of the service can hide in here.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.e2e.target_books import KINDS, Kind, Row, TargetBooks

Ledger = Iterable[Mapping[str, Any]]


@dataclass
class Result:
    """What was found. `ok` is that nothing was."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    cents_off: int = 0
    mismatches: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.duplicates or self.cents_off or self.mismatches)

    def __str__(self) -> str:
        head = (
            f"lost={len(self.lost)} duplicates={len(self.duplicates)} "
            f"cents_off={self.cents_off} mismatches={len(self.mismatches)} {self.counts}"
        )
        return "\n".join([head, *self.lost, *self.duplicates, *self.mismatches])


def compare_over_http(sandbox_url: str, ledger: Ledger, *, mapped: bool = False) -> Result:
    """Compare what a running sandbox holds; `mapped` after its resolutions have been applied."""
    source = _read(f"{sandbox_url}/control/books/procurify")
    target = _read(f"{sandbox_url}/control/books/zoho_books")
    expected = _read(f"{sandbox_url}/control/expected")
    return compare(source, target, expected, ledger, mapped=mapped)


def compare(
    source: Row, target: Row, expected: Row, ledger: Ledger, *, mapped: bool = False
) -> Result:
    """Everything that is not as written down."""
    rows = [dict(row) for row in ledger]
    books = TargetBooks(target)
    wanted = expected["after_mapping"] if mapped else expected
    result = Result()
    _count(result, rows, wanted["documents"])
    _find_lost(result, source, rows)
    _compare_reasons(result, rows, wanted["waiting"], "waiting")
    _compare_reasons(result, rows, wanted["held"], "held")
    for kind in KINDS:
        _find_duplicates(result, books, kind)
        _find_strangers(result, books, kind, expected.get("hand_typed", {}))
        _compare_records(result, books, kind, wanted[kind.plural])
    return result


def _read(url: str) -> Row:
    with urllib.request.urlopen(url, timeout=120) as answer:
        read: Row = json.loads(answer.read(), parse_float=Decimal)
    return read


def _count(result: Result, rows: list[Row], wanted: Mapping[str, Mapping[str, int]]) -> None:
    for kind, states in wanted.items():
        found = Counter(_state(row) for row in rows if row["kind"] == kind)
        result.counts[kind] = dict(sorted(found.items())) | {"total": found.total()}
        for state in sorted({*states, *result.counts[kind]}):
            have, want = result.counts[kind].get(state, 0), states.get(state, 0)
            if have != want:
                result.mismatches.append(f"{kind}s {state}: {have} in the ledger, {want} expected")


def _find_lost(result: Result, source: Row, rows: list[Row]) -> None:
    """Source records that the ledger does not know."""
    known = {(row["kind"], str(row["source_key"])) for row in rows}
    for kind in KINDS:
        for record in source[kind.source]:
            if (kind.name, str(record[kind.source_key])) not in known:
                number = record[kind.source_number]
                result.lost.append(f"lost: {kind.name} {number} ({record[kind.source_key]})")


def _compare_reasons(result: Result, rows: list[Row], planted: list[Row], state: str) -> None:
    """What waits or is held must be the planted list, by record and by class."""
    found = {_name(row): row for row in rows if _state(row) == state}
    wanted = {_name(row): row for row in planted}
    for name, row in wanted.items():
        if name not in found:
            result.mismatches.append(f"{_words(row)} should be {state} ({row['class']})")
        elif not _same_class(found[name], row):
            have = found[name].get("class")
            result.mismatches.append(f"{_words(row)} is {state} for {have}, not {row['class']}")
    for name, row in found.items():
        if name not in wanted:
            result.mismatches.append(f"{_words(row)} is {state} ({row.get('class')}), unplanned")


def _same_class(row: Row, planted: Row) -> bool:
    """A row may name one class or several; each must be planted, and one at least be named."""
    said = row.get("class") or ()
    classes = {said} if isinstance(said, str) else set(said)
    return bool(classes) and classes <= {planted["class"], *planted.get("also", ())}


def _find_duplicates(result: Result, books: TargetBooks, kind: Kind) -> None:
    """Records of ours beyond one, by reference and by number (a bill's with its vendor)."""
    ours = books.ours(kind)
    by_reference = Counter(row["reference_number"] for row in ours)
    by_number = Counter(books.identity(kind, row) for row in ours)
    for seen in (by_reference, by_number):
        for name, count in seen.items():
            if count > 1:
                result.duplicates.append(f"{count} {kind.plural} at the target for {name}")


def _find_strangers(
    result: Result, books: TargetBooks, kind: Kind, hand_typed: Mapping[str, list[str]]
) -> None:
    """Records without our reference that nobody typed: ours all the same, and unmarked."""
    typed = Counter(hand_typed.get(kind.plural, ()))
    found = Counter(row[kind.number] for row in books.others(kind))
    for number in (found - typed).elements():
        result.duplicates.append(f"{kind.name} {number} at the target carries no reference")
    for number in (typed - found).elements():
        result.mismatches.append(f"hand-typed {kind.name} {number} is gone from the target")


def _compare_records(result: Result, books: TargetBooks, kind: Kind, expected: list[Row]) -> None:
    found = {row["reference_number"]: row for row in books.ours(kind)}
    for want in expected:
        row = found.pop(want["reference"], None)
        if row is None:
            result.mismatches.append(f"{_words(want)} is not at the target")
        else:
            _compare_record(result, books, kind, want, row)
    for row in found.values():
        number = row[kind.number]
        result.mismatches.append(f"{kind.name} {number} is at the target and should not be")


def _compare_record(result: Result, books: TargetBooks, kind: Kind, want: Row, row: Row) -> None:
    have = books.summary(kind, row, wanted_status=want["status"])
    for name in have:
        if have[name] != _comparable(name, want[name]):
            result.mismatches.append(f"{_words(want)}: {name} {have[name]}, not {want[name]}")
    result.cents_off += _cents(Decimal(row["total"]) - Decimal(want["total"]))
    _compare_lines(result, books, kind, want, row)


def _compare_lines(result: Result, books: TargetBooks, kind: Kind, want: Row, row: Row) -> None:
    """Lines as a multiset of (account, amount, tax, order), and the cents of each account."""
    have_lines = books.lines(kind, row)
    want_lines = [
        (line["account"], Decimal(line["amount"]), line["tax"], line.get("order", ""))
        for line in want["lines"]
    ]
    have_sums, want_sums = _by_account(have_lines), _by_account(want_lines)
    for account in sorted({*have_sums, *want_sums}):
        result.cents_off += _cents(have_sums[account] - want_sums[account])
    missing, extra = Counter(want_lines) - Counter(have_lines), Counter(have_lines)
    extra -= Counter(want_lines)
    if missing or extra:
        lacks, has = _listed(missing), _listed(extra)
        result.mismatches.append(f"{_words(want)}: lines lack [{lacks}] and have [{has}]")


def _by_account(lines: Iterable[tuple[str, Decimal, str, str]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount, _, _ in lines:
        sums[account] += amount
    return sums


def _listed(lines: Counter[tuple[str, Decimal, str, str]]) -> str:
    texts = (" ".join(str(part) for part in line if part != "") for line in lines.elements())
    return "; ".join(sorted(texts))


def _comparable(name: str, value: Any) -> Any:
    return Decimal(value) if name in ("exchange_rate", "total", "discount") else value


def _cents(difference: Decimal) -> int:
    return int(abs(difference) * 100)


def _state(row: Row) -> str:
    return str(row["state"]).replace(" ", "_")


def _name(row: Row) -> tuple[str, str]:
    return row["kind"], str(row["source_key"])


def _words(row: Row) -> str:
    return f"{row['kind']} {row['number']!r} ({row['source_key']})"
