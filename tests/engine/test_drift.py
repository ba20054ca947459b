"""What somebody changes at the target is noticed and dealt with as chosen, by option or person.

Over the tiny flow: its ``edit`` types over what was posted, as a person there would.
"""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.core.flow import TARGET
from connectors.core.states import Reason, State
from connectors.engine import inbox
from connectors.engine.drift import OnItsWayError, look_at_target
from connectors.models import Document, InboxEvent, Integration, Link
from connectors.services import drift
from tests.engine.tiny.fixtures import MakeWorld
from tests.engine.tiny.flow import PARENTS, WATCHED
from tests.engine.tiny.world import World

CLERK = "user:7 clerk@example.com"
Decide = Callable[..., int]


@pytest.fixture
def posted(world: World) -> World:
    """One parent, posted and still as posted."""
    world.source.put(PARENTS, "p1")
    world.sync()
    assert world.state("p1") == State.POSTED
    return world


def look(world: World, key: str = "p1") -> bool:
    return look_at_target(world.job(), PARENTS, world.link(key).target_id)


def edit(world: World, **values: str) -> None:
    world.target.edit(world.link("p1").target_id, **values)


def there(world: World) -> dict[str, Any]:
    return dict(world.target.records[world.link("p1").target_id]["body"])


def option(world: World, value: str) -> None:
    world.set(Integration, options={"drift": value})


def reason(world: World) -> tuple[str, str]:
    document = world.document("p1")
    return document.state, document.reason


def by_person(world: World, decide: Decide) -> int:
    pk = world.document("p1").pk
    return decide(world.tenant.pk, pk, resolve=lambda _: world.resolved, actor=CLERK)


def held(world: World) -> World:
    edit(world, total="99.00")
    assert look(world)
    assert reason(world) == (State.HELD, Reason.DRIFTED)
    return world


# --- by option ------------------------------------------------------------------------------------


def test_our_own_writes_are_no_drift(posted: World) -> None:
    assert not look(posted)
    posted.source.put(PARENTS, "p1", total="12.00")
    posted.sync()
    assert there(posted)["total"] == "12.00"
    assert not look(posted)
    assert posted.events("drift.found") == []


def test_an_edit_is_flagged_field_by_field(posted: World) -> None:
    edit(posted, total="99.00", party="Other")
    assert look(posted)
    document = posted.document("p1")
    assert (document.state, document.reason) == (State.HELD, Reason.DRIFTED)
    assert "total is 99.00, we posted 10.00" in document.words
    (event,) = posted.events("drift.found")
    fields = [(d["field"], d["ours"], d["theirs"]) for d in event.details["differences"]]
    assert fields == [("party", "Acme", "Other"), ("total", "10.00", "99.00")]
    assert there(posted)["total"] == "99.00", "an alert writes nothing"


def test_a_restoring_integration_puts_it_back_twice_and_then_asks(posted: World) -> None:
    option(posted, "restore")
    for _ in range(2):
        edit(posted, total="99.00")
        assert look(posted)
        posted.settle()
        assert there(posted)["total"] == "10.00"
        assert posted.state("p1") == State.POSTED
        assert not look(posted), "our own restoring is no drift"
    edit(posted, total="99.00")
    assert look(posted)
    assert reason(posted) == (State.HELD, Reason.DRIFTED)
    assert posted.link("p1").restores == {"total": 2}
    posted.settle()
    assert there(posted)["total"] == "99.00", "a third time would be a fight"


def test_another_field_has_restores_of_its_own(posted: World) -> None:
    option(posted, "restore")
    posted.set(Link, restores={"total": 2})
    edit(posted, party="Other")
    assert look(posted)
    posted.settle()
    assert there(posted)["party"] == "Acme"


def test_an_adopting_integration_lets_it_stand(posted: World) -> None:
    option(posted, "adopt")
    edit(posted, party="Other")
    assert look(posted)
    assert posted.state("p1") == State.POSTED
    assert not look(posted), "what was accepted is no drift any more"
    edit(posted, party="Yet another")
    assert look(posted), "but something else is"
    assert len(posted.events("drift.adopted")) == 2


def test_what_was_deleted_there_is_held(posted: World) -> None:
    del posted.target.records[posted.link("p1").target_id]
    assert look(posted)
    assert reason(posted) == (State.HELD, Reason.TARGET_MISSING)
    assert "restore it there" in posted.document("p1").words


def test_a_hint_of_the_target_leads_there(posted: World) -> None:
    edit(posted, total="99.00")
    with posted.scope():
        event = InboxEvent.objects.create(
            connection=posted.integration.target,
            resource=WATCHED,
            key=posted.link("p1").target_id,
        )
    assert inbox.follow(posted.job(), TARGET, [event]) == set()
    assert reason(posted) == (State.HELD, Reason.DRIFTED)


def test_what_is_posted_while_we_look_is_not_flagged(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(posted, total="99.00")
    post_meanwhile(posted, monkeypatch)
    with pytest.raises(OnItsWayError):
        look(posted)
    assert posted.state("p1") == State.POSTED
    assert there(posted)["total"] == "12.00"


def test_a_hint_that_comes_while_its_document_is_posted_is_followed_afterwards(
    posted: World,
) -> None:
    posted.source.put(PARENTS, "p1", total="12.00")
    posted.read()
    with posted.scope():
        event = InboxEvent.objects.create(
            connection=posted.integration.target,
            resource=WATCHED,
            key=posted.link("p1").target_id,
        )
    assert inbox.follow(posted.job(), TARGET, [event]) == {event.pk}
    with posted.scope():
        event.refresh_from_db()
    assert event.status == InboxEvent.Status.PENDING
    assert "when what is due of it has been posted" in event.words
    posted.settle()
    edit(posted, total="99.00")
    assert inbox.follow(posted.job(), TARGET, [event]) == set()
    assert reason(posted) == (State.HELD, Reason.DRIFTED)


def post_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the target's answer is under way, a newer source version is posted."""
    read = world.target.read

    def slowly(client: Any, part: Any) -> Any:
        state = read(client, part)
        monkeypatch.setattr(world.target, "read", read)
        world.source.put(PARENTS, "p1", total="12.00")
        world.sync()
        return state

    monkeypatch.setattr(world.target, "read", slowly)


# --- by a person ----------------------------------------------------------------------------------


def test_a_person_restores(posted: World) -> None:
    held(posted)
    assert by_person(posted, drift.restore) == 1
    assert posted.state("p1") == State.DUE
    posted.settle()
    assert posted.state("p1") == State.POSTED
    assert there(posted)["total"] == "10.00"
    assert not look(posted)
    (event,) = posted.events("drift.restored")
    assert event.actor == CLERK
    assert event.details["differences"][0]["theirs"] == "99.00"


def test_a_person_adopts(posted: World) -> None:
    held(posted)
    writes = len(posted.target.calls)
    assert by_person(posted, drift.adopt) == 1
    posted.settle()
    assert posted.state("p1") == State.POSTED
    assert there(posted)["total"] == "99.00"
    assert len(posted.target.calls) == writes, "nothing was written"
    assert not look(posted)
    (event,) = posted.events("drift.adopted")
    assert event.actor == CLERK


def test_a_person_may_restore_what_was_fought_over(posted: World) -> None:
    option(posted, "restore")
    posted.set(Link, restores={"total": 2})
    held(posted)
    by_person(posted, drift.restore)
    posted.settle()
    assert there(posted)["total"] == "10.00"


def test_the_target_is_read_afresh(posted: World) -> None:
    held(posted)
    edit(posted, total="77.00")
    by_person(posted, drift.adopt)
    assert posted.link("p1").adopted == {"total": "77.00"}


def test_what_was_put_right_there_needs_no_decision(posted: World) -> None:
    held(posted)
    edit(posted, total="10.00")
    assert by_person(posted, drift.restore) == 0
    posted.settle()
    assert posted.state("p1") == State.POSTED
    assert posted.link("p1").restores == {}


@pytest.mark.parametrize("decide", [drift.restore, drift.adopt])
def test_what_was_posted_meanwhile_is_left_alone(
    posted: World, decide: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(posted)
    post_meanwhile(posted, monkeypatch)
    with pytest.raises(BadInputError, match="while the target was read"):
        by_person(posted, decide)
    link = posted.link("p1")
    assert (link.restores, link.adopted) == ({}, {})
    assert link.payload["total"] == "12.00"
    assert posted.events("drift.restored") == posted.events("drift.adopted") == []


@pytest.mark.parametrize("decide", [drift.restore, drift.adopt])
def test_what_is_gone_there_cannot_be_decided(posted: World, decide: Decide) -> None:
    held(posted)
    del posted.target.records[posted.link("p1").target_id]
    with pytest.raises(BadInputError, match="was deleted in Tiny Target"):
        by_person(posted, decide)
    assert posted.state("p1") == State.HELD


def test_only_what_drifted_can_be_decided(posted: World) -> None:
    with pytest.raises(BadInputError, match="this document is posted"):
        by_person(posted, drift.restore)


def test_another_tenants_document_does_not_exist(posted: World, new_world: MakeWorld) -> None:
    held(posted)
    stranger = new_world()
    pk = posted.document("p1").pk
    with pytest.raises(BadInputError, match="no such document"):
        drift.adopt(stranger.tenant.pk, pk, resolve=lambda _: stranger.resolved, actor=CLERK)
    with posted.scope():
        assert Document.objects.get(pk=pk).state == State.HELD
