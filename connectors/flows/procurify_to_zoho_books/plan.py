"""From what a record shall be at the target to the steps that are left, given what stands there.

A payload, the status it shall have, and the link (if any) enter; a plan leaves, or Nothing. Made
anew after every interruption, so it goes by the link and never by what was planned before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Deliver,
    DocumentKey,
    Facts,
    Held,
    LinkState,
    Noted,
    Nothing,
    PartPlan,
    ReadTarget,
    Step,
)
from connectors.core.references import MappingKey
from connectors.core.states import Over, Reason, State
from connectors.flows.procurify_to_zoho_books.payloads import body_of, line_place, update_body
from connectors.flows.procurify_to_zoho_books.words import PART, money

CREATE, UPDATE, SET_STATUS = "create", "update", "set_status"
DRAFT, OPEN, BILLED, CANCELLED = "draft", "open", "billed", "cancelled"

# Statuses that an order must be taken out of to be open; anything else is open, billed or
# received in part, which is the target's own way of following what happens to it.
_NOT_OPEN = frozenset({DRAFT, CANCELLED})
_BILLED = frozenset({BILLED, "billed_not_received", "closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a target record shall be. ``first_status`` is the one that creating it gives.

    ``by_item`` says that other documents take from its lines, so that the same content of another
    item is not the same.
    """

    target_kind: str
    reference: str
    number: str
    vendor_id: str
    currency: str
    total: Decimal
    payload: Mapping[str, Any]
    first_status: str
    by_item: bool = False
    mappings_used: tuple[MappingKey, ...] = ()
    nudges: tuple[DocumentKey, ...] = ()
    words: str = ""


def changes(meant: Meant, link: LinkState) -> bool:
    """Whether the target must be told anything but a status; what is doubted is written anew."""
    if link.payload.get("doubted"):
        return True
    if body_of(meant.payload) != body_of(link.payload):
        return True
    return meant.by_item and _places(meant.payload) != _places(link.payload)


def _places(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [line_place(line) for line in payload.get("lines", ())]


def total_in_doubt(meant: Meant, link: LinkState, facts: Facts) -> Held | ReadTarget | None:
    """What was posted with another total or currency stays held until the target says it right.

    Only a person can have put it right there, so the target is read afresh.
    """
    other_currency = link.currency not in ("", meant.currency)
    if link.total is None or changes(meant, link):
        return None
    if link.total == meant.total and not other_currency:
        return None
    live = facts.live.get(PART)
    if live is None:
        return ReadTarget(parts=(PART,))
    currency = live.currency or meant.currency
    if live.total == meant.total and currency == meant.currency:
        return None
    says = "no total" if live.total is None else money(live.total, currency)
    other = currency != meant.currency
    return Held(
        reason=Reason.CURRENCY_DIFFERS if other else Reason.TOTAL_DIFFERS,
        words=f"It stands in Zoho Books as {link.target_number} with {says} instead of "
        f"{money(meant.total, meant.currency)}. Correct it there, then replay this document.",
    )


def plan(meant: Meant, link: LinkState | None, statuses: tuple[str, ...] = ()) -> Deliver | Nothing:
    """The steps left to do; ``statuses`` are those to pass through after the content is right."""
    steps = [*_content_steps(meant, link), *(_status_step(status) for status in statuses)]
    if not steps:
        return Nothing(nudges=meant.nudges, words=meant.words)
    return Deliver(
        parts=(_part(meant, tuple(steps)),),
        nudges=meant.nudges,
        words=meant.words,
        mappings_used=meant.mappings_used,
    )


def found_ended(link: LinkState, facts: Facts) -> Nothing:
    """What was taken back has ended at the target as well, by somebody's hand: that is noted."""
    note = Noted(part=PART, status=facts.live[PART].status, payload=link.payload)
    return Nothing(final=State.CANCELLED, noted=(note,))


def cancellation(link: LinkState, currency: str) -> Deliver | Nothing:
    """Cancel what stands at the target; it keeps its payload, and its total is not compared.

    Zoho Books cancels open orders only.
    """
    if link.status == CANCELLED or link.status in set(Over):
        return Nothing(final=State.CANCELLED)
    statuses = (OPEN, CANCELLED) if link.status == DRAFT else (CANCELLED,)
    part = PartPlan(
        part=PART,
        target_kind=link.target_kind,
        reference=link.reference,
        payload=link.payload,
        steps=tuple(replace(_status_step(status), ends=True) for status in statuses),
        total=None,
        currency=currency,
        number=link.target_number,
        vendor_key=str(link.payload.get("vendor_id", "")),
    )
    return Deliver(parts=(part,), final=State.CANCELLED)


def order_statuses(
    status: str, *, billed: bool, reopened: bool, leave_draft: bool
) -> tuple[str, ...]:
    """Through which statuses an order must go from the one that the target last reported.

    ``status`` is empty before it exists. A draft that people release by hand is never opened.
    """
    if leave_draft and status in ("", DRAFT):
        return ()
    if billed and status in _BILLED:
        return ()
    must_open = status in _NOT_OPEN or not status or (reopened and status in _BILLED)
    return ((OPEN,) if must_open else ()) + ((BILLED,) if billed else ())


def reached(wanted: str, status: str) -> bool:
    """Whether an order's status says that a status step has happened."""
    if wanted == OPEN:
        return status not in _NOT_OPEN | _BILLED
    return status in _BILLED if wanted == BILLED else status == wanted


def _content_steps(meant: Meant, link: LinkState | None) -> list[Step]:
    if link is None:
        body = body_of(meant.payload)
        return [Step(action=CREATE, body=body, status=meant.first_status, creates=True)]
    if not changes(meant, link):
        return []
    body = update_body(meant.payload, link.payload, link.lines)
    return [Step(action=UPDATE, body=body, status=link.status)]


def _status_step(status: str) -> Step:
    # No body: a status step leaves the content as posted.
    return Step(action=SET_STATUS, status=status)


def _part(meant: Meant, steps: tuple[Step, ...]) -> PartPlan:
    return PartPlan(
        part=PART,
        target_kind=meant.target_kind,
        reference=meant.reference,
        payload=meant.payload,
        steps=steps,
        total=meant.total,
        currency=meant.currency,
        number=meant.number,
        vendor_key=meant.vendor_id,
    )
