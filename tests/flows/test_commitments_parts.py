"""The arithmetic of commitments: lines, charges, shares of projects, numbers. To the cent."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Facts
from connectors.flows.zoho_books_to_procore.words import read_reference, reference
from tests.flows.commitments import (
    MAPPED,
    decide,
    line,
    order,
    parts,
    posted,
    standing,
)


def amounts(decision: Any) -> dict[str, dict[str, str]]:
    """Number of each part -> its lines' amounts by key; every part once."""
    return {
        part.number: {row["key"]: row["amount"] for row in part.payload["lines"]}
        for part in parts(decision)
    }


def test_tax_discount_and_adjustment_have_their_own_lines() -> None:
    raw = order(
        line("l1", rate="60", item_total="600.00", tax_percentage="8"),
        line("l2", rate="40", item_total="400.00", tax_percentage="8"),
        tax_total="72.00",
        discount="10%",
        discount_amount="100.00",
        adjustment="-0.05",
        total="971.95",
    )
    (part, *_) = parts(decide(raw))
    assert amounts(decide(raw)) == {
        "PO-7": {
            "l1": "600.00",
            "l2": "400.00",
            "charge:tax": "72.00",
            "charge:discount": "-100.00",
            "charge:adjustment": "-0.05",
        }
    }
    assert part.total == Decimal("971.95")
    wbs = {row["key"]: row["wbs_code_id"] for row in part.payload["lines"]}
    assert wbs["charge:tax"] == "100-charge:tax"


def test_a_discount_is_read_from_its_text_where_zoho_states_no_amount() -> None:
    raw = order(line(item_total="50.00"), discount="10%", total="45.00")
    assert amounts(decide(raw))["PO-7"]["charge:discount"] == "-5.00"
    after_tax = order(
        line(item_total="50.00", tax_percentage="10"),
        tax_total="5",
        discount="10%",
        is_discount_before_tax=False,
        total="49.50",
    )
    assert amounts(decide(after_tax))["PO-7"]["charge:discount"] == "-5.50"


def test_lines_that_contain_their_tax_get_no_line_for_it() -> None:
    raw = order(line(item_total="50.00"), tax_total="4.55", is_inclusive_tax=True, total="50.00")
    assert amounts(decide(raw)) == {"PO-7": {"l1": "50.00"}}


def test_an_order_over_projects_is_split_and_the_last_part_takes_the_remainder() -> None:
    raw = order(
        line("l1", "p1", quantity="1", rate="33.33", item_total="33.33"),
        line("l2", "p2", quantity="1", rate="66.67", item_total="66.67"),
        discount_amount="10.00",
        total="90.00",
    )
    assert amounts(decide(raw)) == {
        "PO-7-1": {"l1": "33.33", "charge:discount": "-3.33"},
        "PO-7-2": {"l2": "66.67", "charge:discount": "-6.67"},
    }


def test_tax_goes_to_the_projects_whose_lines_are_taxed() -> None:
    raw = order(
        line("l1", "p1", item_total="50.00", tax_percentage="8"),
        line("l2", "p2", item_total="50.00"),
        tax_total="4.00",
        total="104.00",
    )
    assert amounts(decide(raw)) == {
        "PO-7-1": {"l1": "50.00", "charge:tax": "4.00"},
        "PO-7-2": {"l2": "50.00"},
    }


def test_two_zoho_projects_that_are_one_in_procore_make_one_commitment() -> None:
    merged = {**MAPPED}
    keys = {key.source_key: key for key in MAPPED if key.kind == "project"}
    merged[keys["p2"]] = MAPPED[keys["p1"]]
    raw = order(line("l1", "p1"), line("l2", "p2"))
    assert list(amounts(decide(raw, Facts(mappings=merged)))) == ["PO-7"]


def test_quantities_and_rates_are_told_where_they_make_the_amount() -> None:
    (part, *_) = parts(decide(order()))
    (row,) = part.payload["lines"]
    assert part.payload["accounting_method"] == "unit"
    assert (row["quantity"], row["unit_cost"], row["uom"]) == ("10", "5", "ea")
    assert "uom" not in parts(decide(order(), unit=""))[0].payload["lines"][0]


def test_a_product_with_fractions_of_a_cent_is_posted_by_amount() -> None:
    raw = order(line(quantity="3", rate="33.3333", item_total="100.00"))
    (part, *_) = parts(decide(raw))
    (row,) = part.payload["lines"]
    assert part.payload["accounting_method"] == "amount"
    assert "quantity" not in row
    assert row["description"] == "Cement; Quantity 3 at 33.3333"


def test_the_accounting_method_stays_as_posted_and_the_line_is_amount_true() -> None:
    links = posted(decide(order()))
    raw = order(line(quantity="3", rate="33.3333", item_total="100.00"))
    (part, *_) = parts(decide(raw, standing(links), reopen_approved=True))
    (row,) = part.payload["lines"]
    assert part.payload["accounting_method"] == "unit"
    assert (row["quantity"], row["unit_cost"], row["amount"]) == ("1", "100", "100.00")
    assert "Quantity 3 at 33.3333" in row["description"]


def test_numbers_stay_once_they_are_linked() -> None:
    alone = posted(decide(order(line("l1", "p2"))))
    assert [link.target_number for link in alone.values()] == ["PO-7"]
    both = order(line("l0", "p1"), line("l1", "p2"))
    assert list(amounts(decide(both, standing(alone)))) == ["PO-7-2"]
    second = posted(decide(order(line("l1", "p1"), line("l2", "p2"))))
    left = {"100": second["100"]}
    facts = standing(left)
    assert list(amounts(decide(order(line("l1", "p1"), line("l2", "p2")), facts))) == ["PO-7-2"]
    kept = decide(order(line("l1", "p1")), standing(second))
    assert [(part.number, part.part) for part in parts(kept)] == [("PO-7-2", "200")]


def test_a_number_that_ends_like_a_suffix_is_not_taken_for_one() -> None:
    raw = order(purchaseorder_number="PO-1")
    links = posted(decide(raw))
    decision = decide(
        order(line(rate="6", item_total="60.00"), purchaseorder_number="PO-1"),
        standing(links),
        reopen_approved=True,
    )
    assert set(amounts(decision)) == {"PO-1"}


@pytest.mark.parametrize("organization", ["42", "7" * 30])
def test_an_origin_id_fits_and_can_be_taken_apart(organization: str) -> None:
    made = reference("4600000000012345678", 12, 3, {"organization_id": organization})
    assert len(made.text) <= 50
    assert read_reference(made.text) == made
