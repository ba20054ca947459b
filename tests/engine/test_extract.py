"""Reading the source: nothing is missed, nothing is read twice for nothing, nothing goes back."""

import itertools
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from connectors.core.days import parse_instant
from connectors.core.errors import ErrorKind, RetryLater
from connectors.core.states import State
from connectors.engine import runs
from connectors.models import Document, Run, StreamState
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.target import Items, error
from tests.engine.tiny.world import Worker, World


def cursor(world: World, name: str = "parents/changed") -> object:
    with world.scope():
        return StreamState.objects.get(integration=world.integration, stream=name).cursor


def version(world: World, key: str) -> object:
    return parse_instant(world.source.streams[PARENTS][key]["version"])


def in_ledger(world: World) -> dict[str, str]:
    """The total of every document that has been read, as the ledger has it."""
    with world.scope():
        rows = Document.objects.filter(integration=world.integration, gone=False, total__gte=0)
        return {key: f"{total:.2f}" for key, total in rows.values_list("key", "total")}


def at_source(world: World) -> dict[str, str]:
    return {key: row["total"] for key, row in world.source.streams[PARENTS].items()}


# --- what has not changed costs nothing -------------------------------------------------------


def test_an_unchanged_source_costs_one_list_and_no_detail(world: World) -> None:
    for number in range(5):
        world.source.put(PARENTS, f"p{number}")
    world.sync()
    calls, world.source.reads = list(world.target.calls), []
    world.source.lists.clear()
    run = world.sync()
    assert world.source.reads == []
    assert world.source.lists.count(PARENTS) == 1
    assert world.target.calls == calls
    assert run.status == Run.Status.FINISHED
    assert run.counts["seen"] == 0


def test_a_touched_record_is_read_but_not_posted_again(world: World) -> None:
    """Its version is new; what matters of it is not."""
    world.source.put(PARENTS, "p1")
    world.sync()
    calls = list(world.target.calls)
    world.source.put(PARENTS, "p1", memo="seen by the boss")
    world.sync()
    assert world.source.reads == ["p1", "p1"]
    assert world.target.calls == calls
    record = world.document("p1").record
    assert record is not None
    assert record["memo"] == "seen by the boss"


def test_a_changed_record_is_updated(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    world.source.put(PARENTS, "p1", total="11.00")
    world.sync()
    assert [action for action, _ in world.target.calls] == ["create", "open", "update"]
    assert world.target.records["T1"]["total"] == "11.00"
    assert world.link("p1").version == world.source.streams[PARENTS]["p1"]["version"]


def test_what_changes_during_its_delivery_is_due_again_and_the_version_sent_stays_on_record(
    world: World,
) -> None:
    world.source.put(PARENTS, "p1", total="10.00")
    world.read()
    sent = world.document("p1").version

    def change(items: Items) -> None:
        world.target.after = lambda items: None
        world.source.put(PARENTS, "p1", total="12.00")
        world.read()
        newer.append(world.document("p1").version)

    newer: list[str] = []
    world.target.after = change
    world.work()
    assert [attempt.version for attempt in world.attempts("p1")] == [
        sent,
        sent,
        newer[0],
    ]
    created = world.events("target.create")[0]
    assert created.details["version"] == sent
    assert world.target.records["T1"]["total"] == "12.00"
    assert world.state("p1") == State.POSTED


# --- cursors ----------------------------------------------------------------------------------


def test_the_cursor_is_the_newest_time_seen_and_moves_at_the_end_of_a_window(
    world: World,
) -> None:
    world.source.page_size = 2
    for number in range(5):
        world.source.put(PARENTS, f"p{number}")
    seen: list[object] = []
    world.source.between_pages = lambda page: seen.append(cursor(world))
    world.read()
    assert set(seen) == {None}
    assert cursor(world) == version(world, "p4")


def test_a_window_overlaps_the_one_before(world: World, engine: Engine) -> None:
    """A record that becomes visible late, with an older time, is still seen."""
    engine(overlap_seconds=3600)
    world.source.put(PARENTS, "p1")
    late = dict(world.source.streams[PARENTS]["p1"], id="late", number="LATE")
    world.source.put(PARENTS, "p2")
    world.sync()
    world.source.streams[PARENTS] = {"late": late, **world.source.streams[PARENTS]}
    world.sync()
    assert world.state("late") == State.POSTED


@pytest.mark.parametrize(
    "problem",
    [RetryLater(parse_instant("2026-01-01T00:00:00Z"), "busy"), error(ErrorKind.TRANSIENT)],
    ids=["a limit", "a failure"],
)
def test_an_interrupted_window_starts_again(world: World, problem: Exception) -> None:
    world.source.page_size = 2
    for number in range(6):
        world.source.put(PARENTS, f"p{number}")

    def interrupt(page: int) -> None:
        if page == 2:
            world.source.between_pages = lambda page: None
            raise problem

    world.source.between_pages = interrupt
    run = world.read()
    assert cursor(world) is None
    assert set(in_keys(world)) == {"p0", "p1", "p2", "p3"}, "its pages are committed"
    world.pass_time(600)
    taken = world.lease(run)
    assert taken is not None
    runs.advance(world.job(), taken)
    assert set(in_keys(world)) == set(world.source.streams[PARENTS])
    assert cursor(world) == version(world, "p5")


def in_keys(world: World) -> list[str]:
    return list(world.states())


def test_a_window_longer_than_a_slice_is_read_to_its_end(
    world: World, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slice is over after a few looks at a clock of the test's own, however fast we are."""
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks) * 0.1)
    monkeypatch.setattr(runs, "time", clock)
    engine(slice_seconds=0.35)
    world.source.page_size = 1
    for number in range(12):
        world.source.put(PARENTS, f"p{number}")
    run = world.queue()
    for _ in range(60):
        taken = world.lease(run)
        assert taken is not None
        runs.advance(world.job(), taken)
        world.pass_time(60)
        with world.scope():
            run.refresh_from_db()
        if run.phase == Run.Phase.DELIVER:
            break
    assert cursor(world) == version(world, "p11")
    assert sorted(world.source.reads) == sorted(world.source.streams[PARENTS]), "each once"


@pytest.mark.parametrize(
    ("sizes", "found_stored"),
    [
        ({}, [0, 0, 0, 0, 0]),
        ({"read_batch": 2}, [0, 0, 2, 2, 4]),
        ({"store_seconds": 0}, [0, 1, 2, 3, 4]),
    ],
    ids=["a fast source", "so many", "so long"],
)
def test_what_was_read_is_stored_after_so_many_or_after_so_long(
    world: World, engine: Engine, sizes: dict[str, float], found_stored: list[int]
) -> None:
    engine(**sizes)
    for number in range(5):
        world.source.put(PARENTS, f"p{number}")
    stored: list[int] = []

    def look(key: str) -> None:
        with world.scope():
            stored.append(Document.objects.filter(read_at__isnull=False).count())

    world.source.on_read = look
    world.read()
    assert stored == found_stored
    assert in_ledger(world) == at_source(world)


# --- pages that shift -------------------------------------------------------------------------

Shift = Callable[[World], None]


def edit_the_first(world: World) -> None:
    world.source.put(PARENTS, next(iter(world.source.streams[PARENTS])), total="99.00")


def add_one(world: World) -> None:
    world.source.put(PARENTS, "new")


def delete_the_first(world: World) -> None:
    world.source.delete(PARENTS, next(iter(world.source.streams[PARENTS])))


def delete_one_and_add_one(world: World) -> None:
    """The provider's count stays the same."""
    delete_the_first(world)
    add_one(world)


SHIFTS = [edit_the_first, add_one, delete_the_first, delete_one_and_add_one]


@pytest.mark.parametrize("shift", SHIFTS, ids=lambda shift: shift.__name__)
@pytest.mark.parametrize("first", [True, False], ids=["first reading", "later reading"])
@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
def test_nothing_is_missed_when_rows_shift_between_pages(
    world: World, shift: Shift, first: bool, counted: bool
) -> None:
    world.source.page_size = 2
    world.source.states_count = counted
    for number in range(6):
        world.source.put(PARENTS, f"p{number}")
    if not first:
        world.read()
        for number in range(6):
            world.source.put(PARENTS, f"p{number}", total=f"{number}.50")

    def once_between(page: int) -> None:
        world.source.between_pages = lambda page: None
        shift(world)

    world.source.between_pages = once_between
    world.read()
    expected = at_source(world)
    assert {key: total for key, total in in_ledger(world).items() if key in expected} == expected


def test_a_list_that_never_stands_still_does_not_move_the_cursor(
    world: World, engine: Engine
) -> None:
    engine(passes=3)
    world.source.page_size = 2
    for number in range(4):
        world.source.put(PARENTS, f"p{number}")
    added = iter(range(100))

    def keep_adding(page: int) -> None:
        world.source.put(PARENTS, f"new{next(added)}")
        world.source.delete(PARENTS, next(iter(world.source.streams[PARENTS])))

    world.source.between_pages = keep_adding
    world.read()
    assert cursor(world) is None
    world.source.between_pages = lambda page: None
    world.read()
    assert set(world.source.streams[PARENTS]) <= set(in_keys(world))
    assert cursor(world) is not None


# --- sweeps -----------------------------------------------------------------------------------


def test_a_sweep_finds_what_was_deleted(world: World) -> None:
    for key in ("p1", "p2"):
        world.source.put(PARENTS, key)
    world.sync()
    world.source.delete(PARENTS, "p1")
    world.sync()
    assert world.state("p1") == State.POSTED, "a list of changes does not name it"
    world.sync(sweep=True)
    assert world.states() == {"p1": State.CANCELLED, "p2": State.POSTED}
    assert world.target.records["T1"]["status"] == "cancelled"


def test_a_list_that_does_not_mention_a_record_proves_nothing(world: World) -> None:
    for key in ("p1", "p2"):
        world.source.put(PARENTS, key)
    world.sync()
    hidden = world.source.streams[PARENTS]["p1"]
    within = world.source._within
    world.source._within = lambda *args: [r for r in within(*args) if r is not hidden]  # type: ignore[method-assign]
    world.source.reads.clear()
    world.sync(sweep=True)
    assert world.source.reads == ["p1"], "its detail was asked for"
    assert world.state("p1") == State.POSTED
    assert not world.document("p1").gone


def test_a_record_that_comes_back_is_posted_again(world: World) -> None:
    world.source.put(PARENTS, "p1", status="draft")
    world.sync()
    kept = world.source.streams[PARENTS].pop("p1")
    world.sync(sweep=True)
    assert world.state("p1") == State.NOT_APPLICABLE
    world.source.streams[PARENTS]["p1"] = kept
    world.source.put(PARENTS, "p1", status="approved")
    world.sync()
    assert world.state("p1") == State.POSTED


def test_a_sweep_is_made_when_the_last_one_is_long_ago(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    world.source.lists.clear()
    world.sync()
    assert world.source.lists.count(PARENTS) == 1
    world.rewrite("connectors_streamstate", "swept_at = swept_at - interval '2 days'")
    world.source.lists.clear()
    world.sync()
    assert world.source.lists.count(PARENTS) == 2


# --- runs -------------------------------------------------------------------------------------


def test_one_run_runs_and_one_waits(world: World) -> None:
    first = world.queue()
    assert world.queue().pk == first.pk, "a wish is served by the run that waits already"
    assert world.lease(first) is not None
    second = world.queue(sweep=True)
    assert second.pk != first.pk
    assert world.queue().sweep, "and no wish for a sweep is lost"
    assert world.lease(second) is None, "one at a time"
    with world.scope():
        for status in (Run.Status.QUEUED, Run.Status.RUNNING):
            with pytest.raises(IntegrityError), transaction.atomic():
                Run.objects.create(integration=world.integration, trigger="person", status=status)


def test_wishes_at_once_make_one_run(world: World) -> None:
    found = {worker.end().pk for worker in [Worker(world.queue) for _ in range(5)]}
    assert len(found) == 1


def test_a_run_that_fails_tells_why_and_the_next_one_goes_on(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.on_list = lambda name: raise_(error(ErrorKind.TRANSIENT, "bad gateway"))
    run = world.queue()
    for _ in range(5):
        taken = world.lease(run)
        assert taken is not None
        runs.advance(world.job(), taken)
        world.pass_time(2000)
    with world.scope():
        run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert "bad gateway" in run.words
    [failed] = world.events("run.failed")
    assert (failed.actor, failed.run_id) == ("user:1", run.pk)
    world.source.on_list = lambda name: None
    world.sync()
    assert world.state("p1") == State.POSTED


def raise_(problem: Exception) -> None:
    raise problem
