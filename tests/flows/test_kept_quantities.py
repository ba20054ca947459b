"""Posted lines stay in the quantities that they were posted in while the source says the same.

Earlier versions of this service posted split lines, costs and odd prices as one times the amount.
"""

from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest

from connectors.core.decisions import DocumentKey, Facts, LinkState, Nothing, Sibling
from connectors.core.money import ZERO, plain
from tests.flows.procurify import bill, bill_item, of_order, order, order_item, shares
from tests.flows.world import (
    BILLS,
    MAPPED,
    ORDERS,
    PART,
    at_target,
    decide,
    linked,
    part_of,
    posted,
    sibling,
)

HALVES = shares(("5030", "25"), ("6010", "25"))
BILL_HALVES = shares(("5030", "25"), ("6010", "25"), where="budget")
WORDS = "Quantity 4 each at 12.5"


def as_amounts(
    raw: dict[str, Any], stream: str, words: str = WORDS, facts: Facts | None = None
) -> LinkState:
    """The link as an earlier version left it: each share one times its amount."""
    part = part_of(decide(stream, raw, facts))
    sums: dict[str, Decimal] = {}
    rows: dict[str, dict[str, Any]] = {}
    for row in part.payload["lines"]:
        key = row["key"].rstrip("+")
        sums[key] = sums.get(key, ZERO) + Decimal(row["quantity"]) * Decimal(row["rate"])
        rows.setdefault(key, {name: row[name] for name in row if name != "description"})
    said = {"description": words} if words else {}
    lines = [row | said | {"quantity": "1", "rate": plain(sums[key])} for key, row in rows.items()]
    return posted(replace(part, payload={**part.payload, "lines": lines}))


PAID = {"status": 4, "last_modified_datetime": "2026-03-01T10:00:00Z"}
BY_COST = of_order(bill_item(quantity=None, total_cost=25.0, total_cost_with_tax=25.0))
BY_COST |= {"cost_allocations": shares(("5030", "25"), where="budget")}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (bill(bill_item(cost_allocations=BILL_HALVES)), WORDS),
        (bill(BY_COST, total_cost_with_tax=25.0), ""),
        (bill(bill_item(quantity="3", unit_cost=16.66)), "Quantity 3 each at 16.66"),
    ],
    ids=["split", "by cost", "odd price"],
)
def test_a_paid_bill_posted_as_an_amount_is_not_held_as_changed(
    raw: dict[str, Any], words: str
) -> None:
    order_link = posted(part_of(decide(ORDERS, order())))
    documents = {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: order_link})}
    link = as_amounts(raw, BILLS, words, Facts(mappings=MAPPED, documents=documents))
    live = {PART: at_target(status="paid", total=link.total)}
    facts = linked(link, live=live, documents=documents)
    assert decide(BILLS, raw | PAID, facts) == Nothing()


def test_an_order_posted_as_amounts_is_left_alone() -> None:
    raw = order(order_item(sku="", spend_allocation=HALVES))
    assert decide(ORDERS, raw, linked(as_amounts(raw, ORDERS))) == Nothing()


def test_a_corrected_quantity_of_the_same_amount_is_posted() -> None:
    raw = bill(bill_item(cost_allocations=BILL_HALVES))
    link = as_amounts(raw, BILLS)
    corrected = bill(bill_item(quantity="5", unit_cost=10.0, cost_allocations=BILL_HALVES))
    facts = linked(link, live={PART: at_target(total=link.total)})
    lines = part_of(decide(BILLS, corrected, facts)).payload["lines"]
    assert [line["quantity"] for line in lines] == ["2.5", "2.5"]


MIGRATION: Any = import_module("connectors.migrations.0021_worded_quantities")


def half_of(order_link: LinkState) -> dict[str, Any]:
    """The line of a bill of 2 of the 4 that were ordered."""
    documents = {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: order_link})}
    half = of_order(bill_item(quantity="2", total_cost=25.0, total_cost_with_tax=25.0))
    half |= {"cost_allocations": shares(("5030", "25"), where="budget")}
    facts = Facts(mappings=MAPPED, documents=documents)
    (line,) = part_of(decide(BILLS, bill(half, total_cost_with_tax=25.0), facts)).payload["lines"]
    return dict(line)


def told(words: str) -> LinkState:
    """An order posted as an amount, as the migration leaves it."""
    link = as_amounts(order(), ORDERS, words)
    lines = [dict(line) for line in link.payload["lines"]]
    MIGRATION.worded(lines)
    return replace(link, payload={**link.payload, "lines": lines})


def test_half_a_bill_of_an_order_posted_as_amounts_takes_half() -> None:
    """Zoho Books would mark the order billed if 2 were taken of its 1."""
    line = half_of(told(WORDS))
    assert (line["quantity"], line["rate"], line["order_line"]) == ("0.5", "50", "501:0")


@pytest.mark.parametrize("words", ["Quantity 40 each at 1.25", "Box; Reorder: Quantity 4"])
def test_a_text_that_only_resembles_a_quantity_makes_no_bare_amount(words: str) -> None:
    """The quantity stands in a field; a text of people may say anything."""
    assert half_of(told(words))["quantity"] != "0.5"


def test_an_order_keeps_its_worded_quantity_when_it_is_posted_once_more() -> None:
    raw = order(order_item(sku=""))
    link = as_amounts(raw, ORDERS)
    assert MIGRATION.worded(link.payload["lines"])
    decision = decide(ORDERS, raw | {"number": "PO-900"}, linked(link))
    (line,) = part_of(decision).payload["lines"]
    assert (line["quantity"], line["worded"]) == ("1", "4")


def test_shares_that_are_one_each_are_no_bare_amounts() -> None:
    rows = [
        {"key": f"501:{n}", "quantity": "1", "rate": "8.33", "description": "Quantity 2 at 8.335"}
        for n in (1, 2)
    ]
    assert not MIGRATION.worded(rows)
    assert "worded" not in rows[0]


def test_the_rest_that_a_bill_took_stays_its_own_when_others_change() -> None:
    """The last of three thirds was posted with 0.33334; then another one is voided."""
    one = order(order_item(quantity="1", price="100", total_cost="100"), total="100")
    order_link = posted(part_of(decide(ORDERS, one)))
    documents = {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: order_link})}
    third = of_order(bill_item(quantity="0.33333", total_cost=33.33, total_cost_with_tax=33.33))
    third |= {"cost_allocations": shares(("5030", "33.33"), where="budget")}
    neighbours: tuple[Sibling, ...] = ()
    raw = bill(third, total_cost_with_tax=33.33)
    for key in (75, 76, 77):
        facts = Facts(mappings=MAPPED, documents=documents, neighbours=neighbours)
        link = posted(part_of(decide(BILLS, raw | {"invoice_number": f"B-{key}"}, facts)))
        neighbours += (sibling(BILLS, str(key), links={PART: link}),)
    raw |= {"invoice_number": "B-77"}
    link = neighbours[-1].links[PART]
    assert link.payload["lines"][0]["quantity"] == "0.33334"
    voided = replace(neighbours[0], links={PART: replace(neighbours[0].links[PART], status="void")})
    facts = linked(link, documents=documents, neighbours=(voided, neighbours[1]))
    assert decide(BILLS, raw | PAID, facts) == Nothing()


def test_a_revised_order_of_two_prices_leaves_a_paid_bill_of_it_alone() -> None:
    first = order(order_item(quantity="3", price="33.33333333", total_cost="100"), total="100")
    order_link = posted(part_of(decide(ORDERS, first)))
    item = of_order(bill_item(quantity="2", total_cost=66.8, total_cost_with_tax=66.8))
    item |= {"cost_allocations": shares(("5030", "66.80"), where="budget")}

    def documents(link: LinkState) -> dict[DocumentKey, Sibling]:
        return {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: link})}

    raw = bill(item, total_cost_with_tax=66.8)
    facts = Facts(mappings=MAPPED, documents=documents(order_link))
    link = posted(part_of(decide(BILLS, raw, facts)))
    assert len(link.payload["lines"]) == 2
    revised = order(order_item(quantity="5", price="33.332", total_cost="166.66"), total="166.66")
    facts = linked(link, documents=documents(posted(part_of(decide(ORDERS, revised)))))
    assert decide(BILLS, raw | PAID, facts) == Nothing()


def test_an_account_that_is_corrected_on_a_partly_billed_order_is_not_below_billed() -> None:
    first = posted(part_of(decide(ORDERS, order())))
    documents = {DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: first})}
    half = of_order(bill_item(quantity="2", total_cost=25.0, total_cost_with_tax=25.0))
    half |= {"cost_allocations": shares(("5030", "25"), where="budget")}
    taken = posted(part_of(decide(BILLS, bill(half, total_cost_with_tax=25.0), Facts(
        mappings=MAPPED, documents=documents
    ))))  # fmt: skip
    moved = order(order_item(account={"id": 9, "account_code": {"id": 6, "code": "6010"}}))
    facts = linked(first, dependants=(sibling(BILLS, "77", links={PART: taken}),))
    (line,) = part_of(decide(ORDERS, moved, facts)).payload["lines"]
    assert (line["key"], line["account_id"]) == ("501:0", "z-6010")
