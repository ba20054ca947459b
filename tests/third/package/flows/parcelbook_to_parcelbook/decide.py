"""What becomes of a shipment: pure, from the record, the facts and the options to one decision."""

from decimal import Decimal
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    Facts,
    Held,
    LinkState,
    Needs,
    NotApplicable,
    Nothing,
    PartPlan,
    Step,
    Waiting,
)
from connectors.core.flow import Context, Option
from connectors.core.references import MappingKey, MissingMapping
from connectors.core.states import Reason
from tests.third.package.flows.parcelbook_to_parcelbook.streams import CONTACT, DELIVERY
from tests.third.package.providers.parcelbook.records import Shipment, line_content

CREATE, CHANGE, ANNOUNCE = "create", "change", "announce"
ANNOUNCED, PACKING = "announced", "packing"

OPTIONS = (
    Option(
        name="announce",
        label="Announce deliveries",
        help="Off, they stay drafts until somebody announces them.",
        default=True,
    ),
    Option(
        name="note",
        label="Note on each delivery",
        help="A text for the people at the door.",
        default="",
        kind="text",
    ),
)


def needs(stream: str, record: Any, context: Context) -> Needs:
    """The mapping of its contact."""
    del stream, context
    return Needs(mappings=frozenset({MappingKey(CONTACT, record.contact_id)}))


def decide(stream: str, record: Any, facts: Facts, context: Context) -> Decision:
    """Post what has been sent; hold what does not add up; wait for who is unknown."""
    del stream
    link = facts.links.get("")
    if facts.gone:
        return _withdrawn(link)
    if record.status == PACKING and link is None:
        return NotApplicable(words="It is still being packed.")
    return _stop(record, facts) or _plan(record, facts, context, link)


def _withdrawn(link: LinkState | None) -> Decision:
    if link is None:
        return NotApplicable(words="It is gone and was never posted.")
    words = f"The shipment is gone. Delete delivery {link.target_number}, then dismiss it here."
    return Held(reason=Reason.WITHDRAWN, words=words)


def _stop(record: Shipment, facts: Facts) -> Decision | None:
    key = MappingKey(CONTACT, record.contact_id)
    if key not in facts.mappings:
        missing = MissingMapping(key=key, label=record.party, reason="not linked")
        words = f"Contact {record.party} is not linked to one of the receiving house."
        return Waiting(missing=(missing,), words=words)
    total = sum((line.amount for line in record.lines), Decimal(0))
    if total != record.total:
        words = f"Its lines add up to {total}, the shipment says {record.total}."
        return Held(reason=Reason.TOTAL_DIFFERS, words=words)
    return None


def _plan(record: Shipment, facts: Facts, context: Context, link: LinkState | None) -> Decision:
    contact = facts.mappings[MappingKey(CONTACT, record.contact_id)]
    payload = {
        "number": record.number,
        "contact_id": contact.key,
        "currency": record.currency,
        "note": str(context.options["note"]),
        "lines": [line_content(line) for line in record.lines],
    }
    steps = _steps(payload, link, announce=bool(context.options["announce"]))
    if not steps:
        return Nothing()
    part = PartPlan(
        part="",
        target_kind=DELIVERY,
        # The house is part of it: two houses may both have a shipment 1.
        reference=f"mlc:{context.source_settings['house']}:{record.key}",
        payload=payload,
        steps=steps,
        total=record.total,
        currency=record.currency,
        number=record.number,
        vendor_key=contact.key,
    )
    return Deliver(parts=(part,))


def _steps(payload: Any, link: LinkState | None, *, announce: bool) -> tuple[Step, ...]:
    steps = []
    if link is None:
        steps.append(Step(action=CREATE, body=payload, creates=True))
    elif link.payload != payload:
        steps.append(Step(action=CHANGE, body=payload))
    if announce and (link is None or link.status != ANNOUNCED):
        steps.append(Step(action=ANNOUNCE, status=ANNOUNCED))
    return tuple(steps)
