"""Decides on a purchase order: post it, change it, follow its life, wait, or ask a person.

The record and its facts enter, one decision leaves. Pure, and the same for a real run and for a
preview.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.core.decisions import (
    Decision,
    Facts,
    Held,
    LinkState,
    Needs,
    NotApplicable,
    Nothing,
    ReadTarget,
)
from connectors.core.flow import Context
from connectors.core.names import normalise_number, spelt_number
from connectors.core.states import Over, Reason, State
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.below_billed import below_billed
from connectors.flows.procurify_to_zoho_books.closing import left_open
from connectors.flows.procurify_to_zoho_books.kept_lines import as_posted, in_billed_rows
from connectors.flows.procurify_to_zoho_books.lines import DoesNotAddUpError, Line, refuse_coarse
from connectors.flows.procurify_to_zoho_books.orders import (
    fitting_discount,
    nearest_total,
    order_lines,
    order_payload,
)
from connectors.flows.procurify_to_zoho_books.plan import (
    CANCELLED,
    DRAFT,
    Meant,
    cancellation,
    found_ended,
    order_statuses,
    plan,
    total_in_doubt,
)
from connectors.flows.procurify_to_zoho_books.quantities import price_digits
from connectors.flows.procurify_to_zoho_books.rates import with_known_rate
from connectors.flows.procurify_to_zoho_books.resolve import Resolution, mapping_keys, resolve
from connectors.flows.procurify_to_zoho_books.said_to_zoho import at_location
from connectors.flows.procurify_to_zoho_books.suspects import ENDED, earlier_twin, taken_at_target
from connectors.flows.procurify_to_zoho_books.taken import taken_by
from connectors.flows.procurify_to_zoho_books.waiting import waiting_for
from connectors.flows.procurify_to_zoho_books.words import (
    NUMBER_LIMIT,
    ORDERS,
    PART,
    mark,
    money,
    next_number,
    order_reference,
    taken,
)
from connectors.providers.procurify.records import PurchaseOrder, orders

_FOLLOWED = frozenset({orders.PURCHASED, orders.CLOSED, orders.PAID, orders.REOPENED})


def order_needs(order: PurchaseOrder) -> Needs:
    """The mappings of its lines, who else has its number, and the bills that take from it."""
    return Needs(
        mappings=mapping_keys(order, _readable_lines(order)),
        twins=frozenset({normalise_number(order.number)} - {""}),
        dependants=True,
    )


def decide_order(order: PurchaseOrder, facts: Facts, context: Context) -> Decision:
    link = facts.links.get(PART)
    if facts.gone:
        return _gone(order, link, facts)
    if order.state == orders.CANCELLED:
        return _cancelled(order, link)
    if facts.only_named and link is None:
        return NotApplicable(
            words="It has not changed since the history start, so it is not posted. "
            "Replay it to post it all the same."
        )
    number = next_number(order.number, link, facts.renumbered)
    problem = _problem(order, number) or _reopened(order, link, facts)
    standing = None if link and link.status in ENDED else link
    if problem is None and standing is None:
        problem = _number_taken(order, number, facts, context)
    return problem or _post(order, standing, facts, context)


def _gone(order: PurchaseOrder, link: LinkState | None, facts: Facts) -> Decision:
    if link is None:
        return NotApplicable(words="It was deleted in Procurify before it was posted.")
    if link.status in ENDED:
        return Nothing(final=State.CANCELLED)
    if PART not in facts.live:
        return ReadTarget(parts=(PART,), ending=(PART,))
    if facts.live[PART].status in ENDED:
        return found_ended(link, facts)
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Purchase order {order.number} no longer exists in Procurify, but stands in Zoho "
        f"Books as {link.target_number}. Cancel it there and replay this document, or dismiss it "
        "to keep the order.",
    )


def _cancelled(order: PurchaseOrder, link: LinkState | None) -> Decision:
    if link is None:
        return NotApplicable(words="It was cancelled in Procurify before it was posted.")
    return cancellation(link, order.currency)


def _problem(order: PurchaseOrder, number: str) -> Held | None:
    """What only Procurify can put right, whatever the mappings say; ``number`` is what it gets."""
    if order.state not in _FOLLOWED:
        return Held(
            reason=Reason.UNKNOWN_STATUS,
            words=f"Procurify says state {order.state} of purchase order {order.number}, which "
            "this service does not know, so nothing is posted. Tell its operator, or dismiss this "
            "document.",
        )
    if not order.number:
        return Held(
            reason=Reason.NUMBER_MISSING,
            words=f"The purchase order (Procurify {order.key}) has no number. Enter one in "
            "Procurify, or dismiss this document.",
        )
    if len(number) > NUMBER_LIMIT:
        return Held(
            reason=Reason.REFUSED,
            words=f"The purchase order number {number[:20]}…{number[-4:]} has {len(number)} "
            f"characters; Zoho Books takes {NUMBER_LIMIT}. Shorten it in Procurify, or dismiss "
            "this document.",
        )
    if not order.vendor_id:
        return Held(
            reason=Reason.UNREADABLE,
            words=f"Purchase order {order.number} names no vendor. Choose one in Procurify.",
        )
    if order.total < 0:
        return Held(
            reason=Reason.NEGATIVE_TOTAL,
            words=f"Purchase order {order.number} has a negative total of "
            f"{money(order.total, order.currency)}, which Zoho Books does not take. "
            "Correct it in Procurify, or dismiss this document.",
        )
    return None


def _reopened(order: PurchaseOrder, link: LinkState | None, facts: Facts) -> Held | None:
    """Reopened, or cancelled there by hand: Zoho Books does not open a cancelled order again."""
    if link is None or link.status != CANCELLED:
        return None
    over = replace(link, status=Over.SUPERSEDED)
    successor = next_number(order.number, over, facts.renumbered)
    return Held(
        reason=Reason.REOPENED,
        words=f"Purchase order {order.number} is open in Procurify, but cancelled in Zoho Books as "
        f"{link.target_number}. Zoho Books cannot reopen a cancelled order. Post a successor "
        f"({successor}), or dismiss this document.",
    )


def _number_taken(order: PurchaseOrder, meant: str, facts: Facts, context: Context) -> Held | None:
    """Numbers of purchase orders are unique at the target, whoever the vendor is."""
    number = spelt_number(meant)
    twins = [twin for twin in facts.twins if spelt_number(twin.number) == number]
    twin = earlier_twin(order.key, twins)
    if twin is not None:
        return Held(
            reason=Reason.DUPLICATE_SUSPECTED,
            words=f"Number {meant} is already that of another purchase order "
            f"(Procurify {twin.key}). Change one of the numbers, or dismiss one.",
        )
    reference = order_reference(order.key, context.source_settings)
    suspects = [one for one in facts.target_suspects if spelt_number(one.number) == number]
    suspect = taken_at_target(reference, "", suspects)
    if suspect is None:
        return None
    return Held(reason=Reason.DUPLICATE_SUSPECTED, words=taken("purchase order", suspect))


def _post(order: PurchaseOrder, link: LinkState | None, facts: Facts, context: Context) -> Decision:
    try:
        digits = price_digits(order.currency, facts)
        posted = link.payload if link else {}
        lines = as_posted(order_lines(order, digits), posted, order.currency)
        taken = taken_by(facts.dependants, order.currency)
        lines = in_billed_rows(lines, posted, taken, order.key, order.currency, digits)
        refuse_coarse(lines, order.total, order.currency, digits)
    except DoesNotAddUpError as error:
        return Held(reason=Reason.TOTAL_DIFFERS, words=str(error))
    resolution = resolve(order, lines, facts, link)
    if resolution.missing:
        return waiting_for(resolution.missing)
    return _fit(order, lines, resolution, link, facts, context)


def _fit(
    order: PurchaseOrder,
    lines: list[Line],
    resolution: Resolution,
    link: LinkState | None,
    facts: Facts,
    context: Context,
) -> Decision:
    discount = fitting_discount(order, lines, resolution)
    if discount is None:
        return _differs(order, lines, resolution)
    last = facts.links.get(PART)
    reference = mark(order_reference(order.key, context.source_settings), last)
    payload = order_payload(order, lines, resolution, discount, reference)
    payload["purchaseorder_number"] = next_number(order.number, last, facts.renumbered)
    if facts.renumbered:
        payload["renumbered"] = facts.renumbered
    posted = link.payload if link else {}
    payload, about_rate = with_known_rate(payload, posted, facts)
    payload = at_location(payload, posted, facts, context)
    meant = _meant(order, payload, resolution, reference)
    if link is not None:
        problem = total_in_doubt(meant, link, facts) or below_billed(
            order.key, meant, link, facts.dependants
        )
        if problem is not None:
            return problem
    closes = order.state == orders.CLOSED and options.follows_closed(context)
    words = left_open(facts.dependants) if closes else ""
    statuses = order_statuses(
        link.status if link else "",
        billed=closes and not words,
        reopened=order.state == orders.REOPENED,
        leave_draft=options.leaves_drafts(context),
    )
    return replace(plan(meant, link, statuses), words=f"{words} {about_rate}".strip())


def _meant(
    order: PurchaseOrder, payload: Mapping[str, Any], resolution: Resolution, reference: str
) -> Meant:
    return Meant(
        target_kind=ORDERS,
        reference=reference,
        number=payload["purchaseorder_number"],
        vendor_id=resolution.vendor_id,
        currency=order.currency,
        total=order.total,
        payload=payload,
        first_status=DRAFT,
        by_item=True,
        mappings_used=resolution.used,
    )


def _differs(order: PurchaseOrder, lines: list[Line], resolution: Resolution) -> Held:
    made = nearest_total(order, lines, resolution)
    difference = made - order.total
    return Held(
        reason=Reason.TOTAL_DIFFERS,
        words=f"Purchase order {order.number} has a total of {money(order.total, order.currency)} "
        f"in Procurify, but its lines, taxes and charges make {money(made, order.currency)}, "
        f"a difference of {money(difference, order.currency)}. Correct it in Procurify, or check "
        "the rates of the mapped taxes.",
    )


def _readable_lines(order: PurchaseOrder) -> list[Line]:
    try:
        return order_lines(order)
    except DoesNotAddUpError:
        return []
