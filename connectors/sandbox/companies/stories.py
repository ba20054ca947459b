"""What ordinarily happens: orders and the bills that come for them, and bills without an order.

A scribe enters; orders and bills are written down as posted. Everything here ends well; what does
not is planted elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.accounts import FREIGHT_ACCOUNT, FREIGHT_CODE
from connectors.sandbox.companies.bill_shapes import BillShape, cost_part, misc_cost
from connectors.sandbox.companies.parts import charge, goods
from connectors.sandbox.companies.scribe import (
    EARLY_EAST,
    LATE_WEST,
    Bill,
    Billed,
    Order,
    Scribe,
)
from connectors.sandbox.companies.script import Document

CANCELLED, CLOSED, PAID_ORDER, REOPENED = 1, 3, 4, 5
IN_PAYMENT = (4, 6, 7, 8)
Story = Callable[[Scribe], None]


def post_order(s: Scribe, order: Order, status: str = "open") -> Order:
    order.target["status"] = status
    s.script.posted("purchase_order", order.key, order.number, order.target)
    return order


def post_bill(s: Scribe, bill: Bill) -> Bill:
    s.script.posted("bill", bill.key, bill.number, bill.target)
    return bill


def document_of(s: Scribe, owner: Order | Bill) -> Document:
    """What the script says of an order or a bill."""
    kind = "purchase_order" if isinstance(owner, Order) else "bill"
    return next(d for d in s.script.documents if (d.kind, d.key) == (kind, owner.key))


def bill_of_order(s: Scribe, order: Order, shape: BillShape | None = None) -> Bill:
    """A bill whose first parts are the order's items, some days after the order."""
    items = list(order.parts.items())
    shape = shape or bill_shapes.of_parts([part for _, part in items])
    links = {n: Billed(part, order, item) for n, (item, part) in enumerate(items)}
    return s.bill(order.vendor, shape, days_after(order, s.rng.randint(3, 18)), links=links)


def days_after(order: Order, days: int) -> date:
    return date.fromisoformat(order.target["date"]) + timedelta(days=days)


# Orders alone


def unbilled(s: Scribe) -> None:
    post_order(s, s.order(s.vendor(), s.rng.choice(order_shapes.BILLABLE)(s.rng)))


def unbilled_with_header(s: Scribe) -> None:
    shaper = order_shapes.WITH_HEADER[s.next("header", 0) % len(order_shapes.WITH_HEADER)]
    post_order(s, s.order(s.vendor(), shaper(s.rng)))


def around_midnight(s: Scribe) -> None:
    """The day that was typed counts, whatever day it is in UTC; month ends among them."""
    turn = s.next("midnight", 0)
    month_ends = (30, 60, 91)
    late = s.start + timedelta(days=min(month_ends[turn % 3], s.days - 1))
    early = late + timedelta(days=1)
    for day, clock in ((late, LATE_WEST), (early, EARLY_EAST)):
        post_order(s, s.order(s.vendor(), order_shapes.plain(s.rng), day, clock=clock))
        post_bill(s, s.bill(s.vendor(), bill_shapes.plain(s.rng), day, clock=clock))


# Orders and their bills


def billed_in_full(s: Scribe) -> None:
    shaper = order_shapes.BILLABLE[s.next("billable", 0) % len(order_shapes.BILLABLE)]
    order = post_order(s, s.order(s.vendor(), shaper(s.rng)))
    post_bill(s, bill_of_order(s, order))


def billed_in_part(s: Scribe) -> None:
    order, first, _ = _two_deliveries(s)
    post_order(s, order)
    post_bill(s, first)


def billed_in_two(s: Scribe) -> None:
    order, first, second = _two_deliveries(s)
    post_order(s, order)
    post_bill(s, first)
    s.bills.append(second.record)
    post_bill(s, second)


def _two_deliveries(s: Scribe) -> tuple[Order, Bill, Bill]:
    """Ten pieces ordered, six billed and then four; the second bill is not yet listed."""
    price = s.rng.randint(500, 20_000)
    vendor = s.vendor()
    order = s.order(vendor, order_shapes.of_parts([goods("Shaft coupling", "5030", 10, price)]))
    item = next(iter(order.parts))
    bills = []
    for n, pieces in enumerate((6, 4)):
        part = goods("Shaft coupling", "5030", pieces, price)
        bills.append(
            s.bill(
                vendor,
                bill_shapes.of_parts([part]),
                days_after(order, 5 + 9 * n),
                links={0: Billed(part, order, item)},
                listed=n == 0,
            )
        )
    return order, bills[0], bills[1]


def one_bill_for_two_orders(s: Scribe) -> None:
    vendor = s.vendor()
    orders = [post_order(s, s.order(vendor, order_shapes.plain(s.rng))) for _ in range(2)]
    links: dict[int, Billed] = {}
    for order in orders:
        for item, part in order.parts.items():
            links[len(links)] = Billed(part, order, item)
    shape = bill_shapes.of_parts([billed.part for billed in links.values()])
    day = max(days_after(order, 6) for order in orders)
    post_bill(s, s.bill(vendor, shape, day, links=links))


def billed_by_cost(s: Scribe) -> None:
    """Ten at 200.00 ordered, billed as 800.00 and 1,200.00 without quantities: four and six."""
    vendor = s.vendor()
    shape = order_shapes.of_parts([goods("Machine hours", "5050", 10, 20_000)])
    order = post_order(s, s.order(vendor, shape))
    item = next(iter(order.parts))
    for n, (cents, hours) in enumerate(((80_000, "4"), (120_000, "6"))):
        part = cost_part("Machine hours, as invoiced", "5050", cents, hours)
        links = {0: Billed(part, order, item)}
        day = days_after(order, 4 + 8 * n)
        post_bill(s, s.bill(vendor, bill_shapes.of_parts([part]), day, links=links))


def billed_with_freight(s: Scribe) -> None:
    """The vendor's bill has the items and, as a miscellaneous cost, what freight really was."""
    order = post_order(s, s.order(s.vendor(), order_shapes.freight_and_other(s.rng)))
    parts = list(order.parts.values())
    freight = s.rng.randint(2000, 30_000)
    shape = BillShape(
        parts,
        sum(part.cost for part in parts) + freight,
        costs=[misc_cost("Freight", FREIGHT_CODE, freight)],
        extra_lines=[charge(FREIGHT_ACCOUNT, freight)],
    )
    post_bill(s, bill_of_order(s, order, shape))


# Orders in other states when they are first seen


def closed_when_billed(s: Scribe) -> None:
    order = s.order(s.vendor(), order_shapes.plain(s.rng), state=CLOSED)
    post_order(s, order, "billed")
    post_bill(s, bill_of_order(s, order))


def closed_short(s: Scribe) -> None:
    order, first, _ = _two_deliveries(s)
    order.record["state"] = CLOSED
    post_order(s, order, "billed")
    post_bill(s, first)


def paid_or_reopened(s: Scribe) -> None:
    state = (PAID_ORDER, REOPENED)[s.next("state", 0) % 2]
    order = post_order(s, s.order(s.vendor(), order_shapes.plain(s.rng), state=state))
    post_bill(s, bill_of_order(s, order))


def cancelled_before(s: Scribe) -> None:
    order = s.order(s.vendor(), order_shapes.plain(s.rng), state=CANCELLED)
    s.script.not_applicable("purchase_order", order.key, order.number)


# Bills alone


def bill_alone(s: Scribe) -> None:
    shaper = bill_shapes.SHAPES[s.next("shape", 0) % len(bill_shapes.SHAPES)]
    post_bill(s, s.bill(s.vendor(), shaper(s.rng)))


def bill_in_payment(s: Scribe) -> None:
    status = IN_PAYMENT[s.next("payment", 0) % len(IN_PAYMENT)]
    post_bill(s, s.bill(s.vendor(), bill_shapes.plain(s.rng), status=status))


def bill_posted_later(s: Scribe) -> None:
    """The posting date is the bill's date in the ledger."""
    day = s.day()
    posting = day + timedelta(days=9)
    post_bill(s, s.bill(s.vendor(), bill_shapes.plain(s.rng), day, posting=posting))


def bill_not_applicable(s: Scribe) -> None:
    """Drafts, submitted, denied and withdrawn bills; expense and credit card bills."""
    turns = ((0, 0), (1, 0), (3, 0), (5, 0), (2, 1), (2, 2))
    status, kind = turns[s.next("excluded", 0) % len(turns)]
    bill = s.bill(s.vendor(), bill_shapes.plain(s.rng), status=status, kind=kind)
    s.script.not_applicable("bill", bill.key, bill.number)


ORDER_STORIES: tuple[Story, ...] = (
    unbilled,
    billed_in_full,
    unbilled_with_header,
    billed_in_part,
    billed_in_full,
    billed_in_two,
    unbilled_with_header,
    one_bill_for_two_orders,
    billed_in_full,
    billed_by_cost,
    billed_with_freight,
    unbilled_with_header,
    around_midnight,
    closed_when_billed,
    billed_in_full,
    closed_short,
    paid_or_reopened,
    unbilled_with_header,
    cancelled_before,
    unbilled,
)
BILL_STORIES: tuple[Story, ...] = (
    bill_alone,
    bill_alone,
    bill_in_payment,
    bill_alone,
    bill_posted_later,
    bill_alone,
    bill_not_applicable,
    bill_alone,
    bill_alone,
)
# The most orders and bills that one story writes: where the last places are filled one by one.
LARGEST_STORY = 2


def fill(s: Scribe, orders: int, bills: int) -> None:
    """Tell stories in turn until there are exactly so many orders and bills."""
    turn = 0
    while len(s.orders) + LARGEST_STORY <= orders and len(s.bills) + LARGEST_STORY <= bills:
        ORDER_STORIES[turn % len(ORDER_STORIES)](s)
        turn += 1
    while len(s.orders) < orders:
        unbilled(s)
    turn = 0
    while len(s.bills) < bills:
        BILL_STORIES[turn % len(BILL_STORIES)](s)
        turn += 1
