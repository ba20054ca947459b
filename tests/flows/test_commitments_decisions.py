"""What is decided about an order: post, change, follow, wait or hold, and by which steps."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import (
    Deliver,
    Facts,
    Held,
    MappedTarget,
    NotApplicable,
    Noted,
    Nothing,
    ReadTarget,
    Waiting,
)
from connectors.core.records import TargetState
from connectors.core.references import MappingKey
from connectors.core.states import Reason, State
from tests.flows.commitments import (
    CLOSED_CODE,
    MAPPED,
    STEEL,
    UNBUDGETED,
    decide,
    held_for,
    line,
    live,
    order,
    parts,
    posted,
    standing,
    step,
    steps,
    without,
)

TWO = (line("l1"), line("l2", "p2"))
DEARER = order(line(rate="6", item_total="60.00"))


def test_a_new_order_is_a_draft_with_lines_before_it_is_approved() -> None:
    decision = decide(order())
    assert steps(decision) == [("100", "create"), ("100", "lines"), ("100", "approve")]
    create = step(decision, "create")
    assert create.creates
    assert "status" not in create.body, "one that arrives late must not reset an approved one"
    assert create.status == "Draft"
    assert create.body["vendor_id"] == "900"
    assert {part.total for part in parts(decision)} == {Decimal("50.00")}
    assert parts(decision)[0].reference == "mlc:42:77001:1:1"


def test_a_vendor_that_the_project_lacks_is_added_to_its_directory_first() -> None:
    decision = decide(order(line(project="p2")))
    assert steps(decision)[0] == ("200", "add_vendor")


def test_no_part_is_approved_before_every_part_has_its_lines() -> None:
    actions = [action for _, action in steps(decide(order(*TWO)))]
    assert actions == ["create", "lines", "add_vendor", "create", "lines", "approve", "approve"]


@pytest.mark.parametrize(
    ("status", "words"), [("draft", "draft"), ("pending_approval", "pending approval")]
)
def test_what_is_not_approved_in_zoho_is_not_posted(status: str, words: str) -> None:
    decision = decide(order(status=status))
    assert isinstance(decision, NotApplicable)
    assert words in decision.words


def test_a_posted_order_that_is_a_draft_again_is_held_until_it_is_approved() -> None:
    links = posted(decide(order()))
    decision = decide(order(status="draft"), standing(links))
    assert held_for(decision) is Reason.WITHDRAWN


def test_statuses_that_are_posted_are_an_option_and_unknown_ones_are_held() -> None:
    held = decide(order(status="in_transit"))
    assert held_for(held) is Reason.UNKNOWN_STATUS
    assert isinstance(decide(order(status="in_transit"), posted_statuses="In Transit"), Deliver)


def test_everything_that_is_missing_is_named_at_once() -> None:
    rows = (line(account_code="5900", account_name="Fuel"), line("l2", "p9"))
    facts = Facts(mappings=without(("vendor", "v1")))
    decision = decide(order(*rows), facts)
    assert isinstance(decision, Waiting)
    assert decision.reason is Reason.VENDOR_MISSING
    assert {(item.key.kind, item.key.source_key) for item in decision.missing} == {
        ("vendor", "v1"),
        ("project", "p9"),
        ("cost_code", "*|5900"),
    }
    assert "cost code for 5900 Fuel" in decision.words


def test_a_code_that_is_closed_or_absent_in_one_project_is_missing_there_only() -> None:
    closed = decide(order(line(account_code=CLOSED_CODE)))
    assert [item.key.source_key for item in closed.missing] == [f"p1|{CLOSED_CODE}"]
    assert "is inactive" in closed.words
    absent = decide(order(line(project="p2", account_code=CLOSED_CODE)))
    assert [item.key.source_key for item in absent.missing] == [f"p2|{CLOSED_CODE}"]
    assert "no 02-400.C there" in absent.words


def test_lines_without_a_project_wait_or_take_the_field_or_the_default() -> None:
    bare = order(line(project=""))
    assert [item.key.source_key for item in decide(bare).missing] == ["none"]
    assert isinstance(decide(bare, default_project="p1"), Deliver)
    field = {"label": "Job", "api_name": "cf_job", "value": "p2"}
    assert steps(decide(bare | {"custom_fields": [field]}, project_field="Job"))[0][0] == "200"


def test_an_unbudgeted_code_is_held_unless_it_is_allowed() -> None:
    raw = order(line(account_code=UNBUDGETED))
    held = decide(raw)
    assert held_for(held) is Reason.UNBUDGETED
    assert "32-900.C" in held.words
    assert isinstance(decide(raw, allow_unbudgeted=True), Deliver)


def kept_in(currency: str) -> Facts:
    """Both projects in this currency, as far as Procore says one."""
    about = {"currency": currency}
    rows = {"p1": ("100", "School"), "p2": ("200", "Lofts")}
    changed = {
        MappingKey("project", ours): MappedTarget(key=key, name=name, attributes=about)
        for ours, (key, name) in rows.items()
    }
    return Facts(mappings=MAPPED | changed)


def test_another_currency_than_the_projects_is_held() -> None:
    held = decide(order(currency_code="CAD"))
    assert held_for(held) is Reason.CURRENCY_DIFFERS
    assert "is in CAD" in held.words
    assert held_for(decide(order(), kept_in("EUR"), currency="USD")) is Reason.CURRENCY_DIFFERS


def test_a_currency_that_procore_does_not_say_is_never_guessed() -> None:
    profile = {"currency_code": "USD"}
    facts = replace(kept_in(""), target_profile=profile)
    held = decide(order(), facts)
    assert held_for(held) is Reason.CURRENCY_DIFFERS
    assert "does not say in which currency" in held.words
    assert "Currency where Procore names none" in held.words
    assert isinstance(decide(order(), facts, currency="usd"), Deliver)
    assert held_for(decide(order(currency_code="CAD"), facts, currency="USD"))


def test_a_commitment_that_stands_in_another_currency_is_held() -> None:
    links = posted(decide(order()), status="Draft")
    held = decide(order(), standing(links, currency="EUR"))
    assert held_for(held) is Reason.CURRENCY_DIFFERS
    assert "in EUR in Procore" in held.words


def test_numbers_that_contradict_each_other_are_held_with_the_difference() -> None:
    held = decide(order(total="51.00"))
    assert held_for(held) is Reason.TOTAL_DIFFERS
    assert "-1.00 USD" in held.words


def test_a_commitment_typed_in_by_hand_under_the_same_number_is_suspected() -> None:
    suspect = TargetState(
        target_id="5", number="PO-7", status="Draft", total=None, currency="", vendor_key="900"
    )
    held = decide(order(), Facts(mappings=MAPPED, target_suspects=(suspect,)))
    assert held_for(held) is Reason.DUPLICATE_SUSPECTED
    other = replace(suspect, vendor_key="901")
    assert isinstance(decide(order(), Facts(mappings=MAPPED, target_suspects=(other,))), Deliver)


@pytest.mark.parametrize(
    ("number", "project", "words"),
    [
        ("PO-7-1", "100", "Link this document to it"),
        ("PO-7", "100", "Link this document to it"),
        ("PO-7-1", "300", "in another project that was not posted by this service. Delete or"),
        ("PO-7", "300", ""),
    ],
)
def test_the_own_number_of_an_order_over_two_projects_is_suspected_in_its_project(
    number: str, project: str, words: str
) -> None:
    suspect = TargetState(
        target_id="5",
        number=number,
        status="Approved",
        total=None,
        currency="",
        vendor_key="900",
        content={"part": project},
    )
    raw = order(line(), line("l2", "p2"))
    decision = decide(raw, Facts(mappings=MAPPED, target_suspects=(suspect,)))
    assert isinstance(decision, Held if words else Deliver), decision
    if words:
        assert words in decision.words
    ours = replace(suspect, reference="mlc:1:2:1:1")
    other = decide(raw, Facts(mappings=MAPPED, target_suspects=(ours,)))
    assert isinstance(other, Deliver) == (number == "PO-7")


def test_no_document_is_to_be_linked_to_what_another_program_made() -> None:
    suspect = TargetState(
        target_id="5", number="PO-7", status="Closed", total=None, currency="", vendor_key="900",
        reference="erp-55",
    )  # fmt: skip
    held = decide(order(), Facts(mappings=MAPPED, target_suspects=(suspect,)))
    assert held_for(held) is Reason.DUPLICATE_SUSPECTED
    assert "that another program made (origin id erp-55). Delete or renumber" in held.words
    assert "Link this document" not in held.words


# --- what stands already -----------------------------------------------------------------------


def test_an_unchanged_order_costs_no_look_at_procore() -> None:
    links = posted(decide(order()))
    assert decide(order(), Facts(mappings=MAPPED, links=links)) == Nothing()


def test_a_change_is_looked_at_first_and_held_while_the_commitment_is_locked() -> None:
    links = posted(decide(order()))
    unseen = Facts(mappings=MAPPED, links=links)
    assert decide(DEARER, unseen) == ReadTarget(parts=("100",))
    held = decide(DEARER, standing(links))
    assert held_for(held) is Reason.LOCKED


def test_with_the_option_it_is_opened_changed_and_approved_again() -> None:
    links = posted(decide(order()))
    decision = decide(DEARER, standing(links), reopen_approved=True)
    assert [action for _, action in steps(decision)] == ["reopen", "lines", "approve"]


def test_a_new_vendor_is_added_to_the_directory_and_told_in_the_header() -> None:
    links = posted(decide(order()))
    decision = decide(order(vendor_id="v2"), standing(links), reopen_approved=True)
    actions = [action for _, action in steps(decision)]
    assert actions == ["add_vendor", "reopen", "update", "approve"]
    assert step(decision, "update").body["row"] == {"vendor_id": "901"}
    assert step(decision, "update").body["lines"] == {"l1": "id-l1"}, "the lines stay known"


def test_dates_change_without_opening_it() -> None:
    links = posted(decide(order()))
    decision = decide(order(delivery_date="2026-09-01"), standing(links))
    assert [action for _, action in steps(decision)] == ["update"]
    assert step(decision, "update").body["row"] == {"delivery_date": "2026-09-01"}


def test_a_removed_line_is_pruned_and_a_line_typed_in_by_hand_asks_a_person() -> None:
    links = posted(decide(order(line("l1"), line("l2"))))
    decision = decide(order(line("l1")), standing(links), reopen_approved=True)
    assert [action for _, action in steps(decision)] == ["reopen", "lines", "prune", "approve"]
    extra = [{"id": "x", "origin_id": "", "amount": "5"}]
    held = decide(order(line("l1")), standing(links, extra=extra), reopen_approved=True)
    assert held_for(held) is Reason.DRIFTED


def test_what_was_interrupted_before_its_lines_is_completed() -> None:
    links = posted(decide(order()), status="Draft")
    bare = {"100": replace(links["100"], lines={}, total=None)}
    facts = Facts(mappings=MAPPED, links=bare, live={"100": live(bare["100"], total=None)})
    assert steps(decide(order(), facts)) == [("100", "lines"), ("100", "approve")]


def test_what_was_interrupted_before_pruning_is_pruned_before_it_is_approved() -> None:
    links = posted(decide(order(line("l1"), line("l2"))), status="Draft")
    meant = posted(decide(order(line("l1"))), status="Draft")
    facts = Facts(mappings=MAPPED, links=meant, live={"100": live(links["100"])})
    assert [action for _, action in steps(decide(order(line("l1")), facts))] == ["prune", "approve"]


def test_invoiced_commitments_are_neither_changed_nor_closed() -> None:
    links = posted(decide(order()))
    facts = standing(links, invoiced="20.00")
    for raw in (DEARER, order(status="cancelled")):
        held = decide(raw, facts, reopen_approved=True)
        assert held_for(held) is Reason.INVOICED
        assert "20.00 USD" in held.words


@pytest.mark.parametrize(("status", "action"), [("Draft", "delete"), ("Approved", "close")])
def test_a_cancelled_order_is_deleted_while_a_draft_else_closed(status: str, action: str) -> None:
    links = posted(decide(order()), status=status)
    cancelled = order(status="cancelled")
    look = ReadTarget(parts=("100",), ending=("100",))
    assert decide(cancelled, Facts(links=links)) == look
    decision = decide(cancelled, standing(links))
    assert steps(decision) == [("100", action)]
    assert decision.final is State.CANCELLED
    (part,) = parts(decision)
    assert part.total is None


@pytest.mark.parametrize("status", ["Closed", "deleted"])
def test_a_cancellation_that_has_happened_needs_nothing(status: str) -> None:
    links = posted(decide(order()), status=status)
    facts = Facts(links=links)
    assert decide(order(status="cancelled"), facts) == Nothing(final=State.CANCELLED)


@pytest.mark.parametrize("status", ["Closed", "deleted"])
def test_what_is_found_to_have_ended_is_noted(status: str) -> None:
    """By hand, or by a write of ours that was given up before it came to pass."""
    links = posted(decide(order()))
    noted = (
        Noted(part="100", status=status, payload={**links["100"].payload, "status": "Closed"}),
    )
    ended = Nothing(final=State.CANCELLED, noted=noted)
    assert decide(order(status="cancelled"), standing(links, status=status)) == ended
    deleted = replace(standing(links, status=status), gone=True)
    assert decide(order(), deleted) == ended
    moved = decide(order(line("l1", "p2")), standing(links, status=status))
    assert moved.noted == noted
    assert {part for part, _ in steps(moved)} == {"200"}


def test_an_order_that_comes_back_after_its_draft_was_deleted_gets_the_next_generation() -> None:
    links = posted(decide(order()), status="deleted")
    decision = decide(order(), Facts(mappings=MAPPED, links=links))
    assert parts(decision)[0].reference == "mlc:42:77001:1:2"
    assert [action for _, action in steps(decision)] == ["create", "lines", "approve"]


def test_an_order_that_comes_back_after_it_was_closed_is_approved_again() -> None:
    links = posted(decide(order()), status="Closed")
    held = decide(order(), standing(links))
    assert held_for(held) is Reason.LOCKED
    assert steps(decide(order(), standing(links), reopen_approved=True)) == [("100", "approve")]


def test_a_line_that_moves_to_another_project_closes_the_commitment_it_left() -> None:
    links = posted(decide(order(line("l1", "p1"))))
    decision = decide(order(line("l1", "p2")), standing(links))
    assert steps(decision) == [
        ("200", "add_vendor"),
        ("200", "create"),
        ("200", "lines"),
        ("200", "approve"),
        ("100", "close"),
    ]
    assert parts(decision)[0].number == "PO-7-2"


def test_an_order_deleted_in_zoho_is_held_while_its_commitment_stands() -> None:
    links = posted(decide(order()))
    look = ReadTarget(parts=("100",), ending=("100",))
    assert decide(order(), Facts(links=links, gone=True)) == look
    held = decide(order(), replace(standing(links), gone=True))
    assert held_for(held) is Reason.WITHDRAWN
    assert isinstance(decide(order(), Facts(gone=True)), NotApplicable)


def test_posted_lines_keep_their_mappings_and_new_ones_take_todays() -> None:
    links = posted(decide(order(line("l1"))))
    remapped = without(("vendor", "v1"), ("project", "p1"), ("cost_code", "*|5010"))
    facts = replace(standing(links), mappings=remapped)
    assert decide(order(line("l1")), facts) == Nothing()
    added = decide(order(line("l1"), line("l2", account_code=STEEL)), facts, reopen_approved=True)
    assert isinstance(added, Waiting), "the new line's project is not linked any more"
    assert [item.key.kind for item in added.missing] == ["project"]


def test_a_wrong_total_stays_held_until_procore_says_the_right_one() -> None:
    links = posted(decide(order()))
    wrong = {"100": replace(links["100"], total=Decimal("49.00"))}
    assert decide(order(), Facts(mappings=MAPPED, links=wrong)) == ReadTarget(parts=("100",))
    held = decide(order(), standing(wrong))
    assert held_for(held) is Reason.TOTAL_DIFFERS
    assert isinstance(decide(order(), standing(wrong, total=Decimal("50.00"))), Nothing)


def restored(facts: Facts) -> Facts:
    """As drift leaves a link whose target is to say again what we posted."""
    links = {part: replace(link, payload={}) for part, link in facts.links.items()}
    return replace(facts, links=links)


def test_restoring_takes_off_what_was_added_before_it_says_everything_again() -> None:
    """Once something of ours counts as posted, other lines pass for somebody's additions."""
    extra: list[dict[str, Any]] = [{"id": "x", "origin_id": "", "amount": "5"}]
    facts = restored(standing(posted(decide(order())), extra=extra))
    decision = decide(order(), facts, reopen_approved=True)
    actions = [action for _, action in steps(decision)]
    assert actions == ["reopen", "prune_all", "update", "lines", "approve"]
    assert parts(decision)[0].number == "PO-7"
