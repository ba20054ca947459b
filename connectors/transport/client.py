"""The client that every provider is reached through: reads retried, writes sent exactly once.

Paths and plain data enter, parsed replies leave; every failure leaves as an error whose kind says
what may be done. It takes care of pacing, tokens, deadlines and hosts, and knows no provider.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.core import clock
from connectors.core.errors import (
    ErrorKind,
    NotSentError,
    ProviderError,
    ReadOnlyError,
    RetryLater,
    failing_at,
)
from connectors.transport.call import Call, build_call
from connectors.transport.clock import clock_difference
from connectors.transport.deadline import Deadline, current_write_deadline
from connectors.transport.error_table import TIMED_OUT, ErrorTable
from connectors.transport.governor import MAX_SLEEP, Governor, Limits, QuotaFacts, ReadQuota
from connectors.transport.guard import refuse_inside_transaction
from connectors.transport.tokens import StoredToken, TokenSource
from connectors.transport.wire import Outgoing, Reply, Wire, WireError

log = logging.getLogger(__name__)

_ATTEMPTS = 3
_FIRST_PAUSE = 0.3
_READ_SECONDS = 40.0
_WRITE_SECONDS = 30.0
# A permission that is missing answers like an expired token at some providers. For so long no
# second refresh is spent on the same path.
_FUTILE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """One request that left, for statistics: no ids, no query, no secrets.

    ``status`` is 0 where no answer came.
    """

    provider: str
    kind: Literal["read", "write"]
    method: str
    path: str
    status: int
    seconds: float


OnCall = Callable[[CallReport], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a provider wants to be spoken to."""

    token_scheme: str
    errors: ErrorTable
    headers: Mapping[str, str] = field(default_factory=dict)
    read_quota: ReadQuota | None = None
    retry_time_outs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose calls these are: address, hosts, token and share of the quota.

    ``connection`` is a stable name of the connection for this process's memory; ``headers`` go
    with its calls, whatever they are. With ``read_only`` the client refuses every write.
    """

    connection: str
    base_url: str
    allowed: frozenset[str]
    tokens: TokenSource
    governor: Governor
    subject: str
    limits: Limits
    wire: Wire
    on_call: OnCall | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False


@dataclass(slots=True)
class Observed:
    """What answers told by the way."""

    clock_difference: float | None = None
    quota: QuotaFacts | None = None


class ApiClient:
    """Calls of one connection."""

    # (connection, method, path) -> until when a refused token is not worth a refresh there.
    _futile: dict[tuple[str, str, str], float] = {}

    def __init__(self, dialect: Dialect, account: Account) -> None:
        self._dialect = dialect
        self._account = account
        self.observed = Observed()

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        parts: Mapping[str, str] | None = None,
    ) -> Reply:
        """Read; ``{name}`` in the path is filled from ``parts``. Retried where that may help."""
        refuse_inside_transaction()
        call = build_call("GET", self._account.base_url, path, parts=parts, params=params)
        attempt = 1
        with failing_at(self._account.connection):
            while True:
                try:
                    return self._once(call, Deadline.within(_READ_SECONDS))
                except ProviderError as error:
                    time.sleep(self._pause_after(error, attempt))
                attempt += 1

    def write(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        parts: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        may_be_empty: bool = False,
    ) -> Reply:
        """Send exactly once; ``may_be_empty`` where success may come without a body.

        UnknownOutcomeError: it may have happened. NotSentError, RetryLater and every other
        ProviderError: it certainly did not. ReadOnlyError: nothing may be written at all.
        """
        if self._account.read_only:
            raise ReadOnlyError(f"A dry run must not write: {method} {path} was not sent.")
        refuse_inside_transaction()
        call = build_call(
            method,
            self._account.base_url,
            path,
            parts=parts,
            params=params,
            write=True,
            json=json,
            form=form,
            headers=headers,
            may_be_empty=may_be_empty,
        )
        deadline = Deadline.within(_WRITE_SECONDS).earlier(current_write_deadline())
        with failing_at(self._account.connection):
            try:
                return self._once(call, deadline)
            except ProviderError as error:
                if error.kind is ErrorKind.RATE_LIMITED:
                    raise self._later(error) from None
                raise

    # --- one call ---------------------------------------------------------------------------

    def _once(self, call: Call, deadline: Deadline) -> Reply:
        token = self._token(call)
        reply = self._send(call, deadline, token)
        key = (self._account.connection, call.method, call.path)
        if reply.status == 401 and self._futile.get(key, 0) < time.monotonic():
            # Refused before anything was done, so even a write may be sent again.
            token = self._token(call, force_not=token.version)
            reply = self._send(call, deadline, token)
            if reply.status == 401:
                self._futile[key] = time.monotonic() + _FUTILE_SECONDS
        error = self._dialect.errors.failed(reply, write=call.write)
        if error is None:
            self._futile.pop(key, None)
            return reply
        if error.kind is ErrorKind.RATE_LIMITED and error.facts.retry_at is not None:
            self._account.governor.pause(self._account.subject, error.facts.retry_at)
        raise error

    def _token(self, call: Call, force_not: int | None = None) -> StoredToken:
        try:
            return self._account.tokens.token(force_not)
        except ProviderError as error:
            if call.write and error.kind is ErrorKind.TRANSIENT:
                raise NotSentError(error.facts) from None
            raise

    def _send(self, call: Call, deadline: Deadline, token: StoredToken) -> Reply:
        account = self._account
        outgoing = Outgoing(
            method=call.method,
            url=call.url,
            allowed=account.allowed,
            headers={
                **self._dialect.headers,
                **account.headers,
                **call.headers,
                "Authorization": f"{self._dialect.token_scheme} {token.access_token}",
            },
            params=call.params,
            content=call.content,
            may_be_empty=call.may_be_empty,
        )
        started = time.monotonic()
        with account.governor.admit(account.subject, account.limits) as admission:
            try:
                reply = account.wire.send(outgoing, deadline)
                admission.quota = self._observe(reply)
            except WireError as error:
                if error.sent:
                    self._report(call, 0, time.monotonic() - started)
                raise self._dialect.errors.broken(error, write=call.write) from None
        self._report(call, reply.status, reply.seconds)
        return reply

    def _observe(self, reply: Reply) -> QuotaFacts | None:
        self.observed.clock_difference = clock_difference(reply.headers)
        quota = self._dialect.read_quota(reply.headers) if self._dialect.read_quota else None
        if quota is not None:
            self.observed.quota = quota
        return quota

    def _report(self, call: Call, status: int, seconds: float) -> None:
        log.debug(
            "%s %s %s -> %s in %.3f s",
            self._dialect.errors.provider, call.method, call.path, status or "no answer", seconds,
        )  # fmt: skip
        if self._account.on_call is not None:
            report = CallReport(
                provider=self._dialect.errors.provider,
                kind="write" if call.write else "read",
                method=call.method,
                path=call.path,
                status=status,
                seconds=seconds,
            )
            self._account.on_call(report)

    # --- retries ----------------------------------------------------------------------------

    def _pause_after(self, error: ProviderError, attempt: int) -> float:
        """How long to sleep before reading again; raises where that makes no sense."""
        if error.kind is ErrorKind.RATE_LIMITED:
            later = self._later(error)
            seconds = (later.at - clock.now()).total_seconds()
            if seconds > MAX_SLEEP or attempt >= _ATTEMPTS:
                raise later
            return max(seconds, 0)
        timed_out = error.facts.code == TIMED_OUT and not self._dialect.retry_time_outs
        if error.kind is not ErrorKind.TRANSIENT or timed_out or attempt >= _ATTEMPTS:
            raise error
        backoff: float = _FIRST_PAUSE * 2 ** (attempt - 1)
        asked = error.facts.retry_at
        wanted = (asked - clock.now()).total_seconds() if asked else 0.0
        if asked is not None and wanted > MAX_SLEEP:
            raise RetryLater(asked, error.facts.message)
        jitter = 0.5 + random.random()  # noqa: S311 - spreads load, guards nothing
        return max(wanted, min(backoff * jitter, MAX_SLEEP))

    def _later(self, error: ProviderError) -> RetryLater:
        return RetryLater(error.facts.retry_at or clock.now(), error.facts.message)
