"""A record that cannot be read is tried again soon, held with the reason, and holds up no other."""

from collections.abc import Iterable

import pytest

from connectors.core.errors import ErrorKind
from connectors.core.records import UNNAMED, Sighting
from connectors.core.states import Reason, State
from connectors.engine import runs
from connectors.models import Run
from connectors.services import replay
from tests.engine.test_isolation_of_records import GOOD, three_with
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.target import error
from tests.engine.tiny.world import World


def fails(world: World, keys: Iterable[str], problem: Exception, times: int = 1_000) -> None:
    """The source answers so for these records, as often as that for each of them."""
    left = dict.fromkeys(keys, times)

    def fail(key: str) -> None:
        if left.get(key):
            left[key] -= 1
            raise problem

    world.source.on_read = fail


def go_on(world: World, run: Run, rounds: int) -> Run:
    """Let the time pass that a run waits for and take it in hand again, so many times."""
    for _ in range(rounds):
        world.pass_time(1000)
        world.work()
        taken = world.lease(run)
        if taken is None:
            break
        run = taken
        runs.advance(world.job(), run)
        world.work()
    return run


def test_a_record_that_fails_thrice_and_then_answers_is_posted_without_another_poll(
    world: World,
) -> None:
    three_with(world)
    fails(world, ["p2"], error(ErrorKind.TRANSIENT, "bad gateway"), times=3)
    run = world.sync()
    assert run.status == Run.Status.RUNNING
    assert {world.state(key) for key in GOOD} == {State.POSTED}, "nobody waits for it"
    run = go_on(world, run, rounds=5)
    assert run.status == Run.Status.FINISHED
    assert world.state("p2") == State.POSTED
    assert world.source.lists.count(PARENTS) == 1, "its list was read once"


def test_a_record_that_fails_for_long_is_shown_as_unreadable_and_read_by_a_later_poll(
    world: World,
) -> None:
    three_with(world)
    fails(world, ["p2"], error(ErrorKind.TRANSIENT, "bad gateway"))
    run = go_on(world, world.sync(), rounds=10)
    assert run.status == Run.Status.FINISHED, "it does not wait for ever"
    document = world.document("p2")
    assert (document.state, document.reason) == (State.HELD, Reason.UNREADABLE)
    assert "bad gateway" in document.words
    assert world.source.reads.count("p1") == 1
    world.source.on_read = lambda key: None
    world.pass_time(1000)
    world.sync()
    assert world.state("p2") == State.POSTED


REFUSALS = [ErrorKind.PERMISSION, ErrorKind.REJECTED]


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refused_record_is_held_and_replay_reads_it(world: World, kind: ErrorKind) -> None:
    three_with(world)
    fails(world, ["p2"], error(kind, "not for your eyes"))
    run = world.sync()
    assert run.status == Run.Status.FINISHED
    document = world.document("p2")
    assert (document.state, document.reason) == (State.HELD, Reason.UNREADABLE)
    assert "not for your eyes" in document.words
    assert {world.state(key) for key in GOOD} == {State.POSTED}
    world.source.on_read = lambda key: None
    replay.replay_documents(world.tenant.pk, [document.pk], actor="user:1")
    world.sync()
    assert world.state("p2") == State.POSTED
    assert world.document("p2").unread == ""


@pytest.mark.parametrize("kind", REFUSALS)
def test_refused_neighbours_keep_nothing_else_from_being_read(
    world: World, kind: ErrorKind
) -> None:
    bad = [f"a{number}" for number in range(12)]
    for key in [*bad, "p1"]:
        world.source.put(PARENTS, key)
    world.source.put(CHILDREN, "c1", parent="p1")
    fails(world, bad, error(kind, "no"))
    run = world.sync()
    assert run.status == Run.Status.FINISHED
    assert {world.state(key) for key in bad} == {State.HELD}
    assert (world.state("p1"), world.state("c1")) == (State.POSTED, State.POSTED)


def test_a_posted_record_that_is_refused_later_is_held_and_posted_again_by_a_reading(
    world: World,
) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    calls = list(world.target.calls)
    world.source.put(PARENTS, "p1", memo="changed")
    fails(world, ["p1"], error(ErrorKind.PERMISSION, "no longer for your eyes"))
    world.sync()
    assert (world.state("p1"), world.document("p1").reason) == (State.HELD, Reason.UNREADABLE)
    world.source.on_read = lambda key: None
    world.pass_time(1000)
    world.sync()
    assert world.state("p1") == State.POSTED
    assert world.target.calls == calls, "what matters of it is the same"


def test_neighbours_that_fail_let_the_others_go_first_at_the_next_try(world: World) -> None:
    bad = [f"a{number}" for number in range(5)]
    for key in [*bad, "p1"]:
        world.source.put(PARENTS, key)
    fails(world, bad, error(ErrorKind.TRANSIENT, "bad gateway"))
    run = go_on(world, world.sync(), rounds=20)
    assert run.status == Run.Status.FINISHED
    assert world.state("p1") == State.POSTED
    assert {world.state(key) for key in bad} == {State.HELD}


def test_a_record_that_is_listed_but_not_found_is_held_and_not_taken_for_deleted(
    world: World,
) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    calls = list(world.target.calls)
    world.source.put(PARENTS, "p1", total="12.00")
    world.source.put(PARENTS, "p2")
    fails(world, ["p1", "p2"], error(ErrorKind.NOT_FOUND, "no such order"))
    run = go_on(world, world.sync(), rounds=8)
    assert run.status == Run.Status.FINISHED
    for key in ("p1", "p2"):
        document = world.document(key)
        assert (document.state, document.reason) == (State.HELD, Reason.UNREADABLE)
        assert "lists it, but does not open it" in document.words
    assert world.target.calls == calls, "nothing is cancelled"


def test_what_was_deleted_after_it_was_listed_is_settled_by_the_next_full_list(
    world: World,
) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    world.source.put(PARENTS, "p1", total="12.00")

    def delete(key: str) -> None:
        world.source.streams[PARENTS].pop(key, None)

    world.source.on_read = delete
    go_on(world, world.sync(), rounds=8)
    assert world.state("p1") == State.HELD
    world.sync(sweep=True)
    assert world.state("p1") == State.CANCELLED


def test_a_row_that_names_no_record_is_shown_until_the_list_shows_it_no_more(world: World) -> None:
    row = Sighting(key=f"{UNNAMED}abc", facet="head", version="", problem="A row has no id: {}")
    world.source.put(PARENTS, "p1")
    world.source.odd = [row]
    world.sync()
    assert world.state("p1") == State.POSTED
    document = world.document(row.key)
    assert (document.state, document.reason) == (State.HELD, Reason.UNREADABLE)
    assert document.words == "A row has no id: {}"
    assert world.source.reads == ["p1"], "there is nothing to ask for"
    world.source.odd = []
    world.sync(sweep=True)
    assert world.state(row.key) == State.NOT_APPLICABLE
    world.source.odd = [row]
    world.sync()
    assert world.state(row.key) == State.HELD


def test_a_record_without_a_readable_time_is_read_when_its_row_changes(world: World) -> None:
    world.source.put(PARENTS, "p1")
    for version in ("undated:a", "undated:a", "undated:b", "2026-03-01T00:00:00Z"):
        world.source.odd = [Sighting(key="p1", facet="odd", version=version)]
        world.sync()
    assert world.source.reads == ["p1", "p1", "p1"]


def test_an_id_that_no_column_takes_costs_no_other_row(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.odd = [Sighting(key="k" * 500, facet="head", version="2026-01-01")]
    run = world.sync()
    assert run.status == Run.Status.FINISHED
    assert sorted(world.states().values()) == [State.HELD, State.POSTED]
