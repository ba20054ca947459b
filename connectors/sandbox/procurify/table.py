"""One collection of records in memory, with remembered selections so that paging stays quick.

Records, predicates and an order enter; ordered lists of records leave. A selection is computed once
per query and forgotten when any record of the table changes, which is what lets 20,000 bills be
paged ten at a time. It knows nothing of HTTP.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Made = TypeVar("Made")
Row = dict[str, Any]
Predicate = Callable[[Row], bool]
MAX_REMEMBERED = 64


class Table:
    def __init__(self, key: str, rows: Iterable[Row] = ()) -> None:
        self.key = key
        self.rows: dict[int, Row] = {int(row[key]): row for row in rows}
        self._remembered: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: int | str | None) -> Row | None:
        """The record of a key; text that is no number finds nothing."""
        try:
            return self.rows.get(int(str(key)))
        except ValueError:
            return None

    def put(self, row: Row) -> None:
        self.rows[int(row[self.key])] = row
        self.changed()

    def remove(self, key: int) -> Row:
        row = self.rows.pop(int(key))
        self.changed()
        return row

    def changed(self) -> None:
        self._remembered.clear()

    def next_key(self) -> int:
        return max(self.rows, default=0) + 1

    def find(self, predicate: Predicate) -> Row | None:
        return next((row for row in self.rows.values() if predicate(row)), None)

    def select(
        self, query: Hashable, predicates: list[Predicate], order: str, seed: int = 0
    ) -> list[Row]:
        """The matching records in the given order: `ascending`, `descending` or `shuffled`."""

        def make() -> list[Row]:
            keys = sorted(self.rows, reverse=order == "descending")
            if order == "shuffled":
                random.Random(seed).shuffle(keys)
            rows = map(self.rows.__getitem__, keys)
            return [row for row in rows if all(test(row) for test in predicates)]

        return self.remembered((query, order, seed), make)

    def remembered(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """Something that holds until a record of this table changes, made once."""
        if name not in self._remembered:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[name] = make()
        made: Made = self._remembered[name]
        return made
