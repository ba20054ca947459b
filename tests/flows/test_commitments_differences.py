"""Drift on commitments: only what we posted is compared, and every difference has its words."""

from dataclasses import replace
from typing import Any

from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore import FLOW
from tests.flows.commitments import decide, line, live, order, posted


def drift(**changes: Any) -> list[tuple[str, str, str]]:
    """What is found on a commitment that stands as posted but for these changes."""
    (link,) = posted(decide(order(line("l1"), line("l2")))).values()
    return found(link.payload, live(link, **changes))


def found(payload: Any, state: TargetState) -> list[tuple[str, str, str]]:
    assert FLOW.differences is not None
    return [(d.field, d.ours, d.theirs) for d in FLOW.differences("commitment", payload, state)]


def test_what_stands_as_posted_shows_nothing() -> None:
    assert drift() == []
    assert drift(status="Partially Received") == [], "what goes on with it is no drift"


def test_fields_of_the_header_and_the_status_are_compared() -> None:
    assert drift(status="Draft") == [("status", "Approved", "Draft")]
    assert drift(content={"vendor_id": "4711"}) == [("vendor", "900", "4711")]
    assert drift(content={"contract_date": ""}) == [("contract date", "2026-08-03", "")]


def test_a_deleted_commitment_is_one_difference() -> None:
    assert drift(status="deleted") == [("status", "Approved", "deleted")]


def test_what_was_withdrawn_may_be_deleted_or_closed_but_not_stand() -> None:
    (link,) = posted(decide(order())).values()
    payload = {**link.payload, "status": "Closed"}
    assert found(payload, live(link, status="deleted")) == []
    assert found(payload, live(link, status="Closed")) == []
    assert found(payload, live(link)) == [("status", "Closed", "Approved")]


def test_lines_are_compared_by_number_not_by_spelling() -> None:
    (link,) = posted(decide(order())).values()
    state = live(link)
    same = [{**row, "amount": "50.0", "quantity": "10.0"} for row in state.content["lines"]]
    assert found(link.payload, replace(state, content={**state.content, "lines": same})) == []
    other = [{**row, "wbs_code_id": "7"} for row in state.content["lines"]]
    assert found(link.payload, replace(state, content={**state.content, "lines": other})) == [
        ("line Cement: budget code", "100-03-300.M", "7")
    ]


def test_lines_that_are_gone_or_typed_in_are_named() -> None:
    (link,) = posted(decide(order(line("l1"), line("l2", name="Sand")))).values()
    state = live(link, extra=[{"id": "9", "origin_id": "", "description": "Gift", "amount": "5"}])
    left = [row for row in state.content["lines"] if not str(row["origin_id"]).endswith(":l2")]
    assert found(link.payload, replace(state, content={**state.content, "lines": left})) == [
        ("line Sand", "50.00", "removed"),
        ("line Gift", "not ours", "5"),
    ]


def test_what_is_to_be_posted_anew_is_not_compared() -> None:
    (link,) = posted(decide(order())).values()
    assert found({}, live(link)) == []
