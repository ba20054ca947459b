"""Answers that come after their claim was given up, and what two targets for one part mean.

A write that was believed lost turns out to have happened: it is linked, so that it is never made
twice. Where the part is linked to another target already, an incident is raised and the document
is held whatever its state.
"""

from django.db.models import F
from django.utils import timezone

from connectors.core.records import TargetState
from connectors.core.states import Reason, State
from connectors.engine import links, trail
from connectors.engine.job import Job
from connectors.engine.links import Sent
from connectors.models import EPOCH, Document, Link, Outcome

_HELD_FROM = (State.DELIVERING, State.UNCONFIRMED, State.POSTED, State.HELD)


def settle_late(job: Job, sent: Sent, state: TargetState) -> None:
    """Take note of a write that was given up and has happened after all, inside the scope."""
    document = Document.objects.select_for_update().get(pk=sent.document.pk)
    if not state.target_id:
        return
    link = links.of(sent)
    if link is None:
        link = links.put(job, sent, state)
        trail.write([links.posted_event(sent, link, state, Outcome.Result.LATE)])
        _decide_anew(document)
    elif link.target_id != state.target_id:
        two_targets(sent, link, state)


def is_second(sent: Sent, state: TargetState) -> Link | None:
    """The link to another target that came into being since this attempt was begun, if any."""
    if not state.target_id:
        return None
    link = links.of(sent)
    if link is None or link.target_id in (state.target_id, sent.attempt.plan["target_id"]):
        return None
    return link


def two_targets(sent: Sent, link: Link, state: TargetState) -> None:
    """Raise an incident: a person must delete one of them."""
    words = (
        f"Two target records carry our reference {sent.attempt.reference}: {link.target_id} and "
        f"{state.target_id}. Delete the second one at the target, then replay the document."
    )
    _hold_at_once(sent.document, words)
    trail.write(
        [
            trail.document_event(
                "incident.two_targets",
                sent.document,
                run_id=sent.attempt.run_id,
                target_kind=sent.attempt.plan["target_kind"],
                target_id=state.target_id,
                target_number=state.number,
                details={"words": words, "attempt": sent.attempt.pk},
            )
        ]
    )


def _decide_anew(document: Document) -> None:
    """Take the document from whoever was about to make its target a second time.

    A write that is on its way already cannot be called back; its answer finds the link.
    """
    mine = Document.objects.filter(pk=document.pk)
    mine.filter(state=State.DELIVERING, open_attempt=None).update(
        state=State.DUE, fence=F("fence") + 1, claimed_until=EPOCH, next_at=EPOCH
    )
    mine.filter(state=State.HELD, reason=Reason.OUTCOME_UNKNOWN).update(
        state=State.DUE, state_at=timezone.now(), next_at=EPOCH
    )


def _hold_at_once(document: Document, words: str) -> None:
    """Hold it from any state, through those that lead there; the fence takes it from a worker."""
    mine = Document.objects.filter(pk=document.pk)
    mine.exclude(state__in=[*_HELD_FROM, State.DUE]).update(state=State.DUE)
    mine.filter(state=State.DUE).update(state=State.DELIVERING)
    mine.update(
        state=State.HELD,
        reason=Reason.DUPLICATE_SUSPECTED,
        words=words,
        state_at=timezone.now(),
        fence=F("fence") + 1,
        claimed_until=EPOCH,
    )
