"""One refresh however many ask, no token used before it is stored, no grant lost to a kill."""

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connectors.core import clock
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError, RetryLater
from connectors.transport.tokens import GrantRefusedError, KeptToken, NewToken, StoredToken
from tests.transport.fakes import MemoryStore, fresh, source, stored


class CountingGrant:
    """A grant that counts its requests and takes its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.requests = 0
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self) -> NewToken:
        with self._lock:
            self.requests += 1
        time.sleep(self._seconds)
        return fresh(f"fresh-{self.requests}")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept while another renews, on a clock that only sleep moves."""
    found: list[float] = []
    clock = SimpleNamespace(sleep=found.append, monotonic=lambda: sum(found))
    monkeypatch.setattr("connectors.transport.tokens.time", clock)
    return found


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for another's renewal does so however long a busy machine takes."""
    monkeypatch.setattr("connectors.transport.tokens._WAIT_FOR_OTHERS", 60.0)


def refused() -> NewToken:
    raise GrantRefusedError("The access was revoked.")


def unreachable() -> NewToken:
    raise ProviderError(ErrorFacts(kind=ErrorKind.TRANSIENT, message="down"))


def test_a_young_token_costs_nothing() -> None:
    grant = CountingGrant()
    assert source(MemoryStore(stored()), grant).token().access_token == "token-1"
    assert grant.requests == 0


@pytest.mark.parametrize("minutes", [4, -10])
def test_a_token_near_or_past_its_end_is_renewed(minutes: float) -> None:
    store = MemoryStore(stored(minutes=minutes))
    assert source(store, CountingGrant()).token().access_token == "fresh-1"
    assert store.load() is not None
    assert store.leased_until is None


@pytest.mark.parametrize("first", [None, stored(minutes=-1)])
def test_of_many_workers_one_asks(first: StoredToken | None, patient: None) -> None:
    store, grant = MemoryStore(first), CountingGrant(0.2)
    got: list[str] = []
    workers = [
        threading.Thread(target=lambda: got.append(source(store, grant).token().access_token))
        for _ in range(12)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == ["fresh-1"] * 12
    assert (grant.requests, store.saves) == (1, 1)


def test_of_many_refused_calls_one_asks(patient: None) -> None:
    store, grant = MemoryStore(stored()), CountingGrant(0.1)
    got: list[str] = []

    def refused_call() -> None:
        got.append(source(store, grant).token(force_not=1).access_token)

    workers = [threading.Thread(target=refused_call) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == ["fresh-1"] * 8
    assert grant.requests == 1


def test_while_another_renews_a_token_with_minutes_left_is_used(slept: list[float]) -> None:
    store = MemoryStore(stored(minutes=3))
    store.lease(600)
    assert source(store, unreachable).token().access_token == "token-1"
    assert slept == []


def test_a_long_renewal_elsewhere_hands_the_work_back(slept: list[float]) -> None:
    store = MemoryStore(stored(minutes=-1))
    store.lease(600)
    with pytest.raises(RetryLater):
        source(store, unreachable).token()
    assert 2 <= sum(slept) < 2.5


def test_a_killed_worker_costs_its_lease_and_not_the_grant() -> None:
    store = MemoryStore(stored(minutes=-1))
    assert store.lease(15) is not None
    store.leased_until = clock.now() - timedelta(seconds=1)
    assert source(store, CountingGrant()).token().access_token == "fresh-1"


def test_a_paused_worker_that_wakes_up_changes_nothing() -> None:
    store = MemoryStore(stored(minutes=-1))
    late = store.lease(15)
    assert late is not None
    store.leased_until = clock.now() - timedelta(seconds=1)
    source(store, CountingGrant()).token()
    assert not store.save(late, fresh("late"))
    store.revoked(late, "late words")
    assert store.stopped == ""
    assert source(store, refused).token().access_token == "fresh-1"


def test_a_token_that_could_not_be_stored_is_not_used() -> None:
    store = MemoryStore(stored(minutes=-1))

    def outrun() -> NewToken:
        store.fence += 1
        store.token = stored(version=9)
        return fresh("never stored")

    assert source(store, outrun).token().access_token == "token-9"


def test_a_bad_moment_of_the_token_server_does_not_stop_a_token_with_minutes_left() -> None:
    store = MemoryStore(stored(minutes=3))
    assert source(store, unreachable).token().access_token == "token-1"
    assert store.leased_until is None
    with pytest.raises(ProviderError):
        source(MemoryStore(stored(minutes=-1)), unreachable).token()


def test_a_revoked_grant_stops_the_connection_and_says_the_way_back() -> None:
    store = MemoryStore(stored(minutes=-1))
    with pytest.raises(ProviderError) as caught:
        source(store, refused).token()
    assert caught.value.kind is ErrorKind.AUTHORISATION
    assert "reconnect" in str(caught.value)
    assert store.stopped == "The access was revoked."


def test_but_not_if_somebody_reconnected_meanwhile() -> None:
    store = MemoryStore(stored(minutes=-1))

    def replaced() -> NewToken:
        store.token = stored(version=2)
        raise GrantRefusedError("The access was revoked.")

    assert source(store, replaced).token().version == 2
    assert store.stopped == ""


class CountingStore(MemoryStore):
    """A store that counts how often it is read."""

    loads = 0

    def load(self) -> StoredToken | None:
        self.loads += 1
        return super().load()


def test_the_store_is_read_once_for_many_calls() -> None:
    store = CountingStore(stored())
    tokens = source(store)
    assert [tokens.token().version for _ in range(5)] == [1] * 5
    assert store.loads == 1


def test_all_sources_of_a_connection_remember_together() -> None:
    store, kept = CountingStore(stored()), KeptToken()
    assert source(store, kept=kept).token() == source(store, kept=kept).token()
    assert store.loads == 1
    kept.drop()
    source(store, kept=kept).token()
    assert store.loads == 2


def test_shortly_before_its_end_the_stores_newer_one_is_used() -> None:
    kept, grant = KeptToken(), CountingGrant()
    kept.keep(stored(minutes=4))
    assert source(MemoryStore(stored(version=2)), grant, kept=kept).token().version == 2
    assert grant.requests == 0


def test_a_refused_one_is_dropped_and_the_stores_newer_one_used() -> None:
    store, grant = MemoryStore(stored()), CountingGrant()
    tokens = source(store, grant)
    assert tokens.token().version == 1
    # Another process renewed it.
    store.token = stored(version=2)
    assert tokens.token(force_not=1).version == 2
    assert tokens.token().version == 2
    assert grant.requests == 0


def test_of_a_refused_grant_nothing_is_remembered() -> None:
    store = MemoryStore(stored())
    kept = KeptToken()
    tokens = source(store, refused, kept=kept)
    tokens.token()
    with pytest.raises(ProviderError):
        tokens.token(force_not=1)
    assert kept.get() is None


def test_tokens_do_not_show_themselves() -> None:
    assert "token-1" not in repr(stored())
    assert "secret" not in repr(fresh("secret"))
    kept = KeptToken()
    kept.keep(stored())
    assert "token-1" not in repr(kept)
