"""The test database of one worker: migrated once a run, and copied for the other workers.

Django's list of databases leaves, as Django wants it back at the end. Copying needs the embedded
cluster's superuser.
"""

import os
from typing import Any

from django.db import connection
from django.test.utils import setup_databases
from psycopg import sql

from tests.quick_flush import ADMIN_URL, admin_of

_MIGRATED = "migrated_for_tests"


def set_up(*, verbosity: int, keep: bool) -> list[Any]:
    """Make this worker's database, in the owner role."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if ADMIN_URL not in os.environ or not worker.startswith("gw") or keep:
        return setup_databases(verbosity, interactive=False, keepdb=keep)
    admin = admin_of("postgres")
    # Held by one worker of the run, and given back with the connection if it dies.
    admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [_MIGRATED])
    try:
        if not _owner(_MIGRATED):
            made = setup_databases(verbosity, interactive=False)
            connection.close()
            _copy(str(connection.settings_dict["NAME"]), _MIGRATED)
            return made
    finally:
        admin.execute("SELECT pg_advisory_unlock(hashtext(%s))", [_MIGRATED])
    _copy(_MIGRATED, str(connection.creation._get_test_db_name()))  # type: ignore[attr-defined]
    # Migrates nothing more; roles and rights of the database itself are set up.
    return setup_databases(verbosity, interactive=False, keepdb=True)


def _copy(original: str, name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    names = (sql.Identifier(text) for text in (name, original, _owner(original)))
    admin_of("postgres").execute(statement.format(*names))


def _owner(database: str) -> str:
    """Whose the database is; empty where there is none."""
    query = "SELECT pg_get_userbyid(datdba), true FROM pg_database WHERE datname = %s"
    row = admin_of("postgres").execute(query, [database]).fetchone()
    return row[0] if row else ""
