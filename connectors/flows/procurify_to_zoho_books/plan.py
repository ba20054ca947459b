"""From what a record shall be at the target to the steps that are left, given what stands there.

A payload, the status it shall have, and the link (if any) enter; a plan leaves, or Nothing. Made
anew after every interruption, so it goes by the link and never by what was planned before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Deliver,
    DocumentKey,
    Facts,
    Held,
    LinkState,
    Nothing,
    PartPlan,
    ReadTarget,
    Step,
)
from connectors.core.references import MappingKey
from connectors.core.states import Reason, State
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


def changes(meant: Meant, link: LinkState) -> bool:
    """Whether the target must be told anything but a status."""
    if body_of(meant.payload) != body_of(link.payload):
        return True
    return meant.by_item and _places(meant.payload) != _places(link.payload)


def _places(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [line_place(line) for line in payload.get("lines", ())]


def total_in_doubt(meant: Meant, link: LinkState, facts: Facts) -> Held | ReadTarget | None:
    """What was posted with another total than meant stays held until the target says the right one.

    Only a person can have put it right there, so the target is read afresh.
    """
    if link.total is None or link.total == meant.total or changes(meant, link):
        return None
    live = facts.live.get(PART)
    if live is None:
        return ReadTarget(parts=(PART,))
    if live.total == meant.total:
        return None
    says = "no total" if live.total is None else money(live.total, meant.currency)
    return Held(
        reason=Reason.TOTAL_DIFFERS,
        words=f"It stands in Zoho Books as {link.target_number} with {says} instead of "
        f"{money(meant.total, meant.currency)}. Correct it there, then replay this document.",
    )


def plan(meant: Meant, link: LinkState | None, statuses: tuple[str, ...] = ()) -> Deliver | Nothing:
    """The steps left to do; ``statuses`` are those to pass through after the content is right.

    Only what is cancelled has to be opened before its content can be changed.
    """
    content = _content_steps(meant, link)
    then = [_status_step(status) for status in statuses]
    revived = link is not None and link.status == CANCELLED
    steps = [*then[:1], *content, *then[1:]] if revived else [*content, *then]
    if not steps:
        return Nothing(nudges=meant.nudges)
    return Deliver(
        parts=(_part(meant, tuple(steps)),),
        nudges=meant.nudges,
        mappings_used=meant.mappings_used,
    )


def cancellation(link: LinkState, currency: str) -> Deliver | Nothing:
    """Cancel what stands at the target; it keeps its payload, and its total is not compared."""
    if link.status == CANCELLED:
        return Nothing(final=State.CANCELLED)
    part = PartPlan(
        part=PART,
        target_kind=link.target_kind,
        reference=link.reference,
        payload=link.payload,
        steps=(_status_step(CANCELLED),),
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
