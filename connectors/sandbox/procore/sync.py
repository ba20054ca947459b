"""The ``sync`` endpoints: up to 1,000 rows, each created, updated or refused by itself.

The caller says how a row becomes a record; which record a row means is the same for all kinds and
is settled here by ``id`` and ``origin_id``. Options: procore_oversized_sync, the status for more
rows than allowed (413); procore_deleted_origins, what an ``origin_id`` of a deleted record means:
"taken" (refused), "free" (a new record) or "matched" (the deleted one comes back).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from connectors.sandbox.procore.answers import answer
from connectors.sandbox.procore.api import Call
from connectors.sandbox.procore.errors import Refusal, invalid, malformed
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

MOST_ROWS = 1000
TAKEN = "has already been taken"
NOT_FOUND = "Entity with this ID not found"


def run(
    call: Call,
    kind: str,
    write: Callable[[Record, Record | None], Record],
    show: Callable[[Record], Any],
) -> web.Response:
    """Take the rows in order; always 200, whatever became of them."""
    updates = call.body.get("updates")
    if not isinstance(updates, list) or not all(isinstance(row, dict) for row in updates):
        raise malformed(updates="must be a list of objects")
    if len(updates) > MOST_ROWS:
        status = int(call.options.get("procore_oversized_sync", 413))
        raise Refusal(status, f"A sync takes at most {MOST_ROWS} rows.")
    entities, errors = [], []
    for row in updates:
        try:
            entities.append(write(row, meant(call.books, kind, row)))
        except Refusal as refusal:
            told = refusal.fields or {"base": [refusal.message]}
            errors.append({**_plain(row), "errors": told})
    return answer({"entities": [show(record) for record in entities], "errors": errors})


def meant(books: Books, kind: str, row: Record) -> Record | None:
    """The record that a row is about; None when it makes a new one."""
    table = books[kind]
    if row.get("id") is not None:
        found = table.get(int(row["id"])) if str(row["id"]).isdigit() else None
        if found is None:
            raise invalid(id=NOT_FOUND)
        return found
    origin_id = row.get("origin_id")
    if not origin_id:
        return None
    found = table.by_origin(str(origin_id))
    if found is None and books.options.get("procore_deleted_origins", "taken") == "matched":
        found = table.by_origin(str(origin_id), deleted=True)
        return None if found is None else {**found, "deleted_at": None}
    return found


def refuse_taken_origin(books: Books, kind: str, record: Record) -> None:
    """An origin id is unique within the company, by kind, deleted records included by default."""
    origin_id = record.get("origin_id")
    if not origin_id:
        return
    holders = [books[kind].by_origin(origin_id)]
    if books.options.get("procore_deleted_origins", "taken") == "taken":
        holders.append(books[kind].by_origin(origin_id, deleted=True))
    if any(holder is not None and holder["id"] != record["id"] for holder in holders):
        raise invalid(origin_id=TAKEN)


def _plain(row: Record) -> Record:
    """The row as it was sent; exact numbers go back as text."""
    simple = (str, int, bool, list, dict, type(None))
    return {name: one if isinstance(one, simple) else str(one) for name, one in row.items()}
