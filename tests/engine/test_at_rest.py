"""Whoever waits is decided again when what it waits for ends, however that comes about."""

from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.core.states import Reason, State
from connectors.engine import references
from connectors.models import Document, ReferenceState
from connectors.services import integrations, replay
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import Killed, World, once

ANNA = "user:1 anna@example.com"


def dismiss(world: World, key: str) -> None:
    document = world.document(key)
    replay.dismiss(world.tenant.pk, document.pk, reason="typed in by hand", actor=ANNA)


def decided(world: World, key: str) -> int:
    """How often it has been claimed so far."""
    return world.document(key).fence


@pytest.fixture
def child(world: World) -> World:
    """A child that waits for a parent whose vendor nobody has mapped."""
    world.source.put(PARENTS, "p1", party="Zeta")
    world.source.put(CHILDREN, "c1", parent="p1")
    world.sync()
    assert world.states() == {"p1": State.WAITING, "c1": State.WAITING}
    return world


# --- whoever waits for it -------------------------------------------------------------------------


def test_a_dismissed_document_releases_those_that_wait_for_it(child: World) -> None:
    before = decided(child, "c1")
    dismiss(child, "p1")
    assert child.state("c1") == State.DUE
    child.work()
    assert decided(child, "c1") == before + 1


def test_a_document_that_is_not_applicable_releases_those_that_wait_for_it(child: World) -> None:
    before = decided(child, "c1")
    child.source.put(PARENTS, "p1", status="draft")
    child.sync()
    assert child.state("p1") == State.NOT_APPLICABLE
    assert decided(child, "c1") > before


def test_a_document_gone_at_the_source_releases_those_that_wait_for_it(child: World) -> None:
    before = decided(child, "c1")
    child.source.delete(PARENTS, "p1")
    child.sync(sweep=True)
    assert child.state("p1") == State.NOT_APPLICABLE
    assert decided(child, "c1") > before


def test_a_dismissed_document_has_those_it_takes_from_decided_again(world: World) -> None:
    """A posted order may be closed once the last open bill on it is dismissed."""
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c1", parent="p1", party="Zeta")
    world.sync()
    assert world.states() == {"p1": State.POSTED, "c1": State.WAITING}
    before = decided(world, "p1")
    dismiss(world, "c1")
    assert world.state("p1") == State.DUE
    world.work()
    assert (world.state("p1"), decided(world, "p1")) == (State.POSTED, before + 1)


def test_another_choice_of_options_has_what_stands_still_decided_again(child: World) -> None:
    before = decided(child, "c1")
    change = partial(integrations.change, child.integration, resolved=child.resolved, actor=ANNA)
    change(name="Another name")
    assert child.states() == {"p1": State.WAITING, "c1": State.WAITING}
    change(options={"strict": True})
    assert child.states() == {"p1": State.DUE, "c1": State.DUE}
    child.work()
    assert (child.state("c1"), decided(child, "c1")) == (State.WAITING, before + 1)


def test_documents_that_name_each_other_come_to_rest(world: World) -> None:
    world.source.put(PARENTS, "p1")
    for key in ("c1", "c2", "c3"):
        world.source.put(CHILDREN, key, parent="p1", status="draft")
    world.sync()
    world.settle()
    assert set(world.states().values()) == {State.POSTED, State.NOT_APPLICABLE}
    assert decided(world, "c1") < 10


def test_posted_documents_that_are_decided_together_do_not_send_each_other_round(
    world: World,
) -> None:
    """A child has its parent decided again, and a parent its children."""
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c1", parent="p1")
    world.sync()
    world.settle()
    before = decided(world, "p1"), decided(world, "c1")
    world.set(Document, state=State.DUE)
    world.settle()
    assert set(world.states().values()) == {State.POSTED}
    after = decided(world, "p1"), decided(world, "c1")
    assert max(now - then for now, then in zip(after, before, strict=True)) <= 2


# --- the twin -------------------------------------------------------------------------------------


@pytest.fixture
def twins(world: World) -> World:
    """Two documents with one number, of which the first waits and the second is held."""
    world.source.put(PARENTS, "p1", number="INV-7", party="Zeta")
    world.source.put(PARENTS, "p2", number="INV-7")
    world.sync()
    assert world.document("p2").reason == Reason.DUPLICATE_SUSPECTED
    return world


def test_the_twin_of_a_dismissed_document_posts(twins: World) -> None:
    dismiss(twins, "p1")
    twins.work()
    assert twins.state("p2") == State.POSTED


def test_the_twin_of_a_withdrawn_document_posts(twins: World) -> None:
    twins.source.put(PARENTS, "p1", status="draft")
    twins.sync()
    twins.work()
    assert twins.state("p2") == State.POSTED


def test_the_twin_of_a_renumbered_document_posts(twins: World) -> None:
    twins.source.put(PARENTS, "p1", number="INV-8")
    twins.sync()
    assert twins.state("p2") == State.POSTED


def test_the_twin_of_a_deleted_document_posts(twins: World) -> None:
    twins.source.delete(PARENTS, "p1")
    twins.sync(sweep=True)
    twins.work()
    assert twins.state("p2") == State.POSTED


def test_the_twin_of_a_document_moved_to_another_vendor_is_decided_again(twins: World) -> None:
    before = decided(twins, "p2")
    twins.source.put(PARENTS, "p1", party="Yps")
    twins.sync()
    assert decided(twins, "p2") > before


# --- in which order -----------------------------------------------------------------------------


def test_a_batch_locks_the_trail_only_when_all_its_documents_are_moved(child: World) -> None:
    """Whoever moved a document under the trail's lock could meet one who waits for the trail."""
    child.source.put(PARENTS, "p2", party="Zeta")
    child.source.put(CHILDREN, "c2", parent="p2")
    child.sync()
    child.source.put(PARENTS, "p1", party="Eta")
    child.source.put(PARENTS, "p2", party="Zeta", status="draft")
    child.read()
    with CaptureQueriesContext(connection) as found:
        child.work()
    assert (child.state("p1"), child.state("p2")) == (State.WAITING, State.NOT_APPLICABLE)
    locked = moved_under_it = 0
    for query in (row["sql"] for row in found.captured_queries):
        if query == "COMMIT":
            locked = 0
        locked += "INSERT INTO audit_audithead" in query
        moved_under_it += bool(locked) and query.startswith('UPDATE "connectors_document"')
    assert moved_under_it == 0


@pytest.mark.parametrize("sweep", [False, True])
def test_several_documents_are_changed_only_when_all_are_locked_in_one_order(
    world: World, sweep: bool
) -> None:
    """A page of sightings met a worker that held one of its documents and waited for another."""
    for key in ("p1", "p2"):
        world.source.put(PARENTS, key)
    world.sync()
    for key in ("p2", "p1"):
        world.source.put(PARENTS, key, party="Eta")
    with CaptureQueriesContext(connection) as found:
        world.read(sweep=sweep)
    in_order, changed = False, 0
    for query in (row["sql"] for row in found.captured_queries):
        in_order |= query.endswith("ORDER BY 1 ASC FOR UPDATE")
        in_order &= query != "COMMIT"
        if query.startswith('UPDATE "connectors_document"') and '"sightings" = fresh' in query:
            changed += 1
            assert in_order
    assert changed


# --- the closed period ----------------------------------------------------------------------------


@pytest.fixture
def closed(world: World) -> World:
    """A document dated in a closed period."""
    world.target.locked_until = "2026-03-31"
    world.source.put(PARENTS, "p1", day="2026-03-15")
    world.sync()
    assert world.document("p1").reason == Reason.PERIOD_CLOSED
    return world


def test_a_reopened_period_is_noticed_by_the_next_run(closed: World) -> None:
    closed.target.locked_until = "2026-02-28"
    closed.sync()
    assert closed.state("p1") == State.POSTED


def test_a_replay_reads_the_period_lock_afresh(closed: World) -> None:
    with closed.scope():
        assert ReferenceState.objects.get(kind="period_lock").read_at is not None
    closed.target.locked_until = ""
    replay.replay_documents(closed.tenant.pk, [closed.document("p1").pk], actor=ANNA)
    closed.work()  # a worker is quicker than the run, and still holds it
    closed.sync()
    assert closed.state("p1") == State.POSTED


def test_a_death_after_the_reopened_lock_was_stored_leaves_nobody_held(
    closed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed.target.locked_until = ""
    with monkeypatch.context() as patch:
        patch.setattr(references, "note_read", once(Killed()))
        closed.kill(closed.read)
    closed.pass_time(120)
    closed.sync()
    assert closed.state("p1") == State.POSTED


def test_a_period_reopened_while_its_document_is_decided_leaves_nobody_held(closed: World) -> None:
    closed.target.locked_until = ""
    replay.replay_documents(closed.tenant.pk, [closed.document("p1").pk], actor=ANNA)
    decide = closed.resolved.flow.decide

    def read_the_lock_meanwhile(*args: Any) -> Any:
        object.__setattr__(closed.resolved.flow, "decide", decide)
        closed.read()
        return decide(*args)

    object.__setattr__(closed.resolved.flow, "decide", read_the_lock_meanwhile)
    closed.work()
    closed.sync()
    assert closed.state("p1") == State.POSTED


def test_a_lock_that_stands_keeps_the_document_held(closed: World) -> None:
    closed.sync()
    assert closed.document("p1").reason == Reason.PERIOD_CLOSED
    assert date.fromisoformat(closed.target.locked_until) == date(2026, 3, 31)


# --- dismissed with something at the target -------------------------------------------------------


@pytest.fixture
def kept(world: World) -> World:
    """A posted document that was changed to something odd, and dismissed as it stands."""
    world.source.put(PARENTS, "p1")
    world.sync()
    world.source.put(PARENTS, "p1", status="poison")
    world.sync()
    assert world.state("p1") == State.HELD
    dismiss(world, "p1")
    return world


def test_a_dismissed_posted_document_follows_a_later_change(kept: World) -> None:
    kept.source.put(PARENTS, "p1", status="approved", total="12.00")
    kept.sync()
    assert kept.state("p1") == State.POSTED
    assert kept.target.records[kept.link("p1").target_id]["total"] == "12.00"
    [event] = kept.events("document.dismissal_ended")
    assert event.source_id == "p1"


def test_a_dismissed_posted_document_follows_a_later_deletion(kept: World) -> None:
    kept.source.delete(PARENTS, "p1")
    kept.sync(sweep=True)
    assert kept.state("p1") == State.CANCELLED
    [event] = kept.events("document.dismissal_ended")
    assert event.details == {"gone": True}


def test_a_mere_touch_does_not_end_a_dismissal(kept: World) -> None:
    kept.source.put(PARENTS, "p1")
    kept.sync()
    assert kept.state("p1") == State.DISMISSED
    with kept.scope():
        assert not Document.objects.filter(state=State.DUE).exists()


def test_dismissing_says_whether_it_stands_at_the_target(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.put(PARENTS, "p2", party="Zeta")
    world.sync()
    world.source.put(PARENTS, "p1", status="poison")
    world.sync()
    ids = [world.document(key).pk for key in ("p1", "p2")]
    said = [replay.dismiss(world.tenant.pk, pk, reason="no", actor=ANNA) for pk in ids]
    assert said == [True, False]
