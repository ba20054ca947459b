"""The table of moves: nothing is lost in it, and nobody delivers without a claim."""

import pytest

from connectors.core.states import MOVES, SETTLED, State


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State)


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_be_looked_at_again(state: State) -> None:
    seen, reachable = {state}, set(MOVES[state])
    while reachable - seen:
        seen |= reachable
        reachable = {after for one in seen for after in MOVES[one]}
    assert State.DUE in MOVES[state] or state is State.DUE
    assert State.POSTED in seen


def test_only_a_claim_leads_to_posted() -> None:
    assert [state for state in State if State.POSTED in MOVES[state]] == [State.DELIVERING]


def test_an_unknown_outcome_never_goes_straight_to_posted_or_settled() -> None:
    assert not MOVES[State.UNCONFIRMED] & SETTLED


def test_settled_states_owe_nothing() -> None:
    assert SETTLED.isdisjoint({State.DUE, State.WAITING, State.HELD, State.DELIVERING})
    assert State.UNCONFIRMED not in SETTLED
