"""Planted cases of amounts: quantities of shares, cents left over, decimals, signs, withheld tax.

A scribe enters; orders and bills are written down under the name of their case, every amount
worked by hand.
"""

from __future__ import annotations

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.acts import WEEK, edit_step
from connectors.sandbox.companies.bill_shapes import cost_part
from connectors.sandbox.companies.parts import Part, Share, goods
from connectors.sandbox.companies.scribe import Billed, Order, Scribe
from connectors.sandbox.companies.stories import days_after, document_of, post_bill, post_order

EQUAL_PARTS = 20


def plant(s: Scribe) -> None:
    """Each case once."""
    half_of_a_split_line(s)
    equal_parts(s)
    decimals(s)
    foreign_rate(s)
    credit_on_an_order(s)
    withheld_tax(s)


def half_of_a_split_line(s: Scribe) -> None:
    """Ten at 50.00 shared 60 to 40 are six and four pieces; five are billed as three and two."""
    order = post_order(s, s.order(s.vendor(), order_shapes.of_parts([_shared(10, 6, 4)])))
    order.target["billed_status"] = "partially_billed"
    _bill(s, order, [_shared(5, 3, 2)])
    s.script.case(
        "split line billed by half: the rest of the order stays open", document_of(s, order)
    )


def _shared(pieces: int, first: int, second: int) -> Part:
    shares = tuple(
        Share(code, f"{count * 50}.00", count * 5000, str(count))
        for code, count in (("5030", first), ("6020", second))
    )
    return Part("Bearing block", pieces * 5000, shares, str(pieces), "50.00")


def equal_parts(s: Scribe) -> None:
    """0.055 each: the first ten get a cent of what rounding leaves, none gets less than 0.05."""
    shares = [Share("5010", "0.055", 6)] * 10 + [Share("6020", "0.055", 5)] * 10
    part = Part("Postage, shared", 110, tuple(shares), quantity=None)
    bill = post_bill(s, s.bill(s.vendor("USD"), bill_shapes.of_parts([part])))
    s.script.case(f"1.10 over {EQUAL_PARTS} equal parts", document_of(s, bill))


def decimals(s: Scribe) -> None:
    """Yen have none and dinars have three."""
    part = goods("Cutting insert", "6020", 2, 60_000)
    yen = post_bill(s, s.bill(s.cast.yen, bill_shapes.of_parts([part])))
    s.script.case("bill of 1200 yen", document_of(s, yen))
    part = cost_part("Courier", "6020", 10_040)
    finer = s.bill(s.cast.yen, bill_shapes.of_parts([part]))
    held = s.script.held("bill", finer.key, finer.number, "total_differs")
    s.script.case("100.40 yen, which is no amount of yen", held)
    bill = s.bill(s.cast.dinars, bill_shapes.of_parts([cost_part("Consulting", "6130", 1234)]))
    (item,) = bill.record["items"]
    item |= {"total_cost": "12.345", "total_cost_with_tax": "12.345"}
    item["allocations"][0]["amount"] = "12.345"
    bill.record["total"] = bill.target["total"] = "12.345"
    bill.target["lines"][0]["amount"] = "12.345"
    s.script.case("bill of 12.345 dinars", document_of(s, post_bill(s, bill)))


def foreign_rate(s: Scribe) -> None:
    """Both sides keep their books in American dollars: the rate is carried as it is."""
    bill = s.bill(s.vendor("CAD"), bill_shapes.of_parts([_shared(2, 1, 1)]), rate="0.741235")
    s.script.case("rate of a foreign bill within one base", document_of(s, post_bill(s, bill)))


def credit_on_an_order(s: Scribe) -> None:
    """200 and -50 ordered, 100 and -30 billed; then only the comment is edited."""
    ordered = [goods("Gearbox", "5030", 2, 10_000), goods("Trade-in", "5030", 5, -1000)]
    order = post_order(s, s.order(s.vendor(), order_shapes.of_parts(ordered)))
    _bill(s, order, [goods("Gearbox", "5030", 1, 10_000), goods("Trade-in", "5030", 3, -1000)])
    changes = {"action": "revise", "comment": "Deliver to dock 2"}
    s.script.edit(WEEK, edit_step("purchase_order", order.key, changes))
    name = "order with a credit, billed in part, whose comment is edited"
    s.script.case(name, document_of(s, order))


def withheld_tax(s: Scribe) -> None:
    """Zoho Books takes 1 per cent off the total of 500.00; what is posted is the whole of it."""
    bill = s.bill(s.cast.withheld, bill_shapes.of_parts([goods("Castings", "5050", 4, 12_500)]))
    bill.target |= {"total": "495.00", "withheld": "5.00"}
    s.script.case("bill of a vendor whose tax is withheld", document_of(s, post_bill(s, bill)))


def _bill(s: Scribe, order: Order, parts: list[Part]) -> None:
    """A bill for an order's items in their order."""
    items = zip(order.parts, parts, strict=True)
    links = {n: Billed(part, order, item) for n, (item, part) in enumerate(items)}
    shape = bill_shapes.of_parts(parts)
    post_bill(s, s.bill(order.vendor, shape, days_after(order, 5), links=links))
