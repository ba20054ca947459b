"""Judges the planted cases one by one: the document at the source, in the ledger, at the target.

A company's table of cases, the source's keys, the ledger's rows and both sides' records enter as
plain data; one judgement per case and document leaves. Standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

Row = dict[str, Any]
# A target's records of one document, each with a head and `lines`.
Records = Callable[[Row], list[Row]]
HEAD = ("number", "vendor", "date", "status", "billed_status", "total", "currency", "exchange_rate")
LINE = ("account", "wbs", "amount")
# What a line says only where the case is about it.
MEASURES = ("quantity", "rate", "unit", "text")
NUMBERS = {"total", "exchange_rate", "amount", "quantity", "rate"}
ABSENT, UNREAD = "absent", "unread"
NOTHING = "none"


@dataclass(frozen=True)
class Judged:
    """One document of a case: what was expected of it and what was found, in the same words."""

    case: str
    document: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        return self.expected == self.found

    def __str__(self) -> str:
        if self.ok:
            return f"case {self.case!r}: {self.document}: {self.expected}"
        return f"case {self.case!r}: {self.document}: {self.found}, not {self.expected}"


def judge(
    cases: Iterable[Row],
    source: Mapping[str, Iterable[str]],
    ledger: Iterable[Mapping[str, Any]],
    records: Records,
) -> list[Judged]:
    """One judgement for each document of each case; `source` has the keys of each kind."""
    known = {(row["kind"], str(row["source_key"])): row for row in ledger}
    keys = {kind: set(of_kind) for kind, of_kind in source.items()}
    return [_judge(case, keys.get(case["kind"], set()), known, records) for case in cases]


def _judge(
    case: Row,
    source: set[str],
    ledger: Mapping[tuple[str, str], Mapping[str, Any]],
    records: Records,
) -> Judged:
    name = (case["kind"], case["source_key"])
    found, expected = records(case), case["records"]
    row = ledger.get(name, {})
    missing = case["source_key"] not in source
    state = _state(row, case["classes"]) if row else UNREAD
    if missing:
        state = f"{state}, not at the source" if row or case["state"] != ABSENT else ABSENT
    return Judged(
        case=case["case"],
        document=f"{case['kind']} {case['number']!r} ({case['source_key']})",
        expected=_words(_expected_state(case), expected, expected),
        found=_words(state, found, expected),
    )


def _expected_state(case: Row) -> str:
    return " ".join([str(case["state"]), *sorted(case["classes"])])


def _state(row: Mapping[str, Any], classes: Sequence[str]) -> str:
    """The state and its reasons; a row may name one of several planted reasons, or all."""
    state = str(row["state"]).replace(" ", "_")
    if state not in ("waiting", "held"):
        return state
    said = row.get("class") or ()
    found = {said} if isinstance(said, str) else set(said)
    named = classes if found and found <= set(classes) else found
    return " ".join([state, *sorted(named)])


def _words(state: str, records: list[Row], like: list[Row]) -> str:
    """State and records as text, with the measures that the expected records speak of."""
    lines = [line for record in like for line in record["lines"]]
    measures = [name for name in MEASURES if any(name in line for line in lines)]
    heads = [name for name in HEAD if any(name in record for record in like or records)]
    texts = sorted(_record(record, heads, measures) for record in records)
    return f"{state}; {' + '.join(texts) or NOTHING}"


def _record(record: Row, heads: Iterable[str], measures: Sequence[str]) -> str:
    head = " ".join(str(_comparable(name, record.get(name, "?"))) for name in heads)
    counted = Counter(_line(line, measures) for line in record["lines"])
    lines = (f"{n} times {line}" if n > 1 else line for line, n in sorted(counted.items()))
    return f"{head} [{'; '.join(lines)}]"


def _line(line: Row, measures: Sequence[str]) -> str:
    told = [str(_comparable(name, line[name])) for name in LINE if name in line]
    told += [f"{name} {_comparable(name, line.get(name, '?'))}" for name in measures]
    return " ".join(told)


def _comparable(name: str, value: Any) -> Any:
    """Amounts without regard to how many noughts stand at their end."""
    if name not in NUMBERS or value == "?":
        return value
    text = format(Decimal(value), "f")
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    # Money is told in cents; a finer number in as many decimals as it has.
    return f"{whole}.{decimals:0<2}"


def table(stages: Sequence[tuple[str, Sequence[Judged]]]) -> list[str]:
    """A line per case and document: what it came to, and in which stages that was wrong."""
    rows: dict[tuple[str, str], list[tuple[str, Judged]]] = {}
    for stage, judged in stages:
        for one in judged:
            rows.setdefault((one.case, one.document), []).append((stage, one))
    return [_table_row(case, document, seen) for (case, document), seen in rows.items()]


def _table_row(case: str, document: str, seen: Sequence[tuple[str, Judged]]) -> str:
    wrong = [stage for stage, one in seen if not one.ok]
    verdict = f"WRONG in {', '.join(wrong)}" if wrong else "ok"
    passed = [expected for expected, _ in groupby(one.expected for _, one in seen)]
    return f"{verdict:<3}| {case} | {document} | {' -> '.join(passed)}"
