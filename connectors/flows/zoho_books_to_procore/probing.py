"""Looks at Procore: whether a step has happened, and what a commitment says now.

A client, a part and a step enter; found, absent or a conflict leaves. Reads only.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.core.decisions import Absent, Conflict, Found, Probe, Step
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.records import TargetState
from connectors.flows.zoho_books_to_procore.comparing import (
    changed_fields,
    lines_agree,
    lines_by_key,
)
from connectors.flows.zoho_books_to_procore.plan import (
    ADD_VENDOR,
    APPROVE,
    CREATE,
    DELETE,
    LINES,
    MARK,
    PRUNE,
    PRUNE_ALL,
    UPDATE,
)
from connectors.flows.zoho_books_to_procore.words import CLOSED, DELETED, DRAFT
from connectors.flows.zoho_books_to_procore.writing import bare_state, nothing_made
from connectors.providers.procore.records import contract_state, is_deleted


def probe(client: Any, part: PartRef, step: Step) -> Probe:
    """Whether the step has happened."""
    if step.action == ADD_VENDOR:
        return _in_directory(client, part)
    if step.action == CREATE:
        return _created(client, part, step)
    state = read(client, part)
    if step.action == DELETE:
        gone = state is None or state.status == DELETED
        return Found(state=bare_state(part, status=DELETED)) if gone else Absent()
    if state is None:
        return Conflict(
            words=f"Commitment {part.number} is no longer in Procore. Post it anew, restore it "
            "there and replay, or dismiss this document."
        )
    if state.status == DELETED:
        # Noted as deleted, it is decided anew.
        return Found(state=state)
    return _content(state, part, step)


def read(client: Any, part: PartRef) -> TargetState | None:
    """The commitment with its lines; its remains where it was deleted."""
    try:
        raw = client.purchase_order_contract(part.part, part.target_id)
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        found = by_origin(client, part.part, [part.reference])
        ours = [state for state in found if state.target_id == part.target_id]
        return next((state for state in ours if state.status == DELETED), None)
    state = contract_state(raw)
    ours_by_key, _ = lines_by_key(state, part.reference, part.part)
    return replace(state, lines={key: str(line["id"]) for key, line in ours_by_key.items()})


def by_origin(client: Any, project_id: str, references: Sequence[str]) -> list[TargetState]:
    """Commitments with these origin ids; those that were deleted say so by their status."""
    # What people typed in has none, and an empty filter finds everything.
    wanted = [reference for reference in references if reference]
    if not wanted:
        return []
    pages = client.purchase_order_contracts(project_id, origin_ids=wanted, include_deleted="with")
    found = []
    for row in (row for page in pages for row in page.rows):
        state = contract_state(row)
        found.append(replace(state, status=DELETED) if is_deleted(row) else state)
    return found


def _in_directory(client: Any, part: PartRef) -> Probe:
    for page in client.project_vendors(part.part):
        if any(str(row.get("id")) == part.vendor_key for row in page.rows):
            return Found(state=nothing_made(part))
    return Absent()


def _created(client: Any, part: PartRef, step: Step) -> Probe:
    """By our origin id, which Procore gives to one commitment only. Its lines are not judged.

    Vendor and header may have changed since it was made: then all of it is told again.
    """
    found = by_origin(client, part.part, [part.reference])
    standing = [state for state in found if state.status != DELETED]
    for state in standing or found:
        shown = {name: value for name, value in step.body.items() if name in state.content}
        as_meant = state.status == DELETED or not changed_fields(shown, state.content)
        return Found(state=replace(state, lines={}, total=None), as_meant=as_meant)
    return Absent()


def _content(state: TargetState, part: PartRef, step: Step) -> Probe:
    ours, others = lines_by_key(state, part.reference, part.part)
    meant = {str(line["key"]) for line in part.payload.get("lines", ())}
    surplus = bool(ours.keys() - meant) or (step.action == PRUNE_ALL and bool(others))
    if step.action == LINES:
        done = lines_agree(part.payload, ours)
        kept = {key: line_id for key, line_id in state.lines.items() if key in meant}
        # With lines to take off its total is not the one that counts.
        total = None if ours.keys() - meant or others else state.total
        return Found(state=replace(state, lines=kept, total=total)) if done else Absent()
    if step.action in (PRUNE, PRUNE_ALL):
        # Our own lines may be yet to follow, so that its total says nothing.
        total = None if step.action == PRUNE_ALL else state.total
        return Absent() if surplus else Found(state=replace(state, total=total))
    if step.action == UPDATE:
        wanted = dict(step.body["row"])
        done = not changed_fields(wanted, state.content)
        known = dict(step.body["lines"])
        return Found(state=replace(state, lines=known, total=None)) if done else Absent()
    return _status(state, step, part.reference)


def _status(state: TargetState, step: Step, reference: str) -> Probe:
    if step.action == MARK:
        done = state.reference == reference
        return Found(state=replace(state, total=None)) if done else Absent()
    if step.action == APPROVE:
        done = state.status not in (DRAFT, CLOSED)
        return Found(state=state) if done else Absent()
    done = state.status == step.status
    return Found(state=replace(state, total=None)) if done else Absent()
