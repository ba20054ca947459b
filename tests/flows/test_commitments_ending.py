"""What ends a commitment: steps that take it back, and the number that it leaves free."""

from dataclasses import replace

from connectors.core.decisions import Facts, ReadTarget
from connectors.core.records import TargetState
from connectors.core.states import Reason
from tests.flows.commitments import (
    MAPPED,
    decide,
    held_for,
    line,
    live,
    order,
    parts,
    posted,
    steps,
)


def test_the_number_of_our_own_closed_commitment_is_free() -> None:
    """Zoho Books gives a number once more after an order was deleted; Procore takes it, too."""
    suspect = TargetState(
        target_id="9", number="PO-7", status="Closed", total=None, currency="USD",
        reference="mlc:42:66000:1:1", vendor_key="900",
    )  # fmt: skip
    facts = Facts(mappings=MAPPED, target_suspects=(suspect,))
    assert steps(decide(order(), facts))[0] == ("100", "create")
    open_one = replace(facts, target_suspects=(replace(suspect, status="Approved"),))
    held = decide(order(), open_one)
    assert held_for(held) is Reason.DUPLICATE_SUSPECTED
    assert "which this service posted for another order (mlc:42:66000:1:1)" in held.words
    typed = replace(facts, target_suspects=(replace(suspect, reference=""),))
    assert held_for(decide(order(), typed)) is Reason.DUPLICATE_SUSPECTED


def test_only_what_is_taken_back_may_be_gone() -> None:
    """A commitment that is to be changed and is not there needs a person."""
    links = posted(decide(order(line("l1", "p1"), line("l2", "p2"))))
    facts = Facts(mappings=MAPPED, links=links)
    moved = decide(order(line("l1", "p1", rate="7", item_total="70.00")), facts)
    assert moved == ReadTarget(parts=("100", "200"), ending=("200",))


def test_every_step_that_takes_back_says_so() -> None:
    links = posted(decide(order()))
    unmarked = replace(live(links["100"]), reference="")
    facts = Facts(mappings=MAPPED, links=links, live={"100": unmarked})
    (part,) = parts(decide(order(status="cancelled"), facts))
    assert [(step.action, step.ends) for step in part.steps] == [("mark", True), ("close", True)]
