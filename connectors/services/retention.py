"""Deletes by age what nobody needs any more: hints that were followed, and sessions that ended.

The ledger and the audit stay for good. Batches are short transactions that wait for no lock; what a
call leaves, the next day's takes.
"""

from datetime import datetime, timedelta
from importlib import import_module
from time import monotonic

from allauth.usersessions.models import UserSession
from django.conf import settings

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
    found = route("routing_old_hints", _oldest())
    for (tenant_id,) in found:
        doorbell.ring(doorbell.PRUNE, tenant_id)
    return len(found)


def prune(tenant_id: int) -> int:
    """Delete the tenant's old hints, for a minute at most; returns how many went.

    One that still waits to be followed stays, however old it is.
    """
    deleted, ends = 0, monotonic() + _SECONDS
    while monotonic() < ends:
        with tenant_scope(tenant_id):
            old = InboxEvent.objects.exclude(status=InboxEvent.Status.PENDING)
            old = old.filter(received_at__lt=_oldest()).select_for_update(skip_locked=True)
            ids = list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
            InboxEvent.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
        if len(ids) < _AT_ONCE:
            break
    return deleted


def _oldest() -> datetime:
    return clock.now() - timedelta(days=settings.INBOX_DAYS)
