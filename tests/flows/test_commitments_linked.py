"""A commitment that people typed into Procore stands for an order without being written to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from connectors.core.decisions import Absent, Facts, Found, LinkState, Nothing, Step
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore import FLOW
from tests.flows.commitments import MAPPED, decide, line, live, order, posted, steps


def typed_in() -> TargetState:
    """As an order of two lines would stand there, without any mark of ours."""
    state = live(posted(decide(order(line("l1"), line("l2"))))["100"])
    lines = [{**row, "origin_id": ""} for row in state.content["lines"]]
    return replace(state, reference="", content={**state.content, "lines": lines})


def linked() -> LinkState:
    link = posted(decide(order(line("l1"), line("l2"))))["100"]
    return replace(link, lines=FLOW.linked_lines(link.payload, typed_in()))


def test_lines_are_matched_by_budget_code_and_amount() -> None:
    ids = {str(row["id"]) for row in typed_in().content["lines"]}
    assert set(linked().lines) == {"l1", "l2"}
    assert set(linked().lines.values()) <= ids
    assert len(set(linked().lines.values())) == 2


def test_a_line_without_a_match_is_known_all_the_same() -> None:
    one = replace(typed_in(), content={**typed_in().content, "lines": []})
    payload = posted(decide(order(line("l1"), line("l2"))))["100"].payload
    assert FLOW.linked_lines(payload, one) == {"l1": "", "l2": ""}


def test_a_linked_order_needs_nothing() -> None:
    facts = Facts(mappings=MAPPED, links={"100": linked()})
    assert isinstance(decide(order(line("l1"), line("l2")), facts), Nothing)


def test_the_mark_is_given_before_anything_is_synced_by_it() -> None:
    """A sync by an origin id that Procore does not know would make a second commitment."""
    facts = Facts(mappings=MAPPED, links={"100": linked()}, live={"100": typed_in()})
    changed = order(line("l1"), line("l2"), delivery_date="2026-09-01")
    assert [action for _, action in steps(decide(changed, facts))] == ["mark", "update"]
    cancelled = order(line("l1"), line("l2"), status="cancelled")
    assert [action for _, action in steps(decide(cancelled, facts))] == ["mark", "close"]


@pytest.mark.parametrize("status", ["Draft", "Closed", "deleted"])
def test_what_is_not_in_force_is_not_linked(status: str) -> None:
    assert status in FLOW.unlinkable("commitment", replace(typed_in(), status=status), "mlc:1")


def test_what_another_program_owns_is_not_linked() -> None:
    theirs = replace(typed_in(), reference="erp-77")
    assert "erp-77" in FLOW.unlinkable("commitment", theirs, "mlc:1")
    assert not FLOW.unlinkable("commitment", typed_in(), "mlc:1")


class Procore:
    """One commitment that people typed in."""

    def __init__(self) -> None:
        self.contract: dict[str, Any] = {
            "id": 7,
            "number": "PO-1",
            "status": "Approved",
            "origin_id": None,
            "vendor": {"id": 901},
            "line_items": [],
        }
        self.sent: list[tuple[str, str, Mapping[str, Any]]] = []

    def patch_contract(self, project: str, key: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        self.sent.append((project, key, changes))
        self.contract |= changes
        return self.contract

    def purchase_order_contract(self, project: str, key: str) -> dict[str, Any]:
        return self.contract


def test_giving_the_mark_writes_the_origin_id_alone_and_can_be_looked_up() -> None:
    client, step = Procore(), Step(action="mark", status="Approved")
    ref = PartRef(
        target_kind="commitment",
        reference="mlc:1:2:1:1",
        target_id="7",
        number="PO-1",
        vendor_key="901",
        total="",
        part="100",
    )
    assert isinstance(FLOW.sink.probe(client, ref, step), Absent)
    state = FLOW.sink.perform(client, ref, step)
    assert client.sent == [("100", "7", {"origin_id": "mlc:1:2:1:1"})]
    assert (state.target_id, state.reference, state.total) == ("7", "mlc:1:2:1:1", None)
    assert isinstance(FLOW.sink.probe(client, ref, step), Found)
