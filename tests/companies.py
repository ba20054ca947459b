"""Connected example companies and other rows, made once per run and copied into each test.

Whoever connects a company enters; its tenant and integration leave. A copy is the rows of the
database, taken and put back by the embedded cluster's superuser, and a save of the simulators. With
a database that was not started by the test run everything is made anew.
"""

import hashlib
import json
import os
import pickle
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from django.db import connection
from psycopg import sql

from connectors import registry
from connectors.engine.job import Job, load_job
from connectors.providers.zoho_books import oauth
from connectors.transport.client import ApiClient
from tests.quick_flush import ADMIN_URL, admin_of, filled_tables
from tests.sandbox_process import SandboxProcess

Ids = tuple[int, int]


@dataclass(frozen=True)
class _Copy:
    """Tenant and integration of a connected company, and all rows by table."""

    ids: Ids
    rows: dict[str, bytes]


_copies: dict[str, _Copy] = {}
# By name: whatever was made, pickled so that no test changes another's, and all rows by table.
_kept: dict[Hashable, tuple[bytes, dict[str, bytes]]] = {}
Made = TypeVar("Made")


def copied(name: Hashable, make: Callable[[], Made]) -> Made:
    """What was made under that name before, put back into an empty database, else made and kept."""
    if ADMIN_URL not in os.environ:
        return make()
    admin = admin_of(str(connection.settings_dict["NAME"]))
    if filled_tables(admin):
        return make()
    if name in _kept:
        value, rows = _kept[name]
        _put_back(admin, rows)
    else:
        value = pickle.dumps(make())
        _kept[name] = value, _taken(admin)
    made: Made = pickle.loads(value)  # noqa: S301 - dumped by this very process
    return made


def connected(sandbox: SandboxProcess, wish: dict[str, Any], connect: Callable[[], Job]) -> Job:
    """The company of that wish, copied if it was connected before, else connected and kept.

    Copied only into an empty database: what a test made before stays as it is.
    """
    if ADMIN_URL not in os.environ:
        return connect()
    admin = admin_of(str(connection.settings_dict["NAME"]))
    if filled_tables(admin):
        return connect()
    name = _name(wish)
    copy = _copies.get(name)
    if copy is not None and sandbox.restored(name):
        _put_back(admin, copy.rows)
        # Remembered by the connection's name, which is the same in every copy.
        ApiClient._futile.clear()
        return load_job(*copy.ids, registry.resolve)
    job = connect()
    sandbox.post(f"/control/saves/{name}")
    _copies[name] = _Copy((job.tenant_id, job.integration.pk), _taken(admin))
    return load_job(job.tenant_id, job.integration.pk, registry.resolve)


def _name(wish: dict[str, Any]) -> str:
    """By what is wished, and by what a consent asks for, which some tests change."""
    asked = json.dumps([wish, oauth.SCOPES], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _taken(admin: "psycopg.Connection[Any]") -> dict[str, bytes]:
    with admin.cursor() as cursor:
        found = {}
        for table in filled_tables(admin):
            statement = sql.SQL("COPY {} TO STDOUT (FORMAT binary)")
            with cursor.copy(statement.format(sql.Identifier(table))) as copy:
                found[table] = b"".join(bytes(part) for part in copy)
        return found


def _put_back(admin: "psycopg.Connection[Any]", rows: dict[str, bytes]) -> None:
    with admin.transaction(), admin.cursor() as cursor:
        # Past policies and keys: the rows agree with each other, as they did when they were taken.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, content in rows.items():
            statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)")
            with cursor.copy(statement.format(sql.Identifier(table))) as copy:
                copy.write(content)
