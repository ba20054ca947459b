"""Records what became of an attempt: outcome, link, the document's next state, the audit trail.

One short transaction per outcome, right after the call. A late outcome, one whose claim was lost
meanwhile, is recorded too; what it means is another module's matter.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When

from connectors.core import clock
from connectors.core.decisions import Found
from connectors.core.errors import ErrorFacts
from connectors.core.records import TargetState
from connectors.core.states import SETTLED, Reason, State
from connectors.engine import late, links, plans, rest, trail
from connectors.engine.job import Job
from connectors.engine.links import Sent as Sent
from connectors.engine.policy import policy
from connectors.models import EPOCH, Attempt, Document, Link, Outcome

Result = Outcome.Result


def begin(job: Job, document: Document, plan: Any, step: Any, *, batch: Any = None) -> Attempt:
    """Commit the intent, inside the scope and after the claim was checked."""
    link = Link.objects.filter(document=document, part=plan.part).first()
    now = clock.now()
    attempt = Attempt.objects.create(
        document=document,
        run_id=current_run(job),
        part=plan.part,
        action=step.action,
        reference=plan.reference,
        plan=plans.plan_json(plan, target_id=link.target_id if link else ""),
        step=plans.step_json(step),
        version=document.version,
        fingerprint=document.fingerprint,
        fence=document.fence,
        deadline=now + timedelta(seconds=policy().write_seconds),
        batch=batch,
    )
    until = now + timedelta(seconds=policy().claim_seconds)
    Document.objects.filter(pk=document.pk).update(open_attempt=attempt.pk, claimed_until=until)
    document.open_attempt, document.claimed_until = attempt.pk, until
    return attempt


def current_run(job: Job) -> int | None:
    """The run that the work is counted to: the integration's running or else its latest one."""
    latest = job.integration.runs.order_by(F("started_at").desc(nulls_last=True), "-pk")
    return latest.values_list("pk", flat=True).first()


def succeed(
    job: Job,
    sent: Sent,
    state: TargetState,
    *,
    result: Any = Result.DONE,
    as_meant: bool = True,
) -> bool:
    """Record that the step has happened; False when the outcome came late or may not count."""
    mine = _lock(sent)
    _note(sent, Result.LATE if mine is None else result, target=plans.state_json(state))
    if mine is None:
        late.settle_late(job, sent, state)
        return False
    # A step that only prepared something beside the record names no target: nothing to link.
    link = links.of(sent) if state.target_id else None
    if link is not None and late.is_second(sent, link, state):
        _close(sent)
        late.two_targets(sent, link, state)
        return False
    if state.target_id:
        link = links.put(job, sent, state, link, as_meant=as_meant)
    _close(sent)
    trail.write([links.posted_event(sent, link, state, result)])
    return not _taken_over(sent, mine)


def fail(sent: Sent, result: Any, facts: ErrorFacts | None, words: str = "") -> bool:
    """Record a definite failure of the step (or that it never left); False when it came late."""
    mine = _lock(sent)
    _note(sent, result, facts=facts, words=words)
    if mine is None:
        return False
    _close(sent)
    return not _taken_over(sent, mine)


def doubt(sent: Sent, facts: ErrorFacts) -> bool:
    """Record that the step's fate is unknown: from now on only a look at the target helps."""
    mine = _lock(sent)
    _note(sent, Result.UNKNOWN, facts=facts)
    if mine is None:
        return False
    first = clock.now() + timedelta(seconds=policy().first_look_seconds)
    Document.objects.filter(pk=sent.document.pk, state=State.DELIVERING).update(
        state=State.UNCONFIRMED,
        state_at=clock.now(),
        next_at=first,
        claimed_until=EPOCH,
        words=f"The answer to “{sent.attempt.action}” was lost: {facts.message} "
        "We look at the target before doing anything else.",
    )
    return True


def settle(document: Document, state: State, **changes: Any) -> None:
    """Move a claimed document on, inside the scope, after its fence was checked.

    One that was asked to look again meanwhile does not come to rest: it is due. What was told of an
    earlier hold is forgotten at rest: should it be held once more, that is news.
    """
    if state in SETTLED:
        changes = {"told": "", **changes}
    Document.objects.filter(pk=document.pk, fence=document.fence).update(
        state=Case(When(again=True, then=Value(State.DUE)), default=Value(state)),
        again=False,
        state_at=clock.now(),
        claimed_until=EPOCH,
        **{"next_at": EPOCH, "reason": "", "words": "", "tries": 0, **changes},
    )


def retry(document: Document, words: str, *, at: datetime | None = None) -> None:
    """Have a claimed document tried again, at ``at`` or after its growing pause."""
    settle(
        document,
        State.DUE,
        next_at=rest.own_wait(at) or clock.now() + policy().retry_in(document.tries),
        tries=document.tries + (at is None),
        words=words,
        reason=document.reason,
    )


def hold(document: Document, reason: Reason, words: str) -> None:
    """Have a person decide; audited when the reason is news."""
    settle(document, State.HELD, reason=reason, words=words)
    if (document.reason, document.words) != (reason, words):
        trail.write(
            [
                trail.document_event(
                    "document.held", document, details={"reason": reason, "words": words}
                )
            ]
        )


def _lock(sent: Sent) -> Document | None:
    """The document, locked, if this attempt is still the open one under the same claim.

    An attempt is the open one until somebody has settled it, so an answer that arrives after the
    claim ran out but before any recovery has concluded is as good as one in time.
    """
    return (
        Document.objects.select_for_update()
        .filter(pk=sent.document.pk, open_attempt=sent.attempt.pk)
        .first()
    )


def _taken_over(sent: Sent, mine: Document) -> bool:
    """Whether recovery has taken the document, but not yet concluded: then it is decided anew."""
    ours = mine.fence == sent.document.fence and mine.claimed_until > clock.now()
    if ours or mine.state != State.UNCONFIRMED:
        return False
    Document.objects.filter(pk=mine.pk).update(
        state=State.DUE, state_at=clock.now(), claimed_until=EPOCH, next_at=EPOCH
    )
    return True


def _note(
    sent: Sent,
    result: Any,
    *,
    facts: ErrorFacts | None = None,
    words: str = "",
    target: dict[str, Any] | None = None,
) -> None:
    Outcome.objects.create(
        attempt=sent.attempt,
        result=result,
        words=words or (facts.message if facts else ""),
        error_kind=facts.kind if facts else "",
        http_status=facts.status if facts else None,
        code=facts.code[:40] if facts else "",
        target=target or {},
    )


def _close(sent: Sent) -> None:
    Document.objects.filter(pk=sent.document.pk).update(open_attempt=None)
    sent.document.open_attempt = None


def succeed_or_hold(
    job: Job,
    sent: Sent,
    state: TargetState,
    *,
    result: Any = Result.DONE,
    as_meant: bool = True,
) -> bool:
    """Like ``succeed``, but a target that another document holds already holds this one."""
    try:
        with transaction.atomic():
            return succeed(job, sent, state, result=result, as_meant=as_meant)
    except IntegrityError:
        fail(sent, Result.CONFLICT, None, "Another document is linked to this target record.")
        hold(
            sent.document,
            Reason.DUPLICATE_SUSPECTED,
            f"The target answered with {state.number or state.target_id}, which another document "
            "is linked to already. Compare the two documents, then dismiss one of them.",
        )
        return False


def found(job: Job, sent: Sent, probe: Found) -> bool:
    """Record what a look found at the target; False when it is not this document's to have."""
    return succeed_or_hold(job, sent, probe.state, result=Result.FOUND, as_meant=probe.as_meant)
