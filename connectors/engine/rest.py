"""Rests a connection whose provider takes no more calls for long, and what is joined by it.

A long wait enters, as quotas of a day or an hour bring it; it is noted at the connection, so that
nobody asks again before its end. What was read before may have changed by then: each integration
reads its source again before it posts.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from connectors.core import clock
from connectors.core.errors import ProviderError, RetryLater
from connectors.engine import trail
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.models import Connection, Integration, Run
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
_UNFINISHED = (Run.Status.QUEUED, Run.Status.RUNNING)
# Two workers that are told the same at two moments mean one rest.
_SAME = timedelta(seconds=5)


def is_long(at: datetime | None) -> bool:
    """Whether somebody who is to come again at that moment is not just to go a little slower."""
    return at is not None and at - clock.now() > timedelta(seconds=policy().rest_seconds)


def own_wait(at: datetime | None) -> datetime | None:
    """What a document, slot or hint waits by itself: a long wait is its connection's alone, which
    may end earlier than was said.
    """
    return None if is_long(at) else at


def note(job: Job, side: str, why: ProviderError | RetryLater) -> None:
    """Let the connection rest whose provider asked for a long wait; a short one needs nothing."""
    at = why.at if isinstance(why, RetryLater) else why.facts.retry_at
    if at is None or not is_long(at):
        return
    connection = job.connection_of(why, side)
    with tenant_scope(job.tenant_id):
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.resting_until is None or row.resting_until < at - _SAME:
            _begin(row, at, words_of(why))
    connection.resting_until, connection.resting_words = at, words_of(why)


def words_of(why: ProviderError | RetryLater) -> str:
    """Why it has to wait, without a hint of what to do: there is nothing to be done."""
    return why.why if isinstance(why, RetryLater) else why.facts.message


def _begin(row: Connection, at: datetime, why: str) -> None:
    logger.warning("connection %s rests until %s: %s", row.pk, at, why)
    row.resting_until, row.resting_words = at, why
    row.save(update_fields=["resting_until", "resting_words"])
    joined = list(Integration.objects.filter(Q(source=row) | Q(target=row)).order_by("pk"))
    ids = [integration.pk for integration in joined]
    Integration.objects.filter(pk__in=ids).update(reads_after=clock.now())
    # Begins when the rest is over; a run that is queued or running already does as well.
    Run.objects.bulk_create(
        (
            Run(integration=each, trigger=Run.Trigger.SCHEDULE, actor="system:rest")
            for each in joined
            if each.enabled
        ),
        ignore_conflicts=True,
    )
    said = words(row)
    Run.objects.filter(integration__in=ids, status__in=_UNFINISHED).update(words=said)
    trail.write([_event(row, said)])


def end(connection: Connection) -> None:
    """The provider answers again; inside the scope."""
    Connection.objects.filter(pk=connection.pk).update(resting_until=None, resting_words="")
    connection.resting_until = None


def refuse_resting(connection: Connection) -> None:
    """Raise RetryLater while the connection is not to be used."""
    until = connection.resting_until
    if until is not None and until > clock.now():
        raise RetryLater(until, connection.resting_words)


def words(connection: Connection) -> str:
    """Until when the connection rests, why, and what follows; inside the scope."""
    assert connection.resting_until is not None  # noqa: S101 - asked of one that rests
    at = connection.resting_until.astimezone(connection.tenant.zone)
    return (
        f"“{connection.name}” rests until {at:%Y-%m-%d %H:%M %Z}: {connection.resting_words}. "
        "Then the source is read again before anything is posted."
    )


def awake(integration: str) -> Q:
    """For rows that lead to an integration by this path: neither of its connections rests."""
    found = Q()
    for side in ("source", "target"):
        name = f"{integration}{side}__resting_until"
        found &= Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lte": Now()})
    return found


def may_post(integration: str = "") -> Q:
    """As ``awake``; it is not paused either, and nothing is stale that would be posted."""
    on: dict[str, Any] = {f"{integration}enabled": True, f"{integration}reads_after": None}
    return Q(**on) & awake(integration)


def _event(connection: Connection, said: str) -> trail.Event:
    return trail.Event(
        action="connection.resting",
        actor=trail.WORKER,
        target_kind="connection",
        target_id=str(connection.pk),
        target_number=connection.name,
        details={"words": said, "provider": connection.provider},
    )
