"""Rings Celery by task name, so that the engine imports no task and a lost ring loses nothing.

A ring is sent after the current transaction commits and carries ids only.
"""

import logging
from datetime import datetime

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

ADVANCE_RUN = "connectors.advance_run"
WORK_SLOT = "connectors.work_slot"
RECOVER = "connectors.recover"
REFRESH_TOKEN = "connectors.refresh_token"  # noqa: S105 - the name of a task
PROBE_CONNECTION = "connectors.probe_connection"
FOLLOW_INBOX = "connectors.follow_inbox"
CHECK_HOOKS = "connectors.check_hooks"
SEND_ALERTS = "connectors.send_alerts"


def ring(task: str, *ids: int | None, at: datetime | None = None) -> None:
    """Ask a worker to look at these ids, once the caller's transaction has committed.

    A broker that cannot be reached is logged and otherwise ignored: the dispatcher rings again.
    """
    transaction.on_commit(lambda: _send(task, ids, at))


def _send(task: str, ids: tuple[int | None, ...], at: datetime | None) -> None:
    try:
        current_app.send_task(task, args=list(ids), eta=at)
    except (OperationalError, OSError) as error:
        logger.warning("the broker did not take %s%s: %s", task, ids, error)
