"""Decides on a bill: post it, change it, wait for its vendor and orders, or ask a person.

The record and its facts enter, one decision leaves. Pure, and the same for a real run and for a
preview.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    DocumentKey,
    Facts,
    Held,
    LinkState,
    Needs,
    NotApplicable,
    Noted,
    Nothing,
    ReadTarget,
)
from connectors.core.errors import BadInputError
from connectors.core.flow import Context
from connectors.core.names import normalise_number
from connectors.core.states import Reason, State
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.bill_obstacles import (
    POSTED,
    VOID,
    bill_day,
    differs,
    gap,
    may_change,
    named,
    period_closed,
    still_void,
)
from connectors.flows.procurify_to_zoho_books.bills import (
    bill_lines,
    bill_payload,
    fits_per_line,
)
from connectors.flows.procurify_to_zoho_books.duplicates import number_taken
from connectors.flows.procurify_to_zoho_books.kept_lines import as_posted
from connectors.flows.procurify_to_zoho_books.lines import (
    DoesNotAddUpError,
    Line,
    by_amount,
    refuse_coarse,
)
from connectors.flows.procurify_to_zoho_books.plan import (
    BILLED,
    OPEN,
    Meant,
    changes,
    found_ended,
    plan,
    total_in_doubt,
)
from connectors.flows.procurify_to_zoho_books.quantities import price_digits
from connectors.flows.procurify_to_zoho_books.rates import with_known_rate
from connectors.flows.procurify_to_zoho_books.resolve import Resolution, mapping_keys, resolve
from connectors.flows.procurify_to_zoho_books.said_to_zoho import at_location, nothing_billable
from connectors.flows.procurify_to_zoho_books.suspects import AT_REST, ENDED, key_order
from connectors.flows.procurify_to_zoho_books.taken import Taken, taken_by
from connectors.flows.procurify_to_zoho_books.taking import spread
from connectors.flows.procurify_to_zoho_books.waiting import waiting_for
from connectors.flows.procurify_to_zoho_books.words import (
    BILLS,
    ORDERS,
    PART,
    VENDOR,
    bill_reference,
    mark,
    money,
)
from connectors.flows.procurify_to_zoho_books.years import FISCAL_START, fiscal_year
from connectors.providers.procurify.records import Bill, bills, orders, parse_bill

_UNDER_WAY = frozenset({State.DELIVERING, State.UNCONFIRMED})
_NOT_YET = frozenset({bills.DRAFT, bills.CONFIRMED})
_WITHDRAWN = {bills.DENIED: "denied", bills.WITHDRAWN: "withdrawn"}


def bill_needs(bill: Bill) -> Needs:
    """The mappings of its lines, the orders it bills, and who else has its number."""
    return Needs(
        mappings=mapping_keys(bill, _readable_lines(bill)),
        documents=frozenset(_order_keys(bill)),
        twins=frozenset({normalise_number(bill.number)} - {""}),
        party_kind=VENDOR,
        neighbours=True,
    )


def decide_bill(bill: Bill, facts: Facts, context: Context) -> Decision:
    link = facts.links.get(PART)
    if facts.gone:
        return _taken_back(bill, link, "deleted", facts)
    not_now = _not_posted(bill, link, facts, context)
    if not_now is not None:
        return not_now
    problem = gap(bill)
    if link is not None and link.status in ENDED:
        link = None  # a person has asked for it to be posted anew
    if problem is None and link is not None and link.status == VOID:
        return _approved_again(bill, link, facts, context)
    return problem or _post(bill, link, facts, context)


def _approved_again(bill: Bill, link: LinkState, facts: Facts, context: Context) -> Decision:
    """A void bill is not posted, unless somebody has opened it again there, which is noted."""
    if PART not in facts.live:
        return ReadTarget(parts=(PART,))
    live = facts.live[PART]
    if live.status == VOID:
        return still_void(bill)
    decision = _post(bill, replace(link, status=live.status), facts, context)
    if not isinstance(decision, Deliver | Nothing):
        return decision
    note = Noted(part=PART, status=live.status, payload=link.payload, ended=False)
    return replace(decision, noted=(note,))


def _not_posted(
    bill: Bill, link: LinkState | None, facts: Facts, context: Context
) -> Decision | None:
    """What statuses and types that this flow does not post come to."""
    if bill.status in _WITHDRAWN:
        return _taken_back(bill, link, _WITHDRAWN[bill.status], facts)
    if bill.status in _NOT_YET:
        # One that was posted and is being corrected stands as posted until approved again.
        stands = link is not None and link.status not in (VOID, *ENDED)
        return Nothing() if stands else NotApplicable(words="It is not approved in Procurify yet.")
    if bill.status not in POSTED or bill.type not in _type_words():
        return Held(
            reason=Reason.UNKNOWN_STATUS,
            words=f"Procurify says status {bill.status} and type {bill.type} of bill {named(bill)},"
            " which this service does not know, so nothing is posted. Tell its operator, or "
            "dismiss this document.",
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


def _taken_back(bill: Bill, link: LinkState | None, how: str, facts: Facts) -> Decision:
    if link is None:
        return NotApplicable(words=f"It was {how} in Procurify before it was posted.")
    if link.status == VOID or link.status in ENDED:
        return Nothing(final=State.CANCELLED)
    if PART not in facts.live:
        return ReadTarget(parts=(PART,), ending=(PART,))
    if facts.live[PART].status in (VOID, *ENDED):
        return found_ended(link, facts)
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Bill {named(bill)} of {money(bill.total, bill.currency)} was {how} in Procurify "
        f"after it was posted to Zoho Books as {link.target_number}. Void it there and "
        "replay this document, or dismiss it to keep the bill.",
    )


def _post(bill: Bill, link: LinkState | None, facts: Facts, context: Context) -> Decision:
    digits = price_digits(bill.currency, facts)
    try:
        lines = bill_lines(bill, digits)
        refuse_coarse(lines, bill.total, bill.currency, digits)
    except DoesNotAddUpError as error:
        return Held(reason=Reason.TOTAL_DIFFERS, words=str(error))
    posted = link.payload if link else {}
    lines = as_posted(lines, posted, bill.currency)
    orders = _billed_orders(bill, link, facts)[0]
    taken = _taken(bill, orders, facts, digits)
    lines = spread(lines, orders, posted, taken, bill.currency, digits)
    resolution = resolve(bill, lines, facts, link)
    held = number_taken(bill, resolution.vendor_id, link, facts, context)
    if held is None and link is None:
        held = period_closed(bill, facts, context)
    if held is not None:
        return held
    pending, at_rest = ([], []) if link else _missing_orders(bill, facts)
    if options.posts_without_order(context):
        at_rest = []
    if resolution.missing or pending or at_rest:
        return waiting_for(resolution.missing, pending, at_rest)
    return _fit(bill, lines, resolution, link, facts, context)


def _taken(bill: Bill, orders: Mapping[str, LinkState], facts: Facts, digits: int) -> Taken:
    """What other bills take from these orders, those that are being posted at this moment among
    them: of two that together are the rest of an order, the later one completes it.
    """
    taken = taken_by(facts.neighbours, bill.currency)
    moving = [one for one in facts.neighbours if one.state in _UNDER_WAY and not one.links]
    moving.sort(key=lambda one: key_order(one.key))
    for one in moving:
        if orders and key_order(one.key) < key_order(bill.key):
            with suppress(BadInputError):
                other = parse_bill(one.record)
                if other.status in POSTED:
                    spread(bill_lines(other, digits), orders, {}, taken, other.currency, digits)
    return taken


_Named = list[tuple[DocumentKey, str]]


def _missing_orders(bill: Bill, facts: Facts) -> tuple[_Named, _Named]:
    """Orders that the bill takes from and that do not stand at the target: those that may still
    come, with their numbers, and those that will not, with why.
    """
    pending: _Named = []
    at_rest: _Named = []
    for key, number in _order_keys(bill).items():
        if _order_link(key, facts) is not None:
            continue
        order = facts.documents.get(key)
        if order is None or order.state not in AT_REST:
            pending.append((key, number))
        else:
            state = order.state.replace("_", " ")
            words = f"Purchase order {number} is not in Zoho Books ({state}): {order.words}"
            at_rest.append((key, words.rstrip(": ").rstrip(".") + "."))
    return pending, at_rest


def _order_link(key: DocumentKey, facts: Facts) -> LinkState | None:
    """What a bill can take from: Zoho Books refuses bills of cancelled orders."""
    sibling = facts.documents.get(key)
    link = sibling.links.get(PART) if sibling else None
    return link if link is not None and link.target_id and link.status not in ENDED else None


def _billed_orders(
    bill: Bill, link: LinkState | None, facts: Facts
) -> tuple[dict[str, LinkState], list[str]]:
    """The orders that the bill takes from, and the keys of those without which it is posted.

    Posted without an order, it stays without: the order may come later, the bill may be paid.
    """
    found = {key.key: _order_link(key, facts) for key in _order_keys(bill)}
    alone = link.payload.get("without_orders", []) if link else _alone(found)
    if link:
        found = {key: _kept_order(key, order, facts) for key, order in found.items()}
    orders = {key: order for key, order in found.items() if order and key not in alone}
    return orders, list(alone)


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
        lines = by_amount(lines, bill.currency)
        per_line = fits_per_line(bill, lines, resolution)
    if per_line is None:
        return differs(bill, lines, resolution)
    found, alone = _billed_orders(bill, link, facts)
    posted = link.payload if link else {}
    reference = mark(bill_reference(bill.key, context.source_settings), facts.links.get(PART))
    payload = bill_payload(
        bill,
        lines,
        resolution,
        day=bill_day(bill, context),
        per_line=per_line,
        reference=reference,
        orders=found,
        posted=posted,
    )
    payload |= _year_of(bill, facts, context)
    if alone:
        payload["without_orders"] = alone
    payload, words = with_known_rate(payload, posted, facts)
    payload = nothing_billable(at_location(payload, posted, facts, context), posted)
    meant = replace(_meant(bill, payload, resolution, reference, facts), words=words)
    if link is None:
        return plan(meant, link)
    if not changes(meant, link):
        return total_in_doubt(meant, link, facts) or plan(meant, link)
    return may_change(bill, link, facts, context) or plan(meant, link)


def _year_of(bill: Bill, facts: Facts, context: Context) -> dict[str, list[str]]:
    """The fiscal year within which Zoho Books takes a vendor's number once, where it is known."""
    year = fiscal_year(bill_day(bill, context), facts.target_profile.get(FISCAL_START))
    return {} if year is None else {"fiscal_year": [day.isoformat() for day in year]}


def _alone(found: Mapping[str, LinkState | None]) -> list[str]:
    """The orders without which a new bill is posted."""
    return sorted(key for key, order in found.items() if order is None)


def _kept_order(key: str, order: LinkState | None, facts: Facts) -> LinkState | None:
    """What a posted bill takes from stays so, also when the order was cancelled since."""
    sibling = facts.documents.get(DocumentKey(ORDERS, key))
    return order or (sibling.links.get(PART) if sibling else None)


def _meant(
    bill: Bill, payload: Mapping[str, Any], resolution: Resolution, reference: str, facts: Facts
) -> Meant:
    return Meant(
        target_kind=BILLS,
        reference=reference,
        number=bill.number,
        vendor_id=resolution.vendor_id,
        currency=bill.currency,
        total=bill.total,
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
