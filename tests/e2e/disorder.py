"""In which order webhooks arrived: counts those that came after others made later.

Rows of the sandbox's control door enter, one per delivery; two numbers leave. Copies and what was
lost count for nothing here. Standard library only, and nothing of the service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Disorder(NamedTuple):
    """How many arrived after another that was made later: of any record, and of the same one."""

    overtaken: int
    by_its_own_record: int


def out_of_order(rows: Iterable[Row]) -> Disorder:
    """Each delivery is asked whether its answer came after that of a later one."""
    arrived = [row for row in rows if row["copy_of"] is None and row["state"] == "delivered"]
    records: dict[str, list[Row]] = defaultdict(list)
    for row in arrived:
        records[row["event"]].append(row)
    return Disorder(_overtaken(arrived), sum(_overtaken(own) for own in records.values()))


def _overtaken(rows: list[Row]) -> int:
    """From the newest to the oldest: the earliest arrival so far is the one to beat."""
    count, earliest = 0, float("inf")
    for row in sorted(rows, key=lambda row: int(row["n"]), reverse=True):
        if row["finished"] > earliest:
            count += 1
        earliest = min(earliest, row["finished"])
    return count
