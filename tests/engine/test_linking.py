"""A document may stand for a record that people typed in before: by hand, or all exact ones."""

from decimal import Decimal

import pytest

from connectors.core.errors import BadInputError
from connectors.core.names import normalise_number
from connectors.core.states import Reason, State
from connectors.models import TargetRecord
from connectors.services import linking, replay
from tests.engine.tiny.flow import CHILDREN, PARENTS
from tests.engine.tiny.world import World

ANNA = "user:1 anna@example.com"


def typed_in(world: World, number: str = "P1", **row: object) -> str:
    """A record that people made, as target and cache know it."""
    values = {"kind": PARENTS, "number": number, "status": "open", **row}
    values["body"] = {"number": number, "party": "Acme", "total": values.get("total", "10.00")}
    key = world.target.add(**values)
    there = world.target.records[key]
    with world.scope():
        TargetRecord.objects.create(
            connection=world.integration.target,
            kind=there["kind"],
            target_id=key,
            number=number,
            twin_number=normalise_number(number),
            vendor_key=there["vendor"],
            total=Decimal(there["total"]),
            currency="USD",
            status=there["status"],
        )
    return key


def link(world: World, target: str, key: str = "p1", *, align: bool = False) -> None:
    linking.link(
        world.tenant.pk,
        world.document(key).pk,
        part="",
        target=target,
        align=align,
        resolve=lambda _: world.resolved,
        actor=ANNA,
    )


@pytest.fixture
def held(world: World) -> World:
    """P1 stands at the target already, typed in by hand, and a child waits for it."""
    typed_in(world)
    world.source.put(PARENTS, "p1")
    world.source.put(CHILDREN, "c1", parent="p1")
    world.sync()
    assert world.document("p1").reason == Reason.DUPLICATE_SUSPECTED
    assert world.state("c1") == State.WAITING
    return world


def key_of(world: World, number: str = "P1") -> str:
    return next(k for k, row in world.target.records.items() if row["number"] == number)


def test_linking_posts_nothing_and_frees_whoever_waits(held: World) -> None:
    key = key_of(held)
    before = dict(held.target.records[key])
    held.target.calls.clear()
    link(held, key)
    held.work()
    held.work()
    assert held.states() == {"p1": State.POSTED, "c1": State.POSTED}
    assert held.link("p1").target_id == key
    assert held.target.records[key] == before, "our mark is not written"
    assert [action for action, _ in held.target.calls] == ["create"], "the child alone"
    [event] = held.events("target.linked")
    assert (event.actor, event.target_id) == (ANNA, key)
    assert ["Number", "P1", "P1"] in event.details["sides"]


def test_it_is_found_by_its_number_too(held: World) -> None:
    link(held, "P1")
    held.work()
    assert held.link("p1").target_id == key_of(held)


def test_a_linked_document_follows_its_source(held: World) -> None:
    link(held, key_of(held))
    held.work()
    held.source.put(PARENTS, "p1", total="12.00")
    held.sync()
    assert held.target.records[key_of(held)]["total"] == "12.00"
    assert held.state("p1") == State.POSTED


def test_a_replay_of_a_linked_document_changes_nothing(held: World) -> None:
    link(held, key_of(held))
    held.work()
    held.target.calls.clear()
    replay.replay_documents(held.tenant.pk, [held.document("p1").pk], actor=ANNA)
    held.sync()
    assert held.state("p1") == State.POSTED
    assert not [refs for _, refs in held.target.calls if "P1" in refs[0]]


def test_another_total_is_linked_and_held_until_it_is_right(world: World) -> None:
    key = typed_in(world, total="9.99")
    world.source.put(PARENTS, "p1")
    world.sync()
    pair = linking.preview(
        world.tenant.pk,
        world.document("p1").pk,
        part="",
        target=key,
        resolve=lambda _: world.resolved,
    )
    assert not pair.exact
    assert [row.field for row in pair.rows if not row.same and row.field == "Total"] == ["Total"]
    link(world, key)
    world.work()
    assert world.document("p1").reason == Reason.TOTAL_DIFFERS
    world.target.records[key]["total"] = "10.00"
    replay.replay_documents(world.tenant.pk, [world.document("p1").pk], actor=ANNA)
    world.sync()
    assert world.state("p1") == State.POSTED


def test_by_wish_the_record_is_brought_into_line(held: World) -> None:
    held.target.records[key_of(held)]["body"]["party"] = "Somebody"
    link(held, key_of(held), align=True)
    held.work()
    assert held.target.records[key_of(held)]["body"]["party"] == "Acme"
    assert held.state("p1") == State.POSTED


def test_what_differs_is_accepted_and_later_edits_are_drift(held: World) -> None:
    held.target.records[key_of(held)]["body"]["party"] = "Somebody"
    link(held, key_of(held))
    assert held.link("p1").adopted == {"party": "Somebody"}


# --- what is refused ------------------------------------------------------------------------------


def test_a_record_of_another_document_is_refused(held: World) -> None:
    link(held, key_of(held))
    held.work()
    held.source.put(PARENTS, "p2", number="P1")
    held.sync()
    with pytest.raises(BadInputError, match="is linked to parents P1 already"):
        link(held, key_of(held), "p2")


def test_a_record_that_is_not_there_is_refused(held: World) -> None:
    with pytest.raises(BadInputError, match="Tiny Target has no record “nonsense”"):
        link(held, "nonsense")
    assert held.document("p1").state == State.HELD


def test_a_record_of_another_vendor_is_refused(held: World) -> None:
    held.target.records[key_of(held)]["vendor"] = "v-other"
    with pytest.raises(BadInputError, match="vendor"):
        link(held, key_of(held))


def test_a_posted_document_is_not_linked(held: World) -> None:
    held.source.put(PARENTS, "p9")
    held.sync()
    with pytest.raises(BadInputError, match="posted cannot be linked"):
        link(held, key_of(held), "p9")


def test_a_document_that_lacks_a_mapping_says_so(world: World) -> None:
    typed_in(world)
    world.source.put(PARENTS, "p1", party="Zeta")
    world.sync()
    with pytest.raises(BadInputError, match="Vendor Zeta is not mapped"):
        link(world, key_of(world))


# --- all exact matches ----------------------------------------------------------------------------


def test_exact_matches_are_previewed_and_linked_at_once(world: World) -> None:
    for number in ("P1", "P2"):
        typed_in(world, number)
    typed_in(world, "P3", total="9.00")
    for key in ("p1", "p2", "p3"):
        world.source.put(PARENTS, key)
    world.sync()
    assert matches(world) == ["p1", "p2"]
    world.target.records[key_of(world, "P2")]["total"] = "8.00"
    linked, left = linking.link_exact(
        world.tenant.pk, world.integration.pk, resolve=lambda _: world.resolved, actor=ANNA
    )
    assert linked == 1
    assert left == ["parents P2: it differs in total.", "parents P3: it differs in total."]
    world.work()
    assert world.states() == {"p1": State.POSTED, "p2": State.HELD, "p3": State.HELD}


def matches(world: World) -> list[str]:
    found, _ = linking.exact_matches(
        world.tenant.pk, world.integration.pk, resolve=lambda _: world.resolved
    )
    return sorted(match.document.key for match in found)


@pytest.mark.parametrize(("listed", "there", "suggested"), [
    ("9.50", "10.00", ["p1"]),
    ("10.00", "9.50", []),
])  # fmt: skip
def test_a_total_is_compared_as_it_stands_there_not_as_it_was_listed(
    world: World, listed: str, there: str, suggested: list[str]
) -> None:
    """Lists of Zoho Books may show a total less the tax that is withheld, without saying so."""
    key = typed_in(world, total=there)
    with world.scope():
        TargetRecord.objects.filter(target_id=key).update(total=listed)
    world.source.put(PARENTS, "p1")
    world.sync()
    assert matches(world) == suggested


def test_no_more_than_a_page_of_documents_is_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "MOST_COMPARED", 1)
    for number in ("P1", "P2"):
        typed_in(world, number)
        world.source.put(PARENTS, number.lower())
    world.sync()
    found, more = linking.exact_matches(
        world.tenant.pk, world.integration.pk, resolve=lambda _: world.resolved
    )
    assert (len(found), more) == (1, True)


def test_two_records_that_agree_are_no_exact_match(world: World) -> None:
    typed_in(world)
    typed_in(world)
    world.source.put(PARENTS, "p1")
    world.sync()
    assert not matches(world)
