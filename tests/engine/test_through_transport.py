"""Deliveries that leave through the real transport: no call in a transaction, none after its time.

The target is a small server on a socket, so that waiting and silence are real.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.core.decisions import Step
from connectors.core.errors import CallInsideTransactionError
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.core.states import State
from connectors.models import Outcome
from connectors.transport.client import Account, ApiClient, Dialect
from connectors.transport.error_table import ErrorTable
from connectors.transport.governor import Limits
from connectors.transport.wire import Wire, origin
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import CHILDREN
from tests.engine.tiny.world import Pause, Worker, World
from tests.transport.fakes import MemoryStore, OpenGovernor, source, stored
from tests.transport.servers import answer, serving

Result = Outcome.Result


@pytest.fixture
def heads() -> list[bytes]:
    """The head of every request that reached the server."""
    return []


def client(url: str) -> ApiClient:
    account = Account(
        connection="tiny",
        base_url=url,
        allowed=frozenset({origin(url)}),
        tokens=source(MemoryStore(stored())),
        governor=OpenGovernor(),
        subject="tiny",
        limits=Limits(per_minute=1000, concurrency=5),
        wire=Wire(),
    )
    errors = ErrorTable(provider="tiny_target", title="Tiny")
    return ApiClient(Dialect(token_scheme="Bearer", errors=errors), account)


@pytest.fixture
def posting(world: World, heads: list[bytes]) -> Iterator[Callable[[Any], World]]:
    """A world with one child to post, at a server that behaves as wished."""
    with_server: list[Any] = []

    def make(behave: Callable[[socket.socket], None]) -> World:
        server = serving(behave, heads)
        url = server.__enter__()
        with_server.append(server)
        api = client(url)

        def perform(_: Any, part: PartRef, step: Step) -> TargetState:
            world.target.before([])
            body = api.write("POST", "/children", json=dict(step.body)).body
            return TargetState(
                target_id=body["id"], number=part.number, status="", total=None, currency="USD"
            )

        world.target.perform = perform  # type: ignore[method-assign,assignment]
        world.source.put(CHILDREN, "c1")
        world.read()
        return world

    yield make
    for server in with_server:
        server.__exit__(None, None, None)


def accept(connection: socket.socket) -> None:
    connection.sendall(answer(json.dumps({"id": "T1"}).encode()))


LET_GO = threading.Event()


def be_silent(connection: socket.socket) -> None:
    LET_GO.wait(60)


def drip(connection: socket.socket) -> None:
    """Never silent for long, never done: no time-out of a single operation would end it."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not LET_GO.wait(0.05):
        connection.sendall(b" ")


def test_an_ordinary_delivery_arrives(posting: Callable[[Any], World], heads: list[bytes]) -> None:
    world = posting(accept)
    world.work()
    assert world.state("c1") == State.POSTED
    assert len(heads) == 1


def test_a_delivery_inside_a_transaction_never_leaves(
    posting: Callable[[Any], World], heads: list[bytes]
) -> None:
    world = posting(accept)
    with pytest.raises(CallInsideTransactionError), world.scope():
        world.work()
    assert heads == []
    world.settle()
    assert world.state("c1") == State.POSTED


@pytest.mark.parametrize("behave", [be_silent, drip])
def test_a_write_is_waited_for_until_its_deadline_and_no_longer(
    posting: Callable[[Any], World], heads: list[bytes], engine: Engine, behave: Any
) -> None:
    engine(write_seconds=3)
    LET_GO.clear()
    world = posting(behave)
    began = time.monotonic()
    world.work()
    took = time.monotonic() - began
    LET_GO.set()
    # The server would have kept silent for a minute.
    assert took < 50
    assert world.state("c1") == State.UNCONFIRMED
    assert world.outcomes("c1") == [Result.UNKNOWN]
    assert len(heads) == 1


def test_nothing_leaves_after_the_deadline(
    posting: Callable[[Any], World], heads: list[bytes], engine: Engine
) -> None:
    engine(write_seconds=0.05)
    world = posting(accept)
    pause = Pause()
    world.target.before = pause
    worker = Worker(world.work)
    pause.wait()
    time.sleep(0.06)
    pause.go_on()
    worker.end()
    assert heads == []
    assert world.outcomes("c1") == [Result.NOT_SENT]
    assert world.state("c1") == State.DUE
