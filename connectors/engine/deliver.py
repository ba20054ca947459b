"""Delivers decided documents: each step its own intent, its own call, its own outcome.

Claimed documents enter, settled ones leave. Steps that may share a call are sent together and
settled one by one. No transaction is open while a call is made; any doubt ends in "unconfirmed".
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.core import clock
from connectors.core.decisions import Absent, Conflict, Deliver, Found, PartPlan, Step
from connectors.core.errors import (
    BadInputError,
    CallInsideTransactionError,
    ErrorFacts,
    ErrorKind,
    NotSentError,
    ProviderError,
    RetryLater,
    UnknownOutcomeError,
)
from connectors.core.money import Money
from connectors.core.records import TargetState
from connectors.core.states import Over, Reason
from connectors.engine import claims, health, links, marks, outcomes, plans, references, trail
from connectors.engine.decide import Decided, finish
from connectors.engine.job import Job
from connectors.engine.outcomes import Result, Sent
from connectors.models import Attempt, Document
from connectors.transport.deadline import write_deadline

logger = logging.getLogger(__name__)

# What a call, or the look before it, comes to; errors are values here.
Answer = TargetState | Found | Conflict | Exception


@dataclass(slots=True)
class Work:
    """A document under delivery and the steps that are left, in order.

    ``looks_first`` says that the record which the next step would create may stand there already.
    """

    document: Document
    decision: Deliver
    steps: list[tuple[PartPlan, Step]] = field(default_factory=list)
    looks_first: bool = False

    @property
    def batch(self) -> str:
        """What its next step may share a call with; empty for a call of its own."""
        return self.steps[0][1].batch if self.steps else ""


class Stop(Exception):  # noqa: N818 - a signal between our own functions
    """No further call may be made now (from when on again, and why); claims go back."""

    def __init__(self, at: Any = None, why: ProviderError | RetryLater | None = None) -> None:
        super().__init__()
        self.at = at
        self.why = why


def deliver(job: Job, client: Any, decided: Sequence[Decided]) -> None:
    """Deliver claimed documents one after the other, those that can share calls together.

    Raises Stop after handing back what it could not begin.
    """
    queue = [_work(item) for item in decided]
    try:
        while queue:
            group = _next_group(queue)
            _keep(job, queue)
            for work in _perform(job, client, group):
                if not work.steps:
                    queue.remove(work)
    except Stop as stop:
        with job.scope():
            claims.hand_back([work.document for work in queue], at=stop.at)
        raise


def _work(item: Decided) -> Work:
    assert isinstance(item.decision, Deliver)  # noqa: S101 - settle_decided returns only these
    steps = [(part, step) for part in item.decision.parts for step in part.steps]
    return Work(item.document, item.decision, steps)


def _next_group(queue: list[Work]) -> list[Work]:
    """Steps with a call of their own go first, so that the others meet for the one they share."""
    alone = next((work for work in queue if not work.batch), None)
    return [work for work in queue if work.batch == queue[0].batch] if alone is None else [alone]


def _keep(job: Job, queue: list[Work]) -> None:
    with job.scope():
        claims.renew(work.document for work in queue)


def _perform(job: Job, client: Any, group: list[Work]) -> list[Work]:
    """One call for the group's next steps; returns the works, those that are done without steps."""
    begun = _begin(job, group)
    if not begun:
        return group
    results = _call(job, client, begun)
    for (work, attempt), result in zip(begun, results, strict=True):
        _settle(job, client, work, Sent(document=work.document, attempt=attempt), result)
    _raise_stop([result for result in results if isinstance(result, Exception)])
    return group


def _begin(job: Job, group: list[Work]) -> list[tuple[Work, Attempt]]:
    """Commit the intents of those documents whose claim still stands; drop the others."""
    batch = uuid.uuid4() if len(group) > 1 else None
    begun = []
    with job.scope(), trail.at_the_end():
        if not claims.may_post(job):
            raise Stop
        if batch:
            claims.lock(work.document for work in group)
        for work in group:
            if not work.steps:
                outcomes_done(job, work)
            elif claims.still_ours(work.document):
                plan, step = work.steps[0]
                work.looks_first = marks.may_stand(job, work.document, plan, step)
                attempt = outcomes.begin(job, work.document, plan, step, batch=batch)
                begun.append((work, attempt))
            else:
                work.steps = []
    return begun


def outcomes_done(job: Job, work: Work) -> None:
    """A delivery without steps: the target says already what we mean."""
    if claims.still_ours(work.document):
        decision = work.decision
        finish(job, work.document, decision.final, decision.nudges, words=decision.words)


def _call(job: Job, client: Any, begun: list[tuple[Work, Attempt]]) -> Sequence[Answer]:
    """Make the call; errors are values here, so that each document is settled alone."""
    pairs = [(_ref(attempt, work), work.steps[0][1]) for work, attempt in begun]
    sink = job.flow.sink
    try:
        if len(begun) == 1 and begun[0][0].looks_first:
            standing = marks.look(job, client, *pairs[0])
            if not isinstance(standing, Absent):
                return [standing]
        with write_deadline(begun[0][1].deadline):
            if len(pairs) == 1:
                return [sink.perform(client, *pairs[0])]
            return sink.perform_batch(client, pairs)
    except (ProviderError, RetryLater) as error:
        return [error] * len(begun)
    except CallInsideTransactionError:
        raise  # nothing left, and nothing that follows could be trusted
    except Exception as error:
        # A mistake of ours, perhaps in reading an answer: what was written is not known by it.
        logger.exception("a step of %s could not be carried out", job.flow.key)
        return [_unknown(error)] * len(begun)


def _unknown(error: Exception) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        ErrorFacts(
            kind=ErrorKind.UNKNOWN_OUTCOME,
            message=f"an error of this service came in between ({type(error).__name__}: {error}).",
        )
    )


def _ref(attempt: Attempt, work: Work) -> Any:
    return plans.part_ref(work.steps[0][0], attempt.plan["target_id"])


def _settle(job: Job, client: Any, work: Work, sent: Sent, result: Answer) -> None:
    if isinstance(result, TargetState):
        _done(job, work, sent, result)
        return
    work.steps = []
    if isinstance(result, Found | Conflict):
        with job.scope():
            _stands(job, sent, result)
        return
    if isinstance(result, UnknownOutcomeError):
        with job.scope():
            outcomes.doubt(sent, result.facts)
    elif isinstance(result, RetryLater):
        with job.scope():
            if outcomes.fail(sent, Result.NOT_SENT, None, result.why):
                outcomes.retry(work.document, result.why, at=result.at)
    elif isinstance(result, ProviderError):
        _refused(job, client, sent, result)
    else:
        with job.scope():
            outcomes.doubt(sent, _unknown(result).facts)


def _done(job: Job, work: Work, sent: Sent, state: TargetState) -> None:
    plan, _ = work.steps.pop(0)
    last = not work.steps
    with job.scope(), trail.at_the_end():
        if not outcomes.succeed_or_hold(job, sent, state):
            work.steps = []
            return
        # After every step, since a status step reports no total: a wrong order is never opened.
        if not _agrees(plan, state):
            work.steps = []
            outcomes.hold(work.document, Reason.TOTAL_DIFFERS, _differs(plan, state))
            return
        if not last:
            return
        finish(
            job,
            work.document,
            work.decision.final,
            work.decision.nudges,
            was_sent=sent.attempt.fingerprint,
            words=work.decision.words,
        )


def _agrees(plan: PartPlan, state: TargetState) -> bool:
    """Amount and currency both: 100.00 EUR is not 100.00 USD. What is not said is not compared."""
    if plan.currency and state.currency and plan.currency != state.currency:
        return False
    return plan.total is None or state.total is None or plan.total == state.total


def _differs(plan: PartPlan, state: TargetState) -> str:
    meant = Money(plan.total, plan.currency) if plan.total is not None else None
    currency = state.currency or plan.currency
    says = Money(state.total, currency) if state.total is not None else currency
    return (
        f"Posted as {state.number}, but the target reports {says} where the source says {meant}. "
        "Correct the record at the target, then replay; nothing is posted a second time."
    )


def _stands(job: Job, sent: Sent, probe: Found | Conflict) -> None:
    """Nothing was sent: the mark was found at the target before."""
    if isinstance(probe, Found):
        # Without a link another document has this target already, and the document is held.
        if outcomes.found(job, sent, probe):
            words = "Found at the target; what remains follows."
            outcomes.retry(sent.document, words, at=_now())
    elif outcomes.fail(sent, Result.CONFLICT, None, probe.words):
        outcomes.hold(sent.document, probe.reason, probe.words)


def _refused(job: Job, client: Any, sent: Sent, error: ProviderError) -> None:
    """A definite error: nothing was written. What follows depends on its kind."""
    document, kind = sent.document, error.kind
    found, status = None, ""
    step = plans.step_of(sent.attempt)
    if kind is ErrorKind.REJECTED and step.creates:
        found = _look(job, client, sent)
    elif kind is ErrorKind.REJECTED or (kind is ErrorKind.NOT_FOUND and step.ends):
        status = _status_now(job, client, sent)
    with job.scope():
        if isinstance(found, Found):
            _stands(job, sent, found)
            return
        result = Result.NOT_SENT if isinstance(error, NotSentError) else Result.REFUSED
        if not outcomes.fail(sent, result, error.facts, str(error)):
            return
        if links.note_status(sent, status):
            # Somebody ended, opened or deleted it by hand: what may be done is decided anew.
            outcomes.retry(document, str(error), at=_now())
            return
        _after_refusal(document, error, found)
        if kind in (ErrorKind.REJECTED, ErrorKind.NOT_FOUND) and sent.attempt.plan["target_id"]:
            references.read_whole_soon(job.target)
    if kind in health.CONNECTION_KINDS:
        health.report(job, "target", error)


def _status_now(job: Job, client: Any, sent: Sent) -> str:
    """In which status the record of a refused change is; empty where that cannot be learnt.

    One that was to be taken back need not be there any more. Before the create there is none.
    """
    part = plans.ref_of(sent.attempt, None)
    if not part.target_id:
        return ""
    try:
        state = job.flow.sink.read(client, part)
    except (ProviderError, RetryLater, BadInputError):
        return ""
    if state is None:
        return Over.DELETED if plans.step_of(sent.attempt).ends else ""
    return state.status


def _look(job: Job, client: Any, sent: Sent) -> Any:
    """Whether a refused create was refused because the record stands there already."""
    try:
        return job.flow.sink.probe(
            client, plans.ref_of(sent.attempt, None), plans.step_of(sent.attempt)
        )
    except (ProviderError, RetryLater, BadInputError):
        return None


def _after_refusal(document: Document, error: ProviderError, found: Any) -> None:
    if isinstance(found, Conflict):
        outcomes.hold(document, found.reason, f"{found.words} ({error})")
    elif error.kind in (ErrorKind.REJECTED, ErrorKind.PERMISSION):
        outcomes.hold(document, Reason.REFUSED, f"The target refused it: {error}")
    elif error.kind is ErrorKind.NOT_FOUND:
        outcomes.hold(
            document,
            Reason.TARGET_MISSING,
            f"What was posted is no longer there: {error} Post it anew, restore it there and "
            "replay, or dismiss this document.",
        )
    else:
        outcomes.retry(document, str(error), at=error.facts.retry_at)


def _raise_stop(errors: list[Any]) -> None:
    for error in errors:
        if isinstance(error, RetryLater):
            raise Stop(error.at, error)
        if isinstance(error, ProviderError) and error.kind in health.CONNECTION_KINDS:
            raise Stop


def _now() -> Any:
    return clock.now()
