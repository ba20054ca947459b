"""Empties the test database between tests that commit, in a fraction of the time of a flush.

Django's own flush truncates every table and writes content types and permissions anew. Here the
embedded cluster's superuser deletes what is there, past policies and keys, and leaves those two
alone. With a database that was not started by the test run, Django's flush does it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from psycopg import conninfo, pq, sql

from tenants.roles import as_owner
from tenants.scope import tenant_scope

ADMIN_URL = "TEST_ADMIN_DATABASE_URL"
_KEPT = ("django_migrations", "django_content_type", "auth_permission")
_opened: list["psycopg.Connection[tuple[str, bool]]"] = []
# Their triggers refuse every DELETE, a superuser's included.
_TABLES = """
SELECT c.relname, EXISTS (
    SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only'
)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0
    AND NOT c.relname = ANY(%s)
"""


def install() -> None:
    """Use the quick way wherever the run's own cluster allows it."""
    if ADMIN_URL in os.environ:
        TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]
        # A new connection reads the catalogue anew, which costs more than a page's own queries.
        TransactionTestCase._should_reload_connections = _keeps  # type: ignore[attr-defined]


def _empty(case: TransactionTestCase) -> None:
    empty()


def _keeps(case: TransactionTestCase) -> bool:
    """Whether a test's connection is closed behind it; `_let_go` closes what was left open."""
    del case
    return False


def empty() -> None:
    """Delete all rows but those that never change, and what the test's Redis database holds."""
    if ADMIN_URL not in os.environ:
        call_command("flush", verbosity=0, interactive=False)
        return
    _let_go()
    # Workers that a test killed keep their places at the governor for a while.
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        store.flushdb()
    admin = admin_of(str(connection.settings_dict["NAME"]))
    with admin.transaction(), admin.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        tables = filled_tables(admin)
        for name in (name for name, append_only in tables.items() if not append_only):
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        refusing = [sql.Identifier(name) for name, append_only in tables.items() if append_only]
        if refusing:
            names = sql.SQL(", ").join(refusing)
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


def _let_go() -> None:
    """What a test left open would hold the locks that emptying needs.

    Otherwise the connection stays: a new one costs the server more than emptying does.
    """
    psycopg_connection = connection.connection
    if psycopg_connection is None:
        return
    idle = psycopg_connection.info.transaction_status == pq.TransactionStatus.IDLE
    if connection.in_atomic_block or not idle:
        connection.close()


@contextmanager
def owners_cursor(tenant_id: int) -> Iterator[Any]:
    """A cursor that may lift the guards of tables; statements name the tenant themselves.

    The superuser's own where the cluster is ours: to become the owner is to connect anew, twice.
    """
    if ADMIN_URL in os.environ:
        admin = admin_of(str(connection.settings_dict["NAME"]))
        with admin.transaction(), admin.cursor() as cursor:
            yield cursor
        return
    with as_owner(), tenant_scope(tenant_id):
        connection.ensure_connection()
        with connection.connection.cursor() as cursor:
            yield cursor


def filled_tables(admin: "psycopg.Connection[tuple[str, bool]]") -> dict[str, bool]:
    """The tables that hold rows, but for those that never change; whether each is append-only."""
    tables = admin.execute(_TABLES, [list(_KEPT)]).fetchall()
    if not tables:
        return {}
    # Pages of rows that are gone stay for a while, so each table is asked.
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("(SELECT {}, {} FROM {} LIMIT 1)").format(
            sql.Literal(name), sql.Literal(append_only), sql.Identifier(name)
        )
        for name, append_only in tables
    )
    return dict(admin.execute(asked).fetchall())


@lru_cache(maxsize=4)
def admin_of(database: str) -> "psycopg.Connection[tuple[str, bool]]":
    address = conninfo.make_conninfo(os.environ[ADMIN_URL], dbname=database)
    admin = psycopg.connect(address, autocommit=True)
    _opened.append(admin)
    return admin


def close() -> None:
    """End the superuser's connections, or the test database could not be dropped."""
    for admin in _opened:
        admin.close()
    _opened.clear()
    admin_of.cache_clear()
