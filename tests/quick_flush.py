"""Empties the test database between tests that commit, in a fraction of the time of a flush.

Django's own flush truncates every table and writes content types and permissions anew. Here the
embedded cluster's superuser deletes what is there, past policies and keys, and leaves those two
alone. With a database that was not started by the test run, Django's flush does it.
"""

import os
from functools import lru_cache

import psycopg
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from psycopg import conninfo, sql

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


def _empty(case: TransactionTestCase) -> None:
    # What a test left open would hold the locks that emptying needs.
    connection.close()
    # Workers that a test killed keep their places at the governor for a while.
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        store.flushdb()
    admin = _admin(str(connection.settings_dict["NAME"]))
    with admin.transaction(), admin.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        tables = cursor.execute(_TABLES, [list(_KEPT)]).fetchall()
        for name, _ in (row for row in tables if not row[1]):
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        refusing = [sql.Identifier(name) for name, append_only in tables if append_only]
        if refusing:
            names = sql.SQL(", ").join(refusing)
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


@lru_cache(maxsize=4)
def _admin(database: str) -> "psycopg.Connection[tuple[str, bool]]":
    address = conninfo.make_conninfo(os.environ[ADMIN_URL], dbname=database)
    admin = psycopg.connect(address, autocommit=True)
    _opened.append(admin)
    return admin


def close() -> None:
    """End the superuser's connections, or the test database could not be dropped."""
    for admin in _opened:
        admin.close()
    _opened.clear()
    _admin.cache_clear()
