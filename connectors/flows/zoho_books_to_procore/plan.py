"""From what a commitment shall be to the steps that are left, given what stands in Procore.

What is meant, the link (if any) and the commitment as it is now enter; steps leave, or a person is
asked. Made anew after every interruption, so it goes by the link and by what Procore says, never by
what was planned before.
"""

from dataclasses import dataclass, replace
from typing import Any

from connectors.core.decisions import Held, LinkState, PartPlan, Step, Waiting
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore.comparing import says_all
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
MARK = "mark"


@dataclass(frozen=True, slots=True)
class Steps:
    """A part's steps: its content first, and apart from it what may follow for all parts.

    ``noted`` says that none is needed, as somebody has made the change there.
    """

    content: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    noted: bool = False


def first_steps(meant: Meant) -> Steps:
    """Draft, lines, approved; the vendor must be in the project's directory before.

    New commitments are drafts by themselves. The row does not say so, since Procore updates what
    carries the origin id already: a create that arrives late would reset an approved commitment.
    """
    row = header_row(meant.payload)
    create = Step(
        action=CREATE, body=row, status=DRAFT, creates=True, batch=_batch(meant.project_id)
    )
    return Steps(
        (*_vendor_steps(meant), create, _lines_step()), (_status(APPROVE, APPROVED, meant),)
    )


def next_steps(
    meant: Meant, link: LinkState, live: TargetState, *, reopens: bool
) -> Steps | Held | Waiting:
    """What is left to do on a commitment that is there, or whose approval it waits for."""
    found = changes(meant, link)
    if found and _made_there(meant, link, live, found):
        return Steps(noted=True)
    held = obstacle(meant, link, live, found, reopens=reopens)
    if held is not None:
        return held
    open_first = found.locked and live.status != DRAFT
    # Where nothing counts as posted everything goes that is not the order's. That comes first: an
    # interruption after our own content would leave lines that pass for somebody's additions.
    everything = bool(strangers(live, meant)) and not link.payload
    content = [
        *(_vendor_steps(meant) if "vendor_id" in found.header else ()),
        *([_status(REOPEN, DRAFT, meant)] if open_first else ()),
        *([Step(action=PRUNE_ALL, status=DRAFT)] if everything else ()),
        *([_update_step(meant, link, found)] if found.header else ()),
        *([_lines_step()] if found.lines else ()),
        *([Step(action=PRUNE, status=DRAFT)] if link.payload and orphans(live, meant) else ()),
    ]
    if not content and live.content.get("workflow"):
        return _waits_for_workflow(meant, live)
    approve = open_first or live.status in (DRAFT, CLOSED)
    after = (_status(APPROVE, APPROVED, meant),) if approve else ()
    if content or after:
        content = [*_mark_steps(live, meant.reference.text), *content]
    return Steps(tuple(content), after)


def _made_there(meant: Meant, link: LinkState, live: TargetState, found: Changes) -> bool:
    """Whether the commitment says all of it already: a locked one is changed by hand only."""
    ours = live.reference == meant.reference.text and live.total == meant.total
    known = link.payload and all(str(row["key"]) in link.lines for row in meant.payload["lines"])
    return bool(ours and known) and says_all(meant.payload, found.header, live)


def approval(meant: Meant) -> tuple[Step, ...]:
    """The step that a workflow may keep for itself, tried once more beside other work."""
    return (_status(APPROVE, APPROVED, meant),)


def _waits_for_workflow(meant: Meant, live: TargetState) -> Waiting:
    return Waiting(
        reason=Reason.WORKFLOW,
        words=f"Commitment {meant.number} stands in Procore with all its lines, but "
        f"{live.content['workflow']}. Once it is approved there, this is posted by itself.",
    )


def withdrawal(link: LinkState, live: TargetState, why: str) -> Steps | Held:
    """Take a commitment back: deleted while it is a draft, else closed."""
    if live.status in (DELETED, CLOSED):
        return Steps()
    if is_invoiced(live):
        return invoiced(link.target_number, live, why)
    if live.status == DRAFT:
        # With a body, so that what we know of it afterwards is that it has ended.
        body = {"status": DELETED}
        return Steps(after=(Step(action=DELETE, body=body, status=DELETED, ends=True),))
    project_id = str(live.content.get("project_id") or link.part)
    body = {"status": CLOSED}
    close = Step(action=CLOSE, body=body, status=CLOSED, ends=True, batch=_batch(project_id))
    marks = (replace(step, ends=True) for step in _mark_steps(live, link.reference))
    return Steps(after=(*marks, close))


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


def _mark_steps(live: TargetState, reference: str) -> tuple[Step, ...]:
    """One that people typed in has no mark; what is synced by it would become a second one."""
    return () if live.reference == reference else (Step(action=MARK, status=live.status),)


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


def _status(action: str, status: str, meant: Meant) -> Step:
    # No body: a status step leaves the content as posted.
    return Step(action=action, status=status, batch=_batch(meant.project_id))


def _batch(project_id: str) -> str:
    return f"sync:{project_id}"
