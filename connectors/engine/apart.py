"""Keeps what fails in a run apart: a list that cannot be read stops itself, the others go on.

A run's counts name each such list with the reason. What may pass is tried again within the run;
what is still unread at its end makes the run a failed one, so that people are told.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.core.errors import (
    BadInputError,
    CallInsideTransactionError,
    ErrorKind,
    ProviderError,
    RetryLater,
)
from connectors.engine.away import DATABASE_AWAY
from connectors.engine.health import CONNECTION_KINDS
from connectors.models import Run
from connectors.transport.error_table import UNREACHED

logger = logging.getLogger(__name__)
TROUBLES, PASSING = "troubles", "passing"


class LostRun(Exception):  # noqa: N818 - a signal
    """The run was taken over by another worker; nothing more may be written for it."""


class SliceOver(Exception):  # noqa: N818 - a signal
    """This task's share of time is used up; the run goes on in another task."""


# None of these says anything of the list that was being read.
_NOT_THE_LISTS = (
    *(LostRun, SliceOver, RetryLater, CallInsideTransactionError),
    *DATABASE_AWAY,
)


# Nor does what stops, or slows down, every call alike.
_THE_CONNECTIONS = (*CONNECTION_KINDS, ErrorKind.RATE_LIMITED)


class StillUnreadError(Exception):
    """Some lists failed in a way that may pass: the run tries them again after a pause."""


@contextmanager
def apart(run: Run, what: str) -> Iterator[None]:
    """Read one list: its failure is noted, unless the whole connection is concerned."""
    try:
        yield
    except _NOT_THE_LISTS:
        raise
    except ProviderError as error:
        if error.kind in _THE_CONNECTIONS or error.facts.code == UNREACHED:
            raise
        _note(run, what, str(error), passing=error.kind is ErrorKind.TRANSIENT)
    except BadInputError as error:
        _note(run, what, str(error), passing=False)
    except Exception as error:
        logger.exception("run %s: %s could not be read", run.pk, what)
        _note(run, what, our_mistake(error), passing=False)
    else:
        if what in run.counts.get(TROUBLES, {}):
            _forget(run, what)


def try_again(run: Run) -> None:
    """Raise where something failed that may pass; what was refused is not asked for again."""
    passing = run.counts.get(PASSING, [])
    if passing:
        raise StillUnreadError(f"{passing[0]}: {run.counts[TROUBLES][passing[0]]}")


def give_up(run: Run) -> None:
    """What failed so far stays unread in this run."""
    run.counts[PASSING] = []


def is_refused(run: Run, what: str) -> bool:
    """Whether this run asks for it no more: it was refused, or failed as often as it may."""
    return what in run.counts.get(TROUBLES, {}) and what not in run.counts.get(PASSING, [])


def why(run: Run, what: str) -> str:
    """Why this list is unread; empty where it is not."""
    return str(run.counts.get(TROUBLES, {}).get(what, ""))


def words(run: Run) -> str:
    """What could not be read, one sentence for each list; empty where all was read."""
    troubles = run.counts.get(TROUBLES, {})
    if not troubles:
        return ""
    told = " ".join(f"{what}: {reason}" for what, reason in sorted(troubles.items()))
    return f"It read and posted what it could. Could not be read: {told}"


def our_mistake(error: Exception) -> str:
    """Words for an exception that nobody expected."""
    return (
        f"An error of this service stopped it ({type(error).__name__}). "
        "Its operator finds the details in the log."
    )


def _note(run: Run, what: str, reason: str, *, passing: bool) -> None:
    logger.warning("run %s: %s could not be read: %s", run.pk, what, reason)
    _forget(run, what)
    run.counts.setdefault(TROUBLES, {})[what] = reason
    if passing:
        run.counts.setdefault(PASSING, []).append(what)


def _forget(run: Run, what: str) -> None:
    run.counts.get(TROUBLES, {}).pop(what, None)
    run.counts[PASSING] = [one for one in run.counts.get(PASSING, []) if one != what]
