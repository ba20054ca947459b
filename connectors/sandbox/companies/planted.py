"""What ordinarily goes wrong: documents that wait or are held, and what was typed by hand.

A scribe enters; troubled documents are written down with the class of their trouble, and records
that people had typed into Zoho Books before are put aside for its starting state.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.accounts import UNMAPPED_CODES, zoho_account_ids
from connectors.sandbox.companies.acts import REST
from connectors.sandbox.companies.bill_shapes import BillShape, cost_part
from connectors.sandbox.companies.order_shapes import ECO_LEVY
from connectors.sandbox.companies.parts import goods, text
from connectors.sandbox.companies.scribe import Billed, Scribe
from connectors.sandbox.companies.script import MAPPING, NEVER, VENDORS, Stage
from connectors.sandbox.companies.stories import bill_of_order, post_bill
from connectors.sandbox.companies.vendors import Vendor

LEGACY_STATE, NEW_STATE, NEW_STATUS = 2, 7, 9


def plant(s: Scribe) -> None:
    """Every kind of trouble, most of them more than once."""
    for vendor in s.cast.missing:
        vendor_missing(s, vendor, VENDORS)
    vendor_missing(s, s.cast.twice_in_zoho, MAPPING)
    for vendor in s.cast.twice_in_procurify:
        bill = s.bill(vendor, bill_shapes.plain(s.rng))
        reason = ("vendor_missing", MAPPING)
        s.script.waiting("bill", bill.key, bill.number, bill.target, reason)
    currency_missing(s)
    for code in UNMAPPED_CODES:
        account_missing(s, code)
    for _ in range(2):
        tax_missing(s)
        order_waits(s)
        total_differs(s)
        number_missing(s)
        negative_total(s)
        order_number_taken(s)
    duplicate_numbers(s)
    typed_by_hand_before(s)
    closed_period(s)
    unknown_status(s)
    others_by_hand(s)


# Waiting


def vendor_missing(s: Scribe, vendor: Vendor, need: str) -> None:
    """An order, a bill for it, and a bill alone."""
    reason = ("vendor_missing", need)
    order = s.order(vendor, order_shapes.plain(s.rng))
    s.script.waiting("purchase_order", order.key, order.number, order.target, reason)
    billed = bill_of_order(s, order)
    alone = s.bill(vendor, bill_shapes.plain(s.rng))
    both = (reason, ("order_missing", need))
    s.script.waiting("bill", billed.key, billed.number, billed.target, *both)
    s.script.waiting("bill", alone.key, alone.number, alone.target, reason)


def currency_missing(s: Scribe) -> None:
    """Pounds, which this organization does not keep."""
    reason = ("currency_missing", NEVER)
    order = s.order(s.cast.foreign, order_shapes.plain(s.rng))
    s.script.waiting("purchase_order", order.key, order.number, order.target, reason)
    for _ in range(2):
        bill = s.bill(s.cast.foreign, bill_shapes.plain(s.rng))
        s.script.waiting("bill", bill.key, bill.number, bill.target, reason)


def account_missing(s: Scribe, code: str) -> None:
    """An order with one item on a code that nobody mapped; its other item is billed meanwhile."""
    reason = ("account_missing", MAPPING)
    shape = order_shapes.of_parts(
        [goods("Bearing block", "5030", 4, 12_500), goods("Test rig", code, 1, 480_000)]
    )
    order = s.order(s.vendor(), shape)
    s.script.waiting("purchase_order", order.key, order.number, order.target, reason)
    item, part = next(iter(order.parts.items()))
    links = {0: Billed(part, order, item)}
    billed = s.bill(order.vendor, bill_shapes.of_parts([part]), links=links)
    waits = ("order_missing", MAPPING)
    s.script.waiting("bill", billed.key, billed.number, billed.target, waits)
    alone = s.bill(s.vendor(), bill_shapes.of_parts([cost_part("Prototype", code, 175_000)]))
    s.script.waiting("bill", alone.key, alone.number, alone.target, reason)


def tax_missing(s: Scribe) -> None:
    """2.5 per cent of 400.00 is 10.00."""
    part = goods("Solvent, drum", "6010", 2, 20_000, tax=ECO_LEVY, tax_cents=1000)
    bill = s.bill(s.vendor(), bill_shapes.of_parts([part]))
    s.script.waiting("bill", bill.key, bill.number, bill.target, ("tax_missing", MAPPING))


def order_waits(s: Scribe) -> None:
    """An order whose tax nobody mapped, and a bill for its other item that waits for it."""
    taxed = goods("Coolant", "6010", 4, 10_000, tax=ECO_LEVY, tax_cents=1000)
    shape = order_shapes.of_parts([goods("Collet set", "6020", 3, 8900), taxed])
    order = s.order(s.vendor(), shape)
    reason = ("tax_missing", MAPPING)
    s.script.waiting("purchase_order", order.key, order.number, order.target, reason)
    item, part = next(iter(order.parts.items()))
    links = {0: Billed(part, order, item)}
    bill = s.bill(order.vendor, bill_shapes.of_parts([part]), links=links)
    s.script.waiting("bill", bill.key, bill.number, bill.target, ("order_missing", MAPPING))


# Held


def total_differs(s: Scribe) -> None:
    """Totals 0.37 above what anything in the document adds up to; a bill waits for the order."""
    shape = order_shapes.plain(s.rng)
    order = s.order(s.vendor(), replace(shape, total=shape.total + 37))
    s.script.held("purchase_order", order.key, order.number, "total_differs")
    waits = bill_of_order(s, order)
    reason = ("order_missing", NEVER)
    s.script.waiting("bill", waits.key, waits.number, waits.target, reason)
    bill_shape = bill_shapes.plain(s.rng)
    bill = s.bill(s.vendor(), replace(bill_shape, total=bill_shape.total + 37))
    s.script.held("bill", bill.key, bill.number, "total_differs")


def number_missing(s: Scribe) -> None:
    blank = ("", "   ")[s.next("blank", 0) % 2]
    bill = s.bill(s.vendor(), bill_shapes.plain(s.rng), number=blank)
    s.script.held("bill", bill.key, bill.number, "number_missing")


def negative_total(s: Scribe) -> None:
    """A return written as a bill: 150.00 of goods less 270.00."""
    parts = [goods("Restocking", "5030", 1, 15_000), cost_part("Returned goods", "5030", -27_000)]
    bill = s.bill(s.vendor(), BillShape(parts, -12_000))
    s.script.held("bill", bill.key, bill.number, "negative_total")


def duplicate_numbers(s: Scribe) -> None:
    """The same invoice entered twice, as it stood, in other case, and with other spaces."""
    turns = (("A-{}", "A-{}"), ("Inv-{}", "INV-{}"), ("R {}", "  r  {} "))
    for n, (first, again) in enumerate(turns):
        vendor = s.vendor()
        shape, day = bill_shapes.plain(s.rng), s.day()
        number = 4400 + n
        post_bill(s, s.bill(vendor, shape, day, number=first.format(number)))
        twin = s.bill(vendor, shape, day, number=again.format(number))
        s.script.held("bill", twin.key, twin.number, "duplicate_suspected")


def typed_by_hand_before(s: Scribe) -> None:
    """Somebody had already typed the bill into Zoho Books; the second time in other case."""
    for typed, entered in (("HT-2201", "HT-2201"), ("HT-2202", "ht-2202 ")):
        vendor = s.vendor()
        shape = bill_shapes.of_parts([goods("Bearing block", "5030", 2, 9900)])
        bill = s.bill(vendor, shape, number=entered)
        s.script.held("bill", bill.key, bill.number, "duplicate_suspected")
        hand_typed_bill(s, vendor, typed, bill.target["date"], shape.total)


def order_number_taken(s: Scribe) -> None:
    """A hand-typed order in Zoho Books has the number; it is another order of another vendor."""
    order = s.order(s.vendor(), order_shapes.plain(s.rng))
    s.script.held("purchase_order", order.key, order.number, "duplicate_suspected")
    hand_typed_order(s, s.vendor(), order.number, order.target["date"], 77_700)


def closed_period(s: Scribe) -> None:
    """Dated in the month that is locked; by invoice date, and by posting date."""
    before = s.start - timedelta(days=4)
    locked = s.bill(s.vendor(), bill_shapes.plain(s.rng), before)
    posted_back = s.bill(
        s.vendor(), bill_shapes.plain(s.rng), s.start + timedelta(days=3), posting=before
    )
    s.script.held("bill", locked.key, locked.number, "period_closed")
    held = s.script.held("bill", posted_back.key, posted_back.number, "period_closed")
    # By then bills are dated by their invoices.
    by_invoice = posted_back.target | {"date": (s.start + timedelta(days=3)).isoformat()}
    held.stages.append(Stage(REST, "posted", by_invoice))
    # The other way round nothing is wrong: an old invoice with a posting date in an open month.
    opened = s.start + timedelta(days=5)
    post_bill(s, s.bill(s.vendor(), bill_shapes.plain(s.rng), before, posting=opened))


def unknown_status(s: Scribe) -> None:
    for state in (LEGACY_STATE, NEW_STATE):
        order = s.order(s.vendor(), order_shapes.plain(s.rng), state=state)
        s.script.held("purchase_order", order.key, order.number, "unknown_status")
    bill = s.bill(s.vendor(), bill_shapes.plain(s.rng), status=NEW_STATUS)
    s.script.held("bill", bill.key, bill.number, "unknown_status")


# Typed into Zoho Books by hand


def others_by_hand(s: Scribe) -> None:
    """Ordinary hand-typed records that have nothing to do with Procurify."""
    for n in range(6):
        day = (s.start + timedelta(days=9 * n)).isoformat()
        hand_typed_bill(s, s.vendor(), f"RENT-{n + 1:02d}", day, 250_000)
        hand_typed_order(s, s.vendor(), f"MAN-{n + 1:03d}", day, 64_000)


def hand_typed_bill(s: Scribe, vendor: Vendor, number: str, day: str, cents: int) -> None:
    pile = s.hand_typed["bills"]
    pile.append(_by_hand(s, vendor, day, cents) | {"bill_number": number})


def hand_typed_order(s: Scribe, vendor: Vendor, number: str, day: str, cents: int) -> None:
    pile = s.hand_typed["purchaseorders"]
    pile.append(_by_hand(s, vendor, day, cents) | {"purchaseorder_number": number})


def _by_hand(s: Scribe, vendor: Vendor, day: str, cents: int) -> dict[str, object]:
    line = {
        "account_id": zoho_account_ids()["Shop Supplies"],
        "name": "As per paper",
        "quantity": "1",
        "rate": text(cents),
    }
    return {
        "vendor_id": s.cast.contact_id(vendor.zoho_name),
        "date": day,
        "reference_number": "",
        "status": "open",
        "created_time": f"{day}T10:00:00-07:00",
        "line_items": [line],
    }
