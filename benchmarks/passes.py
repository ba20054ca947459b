"""Passes over the same orders: the floor, read first, saved again unchanged, and listed again.

A job and a range of orders enter, seconds leave. Needs Django set up.
"""

import json
import time
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from benchmarks.orders import PAGE, Orders
from connectors.engine.extract import read_details, read_listing, states_of
from connectors.engine.job import Job
from tenants.roles import as_owner

FLOOR = "benchmark_floor"
MAKE_FLOOR = f"""
CREATE TABLE {FLOOR} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    number text NOT NULL,
    record jsonb NOT NULL
)
"""


def make_floor() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(MAKE_FLOOR)


class Round:
    """The passes over one range of orders, which nobody has seen before."""

    def __init__(self, job: Job, orders: Orders, numbers: range) -> None:
        self._job, self._orders, self._numbers = job, orders, numbers
        orders.show(numbers)

    def floor(self) -> float:
        """A plain bulk INSERT of the same records by hand: a statement and a commit per page."""
        rows = [self._orders.order(number) for number in self._numbers]
        return _seconds(lambda: _insert(rows))

    def first_read(self) -> float:
        return _seconds(self._read)

    def read_again(self) -> float:
        """After somebody has saved every order without changing anything."""
        self._orders.touch()
        return _seconds(self._read)

    def listed_again(self) -> float:
        """Nothing is new, so that nothing is read."""
        return _seconds(self._read)

    def _read(self) -> None:
        stream = self._orders.stream()
        state = states_of(self._job, [stream])[f"{stream.name}/orders"]
        read_listing(self._job, stream, stream.listings[0], state, None, _go_on)
        read_details(self._job, stream, None, _go_on)


def _insert(rows: Sequence[dict[str, object]]) -> None:
    for begin in range(0, len(rows), PAGE):
        _insert_page(rows[begin : begin + PAGE])


def _insert_page(rows: Sequence[dict[str, object]]) -> None:
    values = [
        {"key": row["purchaseorder_id"], "number": row["purchaseorder_number"], "record": row}
        for row in rows
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {FLOOR} (key, number, record) SELECT key, number, record "
            "FROM jsonb_to_recordset(%s::jsonb) AS fresh(key text, number text, record jsonb)",
            [json.dumps(values)],
        )


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _go_on(*, inside: bool = False) -> None:
    """Nobody else has this work."""
