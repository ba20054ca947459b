"""What is posted anew gets a mark of its own; a cancelled order gets a successor."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.core.decisions import Facts, Held, LinkState, Nothing, PartPlan
from connectors.core.states import Over, Reason, State
from connectors.flows.procurify_to_zoho_books.words import taken
from tests.flows.procurify import bill, order
from tests.flows.world import (
    BILLS,
    MAPPED,
    ORDERS,
    actions,
    at_target,
    decide,
    linked,
    part_of,
    posted,
)

CANCELLED = 1


def order_link(**changes: Any) -> LinkState:
    return posted(part_of(decide(ORDERS, order())), **changes)


def bill_link(**changes: Any) -> LinkState:
    return posted(part_of(decide(BILLS, bill())), **changes)


def test_an_order_that_was_reopened_after_a_cancel_is_held_with_a_way_out() -> None:
    decision = decide(ORDERS, order(), linked(order_link(status="cancelled")))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.REOPENED
    assert "successor (PO-812-R2)" in decision.words


def test_the_successor_of_a_cancelled_order_has_a_number_and_a_mark_of_its_own() -> None:
    facts = linked(order_link(status=Over.SUPERSEDED))
    decision = decide(ORDERS, order(), facts)
    part = part_of(decision)
    assert actions(decision) == ["create", "open"]
    assert (part.number, part.reference) == ("PO-812-R2", "mlc:acme:po:812:2")
    assert part.payload["purchaseorder_number"] == "PO-812-R2"
    assert part.payload["reference_number"] == part.reference


def test_a_posted_successor_stays_as_it_is() -> None:
    first = part_of(decide(ORDERS, order(), linked(order_link(status=Over.SUPERSEDED))))
    assert isinstance(decide(ORDERS, order(), linked(posted(first))), Nothing)


def test_a_second_successor_counts_on() -> None:
    first = part_of(decide(ORDERS, order(), linked(order_link(status=Over.SUPERSEDED))))
    second = part_of(decide(ORDERS, order(), linked(posted(first, status=Over.SUPERSEDED))))
    assert (second.number, second.reference) == ("PO-812-R3", "mlc:acme:po:812:3")


def test_a_deleted_successor_keeps_its_number() -> None:
    first = part_of(decide(ORDERS, order(), linked(order_link(status=Over.SUPERSEDED))))
    again = part_of(decide(ORDERS, order(), linked(posted(first, status=Over.DELETED))))
    assert (again.number, again.reference) == ("PO-812-R2", "mlc:acme:po:812:3")


@pytest.mark.parametrize(
    ("stream", "raw", "link"),
    [(ORDERS, order(), order_link()), (BILLS, bill(), bill_link())],
    ids=["order", "bill"],
)
def test_a_deleted_record_is_created_under_its_own_number(
    stream: str, raw: Any, link: LinkState
) -> None:
    over = linked(posted(part_of(decide(stream, raw)), status=Over.DELETED))
    part = part_of(decide(stream, raw, over))
    assert part.steps[0].creates
    assert part.number == link.target_number
    assert part.reference == f"{link.reference}:2"
    assert isinstance(decide(stream, raw, linked(posted(part))), Nothing)


@pytest.mark.parametrize("status", list(Over))
def test_what_is_over_and_taken_back_at_the_source_is_done(status: Over) -> None:
    cancelled = decide(ORDERS, order(state=CANCELLED), linked(order_link(status=status)))
    assert cancelled == Nothing(final=State.CANCELLED)
    for stream, raw, link in ((ORDERS, order(), order_link), (BILLS, bill(), bill_link)):
        gone = decide(stream, raw, linked(link(status=status), gone=True))
        assert gone == Nothing(final=State.CANCELLED)


def test_a_mark_that_grows_too_long_still_fits() -> None:
    long = "mlc:" + "a" * 32 + ":po:123456789"
    facts = linked(order_link(status=Over.DELETED, reference=long + "0"))
    found = part_of(decide(ORDERS, order(), facts)).reference
    assert len(found) <= 50
    assert found.endswith(":po:1234567890:2")


def test_a_number_of_our_own_cancelled_order_is_told_as_ours() -> None:
    """A number that Procurify gives once more, after the first order with it was cancelled."""
    ours = at_target(number="PO-812", status="cancelled", reference="mlc:acme:po:700")
    words = taken("purchase order", ours)
    assert "which this service posted for another record (mlc:acme:po:700)" in words
    assert "cancelled" in words
    over = taken("purchase order", at_target(number="PO-812", status="cancelled"))
    assert "Link this document" not in over, "what is cancelled cannot be opened nor linked"
    assert "delete or renumber the other one in Zoho Books and replay" in over
    strange = taken("purchase order", at_target(number="PO-812"))
    assert "was not posted by this service" in strange
    assert "Post it under another number" in words
    assert "another number" not in taken("bill", replace(ours, status="void"))
    assert "Link this document to it" in strange


def chosen(times: int, raw: Any = None, **links: LinkState) -> PartPlan:
    """What is posted after a person has chosen another number so often."""
    facts = replace(linked(links["link"]) if links else Facts(mappings=MAPPED), renumbered=times)
    return part_of(decide(ORDERS, raw or order(), facts))


@pytest.mark.parametrize(
    ("before", "over", "times", "number"),
    [
        (0, Over.DELETED, 1, "PO-812-R2"),
        (0, Over.SUPERSEDED, 1, "PO-812-R3"),
        (1, Over.DELETED, 1, "PO-812-R2"),
        (1, Over.SUPERSEDED, 1, "PO-812-R3"),
        (1, Over.DELETED, 2, "PO-812-R3"),
        (1, Over.SUPERSEDED, 2, "PO-812-R4"),
        (2, Over.SUPERSEDED, 2, "PO-812-R4"),
    ],
)
def test_no_number_is_met_twice(before: int, over: Over, times: int, number: str) -> None:
    """Chosen so often before it was posted, and until now: Zoho gives none of them again."""
    assert chosen(times, link=posted(chosen(before), status=over)).number == number


def test_a_number_that_was_chosen_is_kept_until_the_source_has_another() -> None:
    link = posted(chosen(1))
    for kept in (link, replace(link, payload={**link.payload, "renumbered": 1})):
        facts = replace(linked(kept), renumbered=1)
        assert isinstance(decide(ORDERS, order(), facts), Nothing)
    assert chosen(1, order(number="PO-99"), link=link).number == "PO-99"
    restored = replace(link, payload={})
    assert chosen(1, link=restored).number == "PO-812-R2"


def test_the_words_name_the_successor_that_will_be_posted() -> None:
    facts = replace(linked(posted(chosen(1), status="cancelled")), renumbered=1)
    assert "successor (PO-812-R3)" in decide(ORDERS, order(), facts).words


def test_a_successor_whose_number_is_too_long_is_held() -> None:
    raw = order(number="P" * 99)
    decision = decide(ORDERS, raw, linked(posted(chosen(0, raw), status=Over.SUPERSEDED)))
    assert isinstance(decision, Held)
    assert "P-R2 has 102 characters" in decision.words
