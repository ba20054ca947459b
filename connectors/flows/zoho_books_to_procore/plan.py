"""From what a commitment shall be to the steps that are left, given what stands in Procore.

What is meant, the link (if any) and the commitment as it is now enter; steps leave, or a person is
asked. Made anew after every interruption, so it goes by the link and by what Procore says, never by
what was planned before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.core.decisions import Held, LinkState, PartPlan, Step
from connectors.core.money import ZERO, parse_decimal
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore.payloads import (
    LOCKED_HEADER,
    changed_header,
    header_row,
    line_content,
)
from connectors.flows.zoho_books_to_procore.words import (
    APPROVED,
    CLOSED,
    COMMITMENTS,
    DELETED,
    DRAFT,
    Reference,
    line_key,
    money,
)

ADD_VENDOR, CREATE, UPDATE = "add_vendor", "create", "update"
LINES, PRUNE, PRUNE_ALL = "lines", "prune", "prune_all"
REOPEN, APPROVE, CLOSE, DELETE = "reopen", "approve", "close", "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What the commitment of one part shall be."""

    project_id: str
    reference: Reference
    payload: Mapping[str, Any]
    total: Decimal
    currency: str
    in_directory: bool

    @property
    def number(self) -> str:
        return str(self.payload["number"])

    @property
    def vendor_id(self) -> str:
        return str(self.payload["vendor_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What Procore must be told, by the payload as posted and the lines that are known there."""

    header: Mapping[str, Any] = field(default_factory=dict)
    lines: bool = False

    def __bool__(self) -> bool:
        return bool(self.header) or self.lines

    @property
    def locked(self) -> bool:
        """Whether it is something that an approved commitment does not let happen."""
        return self.lines or any(name in self.header for name in LOCKED_HEADER)


@dataclass(frozen=True, slots=True)
class Steps:
    """A part's steps: its content first, and apart from it what may follow for all parts."""

    content: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


def changes(meant: Meant, link: LinkState) -> Changes:
    """Compared with what was posted. A line without its id in Procore has not been posted yet."""
    ours, posted = line_content(meant.payload), line_content(link.payload)
    return Changes(
        header=changed_header(meant.payload, link.payload),
        lines=ours != posted or not ours.keys() <= link.lines.keys(),
    )


def settled(meant: Meant, link: LinkState) -> bool:
    """Whether the part needs nothing, without a look at Procore."""
    in_doubt = link.total is not None and link.total != meant.total
    return not changes(meant, link) and link.status not in (DRAFT, CLOSED) and not in_doubt


def first_steps(meant: Meant) -> Steps:
    """Draft, lines, approved; the vendor must be in the project's directory before."""
    row = {**header_row(meant.payload), "status": DRAFT}
    create = Step(
        action=CREATE, body=row, status=DRAFT, creates=True, batch=_batch(meant.project_id)
    )
    return Steps(
        (*_vendor_steps(meant), create, _lines_step()), (_status(APPROVE, APPROVED, meant),)
    )


def next_steps(meant: Meant, link: LinkState, live: TargetState, *, reopens: bool) -> Steps | Held:
    """What is left to do on a commitment that is there."""
    found = changes(meant, link)
    held = obstacle(meant, link, live, found, reopens=reopens)
    if held is not None:
        return held
    open_first = found.locked and live.status != DRAFT
    extra = strangers(live, meant)
    prune = extra if not link.payload else orphans(live, meant)
    content = [
        *(_vendor_steps(meant) if "vendor_id" in found.header else ()),
        *([_status(REOPEN, DRAFT, meant)] if open_first else ()),
        *([_update_step(meant, link, found)] if found.header else ()),
        *([_lines_step()] if found.lines else ()),
        *([_prune_step(everything=not link.payload)] if prune else ()),
    ]
    approve = open_first or live.status in (DRAFT, CLOSED)
    return Steps(tuple(content), (_status(APPROVE, APPROVED, meant),) if approve else ())


def obstacle(
    meant: Meant, link: LinkState, live: TargetState, found: Changes, *, reopens: bool
) -> Held | None:
    """What a person must settle before this commitment is touched."""
    number = meant.number
    if found.locked and is_invoiced(live):
        return invoiced(number, live, "was changed")
    reopening = live.status == CLOSED or (found.locked and live.status != DRAFT)
    if reopening and not reopens:
        return Held(
            reason=Reason.LOCKED,
            words=f"Purchase order {number} was changed in Zoho Books, but its commitment is "
            f"{live.status} in Procore, which locks vendor and lines. Set it to Draft there and "
            "replay this document, or let this integration change approved commitments.",
        )
    ours = orphans(live, meant)
    typed_in = strangers(live, meant).keys() - ours.keys()
    if found.lines and typed_in and link.payload:
        return Held(
            reason=Reason.DRIFTED,
            words=f"Somebody added {len(typed_in)} lines to commitment {number} in Procore, so "
            "that it cannot come to the order's total. Delete them there, then replay.",
        )
    if not found and not ours and live.total not in (None, meant.total):
        return Held(
            reason=Reason.TOTAL_DIFFERS,
            words=f"It stands in Procore as {link.target_number} with "
            f"{money(live.total or ZERO, meant.currency)} instead of "
            f"{money(meant.total, meant.currency)}. Correct it there, then replay this document.",
        )
    return None


def withdrawal(link: LinkState, live: TargetState, why: str) -> Steps | Held:
    """Take a commitment back: deleted while it is a draft, else closed."""
    if live.status in (DELETED, CLOSED):
        return Steps()
    if is_invoiced(live):
        return invoiced(link.target_number, live, why)
    if live.status == DRAFT:
        return Steps(after=(Step(action=DELETE, status=DELETED),))
    project_id = str(live.content.get("project_id") or link.part)
    body = {"status": CLOSED}
    return Steps(after=(Step(action=CLOSE, body=body, status=CLOSED, batch=_batch(project_id)),))


def is_invoiced(live: TargetState) -> bool:
    return parse_decimal(live.content.get("invoiced") or 0) > 0


def invoiced(number: str, live: TargetState, why: str) -> Held:
    amount = money(parse_decimal(live.content["invoiced"]), live.currency)
    return Held(
        reason=Reason.INVOICED,
        words=f"Purchase order {number} {why} in Zoho Books, but {amount} of its commitment are "
        "already invoiced in Procore. Settle it there and dismiss this document, or undo the "
        "change in Zoho Books.",
    )


def orphans(live: TargetState, meant: Meant) -> dict[str, str]:
    """Lines of ours that the order does not have any more: our key -> Procore's id."""
    ours = line_content(meant.payload)
    found = {}
    for line in live.content.get("lines", ()):
        key = line_key(str(line.get("origin_id", "")), meant.reference.text, meant.project_id)
        if key and key not in ours:
            found[key] = str(line["id"])
    return found


def strangers(live: TargetState, meant: Meant) -> dict[str, str]:
    """Every line that the order does not have, those that people typed in among them."""
    ours = line_content(meant.payload)
    found = {}
    for line in live.content.get("lines", ()):
        key = line_key(str(line.get("origin_id", "")), meant.reference.text, meant.project_id)
        if key not in ours:
            found[key or f"id {line['id']}"] = str(line["id"])
    return found


def part_plan(meant: Meant, steps: tuple[Step, ...]) -> PartPlan:
    return PartPlan(
        part=meant.project_id,
        target_kind=COMMITMENTS,
        reference=meant.reference.text,
        payload=meant.payload,
        steps=steps,
        total=meant.total,
        currency=meant.currency,
        number=meant.number,
        vendor_key=meant.vendor_id,
    )


def withdrawn_plan(link: LinkState, steps: tuple[Step, ...], currency: str) -> PartPlan:
    """It keeps what was posted, but that it is closed; its total is not compared."""
    return PartPlan(
        part=link.part,
        target_kind=link.target_kind,
        reference=link.reference,
        payload={**link.payload, "status": CLOSED},
        steps=steps,
        total=None,
        currency=currency,
        number=link.target_number,
        vendor_key=str(link.payload.get("vendor_id", "")),
    )


def _vendor_steps(meant: Meant) -> tuple[Step, ...]:
    if meant.in_directory:
        return ()
    batch = f"vendor:{meant.project_id}:{meant.vendor_id}"
    return (Step(action=ADD_VENDOR, batch=batch),)


def _update_step(meant: Meant, link: LinkState, found: Changes) -> Step:
    """``lines`` are the ids that stay known: none where the lines are to follow."""
    body = {"row": dict(found.header), "lines": {} if found.lines else dict(link.lines)}
    return Step(action=UPDATE, body=body, batch=_batch(meant.project_id))


def _lines_step() -> Step:
    # The rows are made of the payload, which is stored with the intent; a body says "content".
    return Step(action=LINES, body={"lines": "all"}, status=DRAFT)


def _prune_step(*, everything: bool) -> Step:
    return Step(action=PRUNE_ALL if everything else PRUNE, status=DRAFT)


def _status(action: str, status: str, meant: Meant) -> Step:
    # No body: a status step leaves the content as posted.
    return Step(action=action, status=status, batch=_batch(meant.project_id))


def _batch(project_id: str) -> str:
    return f"sync:{project_id}"
