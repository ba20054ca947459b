"""A bill's number is taken within one target vendor and fiscal year, however it is spelt."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.core.decisions import Deliver, Facts, Held, LinkState, MappedTarget, ReadTarget
from connectors.core.references import MappingKey
from connectors.core.states import Reason, State
from connectors.flows.procurify_to_zoho_books import FLOW
from connectors.flows.procurify_to_zoho_books.years import fiscal_year, same_year
from tests.flows.procurify import bill
from tests.flows.world import (
    BILLS,
    MAPPED,
    PART,
    at_target,
    context,
    decide,
    linked,
    part_of,
    posted,
    sibling,
)

# Two vendors of Procurify lead to one contact of Zoho Books, a third to another.
MAPPINGS = MAPPED | {
    MappingKey("vendor", "11"): MappedTarget(key="z-acme", name="Acme Inc."),
    MappingKey("vendor", "12"): MappedTarget(key="z-other", name="Other"),
}
APRIL = {"fiscal_year_start_month": "april"}


def other(key: str, number: str = "INV-7", **changes: Any) -> Any:
    """Another bill, approved and not posted yet; its vendor is 11 of Procurify."""
    raw = bill(
        group=int(key),
        invoice_number=number,
        vendor={"id": 11, "name": "Acme East"},
        **changes.pop("raw", {}),
    )
    fields = {"party_key": "11", "target_party": "z-acme", "state": State.DUE, "record": raw}
    return sibling(BILLS, key, number=number, **(fields | changes))


def stands(**raw: Any) -> LinkState:
    return posted(part_of(decide(BILLS, bill(**raw), Facts(mappings=MAPPINGS))))


def is_held(decision: Any) -> bool:
    return isinstance(decision, Held) and decision.reason is Reason.DUPLICATE_SUSPECTED


def test_needs_ask_for_every_spelling_of_the_number_and_for_the_vendors_mapping() -> None:
    wanted: set[str] = set()
    for number in ("INV-7", "inv 7", "INV\u20137", "Inv7"):
        record = FLOW.stream(BILLS).parse(bill(invoice_number=number))
        needs = FLOW.needs(BILLS, record, context())
        assert needs.party_kind == "vendor"
        wanted |= needs.twins
    assert wanted == {"inv7"}


@pytest.mark.parametrize("number", ["INV-7", "inv 7", "INV\u20137"])
def test_two_source_vendors_that_lead_to_one_contact_are_one_vendor(number: str) -> None:
    facts = Facts(mappings=MAPPINGS, twins=(other("76", number),))
    assert is_held(decide(BILLS, bill(), facts))
    facts = Facts(mappings=MAPPINGS, twins=(other("78", number),))
    assert isinstance(decide(BILLS, bill(), facts), Deliver), "of one batch the first one posts"


def test_one_that_leads_to_another_contact_is_another_vendor() -> None:
    facts = Facts(mappings=MAPPINGS, twins=(other("76", target_party="z-other"),))
    assert isinstance(decide(BILLS, bill(), facts), Deliver)


def test_a_posted_one_of_the_other_source_vendor_has_the_number() -> None:
    link = stands(vendor={"id": 11, "name": "Acme East"})
    twin = other("78", state=State.POSTED, links={PART: link})
    assert is_held(decide(BILLS, bill(), Facts(mappings=MAPPINGS, twins=(twin,))))


@pytest.mark.parametrize(
    ("profile", "invoiced", "held"),
    [
        (APRIL, "2026-03-31", True),
        (APRIL, "2026-04-01", False),
        (APRIL, "2025-03-31", False),
        ({"fiscal_year_start_month": 0}, "2026-12-31", True),
        ({"fiscal_year_start_month": "0"}, "2025-12-31", False),
        ({"fiscal_year_start_month": 3}, "2026-04-01", False),
        ({}, "2019-01-01", True),
        ({"fiscal_year_start_month": "avril"}, "2019-01-01", True),
    ],
)
def test_a_yearly_series_is_no_duplicate(
    profile: dict[str, Any], invoiced: str, held: bool
) -> None:
    """The bill at hand is dated 2026-02-05; where the year is not known all years count as one."""
    twin = other("76", raw={"invoice_date": invoiced})
    facts = Facts(mappings=MAPPINGS, twins=(twin,), target_profile=profile)
    assert is_held(decide(BILLS, bill(), facts)) is held
    typed = at_target(content={"date": invoiced})
    facts = Facts(mappings=MAPPINGS, target_suspects=(typed,), target_profile=profile)
    assert is_held(decide(BILLS, bill(), facts)) is held


def test_a_posted_bill_that_gets_its_group_later_is_not_posted_twice() -> None:
    link = stands(group=None, uuid="u7")
    before = bill(group=None, uuid="u7")
    twin = sibling(
        BILLS,
        "u7",
        number="INV-7",
        party_key=str(before["vendor"]["id"]),
        target_party="z-acme",
        state=State.POSTED,
        record=before,
        links={PART: link},
    )
    assert is_held(decide(BILLS, bill(uuid="u7"), Facts(mappings=MAPPINGS, twins=(twin,))))


def test_a_posted_bill_that_moves_to_a_vendor_with_its_number_is_held() -> None:
    link = stands(vendor={"id": 12, "name": "Other"})
    moved = bill(version=2)
    holder = other("78", state=State.POSTED, links={PART: stands()})
    assert is_held(decide(BILLS, moved, linked(link, mappings=MAPPINGS, twins=(holder,))))
    typed = linked(link, mappings=MAPPINGS, target_suspects=(at_target(),))
    assert is_held(decide(BILLS, moved, typed))
    assert isinstance(decide(BILLS, moved, linked(link, mappings=MAPPINGS)), ReadTarget)


def test_a_posted_bill_that_is_renumbered_or_moved_into_a_taken_year_is_held() -> None:
    holder = other("78", state=State.POSTED, links={PART: stands()})
    renumbered = linked(stands(invoice_number="INV-6"), mappings=MAPPINGS, twins=(holder,))
    assert is_held(decide(BILLS, bill(version=2), renumbered))
    earlier = stands(invoice_date="2025-02-05")
    redated = linked(earlier, mappings=MAPPINGS, twins=(holder,), target_profile=APRIL)
    assert is_held(decide(BILLS, bill(version=2), redated))


def test_two_that_move_to_one_number_in_one_batch_do_not_both_go() -> None:
    link = stands(invoice_number="INV-6")
    lower = other("76", state=State.DUE, links={PART: stands(invoice_number="INV-5")})
    facts = linked(link, mappings=MAPPINGS, twins=(lower,))
    assert is_held(decide(BILLS, bill(version=2), facts))
    higher = replace(lower, key="78")
    facts = linked(link, mappings=MAPPINGS, twins=(higher,))
    assert isinstance(decide(BILLS, bill(version=2), facts), ReadTarget)


def test_a_posted_bill_keeps_the_number_that_is_its_own() -> None:
    """Also beside one that came in first and was held as its duplicate."""
    facts = linked(stands(), mappings=MAPPINGS, twins=(other("76", state=State.HELD),))
    changed = bill(note="thanks", version=2)
    assert isinstance(decide(BILLS, changed, facts), ReadTarget)


def test_a_bill_carries_the_year_in_which_its_number_counts() -> None:
    facts = Facts(mappings=MAPPED, target_profile=APRIL)
    part = part_of(decide(BILLS, bill(), facts))
    assert part.payload["fiscal_year"] == ["2025-04-01", "2026-03-31"]
    assert "fiscal_year" not in part.steps[0].body


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("january", date(2026, 1, 1)),
        ("April", date(2025, 4, 1)),
        (" apr ", date(2025, 4, 1)),
        (0, date(2026, 1, 1)),
        (11, date(2025, 12, 1)),
        ("1", date(2026, 2, 1)),
    ],
)
def test_a_fiscal_year_starts_where_zoho_says(start: Any, first: date) -> None:
    year = fiscal_year(date(2026, 2, 5), start)
    assert year is not None
    assert year[0] == first


@pytest.mark.parametrize("start", ["", None, 12, "avril", -1])
def test_an_unknown_start_makes_every_day_the_same_year(start: Any) -> None:
    assert fiscal_year(date(2026, 2, 5), start) is None
    assert same_year(date(2026, 2, 5), date(2019, 2, 5), start)
