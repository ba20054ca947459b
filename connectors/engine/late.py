"""Answers that come after their claim was given up, and what two targets for one part mean.

A write that was believed lost turns out to have happened: it is linked, so that it is never made
twice. Where the part is linked to another target already, an incident is raised and the document
is held whatever its state.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F

from connectors.core import clock
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
        link = links.put(job, sent, state, None)
        trail.write([links.posted_event(sent, link, state, Outcome.Result.LATE)])
        _decide_anew(document)
    elif link.target_id != state.target_id:
        two_targets(sent, link, state)


def is_second(sent: Sent, link: Link, state: TargetState) -> bool:
    """Whether the link is to another target and came into being since this attempt was begun."""
    return link.target_id not in (state.target_id, sent.attempt.plan["target_id"])


def two_targets(sent: Sent, link: Link, state: TargetState) -> None:
    """Raise an incident: a person must delete one of them."""
    incident(link, state, run_id=sent.attempt.run_id, details={"attempt": sent.attempt.pk})


def incident(
    link: Link, state: TargetState, *, run_id: int | None = None, details: Mapping[str, Any]
) -> None:
    """Hold the link's document, whatever its state, and say which two records carry its mark."""
    link.doubles = sorted({*link.doubles, state.target_id} - {link.target_id})
    link.save(update_fields=["doubles"])
    words = two_records(link.reference, [link.target_id, *link.doubles])
    _hold_at_once(link.document, words)
    trail.write(
        [
            trail.document_event(
                "incident.two_targets",
                link.document,
                run_id=run_id,
                target_kind=link.target_kind,
                target_id=state.target_id,
                target_number=state.number,
                details={"words": words, **details},
            )
        ]
    )


def two_records(reference: str, ids: Sequence[str]) -> str:
    """Why a document is held of which there is more than one record."""
    many = {2: "Two"}.get(len(ids), str(len(ids)))
    return (
        f"{many} target records carry our reference {reference}: {' and '.join(ids)}. Delete the "
        "one that is too many at the target, then replay this document, or dismiss it."
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
        state=State.DUE, state_at=clock.now(), next_at=EPOCH
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
        state_at=clock.now(),
        fence=F("fence") + 1,
        claimed_until=EPOCH,
    )
