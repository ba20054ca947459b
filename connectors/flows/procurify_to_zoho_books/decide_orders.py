"""Decides on a purchase order: post it, change it, follow its life, wait, or ask a person.

The record and its facts enter, one decision leaves. Pure, and the same for a real run and for a
preview.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Facts,
    Held,
    LinkState,
    Needs,
    NotApplicable,
    Nothing,
    Sibling,
)
from connectors.core.flow import Context
from connectors.core.money import ZERO, parse_decimal, to_cents
from connectors.core.names import normalise_number
from connectors.core.states import SETTLED, Reason, State
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.lines import DoesNotAddUpError, Line
from connectors.flows.procurify_to_zoho_books.orders import (
    fitting_discount,
    nearest_total,
    order_lines,
    order_payload,
)
from connectors.flows.procurify_to_zoho_books.payloads import line_place
from connectors.flows.procurify_to_zoho_books.plan import (
    CANCELLED,
    DRAFT,
    Meant,
    cancellation,
    changes,
    order_statuses,
    plan,
    total_in_doubt,
)
from connectors.flows.procurify_to_zoho_books.resolve import Resolution, mapping_keys, resolve
from connectors.flows.procurify_to_zoho_books.suspects import earlier_twin, taken_at_target
from connectors.flows.procurify_to_zoho_books.waiting import waiting_for
from connectors.flows.procurify_to_zoho_books.words import ORDERS, PART, money, order_reference
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
        return _gone(order, link)
    if order.state == orders.CANCELLED:
        return _cancelled(order, link)
    problem = _problem(order)
    if problem is None and link is None:
        problem = _number_taken(order, facts, context)
    return problem or _post(order, link, facts, context)


def _gone(order: PurchaseOrder, link: LinkState | None) -> Decision:
    if link is None:
        return NotApplicable(words="It was deleted in Procurify before it was posted.")
    if link.status == CANCELLED:
        return Nothing(final=State.CANCELLED)
    return Held(
        reason=Reason.WITHDRAWN,
        words=f"Purchase order {order.number} no longer exists in Procurify, but stands in Zoho "
        f"Books as {link.target_number}. Cancel it there, or dismiss this document to keep it.",
    )


def _cancelled(order: PurchaseOrder, link: LinkState | None) -> Decision:
    if link is None:
        return NotApplicable(words="It was cancelled in Procurify before it was posted.")
    return cancellation(link, order.currency)


def _problem(order: PurchaseOrder) -> Held | None:
    """What only Procurify can put right, whatever the mappings say."""
    if order.state not in _FOLLOWED:
        return Held(
            reason=Reason.UNKNOWN_STATUS,
            words=f"Procurify says state {order.state} of purchase order {order.number}, which "
            "this service does not know. Nothing is posted until somebody says what it means.",
        )
    if not order.number:
        return Held(
            reason=Reason.NUMBER_MISSING,
            words=f"The purchase order (Procurify {order.key}) has no number.",
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
            f"{money(order.total, order.currency)}, which Zoho Books does not take.",
        )
    return None


def _number_taken(order: PurchaseOrder, facts: Facts, context: Context) -> Held | None:
    """Numbers of purchase orders are unique at the target, whoever the vendor is."""
    twin = earlier_twin(order.key, order.vendor_id, facts.twins, lambda _: True)
    if twin is not None:
        return Held(
            reason=Reason.DUPLICATE_SUSPECTED,
            words=f"Number {order.number} is already that of another purchase order of "
            f"{order.party} (Procurify {twin.key}). Change one of the numbers, or dismiss one.",
        )
    reference = order_reference(order.key, context.source_settings)
    suspect = taken_at_target(reference, "", facts.target_suspects)
    if suspect is None:
        return None
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Zoho Books already has a purchase order {suspect.number} that was not posted by "
        "this service. Delete or renumber it there, or dismiss this document.",
    )


def _post(order: PurchaseOrder, link: LinkState | None, facts: Facts, context: Context) -> Decision:
    try:
        lines = order_lines(order)
    except DoesNotAddUpError as error:
        return Held(reason=Reason.TOTAL_DIFFERS, words=str(error))
    resolution = resolve(order, lines, facts, link.payload if link else {})
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
    reference = order_reference(order.key, context.source_settings)
    payload = order_payload(order, lines, resolution, discount, reference)
    meant = _meant(order, payload, resolution, reference)
    if link is not None:
        problem = total_in_doubt(meant, link, facts) or _below_billed(
            order, meant, link, facts.dependants
        )
        if problem is not None:
            return problem
    statuses = order_statuses(
        link.status if link else "",
        billed=_to_be_billed(order, facts, context),
        reopened=order.state == orders.REOPENED,
        leave_draft=options.leaves_drafts(context),
    )
    return plan(meant, link, statuses)


def _meant(
    order: PurchaseOrder, payload: Mapping[str, Any], resolution: Resolution, reference: str
) -> Meant:
    return Meant(
        target_kind=ORDERS,
        reference=reference,
        number=order.number,
        vendor_id=resolution.vendor_id,
        currency=order.currency,
        total=to_cents(order.total, order.currency),
        payload=payload,
        first_status=DRAFT,
        by_item=True,
        mappings_used=resolution.used,
    )


def _differs(order: PurchaseOrder, lines: list[Line], resolution: Resolution) -> Held:
    made = nearest_total(order, lines, resolution)
    difference = made - to_cents(order.total, order.currency)
    return Held(
        reason=Reason.TOTAL_DIFFERS,
        words=f"Purchase order {order.number} has a total of {money(order.total, order.currency)} "
        f"in Procurify, but its lines, taxes and charges make {money(made, order.currency)}, "
        f"a difference of {money(difference, order.currency)}. Correct it in Procurify, or check "
        "the rates of the mapped taxes.",
    )


def _to_be_billed(order: PurchaseOrder, facts: Facts, context: Context) -> bool:
    """Closed, and every bill that takes from it has come to rest."""
    if order.state != orders.CLOSED or not options.follows_closed(context):
        return False
    return all(dependant.state in SETTLED for dependant in facts.dependants)


def _below_billed(
    order: PurchaseOrder,
    meant: Meant,
    link: LinkState,
    dependants: Iterable[Sibling],
) -> Held | None:
    """A revision may not take away what posted bills have already taken from a line."""
    if not changes(meant, link):
        return None
    places = {str(row["key"]): line_place(row) for row in link.payload.get("lines", ())}
    names = {line_place(row): str(row.get("name", "")) for row in link.payload.get("lines", ())}
    ordered: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for row in meant.payload["lines"]:
        amount = parse_decimal(row["quantity"]) * parse_decimal(row["rate"])
        ordered[line_place(row)] += to_cents(amount, order.currency)
    for place, billed in _billed(order, places, dependants).items():
        if ordered[place] < billed:
            return Held(
                reason=Reason.BELOW_BILLED,
                words=f"Line {names.get(place, place[0])!r} of purchase order {order.number} was "
                f"revised to {money(ordered[place], order.currency)}, but posted bills already "
                f"take {money(billed, order.currency)} from it. Revise the order or its bills.",
            )
    return None


def _billed(
    order: PurchaseOrder,
    places: Mapping[str, tuple[str, str]],
    dependants: Iterable[Sibling],
) -> dict[tuple[str, str], Decimal]:
    """How much posted bills take from each place of the order, without tax."""
    billed: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for link in (link for dependant in dependants for link in dependant.links.values()):
        same_currency = link.payload.get("currency_code") == order.currency
        if link.status == "void" or not same_currency:
            continue
        for row in link.payload.get("lines", ()):
            place = places.get(str(row.get("order_line", "")))
            if place is not None and row.get("order") == order.key:
                billed[place] += parse_decimal(row["net"])
    return billed


def _readable_lines(order: PurchaseOrder) -> list[Line]:
    try:
        return order_lines(order)
    except DoesNotAddUpError:
        return []
