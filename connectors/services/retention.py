"""Deletes by age what nobody needs any more: followed hints, ended sessions, what attempts sent.

The ledger and the audit stay for good, and so does each attempt with its outcomes. Batches are
short transactions that wait for no lock; what a call leaves, the next day's takes.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from time import monotonic

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import connection

from connectors.core import clock
from connectors.engine import doorbell
from connectors.models import InboxEvent
from tenants.routing import route
from tenants.scope import tenant_scope

_AT_ONCE = 1_000
_SECONDS = 60.0


def ring_for_old() -> int:
    """Ring for each tenant that has something to delete, and forget ended sessions."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    longest = timedelta(hours=settings.SESSION_HOURS)
    UserSession.objects.filter(created_at__lt=clock.now() - longest).delete()
    found = {
        *route("routing_old_hints", _days_ago(settings.INBOX_DAYS)),
        *route("routing_old_attempts", _days_ago(settings.ATTEMPT_DAYS)),
    }
    for (tenant_id,) in sorted(found):
        doorbell.ring(doorbell.PRUNE, tenant_id)
    return len(found)


def prune(tenant_id: int) -> int:
    """Delete the tenant's old hints and empty its old attempts; returns how many of both.

    It works for a minute at most. A hint that still waits to be followed stays, however old it is.
    """
    ends = monotonic() + _SECONDS
    return _in_batches(_delete_hints, tenant_id, ends) + _in_batches(
        _empty_attempts, tenant_id, ends
    )


def _in_batches(work: Callable[[], int], tenant_id: int, ends: float) -> int:
    done = 0
    while monotonic() < ends:
        with tenant_scope(tenant_id):
            number = work()
        done += number
        if number < _AT_ONCE:
            break
    return done


def _delete_hints() -> int:
    old = InboxEvent.objects.exclude(status=InboxEvent.Status.PENDING)
    old = old.filter(received_at__lt=_days_ago(settings.INBOX_DAYS))
    old = old.select_for_update(skip_locked=True).order_by("pk")
    ids = list(old.values_list("pk", flat=True)[:_AT_ONCE])
    InboxEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def _empty_attempts() -> int:
    """The running login may change no attempt; this function of the database may empty old ones."""
    with connection.cursor() as cursor:
        before = _days_ago(settings.ATTEMPT_DAYS)
        cursor.execute("SELECT empty_old_attempts(%s, %s)", [before, _AT_ONCE])
        emptied: int = cursor.fetchone()[0]
    return emptied


def _days_ago(days: int) -> datetime:
    return clock.now() - timedelta(days=days)
