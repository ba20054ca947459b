"""``flush``, run as the owner role: the app role may not TRUNCATE.

Only for a database that holds nothing worth keeping: the guards of the audit are lifted for it.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.db import connections
from psycopg import sql

from tenants.isolation import KEPT_TRIGGER
from tenants.roles import as_owner

_GUARDED = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s"


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        if not settings.DEBUG and not settings.SANDBOX_URL:
            raise CommandError("flush deletes the audit. It runs in a demo or a test only.")
        with as_owner(options["database"]):
            self._guard("DISABLE", options["database"])
            try:
                super().handle(**options)
            finally:
                self._guard("ENABLE", options["database"])

    def _guard(self, verb: str, database: str) -> None:
        with connections[database].cursor() as cursor:
            cursor.execute(_GUARDED, [KEPT_TRIGGER])
            for (table,) in cursor.fetchall():
                statement = sql.SQL(f"ALTER TABLE {{}} {verb} TRIGGER {{}}")
                cursor.execute(
                    statement.format(sql.Identifier(table), sql.Identifier(KEPT_TRIGGER))
                )
