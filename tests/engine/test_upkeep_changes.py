"""What changes on the other side is noticed, the target may own a kind, and lost answers are found.

Over the tiny flow with a shelf of vendors and one of sites on either side: vendors are the
source's, sites the target's.
"""

from connectors.core.states import Reason, State
from connectors.models import Link
from connectors.services import drift
from tests.engine.tiny.flow import PARENTS
from tests.engine.tiny.kept import CLERK, SITE, VENDOR, Kept
from tests.engine.tiny.target import lost_answer
from tests.engine.tiny.world import once

# --- what somebody changes there ------------------------------------------------------------------


def change_there(kept: Kept) -> None:
    kept.target[VENDOR].put("t1", "Acme Worldwide")


def test_a_change_there_is_found_when_the_list_is_read_again(linked: Kept) -> None:
    change_there(linked)
    linked.sync()
    assert linked.target[VENDOR].looks == [], "the list is not old enough to be read"
    linked.read_again()
    document = linked.world.document("v1")
    assert (document.state, document.reason) == (State.HELD, Reason.DRIFTED)
    assert "name is Acme Worldwide, we posted Acme Ltd" in document.words
    assert linked.target[VENDOR].names() == {"t1": "Acme Worldwide"}


def test_our_own_write_is_no_drift(linked: Kept) -> None:
    linked.source[VENDOR].put("v1", "Acme Group")
    linked.read_again(rounds=2)
    linked.read_again(rounds=2)
    assert linked.target[VENDOR].looks == []
    assert linked.world.state("v1") == State.POSTED


def test_what_the_list_says_late_is_looked_at_and_believed_by_the_record(linked: Kept) -> None:
    """The list still shows the name of before; the record itself says that all is well."""
    linked.target[VENDOR].still_shown["t1"] = "Acme"
    linked.read_again()
    assert linked.target[VENDOR].looks == ["vendor:v1:t1"]
    assert linked.world.state("v1") == State.POSTED


def test_a_restoring_integration_puts_it_back(linked: Kept) -> None:
    linked.option(drift="restore")
    change_there(linked)
    linked.read_again(rounds=2)
    assert linked.target[VENDOR].names() == {"t1": "Acme Ltd"}
    assert linked.world.state("v1") == State.POSTED
    assert linked.world.link("v1").restores == {"name": 1}


def test_an_adopting_integration_lets_it_stand_until_its_owner_says_otherwise(
    linked: Kept,
) -> None:
    linked.option(drift="adopt")
    change_there(linked)
    linked.read_again(rounds=2)
    assert linked.target[VENDOR].names() == {"t1": "Acme Worldwide"}
    assert linked.world.state("v1") == State.POSTED
    linked.source[VENDOR].put("v1", "Acme Group")
    linked.read_again()
    assert linked.target[VENDOR].names() == {"t1": "Acme Group"}


def test_a_person_decides_on_a_change_there(linked: Kept) -> None:
    change_there(linked)
    linked.read_again()
    pk, tenant = linked.world.document("v1").pk, linked.world.tenant.pk
    number = drift.restore(tenant, pk, resolve=lambda _: linked.world.resolved, actor=CLERK)
    assert number == 1
    linked.sync()
    assert linked.target[VENDOR].names() == {"t1": "Acme Ltd"}


def test_what_was_deleted_there_is_held(linked: Kept) -> None:
    del linked.target[VENDOR].rows["t1"]
    linked.read_again()
    assert linked.said("v1") == (State.HELD, Reason.TARGET_MISSING)


# --- what the target owns -------------------------------------------------------------------------


def test_what_the_target_owns_is_written_to_the_source(site: Kept) -> None:
    assert site.source[SITE].names() == {"z1": "Harbour", "z2": "Harbour"}
    assert site.target[SITE].calls == []
    with site.world.scope():
        links = Link.objects.filter(document__key="s1").order_by("part")
        found = [(link.part, link.connection_id, link.target_id) for link in links]
    source = site.world.integration.source_id
    assert found == [("z1", source, "z1"), ("z2", source, "z2")]


def test_both_sides_are_worked_on_in_one_run(site: Kept) -> None:
    site.map(VENDOR, "v1", "t1")
    site.target[SITE].put("s1", "Harbour North")
    site.world.source.put(PARENTS, "p1", party="v1")
    site.read_again()
    assert set(site.source[SITE].names().values()) == {"Harbour North"}
    assert site.target[VENDOR].names() == {"t1": "Acme Ltd"}
    assert site.world.states() == dict.fromkeys(("s1", "v1", "p1"), State.POSTED)


def test_a_change_of_it_at_the_source_is_drift(site: Kept) -> None:
    site.source[SITE].put("z2", "My port")
    site.read_again()
    assert site.said("s1") == (State.HELD, Reason.DRIFTED)
    pk, tenant = site.world.document("s1").pk, site.world.tenant.pk
    drift.restore(tenant, pk, resolve=lambda _: site.world.resolved, actor=CLERK)
    site.sync()
    assert site.source[SITE].names() == {"z1": "Harbour", "z2": "Harbour"}


def test_what_the_source_lacks_of_it_is_made_there(kept: Kept) -> None:
    kept.option(create="always")
    kept.source[VENDOR].rows.clear()
    kept.target[SITE].put("s1", "Harbour")
    kept.sync(3)
    assert kept.source[SITE].names() == {"made-1": "Harbour"}
    assert kept.mapped(SITE) == {"made-1": "s1"}


# --- what nobody answered -------------------------------------------------------------------------


def settle(kept: Kept) -> None:
    kept.world.settle()
    kept.sync(2)


def test_a_lost_answer_is_looked_up_and_not_repeated(waiting: Kept) -> None:
    waiting.option(create="needed")
    waiting.target[VENDOR].after = once(lost_answer())
    waiting.sync(2)
    assert waiting.world.state("v9") == State.UNCONFIRMED
    settle(waiting)
    assert len(waiting.target[VENDOR].calls) == 1
    assert waiting.target[VENDOR].looks == ["vendor:v9:"]
    assert waiting.world.states() == {"p1": State.POSTED, "v9": State.POSTED}


def test_what_never_arrived_is_sent_again_after_two_empty_looks(waiting: Kept) -> None:
    waiting.option(create="needed")
    waiting.target[VENDOR].before = once(lost_answer())
    waiting.sync(2)
    settle(waiting)
    assert len(waiting.target[VENDOR].looks) == 2
    assert waiting.target[VENDOR].names() == {"t1": "Acme", "made-1": "Newcomer"}


def test_one_that_shows_late_is_not_made_twice(waiting: Kept) -> None:
    waiting.option(create="needed")
    waiting.target[VENDOR].after = once(lost_answer())
    waiting.sync(2)
    waiting.target[VENDOR].blind = 2
    settle(waiting)
    assert waiting.target[VENDOR].names() == {"t1": "Acme", "made-1": "Newcomer"}
    assert waiting.mapped(VENDOR) == {"v9": "made-1"}


def test_the_other_side_is_looked_at_where_it_was_written_to(site: Kept) -> None:
    site.target[SITE].put("s1", "Harbour North")
    site.source[SITE].after = once(lost_answer())
    site.read_again()
    assert site.world.state("s1") == State.UNCONFIRMED
    before = len(site.source[SITE].calls)
    site.world.settle()
    assert site.source[SITE].looks
    assert site.target[SITE].looks == []
    assert site.world.state("s1") == State.POSTED
    assert set(site.source[SITE].names().values()) == {"Harbour North"}
    assert len(site.source[SITE].writes) == before + 1, "the second of the two was still to come"


def test_one_bad_row_does_not_hold_up_its_neighbours(kept: Kept) -> None:
    kept.source[VENDOR].put("v2", "Bolts")
    kept.target[VENDOR].put("t2", "Bolt and Nut")
    kept.sync()
    kept.map(VENDOR, "v1", "t1")
    kept.map(VENDOR, "v2", "t2")
    del kept.target[VENDOR].rows["t2"]
    kept.sync()
    assert kept.world.state("v1") == State.POSTED
    assert kept.said("v2") == (State.HELD, Reason.TARGET_MISSING)
