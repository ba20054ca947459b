"""What can go wrong at a provider, as one small family of exceptions.

A status, an error body or a broken connection enters as facts; what leaves is an error whose
*kind* decides what happens next and whose words tell a person what to do. Knows no provider.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class ErrorKind(StrEnum):
    """Why a call failed, seen from what can be done about it."""

    CONFIGURATION = "configuration"
    AUTHORISATION = "authorisation"
    PERMISSION = "permission"
    SUSPENDED = "suspended"
    RATE_LIMITED = "rate_limited"
    TRANSIENT = "transient"
    REJECTED = "rejected"
    NOT_FOUND = "not_found"
    UNKNOWN_OUTCOME = "unknown_outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFacts:
    """What is known of a failed call; ``message`` is the provider's own sentence, redacted.

    ``connection`` names the connection whose call it was: both sides may be of one provider.
    """

    kind: ErrorKind
    message: str
    hint: str = ""
    provider: str = ""
    status: int | None = None
    code: str = ""
    retry_at: datetime | None = None
    connection: str = ""


class ConnectorError(Exception):
    """Base of every error that this service raises on purpose."""


class ProviderError(ConnectorError):
    """A provider refused, could not be reached, or answered something unreadable."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(facts.message)
        self.facts = facts

    @property
    def kind(self) -> ErrorKind:
        return self.facts.kind

    def __str__(self) -> str:
        """One sentence with the way out, fit for a person and a log."""
        message = self.facts.message.strip()
        if message and self.facts.hint and message[-1] not in ".!?…":
            message += "."
        return f"{message} {self.facts.hint}".strip()


class UnknownOutcomeError(ProviderError):
    """A write may or may not have happened: only the target can tell, by a probe."""


class NotSentError(ProviderError):
    """A write certainly did not leave this machine (deadline passed, no connection made)."""


class RetryLater(ConnectorError):  # noqa: N818 - a signal to hand work back, not a failure
    """Work cannot go on now; hand it back and come again at ``at`` (aware).

    ``connection`` names the connection that has to wait, where a call of it is why.
    """

    def __init__(self, at: datetime, why: str, connection: str = "") -> None:
        super().__init__(why)
        self.at = at
        self.why = why
        self.connection = connection


@contextmanager
def failing_at(connection: str) -> Iterator[None]:
    """Whatever fails inside is said to have failed at that connection, unless it says another."""
    try:
        yield
    except ProviderError as error:
        if not error.facts.connection:
            error.facts = replace(error.facts, connection=connection)
        raise
    except RetryLater as later:
        later.connection = later.connection or connection
        raise


class BadInputError(ConnectorError):
    """Something a person or a provider handed in cannot be used; the words say what to do."""


class ReadOnlyError(ConnectorError):
    """A write was attempted at a provider while nothing may be written."""


class CallInsideTransactionError(ConnectorError):
    """A provider call was attempted while a database transaction is open."""
