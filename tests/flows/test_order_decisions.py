"""What is decided on purchase orders: the whole life, and everything that stands in its way."""

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
from tests.flows.procurify import bill, bill_item, of_order, order, order_item, percent, shares
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
    part_of,
    posted,
    sibling,
    without,
)

PURCHASED, CANCELLED, LEGACY, CLOSED, PAID, REOPENED = range(6)


def link(raw: dict[str, Any] | None = None, **changes: Any) -> LinkState:
    return posted(part_of(decide(ORDERS, raw or order())), **changes)


def billed(amount: str, *, state: State = State.POSTED, raw: Any = None) -> Sibling:
    """A posted bill that takes this amount from the order's one line."""
    item = bill_item(
        quantity=None,
        total_cost=float(amount),
        total_cost_with_tax=float(amount),
        cost_allocations=shares(("5030", amount), where="budget"),
    )
    documents = {
        DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: link()}, record=order())
    }
    facts = Facts(mappings=MAPPED, documents=documents)
    raw = bill(of_order(item), total_cost_with_tax=float(amount))
    part = part_of(decide(BILLS, raw, facts))
    return sibling(BILLS, "77", state=state, links={PART: posted(part)})


# The first time


@pytest.mark.parametrize("state", [PURCHASED, PAID, REOPENED])
def test_an_approved_order_is_created_and_opened(state: int) -> None:
    assert actions(decide(ORDERS, order(state=state))) == ["create", "open"]


@pytest.mark.parametrize("state", [State.DUE, State.WAITING, State.HELD, State.UNCONFIRMED])
def test_a_closed_order_stays_open_while_a_bill_of_it_is_outstanding(state: State) -> None:
    facts = Facts(mappings=MAPPED, dependants=(sibling(BILLS, "77", state=state),))
    assert actions(decide(ORDERS, order(state=CLOSED), facts)) == ["create", "open"]


def test_closing_is_not_followed_where_the_option_is_off() -> None:
    assert actions(decide(ORDERS, order(state=CLOSED), follow_closed=False)) == ["create", "open"]


def test_drafts_are_left_alone_where_the_option_says_so() -> None:
    assert actions(decide(ORDERS, order(), order_status="draft")) == ["create"]
    left = linked(link(status="draft"))
    assert isinstance(decide(ORDERS, order(), left, order_status="draft"), Nothing)


def test_a_cancelled_order_that_was_never_posted_is_not_applicable() -> None:
    assert isinstance(decide(ORDERS, order(state=CANCELLED)), NotApplicable)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": LEGACY}, Reason.UNKNOWN_STATUS),
        ({"state": 7}, Reason.UNKNOWN_STATUS),
        ({"number": ""}, Reason.NUMBER_MISSING),
        ({"pref_vendor": None}, Reason.UNREADABLE),
        ({"total": "-1.00"}, Reason.NEGATIVE_TOTAL),
        ({"total": "50.01"}, Reason.TOTAL_DIFFERS),
    ],
)
def test_what_only_the_source_can_put_right_is_held(
    changes: dict[str, Any], reason: Reason
) -> None:
    decision = decide(ORDERS, order(**changes))
    assert isinstance(decision, Held)
    assert decision.reason is reason
    assert len(decision.words) > 30


# What is missing


def test_everything_that_is_missing_is_named_at_once() -> None:
    item = order_item(taxes=[percent("GST", "5")], account={"account_code": {"code": "6130"}})
    facts = Facts(mappings=without(("vendor", "10"), ("tax", "GST|5"), ("currency", "USD")))
    decision = decide(ORDERS, order(item, freight="5"), facts)
    assert isinstance(decision, Waiting)
    assert decision.reason is Reason.VENDOR_MISSING
    labels = {item.label: item.reason for item in decision.missing}
    assert labels == {
        "vendor Acme Inc. (Procurify 10)": "vendor_missing",
        "currency USD": "currency_missing",
        "account 6130": "account_missing",
        "tax GST 5%": "tax_missing",
    }
    assert all(label in decision.words for label in labels)


def test_the_same_thing_is_missing_once_however_many_lines_name_it() -> None:
    raw = order(order_item(501), order_item(502), total="100")
    decision = decide(ORDERS, raw, Facts(mappings=without(("account", "5030"))))
    assert [item.key.source_key for item in decision.missing] == ["5030"]


def test_a_vendor_that_became_inactive_is_missing_by_name() -> None:
    gone = MAPPED | {
        MappingKey("vendor", "10"): MappedTarget(key="z-acme", name="Acme Inc.", active=False)
    }
    decision = decide(ORDERS, order(), Facts(mappings=gone))
    assert isinstance(decision, Waiting)
    assert "Acme Inc. is inactive in Zoho Books" in decision.words


def test_needs_name_all_that_the_decision_will_look_at() -> None:
    raw = order(order_item(taxes=[percent("GST", "5")]), freight="5")
    needs = FLOW.needs(ORDERS, FLOW.stream(ORDERS).parse(raw), context())
    assert needs.mappings == {
        MappingKey("vendor", "10"),
        MappingKey("currency", "USD"),
        MappingKey("account", "5030"),
        MappingKey("account", "charge:freight"),
        MappingKey("tax", "GST|5"),
    }
    assert needs.twins == {"po812"}
    assert needs.dependants


def test_needs_never_fail_on_what_the_decision_will_hold() -> None:
    item = order_item(spend_allocation=shares(("6010", "1"), ("6020", "1")))
    needs = FLOW.needs(ORDERS, FLOW.stream(ORDERS).parse(order(item)), context())
    assert MappingKey("vendor", "10") in needs.mappings


# Numbers


def test_a_number_typed_into_zoho_by_hand_is_held_whoever_the_vendor_is() -> None:
    taken = at_target(number="PO-812", vendor_key="z-other")
    decision = decide(ORDERS, order(), Facts(mappings=MAPPED, target_suspects=(taken,)))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.DUPLICATE_SUSPECTED


def test_our_own_order_met_again_is_no_duplicate() -> None:
    ours = at_target(number="PO-812", reference="mlc:acme:po:812")
    facts = Facts(mappings=MAPPED, target_suspects=(ours,))
    assert actions(decide(ORDERS, order(), facts)) == ["create", "open"]


# Once posted


def test_an_order_that_stands_as_meant_needs_nothing() -> None:
    decision = decide(ORDERS, order(), linked(link()))
    assert decision == Nothing(final=State.POSTED)


def test_only_what_is_left_is_done_after_an_interruption() -> None:
    assert actions(decide(ORDERS, order(), linked(link(status="draft")))) == ["open"]


@pytest.mark.parametrize("status", ["open", "issued", "partially_billed", "billed", "received"])
def test_what_zoho_makes_of_an_open_order_is_left_to_zoho(status: str) -> None:
    assert isinstance(decide(ORDERS, order(), linked(link(status=status))), Nothing)


def test_a_revision_updates_with_the_lines_that_are_known() -> None:
    before = link(order(order_item(501), order_item(502), total="100"))
    raw = order(order_item(501, quantity="8", total_cost="100"), order_item(503), total="150")
    decision = decide(ORDERS, raw, linked(before))
    assert actions(decision) == ["update"]
    rows = part_of(decision).steps[0].body["line_items"]
    assert [row.get("line_item_id") for row in rows] == ["line-501:0", None]
    assert part_of(decision).total == Decimal(150)


def test_a_line_whose_allocation_was_renumbered_keeps_its_id() -> None:
    before = link(order(order_item(spend_allocation=shares(("6010", "20"), ("6020", "30")))))
    renumbered = [
        share | {"id": share["id"] + 100} for share in shares(("6010", "25"), ("6020", "25"))
    ]
    decision = decide(ORDERS, order(order_item(spend_allocation=renumbered)), linked(before))
    rows = part_of(decision).steps[0].body["line_items"]
    assert [row["line_item_id"] for row in rows] == ["line-501:71", "line-501:72"]


def test_what_is_not_said_any_more_is_taken_back() -> None:
    before = link(
        order(
            order_item(taxes=[percent("GST", "5")], sku="X"),
            discount={"value": "5", "type": "amount"},
            total="47.25",
        )
    )
    sent = part_of(decide(ORDERS, order(order_item(sku="", unit="")), linked(before))).steps[0].body
    assert (sent["discount"], sent["is_discount_before_tax"]) == ("", False)
    assert sent["line_items"][0]["tax_id"] == ""
    assert sent["line_items"][0]["description"] == ""


def test_lines_that_did_not_change_keep_the_mappings_they_were_posted_with() -> None:
    before = link(order(order_item(501), order_item(502), total="100"))
    mappings = MAPPED | {MappingKey("account", "5030"): MappedTarget(key="z-new", name="New")}
    raw = order(order_item(501, quantity="8", total_cost="100"), order_item(503), total="150")
    rows = part_of(decide(ORDERS, raw, linked(before, mappings=mappings))).payload["lines"]
    assert [row["account_id"] for row in rows] == ["z-5030", "z-new"]


def test_a_changed_mapping_alone_moves_nothing_that_is_posted() -> None:
    mappings = MAPPED | {
        MappingKey("account", "5030"): MappedTarget(key="z-new", name="New"),
        MappingKey("vendor", "10"): MappedTarget(key="z-other", name="Other"),
    }
    assert isinstance(decide(ORDERS, order(), linked(link(), mappings=mappings)), Nothing)


def test_a_revision_below_what_is_billed_is_held_with_both_amounts() -> None:
    raw = order(order_item(quantity="2", total_cost="25"), total="25")
    decision = decide(ORDERS, raw, linked(link(), dependants=(billed("30.00"),)))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.BELOW_BILLED
    assert "25.00 USD" in decision.words
    assert "30.00 USD" in decision.words


def test_removing_a_billed_line_is_held_too() -> None:
    raw = order(order_item(599), total="50")
    decision = decide(ORDERS, raw, linked(link(), dependants=(billed("30.00"),)))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.BELOW_BILLED


def credited(*, comment: str = "", credit: str = "-50.00", total: str = "150.00") -> dict[str, Any]:
    """An order of 200.00 with a rebate on the same account."""
    goods = order_item(quantity="4", price="50.00", total_cost="200.00")
    rebate = order_item(502, quantity="1", price=credit, total_cost=credit)
    return order(goods, rebate, total=total, comment=comment)


def credited_bill() -> Sibling:
    """Half of the goods, and 30.00 of the rebate."""
    goods = bill_item(
        quantity="2",
        total_cost=100.0,
        total_cost_with_tax=100.0,
        cost_allocations=shares(("5030", "100"), where="budget"),
    )
    rebate = bill_item(
        902,
        quantity="0.6",
        total_cost=-30.0,
        total_cost_with_tax=-30.0,
        cost_allocations=shares(("5030", "-30"), where="budget"),
    )
    raw = bill(of_order(goods), of_order(rebate, order_item_key=502), total_cost_with_tax=70.0)
    order_link = {PART: link(credited())}
    documents = {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links=order_link)}
    part = part_of(decide(BILLS, raw, Facts(mappings=MAPPED, documents=documents)))
    assert all("order_line" in row for row in part.payload["lines"])
    return sibling(BILLS, "77", links={PART: posted(part)})


def test_a_new_comment_on_an_order_with_a_rebate_is_no_revision_below_what_is_billed() -> None:
    facts = linked(link(credited()), dependants=(credited_bill(),))
    assert actions(decide(ORDERS, credited(comment="Dock 4"), facts)) == ["update"]


def test_a_rebate_lowered_below_what_is_billed_of_it_is_held() -> None:
    facts = linked(link(credited()), dependants=(credited_bill(),))
    larger = decide(ORDERS, credited(credit="-60.00", total="140.00"), facts)
    assert actions(larger) == ["update"]
    decision = decide(ORDERS, credited(credit="-20.00", total="180.00"), facts)
    assert isinstance(decision, Held)
    assert "-20.00 USD" in decision.words
    assert "-30.00 USD" in decision.words


def test_a_line_that_was_billed_beyond_its_order_is_held_only_when_it_shrinks_further() -> None:
    facts = linked(link(), dependants=(billed("60.00"),))
    assert actions(decide(ORDERS, order(comment="Dock 4"), facts)) == ["update"]
    raised = order(order_item(quantity="4", price="13.00", total_cost="52.00"), total="52.00")
    assert actions(decide(ORDERS, raised, facts)) == ["update"]


def test_a_quantity_lowered_below_what_is_billed_is_held_though_its_amount_rises() -> None:
    facts = linked(link(), dependants=(billed("37.50"),))
    dearer = order(order_item(quantity="2", price="40.00", total_cost="80.00"), total="80.00")
    decision = decide(ORDERS, dearer, facts)
    assert isinstance(decision, Held)
    assert decision.reason is Reason.BELOW_BILLED
    assert "quantity 2" in decision.words


def test_a_revision_down_to_exactly_what_is_billed_is_posted() -> None:
    raw = order(order_item(quantity="2", total_cost="25"), total="25")
    assert actions(decide(ORDERS, raw, linked(link(), dependants=(billed("25.00"),)))) == ["update"]


def test_a_voided_bill_has_taken_nothing() -> None:
    voided = billed("30.00")
    gone = {PART: posted(part_of(decide(ORDERS, order())), status="void")}
    raw = order(order_item(quantity="2", total_cost="25"), total="25")
    dependants = (sibling(BILLS, voided.key, links=gone),)
    assert actions(decide(ORDERS, raw, linked(link(), dependants=dependants))) == ["update"]


# The rest of its life


def test_an_order_closed_later_is_billed_once_its_bills_are_posted() -> None:
    open_bill = linked(link(), dependants=(billed("30.00", state=State.DUE),))
    posted_bill = linked(link(), dependants=(billed("30.00"),))
    assert isinstance(decide(ORDERS, order(state=CLOSED), open_bill), Nothing)
    assert actions(decide(ORDERS, order(state=CLOSED), posted_bill)) == ["billed"]


def test_a_reopened_order_is_opened_again() -> None:
    assert actions(decide(ORDERS, order(state=REOPENED), linked(link(status="billed")))) == ["open"]


def test_a_posted_order_is_cancelled_and_its_payload_kept() -> None:
    decision = decide(ORDERS, order(state=CANCELLED), linked(link()))
    assert isinstance(decision, Deliver)
    assert decision.final is State.CANCELLED
    assert actions(decision) == ["cancelled"]
    assert part_of(decision).payload == link().payload
    assert part_of(decision).total is None


def test_a_cancelled_order_stays_cancelled() -> None:
    facts = linked(link(status="cancelled"))
    assert decide(ORDERS, order(state=CANCELLED), facts) == Nothing(final=State.CANCELLED)


def test_a_draft_is_opened_before_it_is_cancelled() -> None:
    """Zoho Books cancels open orders only."""
    decision = decide(ORDERS, order(state=CANCELLED), linked(link(status="draft")))
    assert actions(decision) == ["open", "cancelled"]


def test_an_order_deleted_at_the_source_is_held_if_posted() -> None:
    decision = decide(ORDERS, order(), linked(link(), gone=True, live={PART: at_target()}))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.WITHDRAWN
    assert isinstance(decide(ORDERS, order(), Facts(gone=True)), NotApplicable)
    cancelled = linked(link(status="cancelled"), gone=True)
    assert decide(ORDERS, order(), cancelled) == Nothing(final=State.CANCELLED)


def test_an_order_deleted_at_the_source_that_somebody_cancels_at_the_target_is_done() -> None:
    facts = linked(link(), gone=True, live={PART: at_target(status="cancelled")})
    decision = decide(ORDERS, order(), facts)
    assert isinstance(decision, Nothing)
    assert decision.final is State.CANCELLED
    assert [(note.part, note.status) for note in decision.noted] == [(PART, "cancelled")]


def test_a_wrong_total_at_the_target_stays_held_until_it_is_right_there() -> None:
    wrong = link(total=Decimal("50.01"), status="draft")
    assert decide(ORDERS, order(), linked(wrong)) == ReadTarget(parts=(PART,))
    still = linked(wrong, live={PART: at_target(total=Decimal("50.01"))})
    decision = decide(ORDERS, order(), still)
    assert isinstance(decision, Held)
    assert decision.reason is Reason.TOTAL_DIFFERS
    corrected = linked(wrong, live={PART: at_target(total=Decimal("50.00"))})
    assert actions(decide(ORDERS, order(), corrected)) == ["open"]
