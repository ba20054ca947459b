"""Rings Celery by task name, so that the engine imports no task and a lost ring loses nothing.

A ring is sent after the current transaction commits and carries ids only.
"""

import logging
import threading
import time
from datetime import datetime

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

logger = logging.getLogger(__name__)

ADVANCE_RUN = "connectors.advance_run"
WORK_SLOT = "connectors.work_slot"
RECOVER = "connectors.recover"
REFRESH_TOKEN = "connectors.refresh_token"  # noqa: S105 - the name of a task
PROBE_CONNECTION = "connectors.probe_connection"
FOLLOW_INBOX = "connectors.follow_inbox"
CHECK_HOOKS = "connectors.check_hooks"
SEND_ALERTS = "connectors.send_alerts"
PRUNE = "connectors.prune"
TELL_SIGN_IN = "connectors.tell_sign_in"
SEND_INVITATION = "connectors.send_invitation"


def ring(task: str, *ids: int | None, at: datetime | None = None) -> None:
    """Ask a worker to look at these ids, once the caller's transaction has committed.

    A broker that cannot be reached is logged and otherwise ignored: the dispatcher rings again.
    """
    transaction.on_commit(lambda: _send(task, ids, at))


def ring_soon(task: str, *ids: int) -> None:
    """As ``ring``, for doors: nobody waits for the broker, and of many rings in a moment one goes.

    What a process that ends has not sent yet is rung again by the dispatcher, like any lost ring.
    """
    transaction.on_commit(lambda: _soon.put(task, ids))


class _Soon:
    """Sends rings from a thread of its own: the first at once, the same one again after a pause."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._wanted: dict[tuple[str, tuple[int, ...]], None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, task: str, ids: tuple[int, ...]) -> None:
        with self._changed:
            self._wanted[task, ids] = None
            # None yet, or in a process that was forked from the one that had it.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                wanted, self._wanted = self._wanted, {}
            for task, ids in wanted:
                self._send(task, ids)
            time.sleep(self._pause)

    def _send(self, task: str, ids: tuple[int, ...]) -> None:
        try:
            _send(task, ids, None)
        except Exception:
            # The thread must live on: who comes after this one has nobody else to ring for him.
            logger.exception("%s%s could not be rung", task, ids)


# Who follows a hint takes what else has come by then, so that a pause costs nothing but itself.
_soon = _Soon(pause=0.05)


def _send(task: str, ids: tuple[int | None, ...], at: datetime | None) -> None:
    try:
        current_app.send_task(task, args=list(ids), eta=at)
    # The last while a connection is taken from the pool: kombu does not translate that.
    except (OperationalError, OSError, RedisError) as error:
        logger.warning("the broker did not take %s%s: %s", task, ids, error)
