"""What people do after the first sync: a week of revisions, then the missing pieces.

A scribe enters; orders and bills that will be edited are written down, and for each edit the
control step that plays it beside what must become of the document.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.parts import Part, goods, text
from connectors.sandbox.companies.scribe import Bill, Billed, Order, Scribe
from connectors.sandbox.companies.script import VENDORS_ADDED_IN_ACT, Stage
from connectors.sandbox.companies.stories import (
    CLOSED,
    bill_of_order,
    days_after,
    document_of,
    post_bill,
    post_order,
)
from connectors.sandbox.companies.vendors import MISSING, contact_record

WEEK, PIECES, REST = 1, VENDORS_ADDED_IN_ACT, 3
NAMES = {WEEK: "a week later", PIECES: "the missing pieces", REST: "the rest"}


def prepare(s: Scribe) -> None:
    """Everything that the acts will touch, and the acts."""
    revisions(s)
    below_billed(s)
    cancelled_closed_reopened(s)
    bills_fixed(s)
    bills_settled_late(s)
    paid_then_fixed(s)
    withdrawn_and_deleted(s)
    new_documents(s)
    vendors_added(s)


# Purchase orders


def revisions(s: Scribe) -> None:
    """Lines added, removed and changed, some of them on orders that are partly billed."""
    for _ in range(3):
        order, (block, _) = _two_items(s)
        added = goods("Guide rail", "5030", 3, 7200)
        _revise(s, order, {block: order.parts[block]} | _others(order, block), [added])
    for _ in range(2):
        order, (block, _) = _two_items(s)
        _revise(s, order, {block: order.parts[block]})
    for _ in range(3):
        order, (block, motor) = _two_items(s)
        changed = goods("Bearing block", "5030", 8, 5250)
        _revise(s, order, {block: changed, motor: order.parts[motor]})
    # Six of ten at 50.00 are billed: 300.00; nine still stand, 450.00.
    order, _, _ = _partly_billed(s)
    block = next(iter(order.parts))
    _revise(s, order, {block: goods("Bearing block", "5030", 9, 5000)})


def below_billed(s: Scribe) -> None:
    """Six of ten at 50.00 are billed, 300.00; four would leave 200.00. And the line taken out."""
    for n in range(2):
        order, document, _ = _partly_billed(s)
        block = next(iter(order.parts))
        kept = {block: goods("Bearing block", "5030", 4, 5000)}
        added = [] if n == 0 else [goods("Guide rail", "5030", 3, 7200)]
        _revise(s, order, kept if n == 0 else {}, added, became=document)
        document.then(WEEK, "held", held="below_billed")


def cancelled_closed_reopened(s: Scribe) -> None:
    for _ in range(2):
        order, _ = _two_items(s)
        _order_action(s, order, "cancel")
        document_of(s, order).then(WEEK, "cancelled", order.target | {"status": "cancelled"})
    for _ in range(2):
        order, document, _ = _partly_billed(s)
        _order_action(s, order, "close")
        document.then(WEEK, "posted", order.target | {"status": "billed"})
    # Closed without any bill: nobody says that it was billed.
    order = post_order(s, s.order(s.vendor(), order_shapes.plain(s.rng), state=CLOSED), "open")
    _order_action(s, order, "reopen")
    document_of(s, order).then(WEEK, "posted", order.target | {"status": "open"})
    waits = s.order(s.cast.missing[0], order_shapes.plain(s.rng))
    reason = ("vendor_missing", "vendors")
    document = s.script.waiting("purchase_order", waits.key, waits.number, waits.target, reason)
    _order_action(s, waits, "cancel")
    document.stages.append(Stage(WEEK, "not_applicable"))


def _two_items(s: Scribe) -> tuple[Order, tuple[int, int]]:
    """Ten bearing blocks at 50.00 and two motors at 310.00; not billed."""
    shape = order_shapes.of_parts(
        [goods("Bearing block", "5030", 10, 5000), goods("Motor", "5030", 2, 31_000)]
    )
    order = post_order(s, s.order(s.vendor(), shape))
    block, motor = order.parts
    return order, (block, motor)


def _partly_billed(s: Scribe) -> tuple[Order, Any, Bill]:
    """Ten bearing blocks at 50.00, six of them billed."""
    shape = order_shapes.of_parts([goods("Bearing block", "5030", 10, 5000)])
    order = post_order(s, s.order(s.vendor(), shape))
    block = next(iter(order.parts))
    part = goods("Bearing block", "5030", 6, 5000)
    links = {0: Billed(part, order, block)}
    day = days_after(order, 6)
    bill = s.bill(order.vendor, bill_shapes.of_parts([part]), day, links=links)
    post_bill(s, bill)
    return order, document_of(s, order), bill


def _others(order: Order, but: int) -> dict[int, Part]:
    return {item: part for item, part in order.parts.items() if item != but}


def _revise(
    s: Scribe,
    order: Order,
    kept: dict[int, Part],
    added: list[Part] | None = None,
    became: Any = None,
) -> None:
    """A revision that leaves these items; unless the caller says otherwise Zoho follows it."""
    parts = kept | {s.next("item", 0): part for part in added or []}
    before = {item["id"]: item for item in order.record["items"]}
    items = []
    for position, (key, part) in enumerate(parts.items(), start=1):
        item = s.order_item(key, part, position, 1, order.record["last_modified"])
        if key in before:
            item |= {"account": before[key]["account"], "allocations": before[key]["allocations"]}
        items.append(item)
    shape = order_shapes.of_parts(list(parts.values()))
    changes = {
        "action": "revise",
        "items": items,
        "subtotal": text(shape.subtotal),
        "total": text(shape.total),
    }
    s.script.edit(WEEK, edit_step("purchase_order", order.key, changes))
    if became is None:
        target = order.target | {"total": text(shape.total), "lines": shape.lines()}
        document_of(s, order).then(WEEK, "posted", target)


def _order_action(s: Scribe, order: Order, action: str) -> None:
    s.script.edit(WEEK, edit_step("purchase_order", order.key, {"action": action}))


# Bills


def bills_fixed(s: Scribe) -> None:
    """Another amount, another account, another due date; one of them a bill of an order."""
    for n, (code, price) in enumerate((("5030", 9900), ("6020", 8800), ("5030", 8800))):
        bill = _one_line_bill(s)
        part = goods("Bearing block", code, 2, price)
        changes = _fixed_items(s, bill, part)
        target = bill.target | {
            "total": text(part.cost),
            "lines": [line | {"order": ""} for line in part.lines()],
        }
        if n == 2:
            due = f"{bill.target['due_date'][:8]}28"
            changes["due_date"] = f"{due}T09:00:00-08:00"
            target["due_date"] = due
        _fix(s, bill, changes, "posted", target)
    _, _, bill = _partly_billed(s)
    _fix(s, bill, {"note": "Delivery note attached"}, "posted", bill.target)


def bills_settled_late(s: Scribe) -> None:
    """A draft is approved, and a bill without a number gets one."""
    draft = s.bill(s.vendor(), bill_shapes.plain(s.rng), status=0)
    document = s.script.not_applicable("bill", draft.key, draft.number)
    s.script.edit(WEEK, edit_step("bill", draft.key, {"action": "approve"}))
    document.then(WEEK, "posted", draft.target)
    blank = s.bill(s.vendor(), bill_shapes.plain(s.rng), number=" ")
    document = s.script.held("bill", blank.key, blank.number, "number_missing")
    number = f"LATE-{blank.key}"
    changes = {"action": "fix", "invoice_number": number}
    s.script.edit(WEEK, edit_step("bill", blank.key, changes))
    document.then(WEEK, "posted", blank.target | {"number": number})


def paid_then_fixed(s: Scribe) -> None:
    """Paid in Zoho by hand before Procurify's people change it."""
    for _ in range(2):
        bill = _one_line_bill(s)
        s.script.edit(WEEK, _payment(s, bill))
        part = goods("Bearing block", "5030", 2, 9900)
        paid = bill.target | {"status": "paid"}
        _fix(s, bill, _fixed_items(s, bill, part), "held", paid, held="paid")


def withdrawn_and_deleted(s: Scribe) -> None:
    for _ in range(2):
        bill = _one_line_bill(s)
        s.script.edit(WEEK, edit_step("bill", bill.key, {"action": "withdraw"}))
        document_of(s, bill).then(WEEK, "held", held="withdrawn")
    bill = _one_line_bill(s)
    deleted = {"op": "delete", "provider": "procurify", "kind": "bill", "id": bill.key}
    s.script.edit(WEEK, deleted)
    document_of(s, bill).then(WEEK, "held", held="withdrawn")


def _one_line_bill(s: Scribe) -> Bill:
    """Two bearing blocks at 88.00."""
    shape = bill_shapes.of_parts([goods("Bearing block", "5030", 2, 8800)])
    return post_bill(s, s.bill(s.vendor(), shape))


def _fixed_items(s: Scribe, bill: Bill, part: Part) -> dict[str, Any]:
    item = s.bill_item(bill.key, 0, part, 1, None)
    return {"items": [item], "total": text(part.cost)}


def _fix(
    s: Scribe,
    bill: Bill,
    changes: dict[str, Any],
    state: str,
    target: dict[str, Any],
    held: str = "",
) -> None:
    s.script.edit(WEEK, edit_step("bill", bill.key, changes | {"action": "fix"}))
    document_of(s, bill).then(WEEK, state, target, held)


def _payment(s: Scribe, bill: Bill) -> dict[str, Any]:
    """A payment typed into Zoho Books, which knows the bill by its number and vendor."""
    total = bill.target["total"]
    record = {
        "vendor_id": s.cast.contact_id(bill.vendor.zoho_name),
        "amount": total,
        "date": bill.target["due_date"],
        "bills": [{"bill_number": bill.number, "amount_applied": total}],
    }
    return {"op": "add", "provider": "zoho_books", "kind": "vendorpayments", "record": record}


# What is new


def new_documents(s: Scribe) -> None:
    """New orders, bills for some of them, and bills alone."""
    for n in range(5):
        order = s.order(s.vendor(), order_shapes.plain(s.rng), listed=False)
        document = post_order(s, order)
        s.script.documents[-1].stages[0] = Stage(WEEK, "posted", document.target)
        s.script.edit(WEEK, add_step("purchase_order", order.record))
        if n < 3:
            _new_bill(s, _unlisted(s, bill_of_order(s, order)))
    for _ in range(5):
        _new_bill(s, s.bill(s.vendor(), bill_shapes.plain(s.rng), listed=False))


def vendors_added(s: Scribe) -> None:
    """Somebody adds the missing vendors in Zoho Books; then new bills come from two of them."""
    for _, _, name in MISSING:
        record = contact_record(name, "USD")
        step = {"op": "add", "provider": "zoho_books", "kind": "contacts", "record": record}
        s.script.edit(PIECES, step)
    for vendor in s.cast.missing[:2]:
        bill = s.bill(vendor, bill_shapes.plain(s.rng), listed=False)
        s.script.posted("bill", bill.key, bill.number, bill.target, PIECES)
        s.script.edit(PIECES, add_step("bill", bill.record))


def _unlisted(s: Scribe, bill: Bill) -> Bill:
    s.bills.remove(bill.record)
    return bill


def _new_bill(s: Scribe, bill: Bill) -> None:
    s.script.posted("bill", bill.key, bill.number, bill.target, WEEK)
    s.script.edit(WEEK, add_step("bill", bill.record))


# Steps


def edit_step(kind: str, key: int, changes: dict[str, Any]) -> dict[str, Any]:
    return {"op": "edit", "provider": "procurify", "kind": kind, "id": key, "changes": changes}


def add_step(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return {"op": "add", "provider": "procurify", "kind": kind, "record": record}
