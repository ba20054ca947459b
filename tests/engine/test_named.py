"""What documents name but no list shows is read all the same: the orders of a new customer."""

from datetime import UTC, date, datetime

import pytest

from connectors.core.states import State
from connectors.models import Integration
from connectors.services import replay
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1 anna@example.com"


@pytest.fixture
def started(world: World) -> World:
    """An integration that reads from March on, and a child in March of a parent in January."""
    world.set(Integration, history_start=date(2026, 3, 1))
    world.source.put(PARENTS, "p1")
    world.source._clock = datetime(2026, 3, 2, tzinfo=UTC)
    world.source.put(CHILDREN, "c1", parent="p1")
    world.source.put(CHILDREN, "c2", parent="p1")
    return world


def test_a_named_record_is_read_and_not_posted(started: World) -> None:
    started.sync()
    started.work()
    assert started.state("p1") == State.NOT_APPLICABLE
    assert started.state("c1") == State.WAITING
    assert started.source.reads.count("p1") == 1
    assert not started.target.records


def test_a_replay_posts_a_named_record_and_whoever_waits_for_it(started: World) -> None:
    started.sync()
    replay.replay_documents(started.tenant.pk, [started.document("p1").pk], actor=ANNA)
    started.sync()
    started.work()
    assert set(started.states().values()) == {State.POSTED}


def test_a_named_record_that_changes_is_like_any_other(started: World) -> None:
    started.sync()
    started.source.put(PARENTS, "p1", total="11.00")
    started.sync()
    started.work()
    assert set(started.states().values()) == {State.POSTED}


def test_a_named_record_that_does_not_exist_is_said_to_be_gone(started: World) -> None:
    started.source.put(CHILDREN, "c3", parent="p9")
    started.sync()
    document = started.document("p9")
    assert (document.state, document.gone) == (State.NOT_APPLICABLE, True)


def test_polls_read_a_named_record_once(started: World) -> None:
    started.sync()
    started.source.reads.clear()
    started.sync()
    assert started.source.reads == []
