"""The arithmetic of commitments: lines, charges, shares of projects, numbers. To the cent."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Facts, Held, MappedTarget, Nothing
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore.words import read_reference, reference
from tests.flows.commitments import (
    LISTS,
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


@pytest.mark.parametrize(
    ("said", "uom"),
    [
        ("cy", "cy"),
        (" EA ", "ea"),
        ("Sq. Ft", "sqft"),
        ("each", None),
        ("kg", None),
        ("m2", None),
        ("", None),
    ],
)
def test_a_line_has_its_own_unit_where_procore_lists_it_or_none(said: str, uom: str | None) -> None:
    (part, *_) = parts(decide(order(line(unit=said))))
    assert part.payload["lines"][0].get("uom") == uom


def test_a_unit_can_be_mapped_and_lines_without_one_have_a_fallback() -> None:
    mapped = {MappingKey("unit", "each"): MappedTarget(key="ea", name="ea")}
    facts = Facts(mappings=MAPPED | mapped, lists=LISTS)
    assert parts(decide(order(line(unit="Each")), facts))[0].payload["lines"][0]["uom"] == "ea"
    bare = order(line(unit=""))
    assert parts(decide(bare, unit="cy"))[0].payload["lines"][0]["uom"] == "cy"
    assert "uom" not in parts(decide(bare, unit="barrel"))[0].payload["lines"][0]


def test_a_unit_that_two_listed_ones_could_be_is_not_chosen() -> None:
    lists = {"unit": tuple(MappedTarget(key=key, name=key) for key in ("Sq Ft", "SQFT"))}
    facts = Facts(mappings=MAPPED, lists=lists)
    assert "uom" not in parts(decide(order(line(unit="sq.ft")), facts))[0].payload["lines"][0]
    assert parts(decide(order(line(unit="SQFT")), facts))[0].payload["lines"][0]["uom"] == "SQFT"


@pytest.mark.parametrize(("said", "uom"), [("M", None), ("m", "m"), ("m.", "m")])
def test_thousands_are_never_told_in_metres(said: str, uom: str | None) -> None:
    facts = Facts(mappings=MAPPED, lists={"unit": (MappedTarget(key="m", name="m"),)})
    (row,) = parts(decide(order(line(unit=said)), facts))[0].payload["lines"]
    assert row.get("uom") == uom


def test_what_is_posted_keeps_its_unit_while_the_source_says_the_same() -> None:
    links = posted(decide(order()))
    before = links["100"].payload
    rows = [{**row, "uom": "ls"} for row in before["lines"]]
    for row in rows:
        del row["source_unit"]
    old = {"100": replace(links["100"], payload={**before, "lines": rows})}
    assert isinstance(decide(order(), standing(old)), Nothing), "posted before units were read"
    assert decide(order(line(unit="cy")), standing(links)).reason is Reason.LOCKED


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


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"total": "100.40", "tax_total": "50.40"},
            "The total of purchase order PO-7 is 100.4",
        ),
        ({"tax_total": "0.50", "adjustment": "-0.50"}, "The tax of purchase order PO-7 is 0.5"),
    ],
)
def test_amounts_finer_than_their_currency_are_held(changes: dict[str, Any], says: str) -> None:
    decision = decide(order(line(item_total="50"), **({"currency_code": "JPY"} | changes)))
    assert isinstance(decision, Held)
    assert says in decision.words
    assert "have no decimals" in decision.words


def test_a_difference_below_a_cent_is_a_difference() -> None:
    decision = decide(
        order(line(item_total="33.333"), line("l2", item_total="66.666"), total="100")
    )
    assert isinstance(decision, Held)
    assert "33.333 USD" in decision.words


def test_a_charge_over_many_projects_is_shared_by_the_largest_remainder() -> None:
    raw = order(
        line("l1", "p1", item_total="50.00"),
        line("l2", "p2", item_total="50.00"),
        line("l3", "p2", item_total="-50.00", rate="-5"),
        adjustment="0.03",
        total="50.03",
    )
    found = amounts(decide(raw))
    assert found["PO-7-1"]["charge:adjustment"] == "0.03"
    assert "charge:adjustment" not in found["PO-7-2"]


def test_a_discounted_line_keeps_its_quantity_at_the_discounted_price() -> None:
    raw = order(line(item_total="45.00"))
    (part, *_) = parts(decide(raw))
    (row,) = part.payload["lines"]
    assert part.payload["accounting_method"] == "unit"
    assert (row["quantity"], row["unit_cost"], row["amount"]) == ("10", "4.5", "45.00")
    assert "Quantity 10 at 5" in row["description"]


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


@pytest.mark.parametrize(
    ("before", "after", "first"),
    [("PO-7-1", "PO-8", "PO-8"), ("PO-7", "PO-7-1", "PO-7-1-1")],
    ids=["bare", "with a suffix"],
)
def test_a_renumbered_order_keeps_its_way_of_numbering(before: str, after: str, first: str) -> None:
    """Whether "-1" is a suffix is told by the order's number of then, not of now."""
    lines = [line()] if before == "PO-7-1" else [line("l1", "p1"), line("l2", "p2")]
    links = posted(decide(order(*lines, purchaseorder_number=before)))
    decision = decide(order(*lines, purchaseorder_number=after), standing(links))
    assert parts(decision)[0].number == first


@pytest.mark.parametrize("organization", ["42", "7" * 30])
def test_an_origin_id_fits_and_can_be_taken_apart(organization: str) -> None:
    made = reference("4600000000012345678", 12, 3, {"organization_id": organization})
    assert len(made.text) <= 50
    assert read_reference(made.text) == made
