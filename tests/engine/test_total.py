"""The total that the target returns is the source's, to the cent, or the document is held."""

from decimal import Decimal

import pytest

from connectors.core.states import Reason, State
from connectors.services import replay
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1"


def post_with(world: World, stream: str, difference: str) -> None:
    world.target.adds = difference
    world.source.put(stream, "x1", total="100.10")
    world.sync()


def replay_it(world: World) -> None:
    replay.replay_documents(world.tenant.pk, [world.document("x1").pk], actor=ANNA)
    world.sync()


@pytest.mark.parametrize("stream", [PARENTS, CHILDREN], ids=["single", "batch"])
@pytest.mark.parametrize("difference", ["0.01", "-0.01", "0.001"])
def test_a_total_that_differs_holds_the_document(
    world: World, stream: str, difference: str
) -> None:
    post_with(world, stream, difference)
    document = world.document("x1")
    assert (document.state, document.reason) == (State.HELD, Reason.TOTAL_DIFFERS)
    assert "100.10 USD" in document.words
    assert "nothing is posted a second time" in document.words
    assert world.link("x1").total == Decimal("100.10") + Decimal(difference)
    assert [action for action, _ in world.target.calls] == ["create"], "no further step is taken"


@pytest.mark.parametrize("stream", [PARENTS, CHILDREN], ids=["single", "batch"])
def test_the_same_digits_in_another_currency_hold_the_document(world: World, stream: str) -> None:
    world.target.currency = "EUR"
    post_with(world, stream, "0")
    document = world.document("x1")
    assert (document.state, document.reason) == (State.HELD, Reason.TOTAL_DIFFERS)
    assert "100.10 EUR where the source says 100.10 USD" in document.words
    assert [action for action, _ in world.target.calls] == ["create"], "no further step is taken"


def test_what_agrees_to_the_cent_is_posted_however_it_is_written(world: World) -> None:
    post_with(world, PARENTS, "0.000")
    assert world.state("x1") == State.POSTED
    assert world.link("x1").total == Decimal("100.1")


def test_replaying_it_posts_nothing_a_second_time(world: World) -> None:
    post_with(world, CHILDREN, "0.01")
    for _ in range(3):
        replay_it(world)
    document = world.document("x1")
    assert (document.state, document.reason) == (State.HELD, Reason.TOTAL_DIFFERS)
    assert [action for action, _ in world.target.calls] == ["create"]
    assert len(world.target.records) == 1


def test_corrected_at_the_target_and_replayed_it_is_posted(world: World) -> None:
    post_with(world, PARENTS, "0.01")
    world.target.adds = "0"
    replay_it(world)
    assert world.state("x1") == State.POSTED
    assert [action for action, _ in world.target.calls] == ["create", "open"]
    assert len(world.target.records) == 1


def test_a_newer_version_is_sent_as_a_change_of_what_stands_there(world: World) -> None:
    post_with(world, CHILDREN, "0.01")
    world.target.adds = "0"
    world.source.put(CHILDREN, "x1", total="200.00")
    world.sync()
    assert world.state("x1") == State.POSTED
    assert [action for action, _ in world.target.calls] == ["create", "update"]
    assert world.link("x1").total == Decimal(200)


def test_an_update_that_ends_with_another_total_is_held_too(world: World) -> None:
    post_with(world, CHILDREN, "0")
    world.target.adds = "0.01"
    world.source.put(CHILDREN, "x1", total="200.00")
    world.sync()
    assert world.document("x1").reason == Reason.TOTAL_DIFFERS
