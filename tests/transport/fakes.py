"""Stand-ins for what the transport takes as protocols, and a client over a scripted network."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from connectors.core import clock
from connectors.transport.client import Account, ApiClient, CallReport, Dialect
from connectors.transport.error_table import ErrorTable
from connectors.transport.governor import Admission, Governor, Limits, QuotaFacts
from connectors.transport.tokens import Grant, KeptToken, NewToken, StoredToken, TokenSource
from connectors.transport.wire import Wire

ROOT = "https://api.example.com/v1"
LIMITS = Limits(per_minute=100, concurrency=5)
TABLE = ErrorTable(provider="example", title="Example")


class OpenGovernor:
    """Lets everything through and remembers what it was told."""

    def __init__(self) -> None:
        self.admitted = 0
        self.pauses: list[datetime] = []
        self.observed: list[QuotaFacts] = []

    @contextmanager
    def admit(self, subject: str, limits: Limits, cost: int = 1) -> Iterator[Admission]:
        self.admitted += cost
        admission = Admission()
        yield admission
        if admission.quota is not None:
            self.observed.append(admission.quota)

    def pause(self, subject: str, until: datetime) -> None:
        self.pauses.append(until)


class Flying:
    """Calls that have left and wait for their answers."""

    def __init__(self, governor: Governor, subject: str, limits: Limits, count: int) -> None:
        self._held = [governor.admit(subject, limits) for _ in range(count)]
        self._admissions = [held.__enter__() for held in self._held]

    def answered(self, quota: QuotaFacts) -> None:
        """The next one's answer is here, with the provider's own count."""
        self._admissions.pop(0).quota = quota
        self._held.pop(0).__exit__(None, None, None)


class MemoryStore:
    """A token store whose lease can be left behind, as by a killed worker."""

    def __init__(self, token: StoredToken | None = None) -> None:
        self._lock = threading.Lock()
        self.token = token
        self.fence = 0
        self.leased_until: datetime | None = None
        self.stopped = ""
        self.saves = 0

    def load(self) -> StoredToken | None:
        with self._lock:
            return self.token

    def lease(self, seconds: int) -> int | None:
        with self._lock:
            now = clock.now()
            if self.leased_until is not None and self.leased_until > now:
                return None
            self.leased_until = now + timedelta(seconds=seconds)
            self.fence += 1
            return self.fence

    def save(self, fence: int, token: NewToken) -> bool:
        with self._lock:
            if fence != self.fence:
                return False
            self.saves += 1
            version = self.token.version + 1 if self.token else 1
            self.token = StoredToken(
                access_token=token.access_token, expires_at=token.expires_at, version=version
            )
            return True

    def release(self, fence: int) -> None:
        with self._lock:
            if fence == self.fence:
                self.leased_until = None

    def revoked(self, fence: int, words: str) -> None:
        with self._lock:
            if fence == self.fence:
                self.stopped = words


class MemoryBudget:
    """A daily budget in a dict."""

    def __init__(self, used: int = 0) -> None:
        self.calls = used
        self.adds: list[int] = []

    def used(self, subject: str, day: date) -> int:
        return self.calls

    def add(self, subject: str, day: date, calls: int) -> None:
        self.calls += calls
        self.adds.append(calls)


def stored(version: int = 1, minutes: float = 60) -> StoredToken:
    """A token that ends in so many minutes."""
    expires_at = clock.now() + timedelta(minutes=minutes)
    return StoredToken(access_token=f"token-{version}", expires_at=expires_at, version=version)


def fresh(name: str = "fresh") -> NewToken:
    """What a refresh brings."""
    return NewToken(access_token=name, expires_at=clock.now() + timedelta(hours=1))


def source(
    store: MemoryStore, grant: Grant = fresh, *, kept: KeptToken | None = None
) -> TokenSource:
    """A token source with the margin of an hour-long token."""
    return TokenSource(
        store, grant, margin=timedelta(minutes=5), provider="example", title="Example", kept=kept
    )


class Rig:
    """A client over a scripted network: what it sent, what it was paced by, what it reported."""

    def __init__(
        self,
        answer: Callable[[httpx.Request], httpx.Response],
        *,
        table: ErrorTable = TABLE,
        retry_time_outs: bool = True,
        grant: Grant = fresh,
        **dialect: Any,
    ) -> None:
        self.sent: list[httpx.Request] = []
        self.reports: list[CallReport] = []
        self.governor = OpenGovernor()
        self.store = MemoryStore(stored())
        self._answer = answer
        account = Account(
            connection=f"test-{id(self)}",
            base_url=ROOT,
            allowed=frozenset({"https://api.example.com:443"}),
            tokens=source(self.store, grant),
            governor=self.governor,
            subject="example:1",
            limits=LIMITS,
            wire=Wire(httpx.MockTransport(self._record)),
            on_call=self.reports.append,
        )
        spoken = Dialect(
            token_scheme="Bearer", errors=table, retry_time_outs=retry_time_outs, **dialect
        )
        self.client = ApiClient(spoken, account)

    def _record(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self._answer(request)


def script(*answers: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    """Answers one after the other; one call too many is an error of the test."""
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if not waiting:
            raise AssertionError(f"one call too many: {request.method} {request.url}")
        following = waiting.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    return answer
