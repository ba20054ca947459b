"""Decides on a bill: post it, change it, wait for its vendor and orders, or ask a person.

The record and its facts enter, one decision leaves. Pure, and the same for a real run and for a
preview.
"""

from collections.abc import Mapping
from datetime import date
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
    ReadTarget,
    Sibling,
)
from connectors.core.flow import Context
from connectors.core.money import parse_decimal, to_cents
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.states import Reason, State
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.bills import (
    bill_lines,
    bill_payload,
    fits_per_line,
    predicted_total,
)
from connectors.flows.procurify_to_zoho_books.lines import DoesNotAddUpError, Line
from connectors.flows.procurify_to_zoho_books.plan import (
    OPEN,
    Meant,
    changes,
    plan,
    total_in_doubt,
)
from connectors.flows.procurify_to_zoho_books.resolve import Resolution, mapping_keys, resolve
from connectors.flows.procurify_to_zoho_books.suspects import earlier_twin, taken_at_target
from connectors.flows.procurify_to_zoho_books.waiting import waiting_for
from connectors.flows.procurify_to_zoho_books.words import (
    BILLS,
    ORDERS,
    PART,
    bill_reference,
    money,
)
from connectors.providers.procurify.records import Bill, bills, orders

_POSTED = frozenset(
    {
        bills.APPROVED,
        bills.PAID,
        bills.PAYMENT_CONFIRMED,
        bills.PAYMENT_APPROVED,
        bills.PAYMENT_LIMBO,
    }
)
_NOT_YET = frozenset({bills.DRAFT, bills.CONFIRMED})
_WITHDRAWN = {bills.DENIED: "denied", bills.WITHDRAWN: "withdrawn"}
_VOID = "void"


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
    problem = _problem(bill)
    if problem is None and link is None:
        problem = _duplicate(bill, facts) or _closed(bill, facts, context)
    return problem or _post(bill, link, facts, context)


def _not_posted(bill: Bill, link: LinkState | None, context: Context) -> Decision | None:
    """What statuses and types that this flow does not post come to."""
    if bill.status in _WITHDRAWN:
        return _taken_back(bill, link, _WITHDRAWN[bill.status])
    if bill.status in _NOT_YET:
        # One that was posted and is being corrected stands as posted until approved again.
        return Nothing() if link else NotApplicable(words="It is not approved in Procurify yet.")
    if bill.status not in _POSTED or bill.type not in _type_words():
        return Held(
            reason=Reason.UNKNOWN_STATUS,
            words=f"Procurify says status {bill.status} and type {bill.type} of bill {_name(bill)},"
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
    if link.status == _VOID:
        return Nothing(final=State.CANCELLED)
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Bill {_name(bill)} of {money(bill.total, bill.currency)} was {how} in Procurify "
        f"after it was posted to Zoho Books as {link.target_number}. Void it there, or dismiss "
        "this document to keep it.",
    )


def _problem(bill: Bill) -> Held | None:
    """What only Procurify can put right, whatever the mappings say."""
    if not bill.number:
        return Held(
            reason=Reason.NUMBER_MISSING,
            words=f"The bill of {bill.party} over {money(bill.total, bill.currency)} (Procurify "
            f"{bill.key}) has no invoice number. Enter it in Procurify.",
        )
    if not bill.vendor_id or bill.invoice_day is None:
        lacks = "vendor" if not bill.vendor_id else "invoice date"
        return Held(
            reason=Reason.UNREADABLE,
            words=f"Bill {_name(bill)} has no {lacks}. Enter it in Procurify.",
        )
    if bill.total < 0:
        return Held(
            reason=Reason.NEGATIVE_TOTAL,
            words=f"Bill {_name(bill)} has a negative total of {money(bill.total, bill.currency)}."
            " Enter it in Zoho Books as a vendor credit and dismiss this document.",
        )
    return None


def _duplicate(bill: Bill, facts: Facts) -> Held | None:
    """The same invoice number of the same vendor, in Procurify: the first one posts."""
    twin = earlier_twin(bill.key, bill.vendor_id, facts.twins, _will_post)
    if twin is None:
        return None
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Invoice number {bill.number} of {bill.party} is also that of the bill with group "
        f"{twin.key} in Procurify. If they are one invoice, withdraw or dismiss this one; if not, "
        "correct the number.",
    )


def _will_post(twin: Sibling) -> bool:
    """Whether a twin that is not posted yet is one that this flow posts."""
    return str(twin.record.get("status")) in {str(status) for status in _POSTED}


def _closed(bill: Bill, facts: Facts, context: Context, before: str = "") -> Held | None:
    """Neither the day it gets nor the day it has may lie in the closed period."""
    day = _day(bill, context)
    days = [day, *([date.fromisoformat(before)] if before else [])]
    if facts.locked_until is None or min(days) > facts.locked_until:
        return None
    return Held(
        reason=Reason.PERIOD_CLOSED,
        words=f"Bill {_name(bill)} is dated {min(days).isoformat()}, but purchases are closed in "
        f"Zoho Books up to {facts.locked_until.isoformat()}. Reopen the period there, or give the "
        "bill a later posting date in Procurify.",
    )


def _day(bill: Bill, context: Context) -> date:
    """The bill's date at the target; a bill without any date does not get here."""
    day = bill.invoice_day if options.dates_by_invoice(context) else bill.day
    return day or date.min


def _post(bill: Bill, link: LinkState | None, facts: Facts, context: Context) -> Decision:
    try:
        lines = bill_lines(bill)
    except DoesNotAddUpError as error:
        return Held(reason=Reason.TOTAL_DIFFERS, words=str(error))
    resolution = resolve(bill, lines, facts, link.payload if link else {})
    held = None if link else _typed_by_hand(bill, resolution, facts, context)
    if held is not None:
        return held
    missing_orders = [] if link else _missing_orders(bill, facts)
    if resolution.missing or missing_orders:
        return waiting_for(resolution.missing, missing_orders)
    return _fit(bill, lines, resolution, link, facts, context)


def _typed_by_hand(
    bill: Bill, resolution: Resolution, facts: Facts, context: Context
) -> Held | None:
    """The same invoice of the same vendor, already in Zoho Books without our reference."""
    if not resolution.vendor_id:
        return None
    reference = bill_reference(bill.key, context.source_settings)
    suspect = taken_at_target(reference, resolution.vendor_id, facts.target_suspects)
    if suspect is None:
        return None
    total = "" if suspect.total is None else f" over {money(suspect.total, suspect.currency)}"
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Zoho Books already has a bill {suspect.number} of {bill.party}{total} that was "
        "not posted from this one. If it is the same invoice, dismiss this document; if not, "
        "correct a number.",
    )


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
        return _differs(bill, lines, resolution)
    found = {key.key: _order_link(key, facts) for key in _order_keys(bill)}
    reference = bill_reference(bill.key, context.source_settings)
    payload = bill_payload(
        bill,
        lines,
        resolution,
        day=_day(bill, context),
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
    return _may_change(bill, link, facts, context) or plan(meant, link)


def _may_change(
    bill: Bill, link: LinkState, facts: Facts, context: Context
) -> Held | ReadTarget | None:
    """A posted bill is changed only while its period is open and nothing was paid on it."""
    closed = _closed(bill, facts, context, before=str(link.payload.get("date", "")))
    if closed is not None:
        return closed
    if PART not in facts.live:
        return ReadTarget(parts=(PART,))
    live = facts.live[PART]
    if live.status == _VOID:
        return Held(
            reason=Reason.TARGET_MISSING,
            words=f"Bill {_name(bill)} was changed in Procurify, but somebody voided it in Zoho "
            "Books. Dismiss this document, or enter the bill there by hand.",
        )
    if not _is_paid(live):
        return None
    return Held(
        reason=Reason.PAID,
        words=f"Bill {_name(bill)} was changed in Procurify to {money(bill.total, bill.currency)}, "
        "but it is already paid, at least in part, in Zoho Books. Settle the difference there and "
        "dismiss this document, or undo the change in Procurify.",
    )


def _is_paid(live: TargetState) -> bool:
    if live.status in ("paid", "partially_paid"):
        return True
    amounts = (live.content.get(name) for name in ("payment_made", "vendor_credits_applied"))
    return any(parse_decimal(amount) != 0 for amount in amounts if amount)


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
    closed = str(orders.CLOSED)
    return tuple(
        sorted(
            key
            for key in _order_keys(bill)
            if key in facts.documents and str(facts.documents[key].record.get("state")) == closed
        )
    )


def _differs(bill: Bill, lines: list[Line], resolution: Resolution) -> Held:
    made = predicted_total(bill, lines, resolution, per_line=False)
    difference = made - to_cents(bill.total, bill.currency)
    return Held(
        reason=Reason.TOTAL_DIFFERS,
        words=f"Bill {_name(bill)} has a total of {money(bill.total, bill.currency)} in Procurify, "
        f"but its lines, taxes and costs make {money(made, bill.currency)}, a difference of "
        f"{money(difference, bill.currency)}. Correct it in Procurify, or check the rates of the "
        "mapped taxes.",
    )


def _name(bill: Bill) -> str:
    """'INV-7 of Acme', as people speak of it."""
    return f"{bill.number or '(no number)'} of {bill.party}" if bill.party else bill.number


def _readable_lines(bill: Bill) -> list[Line]:
    try:
        return bill_lines(bill)
    except DoesNotAddUpError:
        return []
