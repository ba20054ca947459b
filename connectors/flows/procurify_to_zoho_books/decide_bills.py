"""Decides on a bill: post it, change it, wait for its vendor and orders, or ask a person.

The record and its facts enter, one decision leaves. Pure, and the same for a real run and for a
preview.
"""

from collections.abc import Mapping
from typing import Any

from connectors.core.decisions import (
    Decision,
    DocumentKey,
    Facts,
    Held,
    LinkState,
    Needs,
    NotApplicable,
    Nothing,
)
from connectors.core.flow import Context
from connectors.core.money import to_cents
from connectors.core.names import normalise_number
from connectors.core.states import Reason, State
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.bill_obstacles import (
    POSTED,
    VOID,
    bill_day,
    differs,
    duplicate,
    gap,
    may_change,
    named,
    period_closed,
    typed_by_hand,
)
from connectors.flows.procurify_to_zoho_books.bills import (
    bill_lines,
    bill_payload,
    fits_per_line,
)
from connectors.flows.procurify_to_zoho_books.lines import DoesNotAddUpError, Line
from connectors.flows.procurify_to_zoho_books.plan import (
    BILLED,
    OPEN,
    Meant,
    changes,
    plan,
    total_in_doubt,
)
from connectors.flows.procurify_to_zoho_books.resolve import Resolution, mapping_keys, resolve
from connectors.flows.procurify_to_zoho_books.waiting import waiting_for
from connectors.flows.procurify_to_zoho_books.words import (
    BILLS,
    ORDERS,
    PART,
    bill_reference,
    money,
)
from connectors.providers.procurify.records import Bill, bills, orders

_NOT_YET = frozenset({bills.DRAFT, bills.CONFIRMED})
_WITHDRAWN = {bills.DENIED: "denied", bills.WITHDRAWN: "withdrawn"}


def bill_needs(bill: Bill) -> Needs:
    """The mappings of its lines, the orders it bills, and who else has its number."""
    return Needs(
        mappings=mapping_keys(bill, _readable_lines(bill)),
        documents=frozenset(_order_keys(bill)),
        twins=frozenset({normalise_number(bill.number)} - {""}),
    )


def decide_bill(bill: Bill, facts: Facts, context: Context) -> Decision:
    link = facts.links.get(PART)
    if facts.gone:
        return _taken_back(bill, link, "deleted")
    not_now = _not_posted(bill, link, context)
    if not_now is not None:
        return not_now
    problem = gap(bill)
    if problem is None and link is None:
        problem = duplicate(bill, facts) or period_closed(bill, facts, context)
    return problem or _post(bill, link, facts, context)


def _not_posted(bill: Bill, link: LinkState | None, context: Context) -> Decision | None:
    """What statuses and types that this flow does not post come to."""
    if bill.status in _WITHDRAWN:
        return _taken_back(bill, link, _WITHDRAWN[bill.status])
    if bill.status in _NOT_YET:
        # One that was posted and is being corrected stands as posted until approved again.
        return Nothing() if link else NotApplicable(words="It is not approved in Procurify yet.")
    if bill.status not in POSTED or bill.type not in _type_words():
        return Held(
            reason=Reason.UNKNOWN_STATUS,
            words=f"Procurify says status {bill.status} and type {bill.type} of bill {named(bill)},"
            " which this service does not know. Nothing is posted until somebody says what it "
            "means.",
        )
    if link is None and not _type_is_posted(bill.type, context):
        return NotApplicable(words=f"This integration does not post {_type_words()[bill.type]}.")
    return None


def _type_words() -> Mapping[int, str]:
    return {
        bills.ORDER_BILL: "order bills",
        bills.EXPENSE_BILL: "expense bills",
        bills.CARD_BILL: "credit card bills",
    }


def _type_is_posted(kind: int, context: Context) -> bool:
    if kind == bills.EXPENSE_BILL:
        return options.posts_expense_bills(context)
    return options.posts_card_bills(context) if kind == bills.CARD_BILL else True


def _taken_back(bill: Bill, link: LinkState | None, how: str) -> Decision:
    if link is None:
        return NotApplicable(words=f"It was {how} in Procurify before it was posted.")
    if link.status == VOID:
        return Nothing(final=State.CANCELLED)
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Bill {named(bill)} of {money(bill.total, bill.currency)} was {how} in Procurify "
        f"after it was posted to Zoho Books as {link.target_number}. Void it there, or dismiss "
        "this document to keep it.",
    )


def _post(bill: Bill, link: LinkState | None, facts: Facts, context: Context) -> Decision:
    try:
        lines = bill_lines(bill)
    except DoesNotAddUpError as error:
        return Held(reason=Reason.TOTAL_DIFFERS, words=str(error))
    resolution = resolve(bill, lines, facts, link.payload if link else {})
    held = None if link else typed_by_hand(bill, resolution, facts, context)
    if held is not None:
        return held
    missing_orders = [] if link else _missing_orders(bill, facts)
    if resolution.missing or missing_orders:
        return waiting_for(resolution.missing, missing_orders)
    return _fit(bill, lines, resolution, link, facts, context)


def _missing_orders(bill: Bill, facts: Facts) -> list[tuple[DocumentKey, str]]:
    """Orders that the bill takes from and that do not stand at the target yet."""
    return [
        (key, number)
        for key, number in _order_keys(bill).items()
        if _order_link(key, facts) is None
    ]


def _order_link(key: DocumentKey, facts: Facts) -> LinkState | None:
    sibling = facts.documents.get(key)
    link = sibling.links.get(PART) if sibling else None
    return link if link is not None and link.target_id else None


def _order_keys(bill: Bill) -> dict[DocumentKey, str]:
    """The orders that the bill names, with the numbers that people know them by."""
    return {
        DocumentKey(ORDERS, item.order_key): item.order_number or item.order_key
        for item in bill.items
        if item.order_key
    }


def _fit(
    bill: Bill,
    lines: list[Line],
    resolution: Resolution,
    link: LinkState | None,
    facts: Facts,
    context: Context,
) -> Decision:
    per_line = fits_per_line(bill, lines, resolution)
    if per_line is None:
        return differs(bill, lines, resolution)
    found = {key.key: _order_link(key, facts) for key in _order_keys(bill)}
    reference = bill_reference(bill.key, context.source_settings)
    payload = bill_payload(
        bill,
        lines,
        resolution,
        day=bill_day(bill, context),
        per_line=per_line,
        reference=reference,
        orders={key: order for key, order in found.items() if order is not None},
        posted=link.payload if link else {},
    )
    meant = _meant(bill, payload, resolution, reference, facts)
    if link is None:
        return plan(meant, link)
    if not changes(meant, link):
        return total_in_doubt(meant, link, facts) or plan(meant, link)
    return may_change(bill, link, facts, context) or plan(meant, link)


def _meant(
    bill: Bill, payload: Mapping[str, Any], resolution: Resolution, reference: str, facts: Facts
) -> Meant:
    return Meant(
        target_kind=BILLS,
        reference=reference,
        number=bill.number,
        vendor_id=resolution.vendor_id,
        currency=bill.currency,
        total=to_cents(bill.total, bill.currency),
        payload=payload,
        first_status=OPEN,
        mappings_used=resolution.used,
        nudges=_closed_orders(bill, facts),
    )


def _closed_orders(bill: Bill, facts: Facts) -> tuple[DocumentKey, ...]:
    """The bill's orders that are closed: they may be marked billed once this one is posted."""
    return tuple(sorted(key for key in _order_keys(bill) if _to_be_closed(key, facts)))


def _to_be_closed(key: DocumentKey, facts: Facts) -> bool:
    order = facts.documents.get(key)
    if order is None or str(order.record.get("state")) != str(orders.CLOSED):
        return False
    link = order.links.get(PART)
    return link is None or link.status != BILLED


def _readable_lines(bill: Bill) -> list[Line]:
    try:
        return bill_lines(bill)
    except DoesNotAddUpError:
        return []
