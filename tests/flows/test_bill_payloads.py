"""Bills as payloads: fixture in, body out, to the cent, each line on the order line it bills."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Facts, Held, Nothing
from connectors.core.states import Reason
from tests.flows.procurify import account, bill, bill_item, of_order, order, order_item, shares
from tests.flows.world import BILLS, MAPPED, decide, linked, order_sibling, part_of, posted

GST: dict[str, Any] = {"tax_name": "GST", "tax_percentage": 5.0}


def body(raw: dict[str, Any], facts: Facts | None = None, **options: Any) -> Any:
    return part_of(decide(BILLS, raw, facts, **options)).steps[0].body


def lines(raw: dict[str, Any], facts: Facts | None = None) -> list[tuple[str, str, str]]:
    rows = body(raw, facts)["line_items"]
    return [(row["account_id"], row["quantity"], row["rate"]) for row in rows]


def taxed(cost: float, tax: float, **changes: Any) -> dict[str, Any]:
    """An item billed by cost, with GST beside it."""
    fields: dict[str, Any] = {
        "quantity": None,
        "unit_cost": None,
        "total_cost": cost,
        "tax_amount": tax,
        "total_cost_with_tax": round(cost + tax, 2),
        "cost_allocations": shares(("5030", str(cost)), where="budget"),
        **GST,
    }
    return bill_item(**(fields | changes))


def test_a_plain_bill_is_posted_whole_by_one_step() -> None:
    part = part_of(decide(BILLS, bill(note="By post")))
    assert [step.action for step in part.steps] == ["create"]
    assert part.steps[0].body == {
        "vendor_id": "z-acme",
        "bill_number": "INV-7",
        "reference_number": "mlc:acme:bill:77",
        "date": "2026-02-05",
        "due_date": "2026-03-07",
        "currency_id": "z-usd",
        "notes": "By post\n\nManaged by ml-connector; edit in Procurify. Ref mlc:acme:bill:77",
        "line_items": [
            {
                "name": "Bearing block",
                "description": "Unit each",
                "account_id": "z-5030",
                "quantity": "4",
                "rate": "12.5",
                "is_billable": False,
            }
        ],
    }
    assert (part.number, part.total) == ("INV-7", Decimal(50))


def test_the_posting_date_counts_unless_the_option_says_otherwise() -> None:
    raw = bill(gl_post_date="2026-02-28T23:59:00-08:00")
    assert body(raw)["date"] == "2026-02-28"
    assert body(raw, bill_date="invoice")["date"] == "2026-02-05"


def test_a_line_billed_by_cost_has_quantity_one() -> None:
    raw = bill(taxed(800.0, 0.0, tax_name="", tax_percentage=None), total_cost_with_tax=800.0)
    assert lines(raw) == [("z-5030", "1", "800")]


@pytest.mark.parametrize(
    "amounts", [("70.00", "35.01"), ("66.67", "33.34")], ids=["with tax", "without tax"]
)
def test_allocations_with_or_without_their_tax_make_the_same_lines(
    amounts: tuple[str, str],
) -> None:
    pair = (("6010", amounts[0]), ("6020", amounts[1]))
    item = taxed(100.01, 5.0, cost_allocations=shares(*pair, where="budget"))
    assert lines(bill(item, total_cost_with_tax=105.01)) == [
        ("z-6010", "1", "66.67"),
        ("z-6020", "1", "33.34"),
    ]


def test_a_single_allocation_takes_the_whole_cost_whatever_it_contains() -> None:
    item = taxed(200.0, 10.0, cost_allocations=shares(("6010", "210"), where="budget"))
    assert lines(bill(item, total_cost_with_tax=210.0)) == [("z-6010", "1", "200")]


@pytest.mark.parametrize(
    ("total", "per_line"),
    # 5 % of 30.30 is 1.515; of 10.10 it is 0.505, three times 0.51.
    [(31.82, None), (31.83, True)],
)
def test_tax_is_rounded_as_the_total_demands(total: float, per_line: bool | None) -> None:
    items = [taxed(10.1, 0.51, id=at) for at in (1, 2, 3)]
    assert body(bill(*items, total_cost_with_tax=total)).get("is_item_level_tax_calc") is per_line


def test_prices_that_contain_their_tax_are_posted_as_they_are() -> None:
    item = bill_item(
        quantity="10",
        unit_cost=10.5,
        total_cost=100.0,
        total_cost_with_tax=105.0,
        tax_amount=5.0,
        tax_is_inclusive=True,
        cost_allocations=shares(("5030", "105"), where="budget"),
        **GST,
    )
    postage = bill_item(902, quantity=None, total_cost=4.0, total_cost_with_tax=4.0)
    raw = bill(item, postage, total_cost_with_tax=109.0)
    assert body(raw)["is_inclusive_tax"] is True
    assert lines(raw) == [("z-5030", "10", "10.5"), ("z-5030", "1", "4")]


def test_a_bill_of_both_kinds_of_price_is_posted_without_tax_in_its_prices() -> None:
    inside = taxed(100.0, 5.0, tax_is_inclusive=True)
    raw = bill(inside, taxed(50.0, 2.5, id=902), total_cost_with_tax=157.5)
    assert "is_inclusive_tax" not in body(raw)
    assert lines(raw) == [("z-5030", "1", "100"), ("z-5030", "1", "50")]


def test_freight_other_costs_and_bare_tax_have_their_own_lines() -> None:
    raw = bill(
        bill_item(shipping_amount=12.5),
        bill_item(902, shipping_amount=7.5, tax_amount=1.25),
        costs=[
            {
                "id": 5,
                "name": "Fuel",
                "amount": "18.75",
                "cost_allocation": {"budget": account("6020")},
            }
        ],
        total_cost_with_tax=140.0,
    )
    assert lines(raw)[2:] == [
        ("z-6020", "1", "18.75"),
        ("z-charge:freight", "1", "20"),
        ("z-charge:tax", "1", "1.25"),
    ]
    keys = [row["key"] for row in part_of(decide(BILLS, raw)).payload["lines"]]
    assert keys == ["901:71", "902:71", "cost:5", "charge:freight", "charge:tax"]


def test_a_total_that_no_rounding_makes_is_held() -> None:
    decision = decide(BILLS, bill(total_cost_with_tax=50.37))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.TOTAL_DIFFERS
    assert "-0.37 USD" in decision.words


def facts_with(raw: dict[str, Any]) -> Facts:
    return Facts(mappings=MAPPED, documents=order_sibling(raw))


def test_lines_point_at_the_order_line_of_the_same_item_and_account() -> None:
    split = shares(("6010", "20"), ("6020", "30"))
    facts = facts_with(order(order_item(spend_allocation=split)))
    item = bill_item(cost_allocations=shares(("6020", "30"), ("6010", "20"), where="budget"))
    sent = body(bill(of_order(item)), facts)
    assert sent["purchaseorder_ids"] == ["id-PO-812"]
    assert [row["purchaseorder_item_id"] for row in sent["line_items"]] == [
        "line-501:72",
        "line-501:71",
    ]


def test_two_shares_on_one_account_take_from_two_order_lines() -> None:
    split = shares(("6010", "20"), ("6010", "30"))
    facts = facts_with(order(order_item(spend_allocation=split)))
    item = bill_item(cost_allocations=shares(("6010", "20"), ("6010", "30"), where="budget"))
    rows = body(bill(of_order(item)), facts)["line_items"]
    assert [row["purchaseorder_item_id"] for row in rows] == ["line-501:71", "line-501:72"]


def test_another_account_than_ordered_bills_the_ordered_line_all_the_same() -> None:
    """Else the order would stay open in Zoho Books for ever, though all of it is billed."""
    item = bill_item(cost_allocations=shares(("6010", "50"), where="budget"))
    sent = body(bill(of_order(item)), facts_with(order()))
    assert sent["purchaseorder_ids"] == ["id-PO-812"]
    (line,) = sent["line_items"]
    assert (line["account_id"], line["purchaseorder_item_id"]) == ("z-6010", "line-501:0")


def test_what_is_taken_from_an_order_is_noted_without_tax() -> None:
    item = taxed(100.0, 5.0, tax_is_inclusive=True, quantity="4", unit_cost=26.25)
    raw = order(order_item(total_cost="100.00", price="25"), total="100")
    part = part_of(decide(BILLS, bill(of_order(item), total_cost_with_tax=105.0), facts_with(raw)))
    row = part.payload["lines"][0]
    assert (row["rate"], row["net"], row["order"], row["order_line"]) == (
        "26.25",
        "100",
        "812",
        "501:0",
    )


def taken(part: Any) -> list[tuple[str, str, str]]:
    """Which order line each line takes from, how many, at what price."""
    return [(row["order_line"], row["quantity"], row["rate"]) for row in part.payload["lines"]]


def test_half_of_a_split_order_is_billed_by_half_of_its_quantities() -> None:
    halves = shares(("5030", "25"), ("6010", "25"))
    half = shares(("5030", "12.50"), ("6010", "12.50"), where="budget")
    item = bill_item(quantity="2", total_cost=25.0, total_cost_with_tax=25.0, cost_allocations=half)
    facts = facts_with(order(order_item(spend_allocation=halves)))
    part = part_of(decide(BILLS, bill(of_order(item), total_cost_with_tax=25.0), facts))
    assert taken(part) == [("501:71", "1", "12.5"), ("501:72", "1", "12.5")]


def test_an_ordered_item_billed_by_cost_takes_its_share_of_what_is_ordered() -> None:
    item = bill_item(
        quantity=None,
        unit_cost=None,
        total_cost=25.0,
        total_cost_with_tax=25.0,
        cost_allocations=shares(("5030", "25"), where="budget"),
    )
    part = part_of(
        decide(BILLS, bill(of_order(item), total_cost_with_tax=25.0), facts_with(order()))
    )
    assert taken(part) == [("501:0", "2", "12.5")]


def thirds(number: str, cost: float) -> dict[str, Any]:
    return bill_item(
        quantity=number,
        total_cost=cost,
        total_cost_with_tax=cost,
        cost_allocations=shares(("5030", str(cost)), where="budget"),
    )


@pytest.mark.parametrize(
    ("number", "cost", "rows"),
    [
        ("3", 10.0, [("501:0", "2", "3.33"), ("501:0+", "1", "3.34")]),
        ("1", 3.34, [("501:0+", "1", "3.34")]),
        ("2", 6.66, [("501:0", "2", "3.33")]),
        # Billed at another price: each order line gets its part, or one would never be billed.
        ("3", 12.0, [("501:0", "2", "4"), ("501:0+", "1", "4")]),
    ],
)
def test_what_an_order_tells_in_two_prices_is_billed_line_by_line(
    number: str, cost: float, rows: list[tuple[str, str, str]]
) -> None:
    ordered = order_item(quantity="3", price="3.33333333", total_cost="10.00")
    facts = facts_with(order(ordered, total="10.00"))
    raw = bill(of_order(thirds(number, cost)), total_cost_with_tax=cost)
    assert taken(part_of(decide(BILLS, raw, facts))) == rows


def test_a_bill_finer_than_its_currency_is_held_and_dust_of_floats_is_not() -> None:
    decision = decide(BILLS, bill(currency={"id": 5, "name": "JPY"}, total_cost_with_tax=50.4))
    assert isinstance(decision, Held)
    assert "The total of bill INV-7 is 50.4 JPY" in decision.words
    dusty = bill(bill_item(total_cost=49.99999999999999), total_cost_with_tax=50.00000000000001)
    assert part_of(decide(BILLS, dusty)).total == Decimal(50)


def test_tax_rounded_per_line_keeps_an_amount_whole_where_two_prices_would_change_it() -> None:
    """Three for 3.10 at 5 per cent: 0.16 of tax in one line (0.155), 0.10 and 0.05 in two."""
    items = [taxed(3.10, 0.16, quantity="3", unit_cost=1.03333333, id=901 + at) for at in range(3)]
    raw = bill(*items, total_cost_with_tax=9.78)
    sent = body(raw)
    assert sent["is_item_level_tax_calc"]
    assert [(row["quantity"], row["rate"]) for row in sent["line_items"]] == [("1", "3.1")] * 3
    assert "Quantity 3 each at 1.03333333" in sent["line_items"][0]["description"]


def test_our_own_keys_never_leave() -> None:
    sent = body(bill(of_order(bill_item())), facts_with(order()))
    assert not {"source_vendor", "currency_code", "total", "lines"} & sent.keys()
    own = {"key", "source_account", "source_tax", "tax_rate", "order", "order_line", "net"}
    assert not own & sent["line_items"][0].keys()


def test_a_posted_line_stays_on_its_order_line_when_the_source_forgets_the_order() -> None:
    before = part_of(decide(BILLS, bill(of_order(bill_item())), facts_with(order())))
    assert isinstance(decide(BILLS, bill(bill_item()), linked(posted(before))), Nothing)
