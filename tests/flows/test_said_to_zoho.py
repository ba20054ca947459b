"""What Zoho Books is told besides the source: the location, and that nothing is billable."""

from typing import Any

import pytest

from connectors.core.answers import Answer, with_answer
from connectors.core.decisions import Facts, Nothing
from connectors.core.flow import Context, PartRef
from connectors.flows.procurify_to_zoho_books import FLOW
from connectors.flows.procurify_to_zoho_books.comparing import says
from tests.flows.procurify import bill, order
from tests.flows.world import BASE, BILLS, MAPPED, ORDERS, at_target, linked, part_of, posted

RAW = {ORDERS: order, BILLS: bill}
SAID = with_answer(BASE, Answer(name="location", value="l-main", words=""))


def decided(stream: str, facts: Facts, **settings: str) -> Any:
    record = FLOW.stream(stream).parse(RAW[stream]())
    context = Context(
        options=FLOW.default_options(),
        source_settings={"subdomain": "acme"},
        target_settings=settings,
    )
    return FLOW.decide(stream, record, facts, context)


def facts(**profile: Any) -> Facts:
    return Facts(mappings=MAPPED, source_profile=BASE, target_profile={**BASE, **profile})


@pytest.mark.parametrize("stream", [ORDERS, BILLS])
@pytest.mark.parametrize(
    ("profile", "settings", "location"),
    [
        ({}, {}, None),
        (SAID, {}, "l-main"),
        (SAID, {"location_id": "l-depot"}, "l-depot"),
        ({}, {"location_id": "l-depot"}, "l-depot"),
    ],
)
def test_a_record_names_the_location_that_was_chosen_or_told(
    stream: str, profile: dict[str, Any], settings: dict[str, str], location: str | None
) -> None:
    (create, *_) = part_of(decided(stream, facts(**profile), **settings)).steps
    assert create.body.get("location_id") == location


@pytest.mark.parametrize("stream", [ORDERS, BILLS])
def test_what_stands_there_is_not_moved_when_another_location_is_chosen(stream: str) -> None:
    before = posted(part_of(decided(stream, facts())))
    later = decided(stream, linked(before, target_profile=SAID), location_id="l-depot")
    assert isinstance(later, Nothing)


@pytest.mark.parametrize(
    ("theirs", "agrees"),
    [({}, True), ({"location_id": "l-1"}, True), ({"location_id": "x"}, False)],
)
def test_an_answer_may_leave_the_location_out_but_not_say_another(
    theirs: dict[str, str], agrees: bool
) -> None:
    ref = PartRef(target_kind=BILLS, reference="", target_id="", number="", vendor_key="", total="")
    assert says(at_target(content=theirs), ref, {"location_id": "l-1"}) is agrees


def test_no_line_of_a_bill_is_billed_to_a_customer() -> None:
    (create,) = part_of(decided(BILLS, facts())).steps
    assert [line["is_billable"] for line in create.body["line_items"]] == [False]


def test_a_bill_that_was_posted_without_saying_so_is_left_alone() -> None:
    part = part_of(decided(BILLS, facts()))
    lines = [
        {name: value for name, value in line.items() if name != "is_billable"}
        for line in part.payload["lines"]
    ]
    before = posted(part, payload={**part.payload, "lines": lines})
    assert isinstance(decided(BILLS, linked(before, target_profile=BASE)), Nothing)
