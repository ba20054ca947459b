"""The meaning of failures as a table: status, code and words of an answer give a kind and a hint.

A provider puts its own rows in front of the common ones. What enters is a failed answer or a
broken connection, what leaves is the error to raise; the cautious reading wins where a row is
missing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.core import clock
from connectors.core.errors import (
    ErrorFacts,
    ErrorKind,
    NotSentError,
    ProviderError,
    UnknownOutcomeError,
)
from connectors.core.redaction import redact
from connectors.transport.wire import Reply, WireError

_MESSAGE_LENGTH = 500
# So much of what a provider says is looked at; what makes a sentence's meaning stands at its front.
_LOOKED_AT = 8_000
_LONGEST_WAIT = timedelta(hours=24)
TIMED_OUT = "timed_out"
# Nobody answered at that address: whatever is asked for there fails alike.
UNREACHED = "unreached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed call as the rows see it; ``code`` and ``message`` are the provider's own."""

    write: bool
    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: everything that is given must match. ``wait`` is for how long to leave it alone.

    ``says`` is searched for in the provider's message, whatever its case; ``writes`` restricts the
    row to writes or to reads. The hint says what to do and who can do it.
    """

    kind: ErrorKind
    hint: str
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    says: str = ""
    writes: bool | None = None
    wait: timedelta | None = None

    def matches(self, failure: Failure) -> bool:
        return (
            (not self.statuses or failure.status in self.statuses)
            and (not self.codes or failure.code in self.codes)
            and (self.writes is None or self.writes == failure.write)
            and (not self.says or re.search(self.says, failure.message, re.IGNORECASE) is not None)
        )


_K = ErrorKind
_SERVER = frozenset(range(500, 600))
COMMON_RULES: tuple[Rule, ...] = (
    Rule(
        kind=_K.RATE_LIMITED,
        statuses=frozenset({429}),
        wait=timedelta(seconds=30),
        hint="Nothing to do: calls pause and go on by themselves.",
    ),
    Rule(
        kind=_K.UNKNOWN_OUTCOME,
        statuses=_SERVER | {408},
        writes=True,
        hint="Nothing to do yet: the record is looked up before anything is sent again.",
    ),
    Rule(
        kind=_K.TRANSIENT,
        statuses=_SERVER | {408},
        hint="Nothing to do: it is tried again by itself. The provider may have a status page.",
    ),
    Rule(
        kind=_K.AUTHORISATION,
        statuses=frozenset({401}),
        hint="An owner or admin of this tenant must reconnect the connection.",
    ),
    Rule(
        kind=_K.PERMISSION,
        statuses=frozenset({403}),
        hint="The provider's administrator must give the connected user access to this.",
    ),
    Rule(
        kind=_K.NOT_FOUND,
        statuses=frozenset({404, 410}),
        hint="It was deleted, or belongs to another company at the provider.",
    ),
    Rule(
        kind=_K.CONFIGURATION,
        statuses=frozenset(range(300, 400)),
        writes=False,
        hint="The address answers with a redirect: an admin must check the connection's settings.",
    ),
    Rule(
        kind=_K.UNKNOWN_OUTCOME,
        statuses=frozenset(range(300, 400)),
        writes=True,
        hint="The address answers with a redirect: an admin must check the connection's settings.",
    ),
)
# Nobody can correct a record for a question that was refused.
_UNANSWERED = Rule(
    kind=_K.REJECTED,
    writes=False,
    hint="The provider refused to show this. If it lasts, tell the operator.",
)
_REFUSED = Rule(
    kind=_K.REJECTED,
    hint="Correct the record at the source, or its mapping here, and run it again.",
)


def read_nothing(body: Any) -> tuple[str, str]:
    """For providers without an error body."""
    del body
    return "", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTable:
    """A provider's rows in front of the common ones.

    ``read`` takes code and message out of a body; ``refuses`` tells whether a body of a 2xx answer
    is a refusal all the same. ``resets`` reads from the headers of a limited call how long to wait,
    where the provider says it otherwise than by ``Retry-After``.
    """

    provider: str
    title: str
    rules: tuple[Rule, ...] = ()
    read: Callable[[Any], tuple[str, str]] = read_nothing
    refuses: Callable[[Any], bool] = lambda body: False
    resets: Callable[[Mapping[str, str]], timedelta | None] = lambda headers: None

    def failed(self, reply: Reply, *, write: bool) -> ProviderError | None:
        """The error for an answer, or None for a good one."""
        if reply.ok and not reply.readable:
            return self._unreadable(reply, write=write)
        if reply.ok and not self.refuses(reply.body):
            return None
        return self._classified(reply, write=write)

    def broken(self, error: WireError, *, write: bool) -> ProviderError:
        """The error for a call without an answer."""
        sentence = f"{self.title}: {error}."
        code = TIMED_OUT if error.timed_out else "" if error.sent else UNREACHED
        if write and error.sent:
            hint = "Nothing to do yet: the record is looked up before anything is sent again."
            return UnknownOutcomeError(self._facts(_K.UNKNOWN_OUTCOME, sentence, hint, None, code))
        hint = "Nothing to do: it is tried again by itself."
        facts = self._facts(_K.TRANSIENT, sentence, hint, None, code)
        return NotSentError(facts) if write else ProviderError(facts)

    def _unreadable(self, reply: Reply, *, write: bool) -> ProviderError:
        sentence = f"{self.title} answered {reply.status} with a body that is no JSON."
        if write:
            hint = "Nothing to do yet: the record is looked up before anything is sent again."
            facts = self._facts(_K.UNKNOWN_OUTCOME, sentence, hint, reply.status)
            return UnknownOutcomeError(facts)
        hint = "Nothing to do: it is tried again by itself."
        return ProviderError(self._facts(_K.TRANSIENT, sentence, hint, reply.status))

    def _classified(self, reply: Reply, *, write: bool) -> ProviderError:
        code, message = self.read(reply.body) if reply.readable else ("", "")
        failure = Failure(
            write=write,
            status=reply.status,
            code=code,
            message=message[:_LOOKED_AT],
            headers=reply.headers,
        )
        rule = next((row for row in self._rows() if row.matches(failure)), None)
        rule = rule or (_REFUSED if write else _UNANSWERED)
        said = message.strip() or f"status {reply.status} without an explanation"
        facts = self._facts(
            rule.kind,
            f"{self.title} said: {said}",
            rule.hint,
            reply.status,
            code,
            retry_at(reply.headers, self._wait(rule, reply.headers)),
        )
        unknown = rule.kind is _K.UNKNOWN_OUTCOME
        return UnknownOutcomeError(facts) if unknown else ProviderError(facts)

    def _wait(self, rule: Rule, headers: Mapping[str, str]) -> timedelta | None:
        limited = rule.kind is _K.RATE_LIMITED
        return (self.resets(headers) if limited else None) or rule.wait

    def _rows(self) -> tuple[Rule, ...]:
        return self.rules + COMMON_RULES

    def _facts(
        self,
        kind: ErrorKind,
        message: str,
        hint: str,
        status: int | None,
        code: str = "",
        at: datetime | None = None,
    ) -> ErrorFacts:
        return ErrorFacts(
            kind=kind,
            message=str(redact(message))[:_MESSAGE_LENGTH],
            hint=hint,
            provider=self.provider,
            status=status,
            code=code,
            retry_at=at,
        )


def retry_at(headers: Mapping[str, str], wait: timedelta | None) -> datetime | None:
    """When to come again: by ``Retry-After`` (seconds or a date), else after ``wait``."""
    now = clock.now()
    asked = _asked_for(headers.get("retry-after", "").strip(), now)
    if asked is not None:
        return min(max(asked, now), now + _LONGEST_WAIT)
    return now + wait if wait is not None else None


def _asked_for(text: str, now: datetime) -> datetime | None:
    if text.isdigit():
        return now + timedelta(seconds=min(int(text), _LONGEST_WAIT.total_seconds()))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
