"""What a connection's errors mean for the connection as a whole.

Wrong credentials, revoked grants and suspensions concern every document alike: the connection
stops, says so once, and (when suspended) is tried again with growing pauses.
"""

import logging
from datetime import timedelta
from typing import Any

from connectors.core import clock
from connectors.core.errors import ErrorKind, ProviderError
from connectors.engine import rest, trail
from connectors.engine.job import Job
from connectors.models import Connection, Health
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

CONNECTION_KINDS = {
    ErrorKind.AUTHORISATION: Health.NEEDS_AUTHORISATION,
    ErrorKind.SUSPENDED: Health.SUSPENDED,
    ErrorKind.CONFIGURATION: Health.MISCONFIGURED,
}
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=6)


def report(job: Job, side: str, error: ProviderError) -> None:
    """Stop the connection that this error is of; where it does not say, that side's."""
    stop(job.connection_of(error, side), error)


def stop(connection: Connection, error: ProviderError) -> None:
    """Mark the connection as not usable, in words; audited when that is news."""
    state = CONNECTION_KINDS[error.kind]
    words = str(error)
    logger.warning("connection %s (%s): %s", connection.pk, connection.provider, words)
    with tenant_scope(connection.tenant_id):
        news = Connection.objects.filter(pk=connection.pk).exclude(health=state).exists()
        Connection.objects.filter(pk=connection.pk).update(
            health=state,
            health_words=words,
            health_at=clock.now(),
            **_next_probe(connection),
            **({"alerted_at": None} if news else {}),
        )
        if news:
            trail.write([_event(connection, f"connection.{state}", words)])
    connection.health = state


def postpone(connection: Connection) -> None:
    """A suspended connection was tried and is suspended still: the next try comes later."""
    with tenant_scope(connection.tenant_id):
        Connection.objects.filter(pk=connection.pk).update(**_next_probe(connection))


def _next_probe(connection: Connection) -> dict[str, Any]:
    pause = min(_FIRST_PAUSE * 2 ** min(connection.probe_failures, 10), _LONGEST_PAUSE)
    return {
        "probe_at": clock.now() + pause,
        "probe_failures": connection.probe_failures + 1,
    }


def recover(connection: Connection, words: str) -> None:
    """Mark the connection as usable again."""
    with tenant_scope(connection.tenant_id):
        news = Connection.objects.filter(pk=connection.pk).exclude(health=Health.READY).exists()
        Connection.objects.filter(pk=connection.pk).update(
            health=Health.READY,
            health_words=words,
            health_at=clock.now(),
            probe_at=None,
            probe_failures=0,
        )
        # It was let in just now: whatever it was told to wait for is over.
        rest.end(connection)
        if news:
            trail.write([_event(connection, "connection.ready", words)])
    connection.health = Health.READY


def _event(connection: Connection, action: str, words: str) -> trail.Event:
    return trail.Event(
        action=action,
        actor=trail.WORKER,
        target_kind="connection",
        target_id=str(connection.pk),
        target_number=connection.name,
        details={"words": words, "provider": connection.provider},
    )
