"""Bills of orders that are never posted: they wait with exits that work, or post without."""

from typing import Any

import pytest

from connectors.core.decisions import DocumentKey, Facts, NotApplicable, Nothing, Waiting
from connectors.core.states import State
from tests.flows.procurify import bill, bill_item, of_order, order
from tests.flows.world import (
    BILLS,
    MAPPED,
    ORDERS,
    PART,
    actions,
    decide,
    linked,
    order_sibling,
    part_of,
    posted,
    sibling,
)

AT_REST = (State.NOT_APPLICABLE, State.DISMISSED, State.CANCELLED)
KEY = DocumentKey(ORDERS, "812")


def taking() -> dict[str, Any]:
    return bill(of_order(bill_item()))


def unposted(state: State, words: str = "It is a draft.") -> Facts:
    return Facts(mappings=MAPPED, documents={KEY: sibling(ORDERS, "812", state=state, words=words)})


@pytest.mark.parametrize("state", AT_REST)
def test_a_bill_says_why_its_order_is_not_posted_and_what_to_do(state: State) -> None:
    decision = decide(BILLS, taking(), unposted(state))
    assert isinstance(decision, Waiting)
    assert decision.documents == (KEY,)
    for text in ("PO-812", "It is a draft.", "Replay the order", "dismiss this bill", "option"):
        assert text in decision.words


@pytest.mark.parametrize("state", AT_REST)
def test_by_option_such_a_bill_posts_without_the_order(state: State) -> None:
    decision = decide(BILLS, taking(), unposted(state), bills_without_order="post")
    assert actions(decision) == ["create"]
    payload = part_of(decision).payload
    assert payload["without_orders"] == ["812"]
    assert "purchaseorder_ids" not in payload
    assert "without_orders" not in part_of(decision).steps[0].body


@pytest.mark.parametrize("state", sorted(set(State) - set(AT_REST)))
def test_no_option_lets_a_bill_overtake_an_order_that_may_come(state: State) -> None:
    decision = decide(BILLS, taking(), unposted(state), bills_without_order="post")
    assert isinstance(decision, Waiting)
    assert isinstance(decide(BILLS, taking(), bills_without_order="post"), Waiting)


def test_a_bill_that_was_posted_without_its_order_stays_without() -> None:
    """The order may be posted later, when the bill is paid or its period closed."""
    first = decide(BILLS, taking(), unposted(State.DISMISSED), bills_without_order="post")
    facts = linked(posted(part_of(first)), documents=order_sibling(order()))
    assert isinstance(decide(BILLS, taking(), facts), Nothing)


def test_a_bill_waits_for_an_order_that_was_posted_and_cancelled() -> None:
    """Zoho Books refuses a bill that names a cancelled order."""
    (found,) = order_sibling(order(), state=State.CANCELLED).values()
    over = posted(part_of(decide(ORDERS, order())), status="cancelled")
    gone = sibling(ORDERS, "812", links={PART: over}, record=found.record, state=State.CANCELLED)
    decision = decide(BILLS, taking(), Facts(mappings=MAPPED, documents={KEY: gone}))
    assert isinstance(decision, Waiting)
    assert "cancelled" in decision.words


def test_a_posted_bill_keeps_the_order_that_was_cancelled_since() -> None:
    documents = order_sibling(order())
    first = part_of(decide(BILLS, taking(), Facts(mappings=MAPPED, documents=documents)))
    over = posted(part_of(decide(ORDERS, order())), status="cancelled")
    gone = sibling(ORDERS, "812", links={PART: over}, state=State.CANCELLED)
    facts = linked(posted(first), documents={KEY: gone})
    assert isinstance(decide(BILLS, taking(), facts), Nothing)


def test_an_order_that_only_a_bill_names_is_not_posted() -> None:
    decision = decide(ORDERS, order(), Facts(mappings=MAPPED, only_named=True))
    assert isinstance(decision, NotApplicable)
    assert "Replay" in decision.words


def test_an_order_that_is_posted_is_followed_however_it_became_known() -> None:
    stands = posted(part_of(decide(ORDERS, order())))
    assert isinstance(decide(ORDERS, order(), linked(stands, only_named=True)), Nothing)
