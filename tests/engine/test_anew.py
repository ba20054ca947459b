"""Posting anew what is gone at the target: by a person, once, and under a mark of its own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors.core.errors import BadInputError
from connectors.core.states import Over, Reason, State
from connectors.models import Document, Link
from connectors.services import anew
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1 anna@example.com"


def post_anew(world: World, key: str = "p1", reason: str = "deleted by mistake") -> int:
    return anew.post_anew(
        world.tenant.pk,
        world.document(key).pk,
        reason=reason,
        resolve=lambda _: world.resolved,
        actor=ANNA,
    )


def later(world: World) -> None:
    """Long enough after the first look."""
    with world.scope():
        Document.objects.filter(state=State.HELD).update(
            state_at=timezone.now() - timedelta(minutes=2)
        )


@pytest.fixture
def missing(world: World) -> World:
    """A posted parent that somebody deleted at the target, found out at its next change."""
    world.source.put(PARENTS, "p1")
    world.sync()
    del world.target.records[world.link("p1").target_id]
    world.source.put(PARENTS, "p1", total="12.00")
    world.sync()
    document = world.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.TARGET_MISSING)
    assert "Post it anew" in document.words
    return world


def test_it_is_posted_once_more_under_a_new_mark(missing: World) -> None:
    before = missing.link("p1")
    later(missing)
    assert post_anew(missing) == 1
    missing.work()
    link = missing.link("p1")
    assert missing.state("p1") == State.POSTED
    assert link.target_id != before.target_id
    assert link.reference == f"{before.reference}+"
    assert [row["total"] for row in missing.target.records.values()] == ["12.00"]
    [event] = missing.events("document.post_anew")
    assert (event.actor, event.target_id) == (ANNA, before.target_id)
    assert event.details["why"] == "deleted by mistake"


def test_changes_after_that_go_to_the_new_record(missing: World) -> None:
    later(missing)
    post_anew(missing)
    missing.work()
    missing.source.put(PARENTS, "p1", total="13.00")
    missing.sync()
    assert [row["total"] for row in missing.target.records.values()] == ["13.00"]
    assert missing.state("p1") == State.POSTED


def test_children_of_what_is_posted_anew_go_on(missing: World) -> None:
    missing.source.put(CHILDREN, "c1", parent="p1")
    later(missing)
    post_anew(missing)
    missing.sync()
    assert set(missing.states().values()) == {State.POSTED}


def test_one_look_is_not_enough(missing: World) -> None:
    with pytest.raises(BadInputError, match="Try again in 30 seconds"):
        post_anew(missing)
    assert missing.state("p1") == State.HELD


def test_what_is_there_after_all_is_not_posted_twice(missing: World) -> None:
    link = missing.link("p1")
    missing.target.records[link.target_id] = {
        "kind": PARENTS,
        "number": "P1",
        "reference": link.reference,
        "status": "open",
        "total": "10.00",
        "vendor": "v-acme",
        "body": dict(link.payload),
    }
    later(missing)
    with pytest.raises(BadInputError, match="It is in Tiny Target after all"):
        post_anew(missing)
    assert len(missing.target.records) == 1


def test_a_record_that_carries_the_mark_is_linked_instead(missing: World) -> None:
    """Somebody restored it, and it has another id now."""
    link = missing.link("p1")
    key = missing.target.add(
        kind=PARENTS, number="P1", reference=link.reference, status="open", body=dict(link.payload)
    )
    later(missing)
    assert post_anew(missing) == 1
    missing.work()
    assert missing.link("p1").target_id == key
    assert missing.state("p1") == State.POSTED
    assert list(missing.target.records) == [key]


def test_a_cancelled_record_gets_a_successor(missing: World) -> None:
    """Held because it cannot be reopened: the record stands, and its mark with it."""
    link = missing.link("p1")
    missing.target.records[link.target_id] = {
        "kind": PARENTS,
        "number": "OLD",
        "reference": link.reference,
        "status": "cancelled",
        "total": "10.00",
        "vendor": "v-acme",
        "body": dict(link.payload),
    }
    with missing.scope():
        Document.objects.filter(key="p1").update(reason=Reason.REOPENED)
    assert post_anew(missing) == 1
    with missing.scope():
        assert Link.objects.get(pk=link.pk).status == Over.SUPERSEDED
    missing.work()
    assert missing.state("p1") == State.POSTED
    assert len(missing.target.records) == 2


def test_a_reason_must_be_given(missing: World) -> None:
    with pytest.raises(BadInputError, match="Give a reason"):
        post_anew(missing, reason=" ")


def test_only_what_is_gone_is_posted_anew(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.sync()
    with pytest.raises(BadInputError, match="It is in Tiny Target after all"):
        post_anew(world)
    assert len(world.target.records) == 1
    assert world.state("p1") == State.POSTED


def test_what_was_never_posted_is_not_posted_anew(world: World) -> None:
    world.source.put(PARENTS, "p1")
    world.read()
    with pytest.raises(BadInputError, match="is posted anew"):
        post_anew(world)


def test_a_posted_record_that_was_deleted_there_is_posted_anew_though_nothing_changed(
    world: World,
) -> None:
    """Nobody reports a deletion, and an unchanged document is not looked at by itself."""
    world.source.put(PARENTS, "p1")
    world.sync()
    world.target.records.clear()
    with world.scope():
        Document.objects.update(state_at=timezone.now() - timedelta(minutes=2))
    assert post_anew(world) == 1
    world.work()
    assert world.state("p1") == State.POSTED
    assert len(world.target.records) == 1
