"""A process remembers a connection's token, and forgets it when anything behind it changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from connectors import registry
from connectors.core.errors import ErrorKind, ProviderError
from connectors.engine import sessions, tokens
from connectors.engine.tokens import DatabaseTokenStore
from connectors.models import Connection, ConnectionToken, seal
from connectors.services import connections
from connectors.transport.provider import ProviderSpec
from connectors.transport.tokens import GrantRefusedError, NewToken, TokenSource
from tenants.scope import tenant_scope
from tests.people import ACTOR, make_tenant, make_user

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[[], TokenSource]


@pytest.fixture
def connection() -> Connection:
    tenant = make_tenant("acme", make_user("owner"))
    with tenant_scope(tenant.pk):
        row = Connection(provider="procurify", name="Procurify", settings={"subdomain": "acme"})
        seal(row, "sealed_credentials", {"client_id": "i", "client_secret": "s"})
        row.save()
        tokens.store_token(row, token("first"))
    return row


@pytest.fixture
def spec(granted: list[str]) -> ProviderSpec:
    """Procurify, whose grants are counted and take no request."""

    def grant() -> NewToken:
        granted.append("asked")
        return token(f"granted-{len(granted)}")

    return replace(registry.provider("procurify"), grant=lambda *_: grant)


@pytest.fixture
def granted() -> list[str]:
    return []


@pytest.fixture
def opened(connection: Connection, spec: ProviderSpec) -> TokenSource:
    """The token source of a client that is open."""
    source = sessions.token_source(connection, spec)
    assert source.token().access_token == "first"
    return source


def token(name: str, minutes: float = 60) -> NewToken:
    return NewToken(access_token=name, expires_at=datetime.now(UTC) + timedelta(minutes=minutes))


def renew_elsewhere(connection: Connection, name: str) -> None:
    """Another process renews the token: this one hears nothing of it."""
    store = DatabaseTokenStore(connection)
    fence = store.lease(15)
    assert fence is not None
    assert store.save(fence, token(name))
    store.release(fence)


def test_no_call_asks_the_database_for_it(opened: TokenSource) -> None:
    with CaptureQueriesContext(database) as captured:
        assert {opened.token().access_token for _ in range(5)} == {"first"}
    assert len(captured) == 0


def test_opening_a_client_reads_it_in_the_scope_of_the_credentials(
    connection: Connection, spec: ProviderSpec
) -> None:
    with CaptureQueriesContext(database) as captured:
        sessions.token_source(connection, spec).token()
    assert sum("BEGIN" in query["sql"] for query in captured) == 1
    assert sum("connectiontoken" in query["sql"] for query in captured) == 1


def test_replaced_credentials_drop_it_from_clients_that_are_open(
    connection: Connection, opened: TokenSource, spec: ProviderSpec
) -> None:
    connections.change(connection, spec=spec, actor=ACTOR, credentials={"client_secret": "new"})
    assert opened.token().access_token == "granted-1"


def test_a_new_consent_drops_it_from_clients_that_are_open(
    connection: Connection, opened: TokenSource, granted: list[str]
) -> None:
    with tenant_scope(connection.tenant_id):
        tokens.store_token(connection, token("of the consent"))
    assert opened.token().access_token == "of the consent"
    assert granted == []


def test_what_is_rolled_back_drops_nothing(connection: Connection, opened: TokenSource) -> None:
    with tenant_scope(connection.tenant_id):
        tokens.forget_token(connection)
        transaction.set_rollback(True)
    with CaptureQueriesContext(database) as captured:
        assert opened.token().access_token == "first"
    assert len(captured) == 0


def test_after_a_refusal_the_newer_one_of_another_process_is_read(
    connection: Connection, opened: TokenSource, granted: list[str]
) -> None:
    renew_elsewhere(connection, "of another process")
    refused = opened.token()
    assert opened.token(force_not=refused.version).access_token == "of another process"
    assert granted == []


def test_the_next_client_has_the_newer_one_of_another_process(
    connection: Connection, opened: TokenSource, spec: ProviderSpec
) -> None:
    renew_elsewhere(connection, "of another process")
    assert sessions.token_source(connection, spec).token().access_token == "of another process"
    assert opened.token().access_token == "of another process"


def test_the_next_client_does_not_use_what_another_process_has_dropped(
    connection: Connection, opened: TokenSource, spec: ProviderSpec
) -> None:
    with tenant_scope(connection.tenant_id):
        ConnectionToken.objects.update(expires_at=None)
    assert sessions.token_source(connection, spec).token().access_token == "granted-1"


def test_a_revoked_grant_leaves_nothing_in_memory(
    connection: Connection, spec: ProviderSpec
) -> None:
    def refused() -> NewToken:
        raise GrantRefusedError("The access was revoked.")

    revoked = replace(spec, grant=lambda *_: refused)
    source = sessions.token_source(connection, revoked)
    with pytest.raises(ProviderError) as caught:
        source.token(force_not=source.token().version)
    assert caught.value.kind is ErrorKind.AUTHORISATION
    assert tokens.kept_token(connection).get() is None


def test_two_connections_never_share_one(connection: Connection, opened: TokenSource) -> None:
    other = Connection(provider="procurify", name="Other", settings=connection.settings)
    assert tokens.kept_token(other) is not tokens.kept_token(connection)
    assert tokens.kept_token(other).get() is None
