"""A commitment that somebody changed in Procore as its order asks for: nothing is left to do."""

from dataclasses import replace

from connectors.core.decisions import Facts, Nothing
from connectors.core.states import Reason
from tests.flows.commitments import MAPPED, decide, held_for, line, live, order, posted

DEARER = order(line(rate="6", item_total="60.00"))


def test_a_change_that_somebody_made_in_procore_is_noted_and_not_held() -> None:
    """The way out of a locked commitment for people who rather do it there."""
    links = posted(decide(order()))
    dearer = posted(decide(DEARER))["100"]
    there = Facts(mappings=MAPPED, links=links, live={"100": live(dearer)})
    decision = decide(DEARER, there)
    assert isinstance(decision, Nothing), decision
    [note] = decision.noted
    assert (note.status, note.ended) == ("Approved", False)
    assert note.payload["lines"] == dearer.payload["lines"]
    half = {"100": live(dearer, total=links["100"].total)}
    assert held_for(decide(DEARER, replace(there, live=half))) is Reason.LOCKED
