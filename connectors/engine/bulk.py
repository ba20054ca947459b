"""Writes some columns of many rows in one statement, each row its own values.

Rows that the caller holds enter; nothing leaves. Django's ``bulk_update`` takes a CASE with a
branch per row and column, which costs more than the work itself; this joins an array per column.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def update_rows(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Save these fields of the rows, which exist and are of one model; inside the open scope."""
    if not rows:
        return
    meta = rows[0]._meta
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in names)]
    columns = [connection.ops.quote_name(field.column) for field in fields]
    key, table = columns[0], connection.ops.quote_name(meta.db_table)
    values = ", ".join(f"column{place}" for place in range(len(fields)))
    changes = ", ".join(
        f"{column} = column{place}" for place, column in enumerate(columns) if place
    )
    statement = (
        f"UPDATE {table} SET {changes} "  # noqa: S608 - names of our own columns
        f"FROM unnest({', '.join(map(_array, fields))}) AS fresh({values}) "
        f"WHERE {table}.{key} = column0"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(rows, field) for field in fields])


def _array(field: Any) -> str:
    # Without the length: a cast to it would cut a text short, where storing it refuses.
    return f"%s::{field.db_type(connection).partition('(')[0]}[]"


def _values(rows: Sequence[Model], field: Any) -> list[Any]:
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]
