"""The day's calls per quota subject, kept in the database so that a lost Redis forgets no day."""

import hashlib
from collections.abc import Collection
from datetime import date

from django.db import connection

from connectors.models import QuotaDay

_ADD = f"""
INSERT INTO {QuotaDay._meta.db_table} AS q (subject, day, used) VALUES (%s, %s, %s)
ON CONFLICT (subject, day) DO UPDATE SET used = q.used + EXCLUDED.used
"""  # noqa: S608 - a table name of ours


class DatabaseDailyBudget:
    """See ``transport.governor.DailyBudget``. Subjects are stored as hashes: rows are global."""

    def used(self, subject: str, day: date) -> int:
        found = QuotaDay.objects.filter(subject=_hash(subject), day=day).values_list("used")
        return int(found[0][0]) if found else 0

    def add(self, subject: str, day: date, calls: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [_hash(subject), day, calls])


def used_of(asked: Collection[tuple[str, date]]) -> dict[tuple[str, date], int]:
    """The calls of several subjects, each on its own day; those never counted are left out."""
    named = {(_hash(subject), day): (subject, day) for subject, day in asked}
    rows = QuotaDay.objects.filter(
        subject__in={subject for subject, _ in named}, day__in={day for _, day in named}
    )
    return {
        named[row.subject, row.day]: row.used for row in rows if (row.subject, row.day) in named
    }


def _hash(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()
