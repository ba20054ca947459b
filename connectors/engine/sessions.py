"""Opens a provider's client for a connection: secrets, token store, governor and wire put together.

A connection and its provider's spec enter, a client leaves; nothing is sent before the first call.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

from connectors.core.answers import Answer, with_answer
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, failing_at
from connectors.core.flow import TARGET, PartRef
from connectors.core.records import TargetState
from connectors.engine import rest
from connectors.engine.job import Job
from connectors.engine.quota import DatabaseDailyBudget
from connectors.engine.tokens import DatabaseTokenStore, kept_token, read_token
from connectors.models import Connection, SealError, open_sealed
from connectors.transport.client import CallReport, OnCall
from connectors.transport.provider import ClientContext, Endpoints, ProviderSpec
from connectors.transport.redis_governor import RedisGovernor
from connectors.transport.tokens import GrantRefusedError, NewToken, OneToken, TokenSource
from connectors.transport.wire import shared_wire
from tenants.scope import tenant_scope


@contextmanager
def open_client(job: Job, side: str) -> Iterator[Any]:
    """The client of one side of a job; its calls are counted to the job.

    Raises ProviderError when the connection is stopped or its secrets cannot be opened, RetryLater
    while it rests. What fails inside and does not say otherwise failed at this connection.
    """
    connection = job.connection(side)
    with failing_at(str(connection.secret_id)):
        _refuse_unusable(connection)
        on_call = counter(job, side)
        with connect(
            connection, job.spec(side), on_call=on_call, read_only=job.read_only
        ) as client:
            yield client


def _refuse_unusable(connection: Connection) -> None:
    rest.refuse_resting(connection)
    if not connection.usable:
        raise ProviderError(
            ErrorFacts(
                kind=ErrorKind.AUTHORISATION,
                message=f"The connection “{connection.name}” is stopped: "
                f"{connection.health_words or connection.get_health_display()}",
                hint="Open the connection and test it.",
                provider=connection.provider,
            )
        )


def counter(job: Job, side: str) -> OnCall:
    """Counts a side's calls by provider, or by connection where both sides are of one provider."""
    one = job.resolved.source.key == job.resolved.target.key

    def count(report: CallReport) -> None:
        name = job.connection(side).name if one else report.provider
        job.calls[f"{name} {report.kind}"] += 1

    return count


class LazyTarget:
    """The target's client, opened by ``opener`` only when a decision or a delivery needs it."""

    def __init__(self, job: Job, stack: ExitStack, opener: Any) -> None:
        self._job = job
        self._stack = stack
        self._opener = opener
        self._client: Any = None

    def open(self) -> Any:
        if self._client is None:
            self._client = self._stack.enter_context(self._opener(self._job, TARGET))
        return self._client

    def read(self, part: PartRef) -> TargetState | None:
        return self._job.flow.sink.read(self.open(), part)


@contextmanager
def connect(
    connection: Connection,
    spec: ProviderSpec,
    *,
    on_call: OnCall | None = None,
    read_only: bool = False,
) -> Iterator[Any]:
    """A client of this connection, whatever its health: a test must be able to find out."""
    endpoints = spec.endpoints(connection.settings, settings.SANDBOX_URL)
    credentials = _credentials(connection)
    yield spec.open(
        ClientContext(
            connection=str(connection.secret_id),
            settings=connection.settings,
            profile=connection.profile,
            endpoints=endpoints,
            tokens=_tokens(connection, spec, endpoints, credentials),
            governor=governor(),
            wire=shared_wire(),
            on_call=on_call,
            client_id=credentials.get("client_id", ""),
            learn=lambda answer: learn(connection, answer),
            confirmed=connection.confirmed == mark(connection, spec, credentials) != "",
            read_only=read_only,
        )
    )


def mark(connection: Connection, spec: ProviderSpec, credentials: Mapping[str, str]) -> str:
    """Names the account and the application that calls it; empty while no account is chosen.

    A connection whose test has succeeded keeps it. Other settings or another application make
    another mark, so that what was confirmed of the old one says nothing of the new.
    """
    own, told = connection.settings, connection.profile
    account = [str(own.get(name) or told.get(name) or "") for name in spec.identity]
    if not all(account):
        return ""
    named = json.dumps([spec.key, account, credentials.get("client_id", "")])
    return hashlib.sha256(named.encode()).hexdigest()


@contextmanager
def connect_by(connection: Connection, spec: ProviderSpec, token: NewToken) -> Iterator[Any]:
    """A client that uses this token and keeps nothing: whom it lets us in to is to be found out."""

    def refuse() -> NewToken:
        raise GrantRefusedError(f"{spec.title} does not accept the new access.")

    endpoints = spec.endpoints(connection.settings, settings.SANDBOX_URL)
    yield spec.open(
        ClientContext(
            connection=str(connection.secret_id),
            settings=connection.settings,
            profile=connection.profile,
            endpoints=endpoints,
            tokens=TokenSource(
                OneToken(token),
                refuse,
                margin=timedelta(0),
                provider=spec.key,
                title=spec.title,
            ),
            governor=governor(),
            wire=shared_wire(),
            client_id=_credentials(connection, token=False).get("client_id", ""),
        )
    )


def learn(connection: Connection, answer: Answer) -> None:
    """Keep what the account has told, unless the row is about another account by now."""
    with tenant_scope(connection.tenant_id):
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.settings != connection.settings:
            return
        row.profile = with_answer(row.profile, answer)
        row.save(update_fields=["profile"])
    connection.profile = with_answer(connection.profile, answer)


def token_source(connection: Connection, spec: ProviderSpec) -> TokenSource:
    """Where this connection's access token comes from."""
    endpoints = spec.endpoints(connection.settings, settings.SANDBOX_URL)
    return _tokens(connection, spec, endpoints, _credentials(connection))


def _tokens(
    connection: Connection,
    spec: ProviderSpec,
    endpoints: Endpoints,
    credentials: Mapping[str, str],
) -> TokenSource:
    grant = spec.grant(shared_wire(), credentials, connection.settings, endpoints)
    return TokenSource(
        DatabaseTokenStore(connection),
        grant,
        margin=spec.token_margin,
        provider=spec.key,
        title=spec.title,
        kept=kept_token(connection),
    )


def _credentials(connection: Connection, *, token: bool = True) -> dict[str, str]:
    """The credentials; what this process remembers of the token is read with them."""
    try:
        with tenant_scope(connection.tenant_id):
            # Read afresh: somebody may have reconnected since this row was loaded.
            row = Connection.objects.get(pk=connection.pk)
            if token:
                kept_token(row).keep(read_token(row))
            return open_sealed(row, "sealed_credentials")
    except SealError as error:
        raise ProviderError(
            ErrorFacts(
                kind=ErrorKind.CONFIGURATION, message=str(error), provider=connection.provider
            )
        ) from None


@lru_cache(maxsize=1)
def governor() -> RedisGovernor:
    """The governor that all workers share through Redis."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, health_check_interval=15
    )
    return RedisGovernor(
        client, prefix=f"{settings.REDIS_KEY_PREFIX}:governor", budget=DatabaseDailyBudget()
    )
