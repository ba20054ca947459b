"""What is decided on bills: when they post, what they wait for, and what a person must see."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import (
    Deliver,
    DocumentKey,
    Facts,
    Held,
    LinkState,
    MappedTarget,
    NotApplicable,
    Nothing,
    ReadTarget,
    Sibling,
    Waiting,
)
from connectors.core.references import MappingKey
from connectors.core.states import Reason, State
from connectors.flows.procurify_to_zoho_books import FLOW
from tests.flows.procurify import bill, bill_item, of_order, order
from tests.flows.world import (
    BILLS,
    MAPPED,
    ORDERS,
    PART,
    actions,
    at_target,
    context,
    decide,
    linked,
    order_sibling,
    part_of,
    posted,
    sibling,
    without,
)

CLOSED_ORDER = 3


def link(raw: dict[str, Any] | None = None, **changes: Any) -> LinkState:
    return posted(part_of(decide(BILLS, raw or bill())), **changes)


def reason_of(decision: Any) -> Reason:
    assert isinstance(decision, Held | Waiting), decision
    assert len(decision.words) > 30
    return decision.reason


# Status and type


@pytest.mark.parametrize("status", [2, 4, 6, 7, 8])
def test_an_approved_bill_posts_at_every_stage_of_its_payment(status: int) -> None:
    assert actions(decide(BILLS, bill(status=status))) == ["create"]


@pytest.mark.parametrize("status", [0, 1, 3, 5])
def test_what_is_not_approved_is_not_applicable(status: int) -> None:
    assert isinstance(decide(BILLS, bill(status=status)), NotApplicable)


@pytest.mark.parametrize(("status", "how"), [(3, "denied"), (5, "withdrawn")])
def test_a_posted_bill_that_is_taken_back_is_held(status: int, how: str) -> None:
    assert decide(BILLS, bill(status=status), linked(link())) == ReadTarget(
        parts=(PART,), ending=(PART,)
    )
    decision = decide(BILLS, bill(status=status), linked(link(), live={PART: at_target()}))
    assert reason_of(decision) is Reason.WITHDRAWN
    assert how in decision.words


def test_a_posted_bill_that_is_deleted_is_held_and_an_unposted_one_forgotten() -> None:
    stands = linked(link(), gone=True, live={PART: at_target()})
    assert reason_of(decide(BILLS, bill(), stands)) is Reason.WITHDRAWN
    assert isinstance(decide(BILLS, bill(), Facts(gone=True)), NotApplicable)


def test_a_bill_taken_back_on_both_sides_is_done() -> None:
    decision = decide(BILLS, bill(status=5), linked(link(status="void")))
    assert decision == Nothing(final=State.CANCELLED)


@pytest.mark.parametrize("gone", [False, True])
def test_a_bill_taken_back_that_somebody_voids_at_the_target_is_done(gone: bool) -> None:
    """The words of the held document ask for it."""
    facts = linked(link(), gone=gone, live={PART: at_target(status="void")})
    decision = decide(BILLS, bill(status=5), facts)
    assert isinstance(decision, Nothing)
    assert decision.final is State.CANCELLED
    assert [(note.part, note.status) for note in decision.noted] == [(PART, "void")]


def test_a_void_bill_that_is_approved_again_is_not_taken_for_posted() -> None:
    """Withdrawn here and voided there, then approved once more as it was."""
    void = link(status="void")
    assert isinstance(decide(BILLS, bill(), linked(void)), ReadTarget)
    held = decide(BILLS, bill(), linked(void, live={PART: at_target(status="void")}))
    assert reason_of(held) is Reason.TARGET_MISSING
    assert isinstance(decide(BILLS, bill(status=0), linked(void)), NotApplicable)


@pytest.mark.parametrize(("text", "kind"), [("Bearing block", Nothing), ("Corrected", Deliver)])
def test_a_void_bill_that_somebody_opened_again_goes_on(text: str, kind: Any) -> None:
    facts = linked(link(status="void"), live={PART: at_target()})
    decision = decide(BILLS, bill(bill_item(description=text)), facts)
    assert type(decision) is kind
    assert [(note.status, note.ended) for note in decision.noted] == [("open", False)]


def test_a_posted_bill_under_correction_stands_until_it_is_approved_again() -> None:
    assert isinstance(decide(BILLS, bill(status=0), linked(link())), Nothing)


@pytest.mark.parametrize("changes", [{"status": 9}, {"type": 3}])
def test_what_nobody_knows_is_held(changes: dict[str, int]) -> None:
    assert reason_of(decide(BILLS, bill(**changes))) is Reason.UNKNOWN_STATUS


@pytest.mark.parametrize(("kind", "option"), [(1, "post_expense_bills"), (2, "post_card_bills")])
def test_other_types_post_by_option_only(kind: int, option: str) -> None:
    assert isinstance(decide(BILLS, bill(type=kind)), NotApplicable)
    assert actions(decide(BILLS, bill(type=kind), None, **{option: True})) == ["create"]


# What only a person can put right


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"invoice_number": None}, Reason.NUMBER_MISSING),
        ({"invoice_number": "   "}, Reason.NUMBER_MISSING),
        ({"vendor": None}, Reason.UNREADABLE),
        ({"invoice_date": None}, Reason.UNREADABLE),
        ({"total_cost_with_tax": -12.0}, Reason.NEGATIVE_TOTAL),
        ({"total_cost_with_tax": 50.01}, Reason.TOTAL_DIFFERS),
    ],
)
def test_a_bill_that_cannot_be_posted_as_it_is_is_held(
    changes: dict[str, Any], reason: Reason
) -> None:
    assert reason_of(decide(BILLS, bill(**changes))) is reason


@pytest.mark.parametrize(
    # The lock's own day is closed by one source and open by another: there Zoho decides.
    ("last_closed", "held"),
    [("2026-02-05", False), ("2026-02-06", True), ("2026-03-01", True)],
)
def test_a_closed_period_holds_what_is_dated_in_it(last_closed: str, held: bool) -> None:
    facts = Facts(mappings=MAPPED, locked_until=date.fromisoformat(last_closed))
    decision = decide(BILLS, bill(), facts)
    assert isinstance(decision, Held) is held
    if held:
        assert reason_of(decision) is Reason.PERIOD_CLOSED


def test_the_posting_date_decides_on_the_period() -> None:
    facts = Facts(mappings=MAPPED, locked_until=date(2026, 2, 28))
    later = bill(gl_post_date="2026-03-01T00:00:00-08:00")
    earlier = bill(invoice_date="2026-03-09", gl_post_date="2026-02-27")
    assert isinstance(decide(BILLS, later, facts), Deliver)
    assert reason_of(decide(BILLS, earlier, facts)) is Reason.PERIOD_CLOSED


# The same invoice twice


def twin(key: str, **changes: Any) -> Sibling:
    return sibling(BILLS, key, **({"state": State.DUE, "record": {"status": 2}} | changes))


@pytest.mark.parametrize(
    ("other", "held"),
    [
        (twin("76"), True),
        (twin("78"), False),
        (twin("9"), True),
        (twin("78", links={PART: link()}), True),
        (twin("76", party_key="11"), False),
        (twin("76", record={"status": 0}), False),
        (twin("76", record={"status": 5}, state=State.NOT_APPLICABLE), False),
        (twin("76", state=State.DISMISSED), False),
        (twin("76", state=State.HELD), True),
        (twin("76", links={PART: link(status="void")}, state=State.CANCELLED), False),
    ],
    ids=[
        "lower group",
        "higher group",
        "lower as a number",
        "higher but posted",
        "another vendor",
        "a draft",
        "withdrawn",
        "dismissed",
        "held itself",
        "voided",
    ],
)
def test_of_two_bills_with_one_number_the_first_posts(other: Sibling, held: bool) -> None:
    decision = decide(BILLS, bill(), Facts(mappings=MAPPED, twins=(other,)))
    if not held:
        assert isinstance(decision, Deliver)
        return
    assert reason_of(decision) is Reason.DUPLICATE_SUSPECTED
    assert other.key in decision.words


@pytest.mark.parametrize(
    ("suspect", "held"),
    [
        (at_target(), True),
        (at_target(number="inv-7 "), True),
        (at_target(reference="mlc:acme:bill:76"), True),
        (at_target(reference="mlc:acme:bill:77"), False),
        (at_target(vendor_key="z-other"), False),
        (at_target(status="void"), False),
    ],
    ids=["by hand", "other case", "another of ours", "this one", "another vendor", "void"],
)
def test_an_invoice_that_zoho_has_already_is_held(suspect: Any, held: bool) -> None:
    decision = decide(BILLS, bill(), Facts(mappings=MAPPED, target_suspects=(suspect,)))
    assert isinstance(decision, Held) is held
    if held:
        assert reason_of(decision) is Reason.DUPLICATE_SUSPECTED


# Waiting


def test_a_bill_waits_for_its_order_and_names_it() -> None:
    decision = decide(BILLS, bill(of_order(bill_item())))
    assert isinstance(decision, Waiting)
    assert reason_of(decision) is Reason.ORDER_MISSING
    assert decision.documents == (DocumentKey(ORDERS, "812"),)
    assert "PO-812" in decision.words


def test_a_bill_waits_for_everything_at_once() -> None:
    facts = Facts(mappings=without(("vendor", "10"), ("account", "5030")))
    decision = decide(BILLS, bill(of_order(bill_item())), facts)
    assert isinstance(decision, Waiting)
    assert decision.reason is Reason.VENDOR_MISSING
    assert {item.key.kind for item in decision.missing} == {"vendor", "account"}
    assert decision.documents == (DocumentKey(ORDERS, "812"),)


def test_an_order_that_is_known_but_not_posted_is_waited_for() -> None:
    documents = {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", state=State.HELD)}
    facts = Facts(mappings=MAPPED, documents=documents)
    assert reason_of(decide(BILLS, bill(of_order(bill_item())), facts)) is Reason.ORDER_MISSING


def test_an_order_that_is_posted_and_held_for_a_revision_is_no_obstacle() -> None:
    facts = Facts(mappings=MAPPED, documents=order_sibling(order(), state=State.HELD))
    assert actions(decide(BILLS, bill(of_order(bill_item())), facts)) == ["create"]


def test_needs_name_the_orders_and_the_number() -> None:
    record = FLOW.stream(BILLS).parse(bill(of_order(bill_item()), invoice_number=" Inv 7"))
    needs = FLOW.needs(BILLS, record, context())
    assert needs.documents == {DocumentKey(ORDERS, "812")}
    assert needs.twins == {"inv7"}
    assert MappingKey("account", "5030") in needs.mappings


def test_a_blank_number_has_no_twins() -> None:
    record = FLOW.stream(BILLS).parse(bill(invoice_number=" "))
    assert FLOW.needs(BILLS, record, context()).twins == frozenset()


# Nudges


@pytest.mark.parametrize(("state", "nudged"), [(CLOSED_ORDER, True), (0, False)])
def test_a_posted_bill_has_its_closed_orders_looked_at_again(state: int, nudged: bool) -> None:
    facts = Facts(mappings=MAPPED, documents=order_sibling(order(state=state)))
    decision = decide(BILLS, bill(of_order(bill_item())), facts)
    assert isinstance(decision, Deliver)
    assert decision.nudges == ((DocumentKey(ORDERS, "812"),) if nudged else ())


# Once posted

LARGER = bill(
    bill_item(quantity="8", total_cost=100.0, total_cost_with_tax=100.0), total_cost_with_tax=100.0
)


def test_a_bill_that_stands_as_meant_needs_nothing() -> None:
    assert isinstance(decide(BILLS, bill(version=2, uuid="new"), linked(link())), Nothing)


def test_a_change_asks_the_target_first() -> None:
    assert decide(BILLS, LARGER, linked(link())) == ReadTarget(parts=(PART,))


def test_an_unpaid_bill_is_updated_with_its_line_ids() -> None:
    facts = linked(link(), live={PART: at_target()})
    decision = decide(BILLS, LARGER, facts)
    assert actions(decision) == ["update"]
    part = part_of(decision)
    assert part.total == Decimal(100)
    assert part.steps[0].body["line_items"][0]["line_item_id"] == "line-901:71"


@pytest.mark.parametrize(
    "live",
    [
        at_target(status="paid"),
        at_target(status="partially_paid"),
        at_target(status="overdue", content={"payment_made": "10"}),
        at_target(content={"payment_made": "0", "vendor_credits_applied": "5"}),
    ],
)
def test_a_paid_bill_is_not_changed(live: Any) -> None:
    assert reason_of(decide(BILLS, LARGER, linked(link(), live={PART: live}))) is Reason.PAID


def test_a_paid_bill_tells_of_the_mapping_that_was_applied_to_it() -> None:
    """Nothing was changed in Procurify: that is not what has to be undone."""
    key = MappingKey("account", "5030")
    moved = MAPPED | {key: MappedTarget(key="z-new", name="New")}
    facts = linked(
        link(renewed={key: "z-new"}), mappings=moved, live={PART: at_target(status="paid")}
    )
    decision = decide(BILLS, bill(), facts)
    assert reason_of(decision) is Reason.PAID
    assert "map it as before and replay" in decision.words
    assert "in Procurify" not in decision.words
    assert isinstance(decide(BILLS, bill(), replace(facts, mappings=MAPPED)), Nothing)


def test_an_overdue_bill_without_payment_may_be_changed() -> None:
    live = at_target(status="overdue", content={"payment_made": "0"})
    assert actions(decide(BILLS, LARGER, linked(link(), live={PART: live}))) == ["update"]


def test_a_bill_voided_by_hand_is_not_brought_back() -> None:
    facts = linked(link(), live={PART: at_target(status="void")})
    assert reason_of(decide(BILLS, LARGER, facts)) is Reason.TARGET_MISSING


def test_neither_the_old_nor_the_new_day_may_lie_in_a_closed_period() -> None:
    closed = {"locked_until": date(2026, 2, 28), "live": {PART: at_target()}}
    moved = replace_day(LARGER, "2026-03-05")
    assert reason_of(decide(BILLS, moved, linked(link(), **closed))) is Reason.PERIOD_CLOSED
    later = link(replace_day(bill(), "2026-03-05"))
    assert reason_of(decide(BILLS, LARGER, linked(later, **closed))) is Reason.PERIOD_CLOSED


def test_an_unchanged_bill_in_a_closed_period_is_simply_posted() -> None:
    assert isinstance(
        decide(BILLS, bill(), linked(link(), locked_until=date(2026, 12, 31))), Nothing
    )


def replace_day(raw: dict[str, Any], day: str) -> dict[str, Any]:
    return raw | {"invoice_date": day}


def test_an_update_compares_the_whole_content_not_our_own_notes() -> None:
    before = link()
    payload = {**before.payload, "source_vendor": "10", "total": "49.99"}
    assert isinstance(decide(BILLS, bill(), linked(replace(before, payload=payload))), Nothing)
