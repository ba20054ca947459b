"""Fixtures for the tiny flow. The conftest loads them by importing their names.

Rows are committed for real. Each test has tenants of its own and the tables are emptied once per
module, since emptying them takes longer than most of these tests.
"""

import itertools
from collections.abc import Callable, Iterator

import pytest
from pytest_django import DjangoDbBlocker, Settings

from connectors.engine import drift, inbox, phases, work
from connectors.engine.policy import policy
from connectors.services import anew, linking, reference_data
from connectors.services import drift as drift_service
from tests import quick_flush
from tests.engine.tiny import world as tiny_world
from tests.engine.tiny.world import World, make_world

_numbers = itertools.count(1)
MakeWorld = Callable[..., World]
Engine = Callable[..., None]


@pytest.fixture(scope="module")
def tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        quick_flush.empty()


@pytest.fixture
def committed(tables: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database, with real commits."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Set times and sizes of the engine for one test: ``engine(claim_batch=2)``."""

    def set_policy(**values: float) -> None:
        settings.ENGINE = values
        policy.cache_clear()

    yield set_policy
    policy.cache_clear()


def without_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """The systems of the tiny flow are in this process: nothing is opened for them."""
    for module in (phases, work, drift, inbox, drift_service, reference_data, anew, linking):
        monkeypatch.setattr(module, "open_client", tiny_world.open_client)


@pytest.fixture
def new_world(committed: None, monkeypatch: pytest.MonkeyPatch) -> MakeWorld:
    """Make a tenant with the tiny flow: ``new_world(refuses_second=())``."""
    without_clients(monkeypatch)

    def make(**options: object) -> World:
        return make_world(f"tiny-{next(_numbers)}", **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def world(new_world: MakeWorld) -> World:
    """One tenant with the tiny flow."""
    return new_world()
