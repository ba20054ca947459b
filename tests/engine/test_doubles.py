"""Two target records with one mark: an incident, which stands until one of them is gone."""

import pytest

from connectors.core.errors import ErrorKind
from connectors.core.states import Reason, State
from connectors.models import Document
from connectors.services.replay import replay_documents
from tests.engine.test_fencing import give_up, paused_in_create
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.target import error
from tests.engine.tiny.world import Pause, Worker, World


@pytest.mark.parametrize("in_flight", [False, True], ids=["posted", "in flight"])
def test_two_targets_raise_an_incident_and_hold_the_document(world: World, in_flight: bool) -> None:
    """The target took a second one: the answers come in either order."""
    world.target.refuses_doubles = False
    first, pause_first = paused_in_create(world, after=True)
    give_up(world)
    world.target.blind = 1  # it does not even show right before the second create
    if in_flight:
        pause_second = Pause()
        world.target.after = pause_second
        second = Worker(world.work)
        pause_second.wait()
        pause_first.go_on()
        first.end()
        assert world.state("p1") == State.DELIVERING
        pause_second.go_on()
        second.end()
    else:
        world.work()
        assert world.state("p1") == State.POSTED
        pause_first.go_on()
        first.end()
    document = world.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert "T1" in document.words
    assert "T2" in document.words
    [incident] = world.events("incident.two_targets")
    assert (incident.document_id, incident.source_id) == (document.pk, "p1")
    assert incident.target_id in ("T1", "T2")


def test_two_targets_hold_a_document_that_is_due_again(world: World) -> None:
    world.target.refuses_doubles = False
    worker, pause = paused_in_create(world, after=True)
    give_up(world)
    world.target.blind = 1
    world.work()
    world.source.put(PARENTS, "p1", total="20.00")
    world.read()
    assert world.state("p1") == State.DUE
    pause.go_on()
    worker.end()
    assert world.document("p1").reason == Reason.DUPLICATE_SUSPECTED
    assert world.state("p1") == State.HELD


def held_twice(world: World) -> str:
    """A document of which two records stand; returns the linked one's id."""
    world.target.refuses_doubles = False
    worker, pause = paused_in_create(world, after=True)
    give_up(world)
    world.target.blind = 1
    world.work()
    pause.go_on()
    worker.end()
    assert world.document("p1").reason == Reason.DUPLICATE_SUSPECTED
    return world.links()["p1"]


def replayed(world: World) -> Document:
    replay_documents(world.tenant.pk, [world.document("p1").pk], actor="user:1")
    world.read()
    world.settle()
    return world.document("p1")


@pytest.mark.parametrize("changed", [False, True], ids=["replayed", "changed at the source"])
def test_two_targets_hold_the_document_for_as_long_as_both_stand(
    world: World, changed: bool
) -> None:
    linked = held_twice(world)
    if changed:
        world.source.put(PARENTS, "p1", total="20.00")
    before = list(world.target.calls)
    document = replayed(world)
    assert (document.state, document.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert world.target.calls == before, "nothing is written while it is not known to which"
    [second] = world.target.records.keys() - {linked}
    del world.target.records[second]
    assert replayed(world).state == State.POSTED
    assert world.links() == {"p1": linked}
    assert [event.target_id for event in world.events("incident.settled")] == [linked]


def test_the_second_target_is_linked_where_the_first_was_deleted(world: World) -> None:
    linked = held_twice(world)
    [second] = world.target.records.keys() - {linked}
    del world.target.records[linked]
    assert replayed(world).state == State.POSTED
    assert world.links() == {"p1": second}
    assert world.target.most_per_reference() == 1
    assert world.target.records[second]["status"] == "open"


def test_a_second_target_that_cannot_be_seen_is_not_taken_for_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_twice(world)

    def refuse(*_: object) -> None:
        raise error(ErrorKind.PERMISSION)

    monkeypatch.setattr(world.target, "read", refuse)
    assert replayed(world).state == State.HELD
