"""A closed order is marked billed when its bills are posted, and says why where it stays open."""

from dataclasses import replace

import pytest

from connectors.core.decisions import Nothing
from connectors.core.states import State
from connectors.providers.procurify.records import bills
from tests.flows.procurify import bill, order
from tests.flows.test_order_decisions import CLOSED, billed, link
from tests.flows.world import BILLS, ORDERS, actions, decide, linked, sibling


def test_a_closed_order_without_a_bill_stays_open_and_says_why() -> None:
    decision = decide(ORDERS, order(state=CLOSED))
    assert actions(decision) == ["create", "open"]
    assert "no bill of it is posted" in decision.words


@pytest.mark.parametrize("state", [State.DISMISSED, State.CANCELLED, State.NOT_APPLICABLE])
def test_a_closed_order_whose_only_bill_came_to_nothing_stays_open(state: State) -> None:
    dismissed = sibling(BILLS, "77", state=state, record=bill(status=2))
    decision = decide(ORDERS, order(state=CLOSED), linked(link(), dependants=(dismissed,)))
    assert isinstance(decision, Nothing)
    assert "no bill of it is posted" in decision.words


@pytest.mark.parametrize("status", [bills.DRAFT, bills.CONFIRMED])
def test_a_bill_that_awaits_approval_keeps_a_closed_order_open(status: int) -> None:
    """Beside one that is posted, and also where it was posted and is being corrected."""
    awaited = sibling(
        BILLS, "78", number="INV-8", state=State.NOT_APPLICABLE, record=bill(status=status)
    )
    facts = linked(link(), dependants=(billed("30.00"), awaited))
    decision = decide(ORDERS, order(state=CLOSED), facts)
    assert isinstance(decision, Nothing)
    assert "INV-8" in decision.words
    corrected = replace(billed("30.00"), record=bill(status=status))
    facts = linked(link(), dependants=(corrected,))
    assert isinstance(decide(ORDERS, order(state=CLOSED), facts), Nothing)


@pytest.mark.parametrize("state", [State.DISMISSED, State.CANCELLED])
def test_a_closed_order_is_billed_once_its_last_open_bill_was_dismissed(state: State) -> None:
    other = sibling(BILLS, "78", state=state, record=bill(status=bills.DRAFT))
    facts = linked(link(), dependants=(billed("30.00"), other))
    assert actions(decide(ORDERS, order(state=CLOSED), facts)) == ["billed"]
