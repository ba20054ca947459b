"""Tokens and daily budgets in the real database: one refresh, fenced; counts that add up."""

import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection as database

from connectors.core.errors import ErrorKind, ProviderError
from connectors.engine import tokens
from connectors.engine.quota import DatabaseDailyBudget
from connectors.engine.tokens import DatabaseTokenStore
from connectors.models import Connection, ConnectionToken, Health, QuotaDay, seal
from connectors.transport.tokens import GrantRefusedError, NewToken, TokenSource
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.people import make_tenant, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("acme", make_user("owner"))


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    with tenant_scope(tenant.pk):
        row = Connection(provider="procurify", name="Procurify", settings={"subdomain": "acme"})
        seal(row, "sealed_credentials", {"client_id": "i", "client_secret": "s"})
        row.save()
    return row


@pytest.fixture
def store(connection: Connection) -> DatabaseTokenStore:
    return DatabaseTokenStore(connection)


def token(name: str = "fresh", minutes: float = 60) -> NewToken:
    return NewToken(access_token=name, expires_at=datetime.now(UTC) + timedelta(minutes=minutes))


def source(store: DatabaseTokenStore, grant: object) -> TokenSource:
    return TokenSource(
        store,
        grant,  # type: ignore[arg-type]
        margin=timedelta(minutes=5),
        provider="procurify",
        title="Procurify",
    )


def expire_lease(connection: Connection) -> None:
    with tenant_scope(connection.tenant_id):
        past = datetime.now(UTC) - timedelta(seconds=1)
        ConnectionToken.objects.filter(connection=connection).update(leased_until=past)


def test_a_token_is_stored_sealed_and_read_back(
    connection: Connection, store: DatabaseTokenStore
) -> None:
    assert store.load() is None
    fence = store.lease(15)
    assert fence is not None
    assert store.save(fence, token("secret-text"))
    store.release(fence)
    loaded = store.load()
    assert loaded is not None
    assert (loaded.access_token, loaded.version) == ("secret-text", 1)
    with tenant_scope(connection.tenant_id), database.cursor() as cursor:
        cursor.execute(f"SELECT sealed_token FROM {ConnectionToken._meta.db_table}")
        assert "secret-text" not in cursor.fetchone()[0]


def test_one_lease_at_a_time_and_an_old_fence_changes_nothing(
    connection: Connection, store: DatabaseTokenStore
) -> None:
    first = store.lease(15)
    assert first is not None
    assert store.lease(15) is None
    expire_lease(connection)
    second = store.lease(15)
    assert second is not None
    assert second > first
    assert not store.save(first, token("late"))
    store.release(first)
    assert store.lease(15) is None
    store.revoked(first, "late words")
    with tenant_scope(connection.tenant_id):
        assert Connection.objects.get(pk=connection.pk).health == Health.NEW
    assert store.save(second, token("right"))


def test_of_many_workers_one_asks(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.transport.tokens._WAIT_FOR_OTHERS", 60.0)
    asked: list[int] = []
    got: list[str] = []

    def grant() -> NewToken:
        asked.append(1)
        time.sleep(0.2)
        return token(f"fresh-{len(asked)}")

    def work() -> None:
        try:
            got.append(source(DatabaseTokenStore(connection), grant).token().access_token)
        finally:
            database.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == ["fresh-1"] * 6
    assert len(asked) == 1


def test_replaced_credentials_end_a_refresh_under_way(
    connection: Connection, store: DatabaseTokenStore
) -> None:
    fence = store.lease(15)
    assert fence is not None
    with tenant_scope(connection.tenant_id):
        tokens.forget_token(connection)
    assert not store.save(fence, token("of the old credentials"))
    assert store.load() is None


def test_a_consents_token_replaces_whatever_was_there(
    connection: Connection, store: DatabaseTokenStore
) -> None:
    fence = store.lease(15)
    assert fence is not None
    with tenant_scope(connection.tenant_id):
        tokens.store_token(connection, token("of the consent"))
    assert not store.save(fence, token("late"))
    loaded = store.load()
    assert loaded is not None
    assert loaded.access_token == "of the consent"


def test_a_refused_grant_stops_the_connection(
    connection: Connection, store: DatabaseTokenStore
) -> None:
    def refused() -> NewToken:
        raise GrantRefusedError("Procurify refused the client id.")

    with pytest.raises(ProviderError) as caught:
        source(store, refused).token()
    assert caught.value.kind is ErrorKind.AUTHORISATION
    with tenant_scope(connection.tenant_id):
        row = Connection.objects.get(pk=connection.pk)
    assert row.health == Health.NEEDS_AUTHORISATION
    assert "reconnect" in row.health_words


def test_a_stranger_sees_no_token(connection: Connection, store: DatabaseTokenStore) -> None:
    fence = store.lease(15)
    assert fence is not None
    store.save(fence, token())
    stranger = make_tenant("other", make_user("other"))
    with tenant_scope(stranger.pk):
        assert ConnectionToken.objects.count() == 0


def test_calls_of_a_day_add_up_under_a_hashed_subject() -> None:
    budget, day = DatabaseDailyBudget(), date(2026, 11, 22)
    assert budget.used("zoho_books:us:1", day) == 0
    budget.add("zoho_books:us:1", day, 20)
    budget.add("zoho_books:us:1", day, 5)
    budget.add("zoho_books:us:2", day, 1)
    budget.add("zoho_books:us:1", day + timedelta(days=1), 7)
    assert budget.used("zoho_books:us:1", day) == 25
    assert not QuotaDay.objects.filter(subject__contains="zoho").exists()
