"""Linked master data is kept as its owner has it, and what is missing is made where it is wanted.

Over the tiny flow with a shelf of vendors and one of sites on either side: vendors are the
source's, sites the target's.
"""

import pytest

from connectors.core.states import Reason, State
from connectors.models import Attempt, Document, Integration, Link, Mapping
from connectors.services import mapping, replay
from tests.engine.tiny.fixtures import MakeWorld
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.kept import CLERK, VENDOR, Kept, keep

# --- what is linked -------------------------------------------------------------------------------


def test_only_what_is_linked_becomes_a_document(kept: Kept) -> None:
    kept.source[VENDOR].put("v2", "Other")
    kept.sync()
    assert kept.world.states() == {}
    kept.map(VENDOR, "v1", "t1")
    kept.sync()
    assert kept.world.states() == {"v1": State.POSTED}
    assert kept.target[VENDOR].writes == ["attach vendor:v1:t1"]
    link = kept.world.link("v1")
    assert (link.part, link.target_id, link.reference) == ("t1", "t1", "vendor:v1:t1")


def test_a_link_that_nobody_confirmed_writes_nothing_until_somebody_does(kept: Kept) -> None:
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    with kept.world.scope():
        Mapping.objects.update(origin=Mapping.Origin.AUTOMATIC)
    kept.sync()
    assert kept.target[VENDOR].writes == []
    assert "no person has confirmed" in kept.world.document("v1").words
    mapping.confirm(kept.world.integration, kind=VENDOR, source_key="v1", actor=CLERK)
    kept.sync()
    assert kept.target[VENDOR].writes == ["attach vendor:v1:t1"]


def test_what_has_not_changed_costs_nothing(linked: Kept) -> None:
    before = linked.world.document("v1")
    lists = linked.source[VENDOR].lists + linked.target[VENDOR].lists
    linked.sync(2)
    assert linked.world.document("v1").fence == before.fence, "it was not even decided"
    assert linked.source[VENDOR].lists + linked.target[VENDOR].lists == lists
    linked.read_again()
    assert linked.world.document("v1").fence == before.fence
    assert len(linked.target[VENDOR].calls) == 1


def test_what_its_owner_changes_follows_in_one_call_for_all(kept: Kept) -> None:
    for number in range(5):
        kept.source[VENDOR].put(f"v{number}", f"Vendor {number}")
        kept.target[VENDOR].put(f"t{number}", f"Vendor {number}")
    kept.sync()
    for number in range(5):
        kept.map(VENDOR, f"v{number}", f"t{number}")
    kept.sync()
    assert kept.target[VENDOR].calls == []
    for number in range(4):
        kept.source[VENDOR].put(f"v{number}", f"New {number}")
    kept.source[VENDOR].put("v4", active=False)
    kept.read_again()
    [call] = kept.target[VENDOR].calls
    assert sorted(call) == [f"update vendor:v{number}:t{number}" for number in range(5)]
    assert kept.target[VENDOR].names()["t3"] == "New 3"
    assert not kept.target[VENDOR].rows["t4"]["active"]


def test_only_the_fields_that_changed_are_written(linked: Kept) -> None:
    linked.source[VENDOR].put("v1", active=False)
    linked.read_again()
    with linked.world.scope():
        attempt = Attempt.objects.filter(action="update").get()
    assert attempt.step["body"] == {"id": "t1", "row": {"active": False}}


def test_what_says_the_same_already_is_linked_without_a_call(kept: Kept) -> None:
    kept.target[VENDOR].put("t1", "Acme Ltd")
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    kept.sync()
    assert kept.target[VENDOR].calls == []
    assert kept.world.links() == {"v1": "t1"}
    assert kept.world.link("v1").payload == {"name": "Acme Ltd", "active": True}
    [event] = kept.world.events("target.agreed")
    assert (event.target_kind, event.target_id) == (VENDOR, "t1")
    kept.target[VENDOR].put("t1", "Acme of old")
    kept.read_again()
    assert kept.said("v1") == (State.HELD, Reason.DRIFTED), "so that a change there is noticed"


def test_a_link_that_somebody_changes_is_followed_and_the_old_one_let_go(linked: Kept) -> None:
    linked.source[VENDOR].put("v2", "Bolts")
    linked.target[VENDOR].put("t2", "Bolt and Nut")
    linked.read_again()
    linked.map(VENDOR, "v1", "t2")
    linked.map(VENDOR, "v2", "t1")
    linked.sync()
    assert linked.target[VENDOR].names() == {"t1": "Bolts", "t2": "Acme Ltd"}
    assert linked.world.links() == {"v1": "t2", "v2": "t1"}
    [event] = linked.world.events("link.released")
    assert (event.source_id, event.target_id) == ("v1", "t1")


def test_what_is_not_linked_any_more_is_left_alone(linked: Kept) -> None:
    linked.unmap(VENDOR, "v1")
    linked.source[VENDOR].put("v1", "Acme Group")
    linked.target[VENDOR].put("t1", "Something else")
    linked.read_again(rounds=2)
    assert linked.target[VENDOR].names() == {"t1": "Something else"}
    assert linked.world.state("v1") == State.POSTED


def test_what_is_not_listed_says_nothing(linked: Kept) -> None:
    linked.source[VENDOR].unlisted.add("v1")
    linked.read_again()
    assert linked.target[VENDOR].rows["t1"]["active"]
    assert linked.world.state("v1") == State.POSTED
    assert len(linked.target[VENDOR].calls) == 1


def test_what_several_lead_to_is_left_as_it_is_until_one_is_left(kept: Kept) -> None:
    kept.source[VENDOR].put("v2", "Acme Inc")
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    kept.map(VENDOR, "v2", "t1")
    kept.sync()
    assert kept.target[VENDOR].calls == []
    assert kept.world.states() == {"v1": State.NOT_APPLICABLE, "v2": State.NOT_APPLICABLE}
    assert "several vendors" in kept.world.document("v1").words
    kept.unmap(VENDOR, "v2")
    kept.sync()
    assert kept.target[VENDOR].names() == {"t1": "Acme Ltd"}


def test_a_change_there_of_what_is_shared_is_no_drift(linked: Kept) -> None:
    linked.source[VENDOR].put("v2", "Acme Inc")
    linked.read_again()
    linked.map(VENDOR, "v2", "t1")
    linked.target[VENDOR].put("t1", "Acme, all of them")
    linked.read_again(rounds=2)
    assert linked.target[VENDOR].names() == {"t1": "Acme, all of them"}
    assert linked.world.states() == {"v1": State.POSTED, "v2": State.NOT_APPLICABLE}


def test_what_the_flow_leaves_alone_is_looked_at_again(kept: Kept) -> None:
    kept.target[VENDOR].put("t1", "Locked Acme")
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    kept.sync()
    document = kept.world.document("v1")
    assert (document.state, document.words) == (State.NOT_APPLICABLE, "Somebody locked it.")
    kept.target[VENDOR].put("t1", "Acme")
    kept.read_again()
    assert kept.target[VENDOR].names() == {"t1": "Acme Ltd"}


def test_another_integration_that_keeps_it_up_has_it(linked: Kept) -> None:
    other = linked.world
    with other.scope():
        second = Integration.objects.create(
            flow="tiny", name="Second", source=other.integration.source,
            target=other.integration.target,
        )  # fmt: skip
        stranger = Document.objects.create(integration=second, stream=VENDOR, key="v1")
        Link.objects.update(document=stranger)
    linked.source[VENDOR].put("v1", "Acme Group")
    linked.read_again()
    assert linked.target[VENDOR].names() == {"t1": "Acme Ltd"}
    assert linked.world.states() == {"v1": State.NOT_APPLICABLE}


def test_with_the_option_off_nothing_follows_until_it_is_on_again(linked: Kept) -> None:
    linked.option(follow=False)
    linked.source[VENDOR].put("v1", "Acme Group")
    linked.target[VENDOR].put("t1", "Theirs")
    linked.read_again(rounds=2)
    assert linked.target[VENDOR].names() == {"t1": "Theirs"}
    document = linked.world.document("v1")
    assert (document.state, document.reason) == (State.NOT_APPLICABLE, "")
    assert "does not keep vendors up" in document.words
    linked.option(follow=True)
    linked.sync()
    assert linked.target[VENDOR].names() == {"t1": "Acme Group"}


def test_with_the_option_off_from_the_beginning_there_is_no_document(kept: Kept) -> None:
    kept.option(follow=False)
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    kept.sync()
    assert kept.world.states() == {}


def test_a_replayed_document_is_decided_anew(linked: Kept) -> None:
    before = linked.world.document("v1")
    replay.replay_documents(linked.world.tenant.pk, [before.pk], actor=CLERK)
    linked.sync()
    after = linked.world.document("v1")
    assert (after.state, after.wants_read) == (State.POSTED, False)
    assert after.fence > before.fence
    assert len(linked.target[VENDOR].calls) == 1, "it says what is meant already"


def test_a_replayed_document_whose_row_is_listed_no_more_is_decided_all_the_same(
    linked: Kept,
) -> None:
    linked.source[VENDOR].unlisted.add("v1")
    linked.read_again()
    before = linked.world.document("v1")
    replay.replay_documents(linked.world.tenant.pk, [before.pk], actor=CLERK)
    linked.sync()
    after = linked.world.document("v1")
    assert (after.state, after.wants_read) == (State.POSTED, False)
    assert after.fence > before.fence


# --- what is missing ------------------------------------------------------------------------------


def test_by_default_nothing_is_made(waiting: Kept) -> None:
    waiting.sync(3)
    assert waiting.target[VENDOR].calls == []
    assert waiting.world.states() == {"p1": State.WAITING}


def test_what_a_document_waits_for_is_made_once_and_frees_it(waiting: Kept) -> None:
    waiting.option(create="needed")
    waiting.sync(4)
    assert waiting.target[VENDOR].writes == ["create vendor:v9:"]
    assert waiting.target[VENDOR].names() == {"t1": "Acme", "made-1": "Newcomer"}
    assert waiting.mapped(VENDOR) == {"v9": "made-1"}
    assert waiting.world.states() == {"p1": State.POSTED, "v9": State.POSTED}
    waiting.source[VENDOR].put("v9", "Oldtimer")
    waiting.read_again()
    assert waiting.target[VENDOR].names()["made-1"] == "Oldtimer", "and from then on it follows"


def test_it_is_made_in_the_run_that_found_it_missing(kept: Kept) -> None:
    kept.option(create="needed")
    kept.source[VENDOR].put("v9", "Newcomer")
    kept.world.source.put(PARENTS, "p1", party="v9")
    run = kept.world.sync()
    assert run.finished_at is None, "there is something to post again"
    kept.world.work()
    assert kept.target[VENDOR].writes == ["create vendor:v9:"]
    queued = kept.world.queue()
    assert queued.status == "queued"
    kept.sync()
    assert kept.world.state("p1") == State.POSTED


def test_all_active_ones_are_made_where_that_is_wanted(kept: Kept) -> None:
    kept.option(create="always")
    kept.target[VENDOR].rows.clear()
    kept.source[VENDOR].put("v2", "Gone", active=False)
    kept.source[VENDOR].put("v3", "Bolts")
    kept.sync(3)
    assert sorted(kept.target[VENDOR].writes) == ["create vendor:v1:", "create vendor:v3:"]
    assert len(kept.target[VENDOR].calls) == 1
    assert kept.world.states() == {"v1": State.POSTED, "v3": State.POSTED}


def test_what_was_made_and_unlinked_is_not_made_again(kept: Kept) -> None:
    kept.option(create="always")
    kept.target[VENDOR].rows.clear()
    kept.sync(3)
    assert kept.mapped(VENDOR) == {"v1": "made-1"}
    kept.target[VENDOR].put("made-1", reference="")
    kept.unmap(VENDOR, "v1")
    kept.read_again(rounds=2)
    assert len(kept.target[VENDOR].calls) == 1


@pytest.mark.parametrize("active", [True, False])
def test_what_looks_like_something_there_is_held(waiting: Kept, active: bool) -> None:
    waiting.target[VENDOR].put("t9", "NEWCOMER, Inc.", active=active)
    waiting.option(create="needed")
    waiting.read_again(rounds=2)
    assert waiting.target[VENDOR].calls == []
    assert waiting.said("v9") == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    assert "NEWCOMER, Inc." in waiting.world.document("v9").words
    if active:
        waiting.map(VENDOR, "v9", "t9")
        waiting.sync()
        assert waiting.world.states() == {"p1": State.POSTED, "v9": State.POSTED}


def test_of_two_of_one_name_none_is_made_until_one_is_dismissed(kept: Kept) -> None:
    kept.option(create="always")
    kept.source[VENDOR].put("v2", "Acme, Inc.")
    kept.target[VENDOR].rows.clear()
    kept.sync(2)
    assert kept.target[VENDOR].calls == []
    assert kept.said("v1") == kept.said("v2") == (State.HELD, Reason.DUPLICATE_SUSPECTED)
    tenant = kept.world.tenant.pk
    replay.dismiss(tenant, kept.world.document("v2").pk, reason="the same", actor=CLERK)
    replay.replay_documents(tenant, [kept.world.document("v1").pk], actor=CLERK)
    kept.sync(2)
    assert kept.target[VENDOR].writes == ["create vendor:v1:"]


def test_what_is_wanted_no_more_is_not_held_any_longer(waiting: Kept) -> None:
    waiting.target[VENDOR].put("t9", "Newcomer Ltd")
    waiting.option(create="needed")
    waiting.read_again(rounds=2)
    waiting.option(create="never")
    waiting.sync()
    assert waiting.world.state("v9") == State.NOT_APPLICABLE


def test_another_tenants_rows_are_not_seen(linked: Kept, new_world: MakeWorld) -> None:
    stranger = keep(new_world())
    stranger.source[VENDOR].put("v1", "Stranger")
    stranger.sync()
    with stranger.world.scope():
        assert not Mapping.objects.exists()
    assert stranger.world.states() == {}
    assert linked.target[VENDOR].names() == {"t1": "Acme Ltd"}
