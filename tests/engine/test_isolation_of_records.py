"""One bad record never holds up its neighbours; what depends on another waits for that alone."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.core.errors import ErrorKind, RetryLater
from connectors.core.states import Reason, State
from connectors.models import EPOCH, Connection, Document, Health, Run, WorkSlot
from connectors.services import replay
from tests.engine.tiny.fixtures import Engine
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.target import Items, error, lost_answer
from tests.engine.tiny.world import World, failing

GOOD = ("p1", "p3")


def three_with(world: World, **bad: object) -> None:
    """Two good records, and a bad one between them."""
    world.source.put(PARENTS, "p1")
    world.source.put(PARENTS, "p2", **bad)
    world.source.put(PARENTS, "p3")


@pytest.mark.parametrize(
    "bad",
    [
        {"total": "a lot"},
        {"status": "poison"},
        {"status": "needs fail"},
        {"status": {"unexpected": "shape"}},
        {"memo": "a NUL \x00 in a text"},
        {"memo": "half a character \ud83d"},
        {"number": "half a character \ud83d"},
    ],
    ids=[
        "unparseable",
        "refused by decide",
        "refused by needs",
        "no text",
        "unstorable",
        "unspeakable",
        "unspeakable where it matters",
    ],
)
def test_a_bad_record_is_held_and_its_neighbours_are_posted(
    world: World, bad: dict[str, object]
) -> None:
    three_with(world, **bad)
    world.sync()
    document = world.document("p2")
    assert (document.state, document.reason) == (State.HELD, Reason.UNREADABLE)
    assert document.words
    assert {world.state(key) for key in GOOD} == {State.POSTED}


def test_it_is_posted_when_it_was_corrected_at_the_source(world: World) -> None:
    three_with(world, total="a lot")
    world.sync()
    world.source.put(PARENTS, "p2", total="5.00")
    world.sync()
    assert world.state("p2") == State.POSTED


def test_a_mistake_in_our_own_code_holds_one_document(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_with(world)
    decide = world.resolved.flow.decide

    def stumble(stream: str, record: object, *rest: object) -> object:
        if record.key == "p2":  # type: ignore[attr-defined]
            raise KeyError("lines")
        return decide(stream, record, *rest)  # type: ignore[arg-type]

    object.__setattr__(world.resolved.flow, "decide", stumble)
    world.sync()
    document = world.document("p2")
    assert (document.state, document.reason) == (State.HELD, Reason.UNREADABLE)
    assert "KeyError" in document.words
    assert {world.state(key) for key in GOOD} == {State.POSTED}
    object.__setattr__(world.resolved.flow, "decide", decide)
    replay.replay_documents(world.tenant.pk, [document.pk], actor="user:1")
    world.work()
    assert world.state("p2") == State.POSTED


def test_overlong_texts_are_cut_in_lists_and_kept_in_the_record(world: World) -> None:
    three_with(world, party="B" * 500, number="N" * 500, status="draft")
    world.sync()
    document = world.document("p2")
    assert (document.number, document.party) == ("N" * 120, "B" * 300)
    assert record_of(document)["number"] == "N" * 500
    assert {world.state(key) for key in GOOD} == {State.POSTED}


def record_of(document: Document) -> dict[str, Any]:
    assert document.record is not None
    return document.record


def test_a_source_that_fails_altogether_is_not_asked_for_every_record(world: World) -> None:
    for number in range(30):
        world.source.put(PARENTS, f"p{number}")
    asked = []

    def fail(key: str) -> None:
        asked.append(key)
        raise error(ErrorKind.TRANSIENT, "bad gateway")

    world.source.on_read = fail
    run = world.read()
    assert len(asked) <= 5
    with world.scope():
        run.refresh_from_db()
    assert (run.status, run.failures) == (Run.Status.RUNNING, 1)
    assert "bad gateway" in run.words


def test_readings_that_were_paid_for_are_kept_when_a_limit_ends_the_slice(world: World) -> None:
    three_with(world)

    def limit(key: str) -> None:
        if key == "p3":
            raise RetryLater(world.document("p1").created_at, "no calls left this minute")

    world.source.on_read = limit
    run = world.read()
    world.source.on_read = lambda key: None
    assert not world.document("p1").wants_read
    assert not world.document("p2").wants_read
    assert world.document("p3").wants_read
    with world.scope():
        run.refresh_from_db()
    assert "no calls left" in run.words


def test_a_target_record_that_cannot_be_read_delays_its_own_document_only(world: World) -> None:
    world.target.adds = "0.01"
    world.source.put(PARENTS, "p2")
    world.sync()
    assert world.document("p2").reason == Reason.TOTAL_DIFFERS
    world.target.adds = "0"
    read = world.target.read
    world.target.read = failing(error(ErrorKind.TRANSIENT, "bad gateway"))  # type: ignore[method-assign]
    replay.replay_documents(world.tenant.pk, [world.document("p2").pk], actor="user:1")
    world.source.put(PARENTS, "p3")
    world.read()
    world.work()
    document = world.document("p2")
    assert world.state("p3") == State.POSTED
    assert (document.state, document.tries) == (State.DUE, 1)
    assert "bad gateway" in document.words
    world.target.read = read  # type: ignore[method-assign]
    world.settle()
    assert world.state("p2") == State.POSTED


def test_a_probe_that_cannot_be_read_delays_no_other(world: World) -> None:
    three_with(world)
    world.read()

    world.target.after = failing(lost_answer())
    world.work()
    world.target.after = lambda items: None
    probe = world.target.probe

    def stumble(client: object, part: object, step: object) -> object:
        if part.number == "P1":  # type: ignore[attr-defined]
            raise error(ErrorKind.TRANSIENT, "bad gateway")
        return probe(client, part, step)  # type: ignore[arg-type]

    world.target.probe = stumble  # type: ignore[method-assign,assignment]
    world.pass_time(5)
    world.recover()
    assert world.states() == {"p1": State.UNCONFIRMED, "p2": State.DUE, "p3": State.DUE}


def test_a_connection_error_stops_the_connection_and_hands_the_others_back(world: World) -> None:
    three_with(world)
    world.read()
    world.target.before = failing(error(ErrorKind.AUTHORISATION, "the grant was revoked"))
    world.work()
    assert set(world.states().values()) == {State.DUE}
    assert world.target.calls == []
    with world.scope():
        stopped = Connection.objects.get(provider="tiny_target")
    assert stopped.health == Health.NEEDS_AUTHORISATION
    assert "revoked" in stopped.health_words


def test_a_limit_hands_everything_back_until_its_time(world: World, engine: Engine) -> None:
    """A wait that is short; of a long one the connection is told (`test_rests.py`)."""
    engine(rest_seconds=3600)
    three_with(world)
    world.read()
    at = world.document("p1").created_at + timedelta(minutes=30)
    world.target.before = failing(RetryLater(at, "no calls left"))  # type: ignore[arg-type]
    world.work()
    with world.scope():
        found = Document.objects.filter(integration=world.integration)
        assert set(found.values_list("state", "next_at", "open_attempt")) == {(State.DUE, at, None)}
    world.target.before = lambda items: None
    world.set(WorkSlot, leased_until=EPOCH)
    world.work()
    assert world.target.calls == [], "not before its time, whoever comes by"


# --- order ----------------------------------------------------------------------------------


def test_documents_are_worked_on_in_the_order_of_their_streams(
    world: World, engine: Engine
) -> None:
    engine(claim_batch=1)
    world.source.put(CHILDREN, "c1", parent="p1")
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c2", parent="p1")
    world.source.put(PARENTS, "p2")
    world.sync()
    references = [reference for _, references in world.target.calls for reference in references]
    assert references == [
        *["tiny:parents:P1"] * 2,
        *["tiny:parents:P2"] * 2,
        "tiny:children:C1",
        "tiny:children:C2",
    ]


def test_a_child_waits_for_its_parent_and_follows_it(world: World) -> None:
    world.source.put(CHILDREN, "c1", parent="p1")
    world.source.put(CHILDREN, "c2", parent="p9")
    world.sync()
    child = world.document("c1")
    assert (child.state, child.reason) == (State.WAITING, Reason.ORDER_MISSING)
    assert "p1" in child.words
    world.source.put(PARENTS, "p1")
    world.sync()
    assert world.state("c1") == State.POSTED
    assert world.state("c2") == State.WAITING, "its parent is another"


def test_a_child_that_was_decided_while_its_parent_was_posted_looks_again(world: World) -> None:
    """The parent is posted between the child's decision and its coming to rest."""
    world.source.put(CHILDREN, "c1", parent="p1")
    world.sync()
    # The parent that the child names was looked for and not found; from here on only c1 is due.
    assert world.states() == {"p1": State.NOT_APPLICABLE, "c1": State.WAITING}
    world.source.put(CHILDREN, "c1", parent="p1", total="2.00")
    world.read()
    decide = world.resolved.flow.decide

    def post_the_parent(*args: Any) -> Any:
        object.__setattr__(world.resolved.flow, "decide", decide)
        decision = decide(*args)
        world.source.put(PARENTS, "p1")
        world.read()
        world.work()
        assert world.state("p1") == State.POSTED
        return decision

    object.__setattr__(world.resolved.flow, "decide", post_the_parent)
    world.work()
    assert world.states() == {"p1": State.POSTED, "c1": State.POSTED}


def test_a_held_parent_keeps_its_children_waiting(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c1", parent="p1")
    world.target.refused["tiny:parents:P1"] = error(ErrorKind.REJECTED)
    world.sync()
    assert world.states() == {"p1": State.HELD, "c1": State.WAITING}
    world.target.refused.clear()
    replay.replay_documents(world.tenant.pk, [world.document("p1").pk], actor="user:1")
    world.work()
    assert world.states() == {"p1": State.POSTED, "c1": State.POSTED}


def test_a_settled_document_nudges_those_it_names(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    decided = []
    decide = world.resolved.flow.decide

    def watch(stream: str, record: object, *rest: object) -> object:
        decided.append(record.key)  # type: ignore[attr-defined]
        return decide(stream, record, *rest)  # type: ignore[arg-type]

    object.__setattr__(world.resolved.flow, "decide", watch)
    world.source.put(CHILDREN, "c1", parent="p1")
    world.sync()
    assert decided == ["c1", "p1"]
    assert world.state("p1") == State.POSTED


def test_what_is_asked_to_look_again_during_its_delivery_does_so(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()

    def change(items: Items) -> None:
        world.target.after = lambda items: None
        world.source.put(PARENTS, "p1", total="33.00")
        world.read()

    world.target.after = change
    world.target.refused["tiny:parents:P1"] = error(ErrorKind.REJECTED, "no")
    world.work()
    assert len(world.target.calls) == 2, "held for the old version, due for the new one"
