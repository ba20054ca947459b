"""Writes many rows in one statement, each with its own values.

Rows that the caller holds enter, and nothing leaves. Django's ``bulk_update`` makes a CASE with a
branch for every row and column, and its ``bulk_create`` an array for every column, whose texts are
quoted one by one; both cost more than the rest of the work. Here one JSON document travels.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model


def insert_rows(rows: Sequence[Model]) -> None:
    """Save new rows of one model inside the open scope; they do not learn their keys."""
    if not rows:
        return
    fields: list[Any] = [f for f in rows[0]._meta.concrete_fields if not f.primary_key]
    columns = ", ".join(_column(field) for field in fields)
    values = [{f.column: _plain(f.pre_save(row, add=True)) for f in fields} for row in rows]
    _execute(
        f"INSERT INTO {_table(rows)} ({columns}) SELECT {columns} FROM {_fresh(fields)}",  # noqa: S608
        json.dumps(values),
    )


def update_rows(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Save these fields of rows of one model, which exist, inside the open scope."""
    if not rows:
        return
    key: Any = rows[0]._meta.pk
    changed = [rows[0]._meta.get_field(name) for name in names]
    fields: list[Any] = [key, *changed]
    table, row_key = _table(rows), _column(key)
    changes = ", ".join(f"{_column(field)} = fresh.{_column(field)}" for field in changed)
    values = [{f.column: _plain(getattr(row, f.attname)) for f in fields} for row in rows]
    _execute(
        f"UPDATE {table} SET {changes} FROM {_fresh(fields)} "  # noqa: S608
        # The keys once more: how many rows are to be joined is not to be guessed by the planner.
        f"WHERE {table}.{row_key} = fresh.{row_key} AND {table}.{row_key} = ANY(%s)",
        json.dumps(values),
        [row.pk for row in rows],
    )


def _execute(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _table(rows: Sequence[Model]) -> str:
    return connection.ops.quote_name(rows[0]._meta.db_table)


def _column(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _fresh(fields: Iterable[Any]) -> str:
    shape = ", ".join(f"{_column(field)} {_type(field)}" for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS fresh({shape})"


def _type(field: Any) -> str:
    """Without the length: it is the column's own to refuse what is too long."""
    return str(field.db_type(connection)).partition("(")[0]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
