"""Judges a run from outside: the books of both sides against the books that were written down.

Reads both simulators' books and the expected ones over HTTP, and takes the ledger as plain rows
`{kind, source_key, number, state, class}` (kind is purchase_order or bill). Uses the standard
library alone and nothing of the service, so that no mistake of the service can hide in here.
What becomes commitments in Procore is judged in `commitment_books`; the rest is here.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.e2e import commitment_books
from tests.e2e.target_books import KINDS, Kind, TargetBooks, TargetLine
from tests.e2e.verdict import (
    Ledger,
    Result,
    Row,
    cents,
    compare_cases,
    compare_ledger,
    find_lost,
    words,
)

__all__ = ["Result", "compare", "compare_over_http"]


def compare_over_http(
    sandbox_url: str, ledger: Ledger, *, mapped: bool = False, company: str = ""
) -> Result:
    """Compare what a running sandbox holds; `mapped` after its resolutions have been applied.

    Of several companies in the sandbox, the first one unless named.
    """
    told = _read(f"{sandbox_url}/control/company?company={company}")
    organization_id = str(told["zoho_books"]["organization_id"])
    zoho_books = _of(_read(f"{sandbox_url}/control/books/zoho_books"), organization_id)
    expected = _read(f"{sandbox_url}/control/expected?company={company}")
    if "commitments" in expected:
        procore = _read(f"{sandbox_url}/control/books/procore")
        return commitment_books.compare(zoho_books, procore, expected, ledger, mapped=mapped)
    procurify = _read(f"{sandbox_url}/control/books/procurify")
    return compare(procurify, zoho_books, expected, ledger, mapped=mapped)


def compare(
    source: Row, target: Row, expected: Row, ledger: Ledger, *, mapped: bool = False
) -> Result:
    """Everything that is not as written down."""
    rows = [dict(row) for row in ledger]
    books = TargetBooks(target, expected["fiscal_year_begins"])
    wanted = expected["after_mapping"] if mapped else expected
    result = Result()
    compare_ledger(result, rows, wanted)
    numbers = {
        kind.name: {
            str(row[kind.source_key]): row[kind.source_number] for row in source[kind.source]
        }
        for kind in KINDS
    }
    compare_cases(result, rows, wanted, numbers, books.of_case)
    for kind in KINDS:
        find_lost(result, rows, kind.name, numbers[kind.name])
        _find_duplicates(result, books, kind)
        _find_strangers(result, books, kind, expected.get("hand_typed", {}))
        _compare_records(result, books, kind, wanted[kind.plural])
    return result


def _of(books: Row, organization_id: str) -> Row:
    """One organization's books; the sandbox shows the first one's at the top."""
    if books["organization_id"] == organization_id:
        return books
    others: dict[str, Row] = books["other_organizations"]
    return others[organization_id]


def _read(url: str) -> Row:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - our simulators
        read: Row = json.loads(answer.read(), parse_float=Decimal)
    return read


def _find_duplicates(result: Result, books: TargetBooks, kind: Kind) -> None:
    """Records of ours beyond one, by reference and by number (a bill's with vendor and year)."""
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
            result.mismatches.append(f"{words(want)} is not at the target")
        else:
            _compare_record(result, books, kind, want, row)
    for row in found.values():
        number = row[kind.number]
        result.mismatches.append(f"{kind.name} {number} is at the target and should not be")


def _compare_record(result: Result, books: TargetBooks, kind: Kind, want: Row, row: Row) -> None:
    have = books.summary(kind, row, wanted_status=want["status"])
    for name in have:
        if have[name] != _comparable(name, want[name]):
            result.mismatches.append(f"{words(want)}: {name} {have[name]}, not {want[name]}")
    result.cents_off += cents(Decimal(row["total"]) - Decimal(want["total"]))
    _compare_lines(result, books, kind, want, row)


def _compare_lines(result: Result, books: TargetBooks, kind: Kind, want: Row, row: Row) -> None:
    """Lines as a multiset of everything that is compared, and the cents of each account."""
    have_lines = books.lines(kind, row)
    want_lines = [
        (
            line["account"],
            Decimal(line["amount"]),
            Decimal(line["quantity"]),
            line["tax"],
            line.get("order", ""),
        )
        for line in want["lines"]
    ]
    have_sums, want_sums = _by_account(have_lines), _by_account(want_lines)
    for account in sorted({*have_sums, *want_sums}):
        result.cents_off += cents(have_sums[account] - want_sums[account])
    missing, extra = Counter(want_lines) - Counter(have_lines), Counter(have_lines)
    extra -= Counter(want_lines)
    if missing or extra:
        lacks, has = _listed(missing), _listed(extra)
        result.mismatches.append(f"{words(want)}: lines lack [{lacks}] and have [{has}]")


def _by_account(lines: Iterable[TargetLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount, *_ in lines:
        sums[account] += amount
    return sums


def _listed(lines: Counter[TargetLine]) -> str:
    texts = (" ".join(str(part) for part in line if part != "") for line in lines.elements())
    return "; ".join(sorted(texts))


def _comparable(name: str, value: Any) -> Any:
    return Decimal(value) if name in ("exchange_rate", "total", "discount") else value
