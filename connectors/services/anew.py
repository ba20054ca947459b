"""Posting anew: a person says that what was posted is gone for good, or gets a successor.

A held document enters and leaves due. Its links remember what is over, so that the next record
gets a mark of its own; the other side is asked first, so that nothing is posted twice.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.core import clock
from connectors.core.decisions import Conflict, Found, Step
from connectors.core.errors import BadInputError
from connectors.core.flow import TARGET
from connectors.core.records import TargetState
from connectors.core.states import Over, Reason, State
from connectors.engine import inbox, ledger, plans, trail
from connectors.engine.job import Job, Resolve, load_job
from connectors.engine.policy import policy
from connectors.engine.sessions import open_client
from connectors.models import Document, Link
from connectors.services.seen import refuse_if_moved
from tenants.scope import tenant_scope

REASONS = frozenset({Reason.TARGET_MISSING, Reason.REOPENED, Reason.NUMBER_USED})


@dataclass(frozen=True, slots=True)
class _Look:
    """What became of one link's record; ``again`` is another one that carries its mark."""

    link: Link
    over: Over | None
    again: TargetState | None = None


def post_anew(
    tenant_id: int,
    document_id: int,
    *,
    reason: str,
    resolve: Resolve,
    actor: str,
    seen: str | None = None,
) -> int:
    """Have the parts that are gone posted once more; returns how many.

    ``seen`` is what the person saw of the document.
    """
    if not reason.strip():
        raise BadInputError("Give a reason; it stays in the audit trail.")
    with tenant_scope(tenant_id):
        document = _held(document_id, seen)
        links = list(document.links.select_related("document").order_by("part"))
    job = load_job(tenant_id, document.integration_id, resolve).view_of(document.stream)
    if (document.state, document.reason) == (State.HELD, Reason.NUMBER_USED):
        return _under_another_number(job, document_id, reason.strip(), actor, seen)
    kept = job.flow.stream(document.stream).upkeep is not None
    reason_held = Reason(document.reason) if document.reason else Reason.TARGET_MISSING
    looks = _looks(job, links, reason_held, probes=not kept)
    over = [look for look in looks if look.over or look.again]
    if not over:
        raise BadInputError(
            f"It is in {_there(job)} after all. Replay this document instead, or delete the "
            "record there before you post it anew: nothing is posted a second time."
        )
    with job.scope():
        if _held(document_id, lock=True).state_at != document.state_at:
            raise BadInputError("It was decided again meanwhile. Reload the page and look again.")
        for look in over:
            _end(job, look, reason.strip(), actor, forget=kept)
        ledger.make_due(Document.objects.filter(pk=document_id), by_a_person=True)
    inbox.ring_slots(job)
    return len(over)


def _under_another_number(
    job: Job, document_id: int, reason: str, actor: str, seen: str | None
) -> int:
    """Nothing of it stands there: it is posted for the first time, as PO-12-R2."""
    with job.scope():
        document = _held(document_id, seen, lock=True)
        Document.objects.filter(pk=document_id).update(renumbered=document.renumbered + 1)
        details = {"why": reason, "used_up": document.number}
        trail.write(
            [trail.document_event("document.post_anew", document, actor=actor, details=details)]
        )
        ledger.make_due(Document.objects.filter(pk=document_id), by_a_person=True)
    inbox.ring_slots(job)
    return 1


def _held(document_id: int, seen: str | None = None, *, lock: bool = False) -> Document:
    rows = Document.objects.select_for_update(of=("self",)) if lock else Document.objects
    document = rows.filter(pk=document_id).first()
    if document is None:
        raise BadInputError("There is no such document.")
    refuse_if_moved(document, seen)
    if not may_be_gone(document):
        raise BadInputError(
            "Only what was posted and is gone, cannot be reopened, or has a number that is used up "
            f"is posted anew; this document is {document.get_state_display()}. Reload its page."
        )
    return document


def may_be_gone(document: Document) -> bool:
    """Whether it was posted, so that a person may say that its record is gone.

    Nobody reports a deletion: what is posted and unchanged is not looked at.
    """
    held = document.state == State.HELD and document.reason in REASONS
    return held or document.state == State.POSTED


def _looks(job: Job, links: list[Link], reason: Reason, *, probes: bool) -> list[_Look]:
    with open_client(job, TARGET) as client:
        return [_look(job, client, link, reason, probes=probes) for link in links]


def _look(job: Job, client: Any, link: Link, reason: Reason, *, probes: bool) -> _Look:
    state = job.flow.sink.read(client, plans.link_ref(link))
    # A successor has a number of its own, whatever became of the record that was cancelled.
    over = Over.SUPERSEDED if reason is Reason.REOPENED else Over.DELETED
    if state is not None and state.status != Over.DELETED:
        return _Look(link, over if over is Over.SUPERSEDED else None)
    if link.status == Over.DELETED or not probes:
        return _Look(link, over)
    # The first look was when it was found missing; lists show new and restored records late.
    second = link.document.state_at + timedelta(seconds=policy().settle_seconds)
    if clock.now() < second:
        raise BadInputError(
            f"{_there(job)} was asked only a moment ago, and its lists may lag behind. Try again "
            f"in {policy().settle_seconds:.0f} seconds."
        )
    probe = job.flow.sink.probe(client, plans.link_ref(link), Step(action="create", creates=True))
    # Another record with its number is no obstacle: the next decision names it, to be linked.
    if isinstance(probe, Conflict) and _is_ours(probe.state, link):
        raise BadInputError(probe.words)
    found = probe.state if isinstance(probe, Found) else None
    if found is not None and found.status != Over.DELETED:
        return _Look(link, None, again=found)
    return _Look(link, over)


def _is_ours(state: TargetState | None, link: Link) -> bool:
    return state is None or state.reference == link.reference


def _end(job: Job, look: _Look, reason: str, actor: str, *, forget: bool) -> None:
    link = look.link
    details = {"why": reason, "mark": link.reference, "over": look.over or "found again"}
    trail.write(
        [
            trail.document_event(
                "document.post_anew",
                link.document,
                actor=actor,
                target_kind=link.target_kind,
                target_id=link.target_id,
                target_number=link.target_number,
                details=details,
            )
        ]
    )
    if look.again is not None:
        # Somebody restored it, or a write that was given up came to pass: it is linked again.
        link.target_id, link.status = look.again.target_id, look.again.status
        link.confirmed_at = clock.now()
        link.save(update_fields=["target_id", "status", "confirmed_at"])
    elif forget:
        link.delete()
    else:
        link.status = str(look.over)
        link.save(update_fields=["status"])


def _there(job: Job) -> str:
    return job.resolved.target.title
