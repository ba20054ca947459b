"""Purchase orders as payloads: fixture in, body out, to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.core.decisions import Facts, Held, MappedTarget
from connectors.core.references import MappingKey
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books.words import order_reference
from tests.flows.procurify import account, order, order_item, percent, shares
from tests.flows.world import MAPPED, ORDERS, decide, part_of

MARK = "Managed by ml-connector; edit in Procurify. Ref mlc:acme:po:812"


def body(raw: dict[str, Any]) -> Any:
    return part_of(decide(ORDERS, raw)).steps[0].body


def lines(raw: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Account, quantity and rate of every line."""
    return [(row["account_id"], row["quantity"], row["rate"]) for row in body(raw)["line_items"]]


def test_a_plain_order_is_posted_whole() -> None:
    assert body(order()) == {
        "vendor_id": "z-acme",
        "purchaseorder_number": "PO-812",
        "reference_number": "mlc:acme:po:812",
        "date": "2026-01-31",
        "delivery_date": "2026-02-14",
        "currency_id": "z-usd",
        "notes": MARK,
        "line_items": [
            {
                "name": "Bearing block",
                "description": "SKU BB-4; Unit each",
                "account_id": "z-5030",
                "quantity": "4",
                "rate": "12.5",
            }
        ],
    }


def test_the_plan_names_what_the_target_must_say() -> None:
    part = part_of(decide(ORDERS, order()))
    assert (part.number, part.vendor_key, part.total, part.currency) == (
        "PO-812",
        "z-acme",
        Decimal("50.00"),
        "USD",
    )
    assert part.reference == "mlc:acme:po:812"
    assert part.payload["lines"][0]["key"] == "501:0"


def test_the_payload_keeps_which_mapping_led_where() -> None:
    taxed = order(order_item(taxes=[percent("GST", "5")]), total="52.50")
    used = part_of(decide(ORDERS, taxed)).payload["mappings"]
    assert [(row["kind"], row["source_key"], row["target_key"]) for row in used] == [
        ("account", "5030", "z-5030"),
        ("currency", "USD", "z-usd"),
        ("tax", "GST|5", "z-gst"),
        ("vendor", "10", "z-acme"),
    ]
    assert "mappings" not in body(taxed)


def test_a_comment_stands_before_our_mark() -> None:
    assert body(order(comment="Dock 4"))["notes"] == f"Dock 4\n\n{MARK}"


def test_a_foreign_currency_carries_its_rate_and_the_base_currency_none() -> None:
    foreign = order(purchased_currency={"id": 4, "name": "CAD"}, purchased_currency_rate="0.769231")
    assert body(foreign)["exchange_rate"] == "0.769231"
    assert "exchange_rate" not in body(order())


def test_a_cost_agreed_by_hand_keeps_the_quantity_at_the_price_that_makes_it() -> None:
    item = order_item(quantity="12", price="8.325", total_cost="99.84", sku="", po_note="Red")
    row = body(order(item, total="99.84"))["line_items"][0]
    assert (row["quantity"], row["rate"]) == ("12", "8.32")
    assert row["description"] == "Quantity 12 each at 8.325; Red"


def test_where_no_single_price_makes_the_cost_two_prices_share_the_quantity() -> None:
    item = order_item(quantity="3", price="3.33333333", total_cost="10.00")
    raw = order(item, total="10.00")
    assert lines(raw) == [("z-5030", "2", "3.33"), ("z-5030", "1", "3.34")]
    keys = [row["key"] for row in part_of(decide(ORDERS, raw)).payload["lines"]]
    assert keys == ["501:0", "501:0+"]


def test_prices_have_as_many_decimals_as_zoho_says_of_the_currency() -> None:
    item = order_item(quantity="1000", price="0.1234", total_cost="123.40")
    usd = MappedTarget(key="z-usd", name="US Dollar", attributes={"base": True, "digits": 4})
    facts = Facts(mappings={**MAPPED, MappingKey("currency", "USD"): usd})
    decision = decide(ORDERS, order(item, total="123.40"), facts)
    (row,) = part_of(decision).payload["lines"]
    assert (row["quantity"], row["rate"]) == ("1000", "0.1234")


def test_a_currency_that_zoho_keeps_without_cents_takes_no_cents() -> None:
    usd = MappedTarget(key="z-usd", name="US Dollar", attributes={"base": True, "digits": 0})
    facts = Facts(mappings={**MAPPED, MappingKey("currency", "USD"): usd})
    item = order_item(price="12.55", total_cost="50.20")
    decision = decide(ORDERS, order(item, total="50.20"), facts)
    assert isinstance(decision, Held)
    assert "Zoho Books keeps amounts in USD with no decimals" in decision.words
    assert lines(order()) == [("z-5030", "4", "12.5")]


def test_a_split_line_carries_its_share_of_the_quantity_at_the_true_price() -> None:
    item = order_item(
        quantity="10",
        price="100.00",
        total_cost="1000.00",
        spend_allocation=shares(("6010", "500"), ("6020", "500")),
    )
    assert lines(order(item, total="1000.00")) == [("z-6010", "5", "100"), ("z-6020", "5", "100")]


def test_returned_goods_take_off_by_their_price() -> None:
    back = order_item(502, quantity="-2", price="5.00", total_cost="-10.00")
    raw = order(order_item(), back, total="40.00")
    assert lines(raw) == [("z-5030", "4", "12.5"), ("z-5030", "2", "-5")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"total": "50.004"}, "The total of purchase order PO-812 is 50.004 USD"),
        ({"total": "50.00", "freight": "0.001"}, "Freight is 0.001 USD"),
        (
            {"total": "100.40", "purchased_currency": {"id": 5, "name": "JPY"}},
            "PO-812 is 100.4 JPY in Procurify, but amounts in JPY have no decimals",
        ),
    ],
)
def test_an_amount_finer_than_its_currency_is_held_and_says_so(
    changes: dict[str, Any], says: str
) -> None:
    decision = decide(ORDERS, order(**changes))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.TOTAL_DIFFERS
    assert says in decision.words


def test_an_item_that_costs_less_than_a_cent_more_is_held() -> None:
    decision = decide(ORDERS, order(order_item(total_cost="50.001")))
    assert isinstance(decision, Held)
    assert "The cost of Bearing block is 50.001 USD" in decision.words


def test_several_allocations_are_a_line_each_and_whoever_lost_most_takes_the_remainder() -> None:
    split = shares(("6010", "3.33333333"), ("6020", "3.33333333"), ("5030", "3.33333334"))
    item = order_item(total_cost="10.00", price="2.5", spend_allocation=split)
    assert lines(order(item, total="10.00")) == [
        ("z-6010", "1.332", "2.5"),
        ("z-6020", "1.332", "2.5"),
        ("z-5030", "1.336", "2.5"),
    ]


def test_lines_are_known_by_item_and_allocation() -> None:
    item = order_item(spend_allocation=shares(("6010", "20"), ("6020", "30")))
    part = part_of(decide(ORDERS, order(item)))
    assert [row["key"] for row in part.payload["lines"]] == ["501:71", "501:72"]


def test_one_allocation_keeps_quantity_and_price_on_its_own_account() -> None:
    item = order_item(spend_allocation=shares(("6010", "50")))
    assert lines(order(item)) == [("z-6010", "4", "12.5")]


def test_allocations_that_contain_tax_are_reduced_in_proportion() -> None:
    item = order_item(
        quantity="1",
        price="100.01",
        total_cost="100.01",
        tax_amount="5.00",
        taxes=[percent("GST", "5")],
        spend_allocation=shares(("6010", "70.00"), ("6020", "35.01")),
    )
    assert lines(order(item, total="105.01")) == [
        ("z-6010", "0.6666", "100.01"),
        ("z-6020", "0.3334", "100.01"),
    ]


def test_allocations_that_add_up_to_nothing_known_are_held() -> None:
    item = order_item(spend_allocation=shares(("6010", "20"), ("6020", "20")))
    decision = decide(ORDERS, order(item))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.TOTAL_DIFFERS
    assert "40.00 USD" in decision.words
    assert "50.00 USD" in decision.words


@pytest.mark.parametrize(
    ("item", "header", "total", "expected"),
    [
        ({"taxes": [percent("GST", "5.00000")]}, {}, "52.50", "z-gst"),
        ({"taxes": [percent("GST", "5"), percent("PST", "7")]}, {}, "56.00", "z-both"),
        ({"taxes": [percent("GST", "5") | {"type": 0}]}, {}, "52.50", "z-gst"),
        ({}, {"tax": {"value": "5", "type": "percentage"}}, "52.50", "z-gst"),
        ({"taxes": [percent("Exempt", "0")]}, {}, "50.00", None),
    ],
)
def test_percentages_are_the_lines_tax(
    item: dict[str, Any], header: dict[str, Any], total: str, expected: str | None
) -> None:
    row = body(order(order_item(**item), total=total, **header))["line_items"][0]
    assert row.get("tax_id") == expected


def test_charges_and_tax_amounts_are_lines_on_their_own_accounts() -> None:
    taxed = order_item(
        taxes=[{"id": 1, "type": "amount", "value": "1.10", "name": "Levy"}],
        shipping_amount="4.00",
    )
    raw = order(
        taxed,
        order_item(502, tax_amount="0.90"),
        freight="6.00",
        other="2.50",
        tax={"value": "3.00", "type": "amount"},
        total="117.50",
    )
    assert lines(raw)[2:] == [
        ("z-charge:freight", "1", "10"),
        ("z-charge:other", "1", "2.5"),
        ("z-charge:tax", "1", "5"),
    ]
    assert [row["name"] for row in body(raw)["line_items"][2:]] == [
        "Freight",
        "Other charges",
        "Tax",
    ]


@pytest.mark.parametrize(
    ("discount", "total", "text", "before"),
    [
        # 50.00 and 5 % tax: 10 % off before tax is 45.00 + 2.25, after tax 5.00 off 52.50.
        ({"value": "10", "type": "percentage"}, "47.25", "10%", True),
        ({"value": "10", "type": "percentage"}, "47.50", "5", False),
        ({"value": "5.25", "type": "amount"}, "46.99", "5.25", True),
        ({"value": "5.25", "type": "amount"}, "47.25", "5.25", False),
    ],
)
def test_the_discount_is_stated_so_that_the_total_comes_out(
    discount: dict[str, str], total: str, text: str, before: bool
) -> None:
    sent = body(order(order_item(taxes=[percent("GST", "5")]), discount=discount, total=total))
    assert (sent["discount"], sent["is_discount_before_tax"]) == (text, before)


def test_a_percentage_of_the_items_only_is_an_amount_when_there_is_freight() -> None:
    raw = order(
        discount={"value": "10", "type": "percentage"}, freight="20", subtotal="50", total="65.00"
    )
    assert body(raw)["discount"] == "5"


def test_a_total_that_nothing_makes_is_held_with_the_difference() -> None:
    decision = decide(ORDERS, order(total="50.37"))
    assert isinstance(decision, Held)
    assert decision.reason is Reason.TOTAL_DIFFERS
    assert "-0.37 USD" in decision.words


def test_yen_have_no_decimals() -> None:
    item = order_item(quantity="3", price="333.33333333", total_cost="1000.00")
    raw = order(item, total="1000.00", purchased_currency={"id": 5, "name": "JPY"})
    assert lines(raw) == [("z-5030", "2", "333"), ("z-5030", "1", "334")]
    assert part_of(decide(ORDERS, raw)).total == Decimal(1000)


def test_a_long_subdomain_gives_way_to_its_hash() -> None:
    short = order_reference("812", {"subdomain": "a" * 36})
    long = order_reference("812", {"subdomain": "a" * 60})
    assert short == f"mlc:{'a' * 36}:po:812"
    assert len(long) <= 50
    assert long.startswith("mlc:")
    assert long != order_reference("812", {"subdomain": "b" * 60})


def test_long_names_are_cut_and_kept_in_the_description() -> None:
    row = body(order(order_item(name="N" * 140, sku="")))["line_items"][0]
    assert len(row["name"]) == 100
    assert row["description"].startswith("N" * 140)


def test_an_item_without_any_account_asks_for_the_default_one() -> None:
    decision = decide(ORDERS, order(order_item(account=None, accountCode="")))
    assert [item.key.source_key for item in decision.missing] == ["none"]


def test_the_account_may_stand_beside_its_object() -> None:
    item = order_item(account=account(""), accountCode="6010")
    assert lines(order(item)) == [("z-6010", "4", "12.5")]
