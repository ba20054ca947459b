"""What is left of an order after its bills, as Zoho Books itself counts it: by quantity, per line.

Bodies of decisions are typed into the simulator, whose own arithmetic and counting answer.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import DocumentKey, Facts, LinkState, MappedTarget, Sibling
from connectors.core.states import State
from connectors.flows.procurify_to_zoho_books.comparing import line_ids
from connectors.providers.zoho_books.records import purchase_order_state
from connectors.sandbox import zoho_books
from connectors.sandbox.world import World
from tests.flows.procurify import bill, bill_item, of_order, order, order_item, shares
from tests.flows.world import BILLS, MAPPED, ORDERS, PART, decide, part_of, posted, sibling
from tests.sandbox.live import ACCOUNT, USD, VENDOR, zoho_state

TARGETS = {"vendor": VENDOR, "currency": USD, "account": ACCOUNT}
HERE = {
    key: MappedTarget(key=TARGETS[key.kind], name=key.source_key, attributes={"base": True})
    for key in MAPPED
    if key.kind in TARGETS
}


class Books:
    """Zoho Books with one order in it, to be billed bit by bit."""

    def __init__(self, raw: dict[str, Any]) -> None:
        world = World({"zoho_books": zoho_books.Simulator})
        self.zoho = world.simulators["zoho_books"]
        self.zoho.load(zoho_state())
        part = part_of(decide(ORDERS, raw, Facts(mappings=HERE)))
        made = self.zoho.add("purchaseorders", {**part.steps[0].body, "status": "open"})
        assert made["total"] == part.total
        self.raw, self.bills = raw, list[Sibling]()
        self.order_id = made["purchaseorder_id"]
        lines = line_ids(part.payload, purchase_order_state(made))
        self.link: LinkState = replace(posted(part), target_id=self.order_id, lines=lines)

    def bill(self, number: str, cost: float, quantity: str | None, *codes: tuple[str, str]) -> Any:
        item = bill_item(
            quantity=quantity,
            total_cost=cost,
            total_cost_with_tax=cost,
            cost_allocations=shares(*(codes or (("5030", str(cost)),)), where="budget"),
        )
        item = of_order(item) | {"orderitem": self.raw["order_items"][0]}
        return self.post(bill(item, invoice_number=number, total_cost_with_tax=cost))

    def post(self, raw: dict[str, Any]) -> Any:
        raw = raw | {"group": 77 + len(self.bills)}
        part = part_of(decide(BILLS, raw, self.facts()))
        assert self.zoho.add("bills", dict(part.steps[0].body))["total"] == part.total
        key = str(raw["group"])
        self.bills.append(sibling(BILLS, key, links={PART: posted(part)}, record=raw))
        return self.order()

    def facts(self, **changes: Any) -> Facts:
        fields: dict[str, Any] = {
            "mappings": HERE,
            "documents": {
                DocumentKey(ORDERS, "812"): sibling(ORDERS, "812", links={PART: self.link})
            },
            "neighbours": tuple(self.bills),
        }
        return Facts(**(fields | changes))

    def order(self) -> Any:
        rows = self.zoho.books()["purchaseorders"]
        return next(row for row in rows if row["purchaseorder_id"] == self.order_id)


def left(row: Any) -> list[Any]:
    return [line["quantity"] - line["quantity_billed"] for line in row["line_items"]]


def test_half_of_a_split_order_leaves_half_open_and_the_rest_closes_it() -> None:
    halves = shares(("5030", "25"), ("6010", "25"))
    books = Books(order(order_item(spend_allocation=halves)))
    quarter = (("5030", "12.50"), ("6010", "12.50"))
    row = books.bill("B-1", 25.0, "2", *quarter)
    assert (row["status"], row["billed_status"]) == ("open", "partially_billed")
    assert left(row) == [1, 1]
    row = books.bill("B-2", 25.0, "2", *quarter)
    assert (row["status"], row["billed_status"]) == ("billed", "billed")


def test_a_part_billed_by_cost_leaves_the_rest_open() -> None:
    books = Books(order())
    row = books.bill("B-1", 30.0, None)
    assert row["billed_status"] == "partially_billed"
    assert left(row) == [Decimal("1.6")]
    assert books.bill("B-2", 20.0, None)["billed_status"] == "billed"


@pytest.mark.parametrize(
    "bills", [[("1000", 123.46)], [("400", 49.38), ("600", 74.08)], [("1000", 150.0)]]
)
def test_an_order_told_in_two_prices_is_billed_when_its_quantity_is(
    bills: list[tuple[str, float]],
) -> None:
    item = order_item(quantity="1000", price="0.12345678", total_cost="123.46")
    books = Books(order(item, total="123.46"))
    rows = [
        books.bill(f"B-{number}", cost, quantity) for number, (quantity, cost) in enumerate(bills)
    ]
    row = rows[-1]
    assert row["billed_status"] == "billed"
    assert left(row) == [0, 0]


def test_a_credit_on_what_was_billed_bills_nothing_once_more() -> None:
    books = Books(order())
    assert books.bill("B-1", 25.0, "2")["line_items"][0]["quantity_billed"] == 2
    goods, back = bill_item(), bill_item(902, quantity="-1", total_cost=-12.5)
    back |= {"total_cost_with_tax": -12.5}
    back["cost_allocations"] = shares(("5030", "-12.50"), where="budget")
    row = books.post(bill(of_order(goods), of_order(back), total_cost_with_tax=37.5))
    assert row["line_items"][0]["quantity_billed"] == 2 + 4


THIRDS = [33.33, 33.33, 33.34]


@pytest.mark.parametrize(
    ("item", "bills"),
    [
        # Procurify counts in five decimals, people in fewer.
        ({"quantity": "1.00000", "price": "100"}, [(cost, "0.33333") for cost in THIRDS]),
        ({"quantity": "1.00000", "price": "100"}, [(cost, "0.3333") for cost in THIRDS]),
        ({"quantity": "10.00000", "price": "10"}, [(cost, "3.33333") for cost in THIRDS]),
        ({"quantity": "1.00000", "price": "100"}, [(33.33, "0.33333")] * 3),
        # By cost, where no third of the quantity is whole.
        ({"quantity": "1", "price": "100"}, [(14.29, None)] * 6 + [(14.26, None)]),
        ({"quantity": "7", "price": "14.28571429"}, [(cost, None) for cost in THIRDS]),
        # Two prices tell the order; bills come in any order of prices.
        ({"quantity": "3", "price": "33.33333333"}, [(33.34, "1"), (33.33, "1"), (33.33, "1")]),
        ({"quantity": "3", "price": "33.33333333"}, [(33.33, "1")] * 3),
        ({"quantity": "1", "price": "100"}, [(14.29, "0.14286")] * 6 + [(14.26, "0.14286")]),
    ],
)
def test_the_last_bill_takes_the_exact_rest_of_an_order(
    item: dict[str, Any], bills: list[tuple[float, str | None]]
) -> None:
    books = Books(order(order_item(total_cost="100.00", **item), total="100.00"))
    rows = [books.bill(f"B-{at}", cost, quantity) for at, (cost, quantity) in enumerate(bills)]
    assert {row["billed_status"] for row in rows[:-1]} == {"partially_billed"}
    assert all(sum(left(row)) > 0 for row in rows[:-1])
    assert (rows[-1]["status"], rows[-1]["billed_status"]) == ("billed", "billed")
    assert set(left(rows[-1])) == {0}


def test_bills_that_are_posted_at_one_moment_complete_the_order_too() -> None:
    """Of two in delivery neither is linked yet; the later one reckons with the earlier."""
    books = Books(order(order_item(quantity="1", price="100", total_cost="100"), total="100"))
    books.bill("B-0", 33.33, "0.33333")
    moving = bill(
        of_order(bill_item(quantity="0.33333", total_cost=33.33, total_cost_with_tax=33.33,
                           cost_allocations=shares(("5030", "33.33"), where="budget"))),
        group=78, total_cost_with_tax=33.33,
    )  # fmt: skip
    other = sibling(BILLS, "78", state=State.DELIVERING, record=moving)
    last = moving | {"group": 79, "invoice_number": "B-2"}
    facts = books.facts(neighbours=(*books.bills, other))
    (line,) = part_of(decide(BILLS, last, facts)).payload["lines"]
    assert (line["quantity"], line["said"]) == ("0.33334", "0.33333")
    # The other way round it is the later one that waits for nothing.
    facts = books.facts(neighbours=(*books.bills, replace(other, key="80")))
    (line,) = part_of(decide(BILLS, last, facts)).payload["lines"]
    assert line["quantity"] == "0.33333"


def test_what_is_really_left_is_never_taken_for_rounding() -> None:
    books = Books(order())
    assert left(books.bill("B-1", 50.0, "3")) == [1]
    books = Books(order(order_item(quantity="2.5", price="20"), total="50.00"))
    books.bill("B-1", 25.0, "1.25")
    assert left(books.bill("B-2", 25.0, "1.00")) == [Decimal("0.25")]


def test_what_is_billed_on_another_account_is_billed_all_the_same() -> None:
    books = Books(order())
    row = books.bill("B-1", 50.0, "4", ("5030", "25"), ("6010", "25"))
    assert (row["billed_status"], left(row)) == ("billed", [0])
    halves = shares(("5030", "25"), ("6010", "25"))
    books = Books(order(order_item(spend_allocation=halves)))
    row = books.bill("B-1", 50.0, "4")
    assert (row["billed_status"], left(row)) == ("billed", [0, 0])


def test_a_partly_billed_order_of_two_prices_may_be_revised_to_one() -> None:
    """Zoho Books takes away no line of which something is billed."""
    books = Books(
        order(order_item(quantity="3", price="33.33333333", total_cost="100"), total="100")
    )
    books.bill("B-1", 66.67, "2")
    assert sorted(left(books.order())) == [0, 1]
    revised = order(order_item(quantity="4", price="30", total_cost="120"), total="120")
    facts = Facts(mappings=HERE, links={PART: books.link}, dependants=tuple(books.bills))
    part = part_of(decide(ORDERS, revised, facts))
    row = books.zoho.edit("purchaseorders", books.order_id, dict(part.steps[0].body))
    assert (row["total"], sum(left(row)), row["billed_status"]) == (120, 2, "partially_billed")
