"""Planted cases of documents that came to rest, and of who is released by that.

A scribe enters; orders and bills are written down under the name of their case, with later edits
and what people do in the service meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.accounts import zoho_account_ids
from connectors.sandbox.companies.acts import PIECES, REST, WEEK, add_step, edit_step
from connectors.sandbox.companies.bill_shapes import BillShape, cost_part
from connectors.sandbox.companies.order_shapes import OrderShape
from connectors.sandbox.companies.parts import goods
from connectors.sandbox.companies.planted import hand_typed_bill
from connectors.sandbox.companies.scribe import Bill, Billed, Order, Scribe
from connectors.sandbox.companies.script import NEVER, Stage
from connectors.sandbox.companies.stories import (
    CANCELLED,
    CLOSED,
    bill_of_order,
    days_after,
    document_of,
    post_bill,
    post_order,
)

SUBMITTED, LEGACY_STATE = 1, 2
# No other document has this account.
COURIER, ELSEWHERE = "6150", "Office Supplies"
ORDER_WAITS = (("order_missing", NEVER),)


def plant(s: Scribe) -> None:
    """Each case once. A changed option has all that waits decided again: others act before that."""
    dismissed_and_withdrawn(s)
    order_dismissed(s)
    order_too_old(s)
    order_cancelled(s)
    twin_withdrawn(s)
    period_reopened(s)
    deleted_at_the_target(s)
    reopened_after_a_cancel(s)
    number_reused(s)
    typed_before_and_linked(s)
    bill_awaits_approval(s)
    last_bill_dismissed(s)
    mapping_changed(s)
    long_texts(s)


def order_dismissed(s: Scribe) -> None:
    """The bill waits for a person, who then lets such bills be posted without their order."""
    order = s.order(s.vendor(), _blocks(10), state=LEGACY_STATE)
    held = s.script.held("purchase_order", order.key, order.number, "unknown_status")
    bill = bill_of_order(s, order)
    waits = s.script.waiting("bill", bill.key, bill.number, None, *ORDER_WAITS)
    s.script.deed(WEEK, "dismiss", held, reason="Ordered by phone")
    held.stages.append(Stage(WEEK, "dismissed"))
    s.script.deed(PIECES, "option", waits, option="bills_without_order", value="post")
    waits.then(PIECES, "posted", without_order(bill))
    s.script.case("order dismissed, its bill is then posted without it", held, waits)


def order_too_old(s: Scribe) -> None:
    """The order was last changed before the history begins; only the bill names it."""
    order = s.order(s.vendor(), _blocks(4), s.start - timedelta(days=60))
    document = s.script.not_applicable("purchase_order", order.key, order.number)
    bill = s.bill(
        order.vendor,
        bill_shapes.of_parts(list(order.parts.values())),
        s.start + timedelta(days=6),
        links={n: Billed(part, order, item) for n, (item, part) in enumerate(order.parts.items())},
    )
    waits = s.script.waiting("bill", bill.key, bill.number, None, *ORDER_WAITS)
    # The option that frees the bill of the dismissed order frees this one, too.
    waits.then(PIECES, "posted", without_order(bill))
    s.script.case("bill of an order older than the history start", document, waits)


def order_cancelled(s: Scribe) -> None:
    """It was cancelled before anybody read it, and billed all the same."""
    order = s.order(s.vendor(), _blocks(5), state=CANCELLED)
    document = s.script.not_applicable("purchase_order", order.key, order.number)
    bill = bill_of_order(s, order)
    waits = s.script.waiting("bill", bill.key, bill.number, None, *ORDER_WAITS)
    waits.then(PIECES, "posted", without_order(bill))
    s.script.case("bill of an order that was cancelled", document, waits)


def twin_withdrawn(s: Scribe) -> None:
    """The first of two equal bills is never posted, because it adds up to something else."""
    vendor, shape, day = s.vendor(), _two_blocks(), s.day()
    first = s.bill(vendor, replace(shape, total=shape.total + 37), day, number="TWIN-7001")
    second = s.bill(vendor, shape, day, number="twin-7001")
    held = s.script.held("bill", first.key, first.number, "total_differs")
    twin = s.script.held("bill", second.key, second.number, "duplicate_suspected")
    s.script.edit(WEEK, edit_step("bill", first.key, {"action": "withdraw"}))
    held.stages.append(Stage(WEEK, "not_applicable"))
    twin.stages.append(Stage(WEEK, "posted", second.target))
    s.script.case("twin of a bill that was withdrawn", held, twin)


def period_reopened(s: Scribe) -> None:
    """The last days of the closed month are opened again; those before them stay closed."""
    bill = s.bill(s.vendor(), _two_blocks(), s.start - timedelta(days=2))
    held = s.script.held("bill", bill.key, bill.number, "period_closed")
    lock = {"date": (s.start - timedelta(days=3)).isoformat()}
    where = {"provider": "zoho_books", "kind": "transactionlocks", "id": "purchase"}
    s.script.edit(PIECES, {"op": "edit", "changes": lock} | where)
    held.stages.append(Stage(PIECES, "posted", bill.target))
    s.script.case("bill of a month that was reopened", held)


def deleted_at_the_target(s: Scribe) -> None:
    """Somebody deletes the bill in Zoho Books; its next version finds it gone."""
    bill = post_bill(s, s.bill(s.vendor(), _two_blocks()))
    document = document_of(s, bill)
    s.script.deed(WEEK, "delete_target", document)
    s.script.edit(WEEK, edit_step("bill", bill.key, {"action": "fix", "note": "Signed"}))
    document.stages.append(Stage(WEEK, "held", held="target_missing"))
    s.script.deed(REST, "anew", document, reason="Deleted by mistake")
    anew = bill.target | {"reference": f"{bill.target['reference']}:2"}
    document.stages.append(Stage(REST, "posted", anew))
    s.script.case("posted bill that was deleted in Zoho Books, posted anew", document)


def reopened_after_a_cancel(s: Scribe) -> None:
    """Zoho Books keeps the cancelled order and its number."""
    order = post_order(s, s.order(s.vendor(), _blocks(3)))
    document = document_of(s, order)
    cancelled = {"number": order.number} | order.target | {"status": "cancelled"}
    s.script.edit(WEEK, edit_step("purchase_order", order.key, {"action": "cancel"}))
    document.then(WEEK, "cancelled", cancelled)
    s.script.edit(PIECES, edit_step("purchase_order", order.key, {"action": "reopen"}))
    document.then(PIECES, "held", cancelled, held="reopened")
    s.script.deed(REST, "anew", document, reason="Ordered after all")
    number, reference = f"{order.number}-R2", f"{order.target['reference']}:2"
    successor = order.target | {"number": number, "reference": reference}
    document.stages.append(Stage(REST, "posted", successor, before=(cancelled,)))
    s.script.case("order cancelled and reopened, posted as its successor", document)


def number_reused(s: Scribe) -> None:
    """The first was voided in Zoho Books and withdrawn in Procurify.

    Zoho Books keeps its number until somebody deletes it there.
    """
    vendor, day = s.vendor(), s.day()
    bill = post_bill(s, s.bill(vendor, _two_blocks(), day, number="REUSED-55"))
    document = document_of(s, bill)
    s.script.deed(WEEK, "void_target", document)
    s.script.edit(WEEK, edit_step("bill", bill.key, {"action": "withdraw"}))
    document.stages.append(Stage(WEEK, "cancelled"))
    again = s.bill(vendor, _two_blocks(), day, number="REUSED-55", listed=False)
    s.script.edit(PIECES, add_step("bill", again.record))
    new = s.script.posted("bill", again.key, again.number, again.target, PIECES)
    new.stages = [Stage(PIECES, "held", held="duplicate_suspected")]
    s.script.deed(REST, "delete_target", document)
    s.script.deed(REST, "replay", new)
    new.stages.append(Stage(REST, "posted", again.target))
    s.script.case("number of a bill that was voided and withdrawn, used again", document, new)


def typed_before_and_linked(s: Scribe) -> None:
    """On day one the bill stood in Zoho Books already; linked, it follows Procurify."""
    bill = s.bill(s.vendor("USD"), _two_blocks(), number="HT-3301")
    hand_typed_bill(s, bill.vendor, "HT-3301", bill.target["date"], 17_600)
    s.linked["HT-3301"] = WEEK
    held = s.script.held("bill", bill.key, bill.number, "duplicate_suspected")
    s.script.deed(WEEK, "link", held, target="HT-3301")
    held.stages.append(Stage(WEEK, "posted", bill.target))
    part = goods("Bearing block", "5030", 3, 8800)
    items = [s.bill_item(bill.key, 0, part, 1, None)]
    changes = {"action": "fix", "items": items, "total": "264.00"}
    s.script.edit(REST, edit_step("bill", bill.key, changes))
    lines = [line | {"order": ""} for line in part.lines()]
    held.then(REST, "posted", bill.target | {"total": "264.00", "lines": lines})
    s.script.case("bill typed into Zoho Books by hand, linked by a person", held)


def bill_awaits_approval(s: Scribe) -> None:
    """Six of ten are billed and the order is closed, but a bill for four awaits approval."""
    order = post_order(s, s.order(s.vendor(), _blocks(10), state=CLOSED))
    posted, awaits = _bill_of(s, order, 6, 3), _bill_of(s, order, 4, 9, status=SUBMITTED)
    post_bill(s, posted)
    document = s.script.not_applicable("bill", awaits.key, awaits.number)
    s.script.edit(WEEK, edit_step("bill", awaits.key, {"action": "deny"}))
    document_of(s, order).then(WEEK, "posted", order.target | {"status": "billed"})
    name = "closed order with a bill that awaits approval and is denied"
    s.script.case(name, document_of(s, order), document)


def last_bill_dismissed(s: Scribe) -> None:
    """Six of ten are billed and the order is closed; the bill for the rest adds up to no total."""
    order = post_order(s, s.order(s.vendor(), _blocks(10), state=CLOSED))
    post_bill(s, _bill_of(s, order, 6, 3))
    rest = _bill_of(s, order, 4, 9)
    rest.record["total"] = "200.37"
    held = s.script.held("bill", rest.key, rest.number, "total_differs")
    s.script.deed(WEEK, "dismiss", held, reason="Billed twice")
    held.stages.append(Stage(WEEK, "dismissed"))
    document_of(s, order).then(WEEK, "posted", order.target | {"status": "billed"})
    s.script.case("closed order whose last open bill is dismissed", document_of(s, order), held)


def dismissed_and_withdrawn(s: Scribe) -> None:
    """Nobody will map its new vendor; dismissed was that change, and not what comes later."""
    bill = post_bill(s, s.bill(s.vendor("USD"), _two_blocks()))
    document, stands = document_of(s, bill), (bill.target,)
    changes = {"action": "fix", "vendor": s.cast.others[0].id}
    s.script.edit(WEEK, edit_step("bill", bill.key, changes))
    reasons = (("vendor_missing", NEVER),)
    document.stages.append(Stage(WEEK, "waiting", None, reasons, before=stands))
    s.script.deed(PIECES, "dismiss", document, reason="The old vendor sent it")
    document.stages.append(Stage(PIECES, "dismissed", None, before=stands))
    s.script.edit(REST, edit_step("bill", bill.key, {"action": "withdraw"}))
    document.stages.append(Stage(REST, "held", None, held="withdrawn", before=stands))
    s.script.case("posted bill, dismissed when it changed, and withdrawn later", document)


def _bill_of(s: Scribe, order: Order, pieces: int, days: int, status: int = 2) -> Bill:
    """A bill for some of an order's bearing blocks."""
    item = next(iter(order.parts))
    part = goods("Bearing block", "5030", pieces, 5000)
    shape, day = bill_shapes.of_parts([part]), days_after(order, days)
    return s.bill(order.vendor, shape, day, status=status, links={0: Billed(part, order, item)})


def mapping_changed(s: Scribe) -> None:
    """What is posted stays on its account though a new version comes; a new bill goes elsewhere."""
    shape = bill_shapes.of_parts([cost_part("Courier", COURIER, 4400)])
    posted = post_bill(s, s.bill(s.vendor(), shape))
    document = document_of(s, posted)
    target = zoho_account_ids()[ELSEWHERE]
    s.script.deed(WEEK, "map", document, of="account", what=COURIER, target=target)
    changes = {"action": "fix", "due_date": f"{_later(posted)}T09:00:00-08:00"}
    s.script.edit(WEEK, edit_step("bill", posted.key, changes))
    document.then(WEEK, "posted", posted.target | {"due_date": _later(posted)})
    new = s.bill(s.vendor(), shape, listed=False)
    s.script.edit(WEEK, add_step("bill", new.record))
    new.target["lines"] = [line | {"account": ELSEWHERE} for line in new.target["lines"]]
    after = s.script.posted("bill", new.key, new.number, new.target, WEEK)
    s.script.case("account mapped elsewhere after posting", document, after)


def _later(bill: Bill) -> str:
    return (date.fromisoformat(bill.target["due_date"]) + timedelta(days=7)).isoformat()


def long_texts(s: Scribe) -> None:
    """A line's text is shortened; a number is not, or nobody would find it again."""
    wordy = goods("Hydraulic hose, as described by the vendor. " * 80, "5030", 2, 7500)
    bill = post_bill(s, s.bill(s.vendor(), bill_shapes.of_parts([wordy])))
    s.script.case("line with a text longer than Zoho Books takes", document_of(s, bill))
    endless = s.bill(s.vendor(), _two_blocks(), number="LONG-" * 30)
    held = s.script.held("bill", endless.key, endless.number, "refused")
    s.script.case("invoice number longer than Zoho Books takes", held)


def without_order(bill: Bill) -> dict[str, object]:
    """The bill as it is posted when it takes from no order."""
    lines = [line | {"order": ""} for line in bill.target["lines"]]
    return bill.target | {"lines": lines}


def _blocks(pieces: int) -> OrderShape:
    return order_shapes.of_parts([goods("Bearing block", "5030", pieces, 5000)])


def _two_blocks() -> BillShape:
    return bill_shapes.of_parts([goods("Bearing block", "5030", 2, 8800)])
