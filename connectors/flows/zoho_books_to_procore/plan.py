"""From what a commitment shall be to the steps that are left, given what stands in Procore.

What is meant, the link (if any) and the commitment as it is now enter; steps leave, or a person is
asked. Made anew after every interruption, so it goes by the link and by what Procore says, never by
what was planned before.
"""

from dataclasses import dataclass
from typing import Any

from connectors.core.decisions import Held, LinkState, PartPlan, Step
from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore.meant import Changes, Meant, changes
from connectors.flows.zoho_books_to_procore.obstacles import (
    invoiced,
    is_invoiced,
    obstacle,
    orphans,
    strangers,
)
from connectors.flows.zoho_books_to_procore.payloads import header_row
from connectors.flows.zoho_books_to_procore.words import (
    APPROVED,
    CLOSED,
    COMMITMENTS,
    DELETED,
    DRAFT,
)

ADD_VENDOR, CREATE, UPDATE = "add_vendor", "create", "update"
LINES, PRUNE, PRUNE_ALL = "lines", "prune", "prune_all"
REOPEN, APPROVE, CLOSE, DELETE = "reopen", "approve", "close", "delete"


@dataclass(frozen=True, slots=True)
class Steps:
    """A part's steps: its content first, and apart from it what may follow for all parts."""

    content: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


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


def withdrawal(link: LinkState, live: TargetState, why: str) -> Steps | Held:
    """Take a commitment back: deleted while it is a draft, else closed."""
    if live.status in (DELETED, CLOSED):
        return Steps()
    if is_invoiced(live):
        return invoiced(link.target_number, live, why)
    if live.status == DRAFT:
        # With a body, so that what we know of it afterwards is that it has ended.
        return Steps(after=(Step(action=DELETE, body={"status": DELETED}, status=DELETED),))
    project_id = str(live.content.get("project_id") or link.part)
    body = {"status": CLOSED}
    return Steps(after=(Step(action=CLOSE, body=body, status=CLOSED, batch=_batch(project_id)),))


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
        payload=withdrawn_payload(link),
        steps=steps,
        total=None,
        currency=currency,
        number=link.target_number,
        vendor_key=str(link.payload.get("vendor_id", "")),
    )


def withdrawn_payload(link: LinkState) -> dict[str, Any]:
    """What was posted stays on record, but that it has ended."""
    return {**link.payload, "status": CLOSED}


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
