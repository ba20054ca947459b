"""Opens a provider's client for a connection: secrets, token store, governor and wire put together.

A connection and its provider's spec enter, a client leaves; nothing is sent before the first call.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db.models import F

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.engine.job import Job
from connectors.engine.quota import DatabaseDailyBudget
from connectors.engine.tokens import DatabaseTokenStore, write_token
from connectors.models import Connection, ConnectionToken, SealError, open_sealed
from connectors.transport.client import CallReport, OnCall
from connectors.transport.provider import ClientContext, Endpoints, ProviderSpec
from connectors.transport.redis_governor import RedisGovernor
from connectors.transport.tokens import NewToken, TokenSource
from connectors.transport.wire import shared_wire
from tenants.scope import tenant_scope


@contextmanager
def open_client(job: Job, side: str) -> Iterator[Any]:
    """The client of one side of a job; its calls are counted to the job.

    Raises ProviderError when the connection is stopped or its secrets cannot be opened.
    """
    connection = job.connection(side)
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

    def count(report: CallReport) -> None:
        job.calls[f"{report.provider} {report.kind}"] += 1

    with connect(connection, job.spec(side), on_call=count) as client:
        yield client


@contextmanager
def connect(
    connection: Connection, spec: ProviderSpec, *, on_call: OnCall | None = None
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
        )
    )


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
    )


def _credentials(connection: Connection) -> dict[str, str]:
    try:
        with tenant_scope(connection.tenant_id):
            # Read afresh: somebody may have reconnected since this row was loaded.
            row = Connection.objects.get(pk=connection.pk)
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


def store_token(connection: Connection, token: NewToken) -> None:
    """Keep the token that came with a grant, inside the scope; ends any refresh under way."""
    row, _ = ConnectionToken.objects.get_or_create(connection=connection)
    row = ConnectionToken.objects.select_for_update().get(pk=row.pk)
    row.fence += 1
    row.leased_until = None
    row.save(update_fields=["fence", "leased_until"])
    write_token(row, token)


def forget_token(connection: Connection) -> None:
    """Drop the token, inside the scope, because the credentials behind it have changed.

    The fence rises, so that a refresh under way with the old ones cannot store its token.
    """
    ConnectionToken.objects.filter(connection=connection).update(
        expires_at=None, fence=F("fence") + 1, leased_until=None
    )
