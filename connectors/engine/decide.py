"""Asks the flow what to do with each claimed document, and carries out every answer but a delivery.

Documents enter in a batch; those that need the target's hand leave with their plan, the others
are settled in one transaction. The decision itself is the flow's, and pure.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.core.decisions import (
    Decision,
    Deliver,
    DocumentKey,
    Facts,
    Held,
    NotApplicable,
    Nothing,
    ReadTarget,
    Waiting,
)
from connectors.core.errors import BadInputError, ProviderError, RetryLater
from connectors.core.flow import Context, Flow, PartRef
from connectors.core.records import TargetState
from connectors.core.references import MappingKey, MissingMapping
from connectors.core.states import Reason, State
from connectors.core.upkeep import by_options
from connectors.engine import causes, doubles, links, plans, trail
from connectors.engine.away import DATABASE_AWAY
from connectors.engine.facts import Asking, kept_options, load
from connectors.engine.failures import no_longer_waits, wait_for
from connectors.engine.health import CONNECTION_KINDS
from connectors.engine.job import Job
from connectors.engine.outcomes import hold, retry, settle
from connectors.engine.release import came_to_rest, lock_mappings, nudge, release_dependants
from connectors.engine.suspicion import verified
from connectors.models import Document

logger = logging.getLogger(__name__)

_LONGEST_REFERENCE = 120
_LONGEST_KEY = 200

# Reads one posted part from the target; None when it is no longer there.
ReadPart = Callable[[PartRef], TargetState | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """Its target record could not be read now: this document is tried again, the others go on."""

    error: ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A document and what is to be done with it."""

    document: Document
    decision: Decision | Postponed
    facts: Facts


def decide_batch(job: Job, documents: Sequence[Document], read_part: ReadPart) -> list[Decided]:
    """Decide claimed documents; reads the target only for those whose decision asks for it.

    Opens its own short scopes, and none while the target is read.
    """
    asking, decided = [], []
    with job.scope():
        contexts = kept_options(job, documents)
        for document in documents:
            ask = asking_of(job, document, contexts.get(document.pk, job.context))
            if isinstance(ask, Asking):
                asking.append(ask)
            else:
                decided.append(Decided(document=document, decision=ask, facts=Facts()))
        facts = load(job, asking)
        troubles = causes.load(job)
    found = (decide_asked(job, ask, facts[ask.document.pk], read_part) for ask in asking)
    return [*decided, *(explained(one, troubles) for one in found)]


def explained(one: Decided, troubles: causes.Troubles) -> Decided:
    """With the true cause, where a list could not be read that the decision rests on."""
    if isinstance(one.decision, Waiting):
        return replace(one, decision=causes.named(one.decision, troubles))
    if isinstance(one.decision, Deliver) and (blind := causes.blind(one.decision, troubles)):
        return replace(one, decision=Postponed(error=blind))
    return one


def asking_of(job: Job, document: Document, context: Context) -> Asking | Held | NotApplicable:
    """The parsed record with its needs, or why there is nothing to decide on."""
    stream = job.flow.stream(document.stream)
    if document.unread:
        return Held(reason=Reason.UNREADABLE, words=document.unread)
    if document.record is None:
        if document.gone:
            return NotApplicable(words="The source no longer has it, and it was never read.")
        return NotApplicable(words="It has been seen in a list but not been read yet.")
    try:
        record = by_options(stream.upkeep, stream.parse(document.record), context)
        needs = job.flow.needs(stream.name, record, context)
    except BadInputError as error:
        return Held(
            reason=Reason.UNREADABLE,
            words=f"The source's record cannot be read: {error} "
            "Correct it at the source, or tell us if it looks right there.",
        )
    except Exception as error:
        logger.exception("document %s upsets its flow", document.pk)
        return _our_mistake(error)
    return Asking(document, stream, record, needs, context)


def _storable(decision: Decision) -> Decision:
    """Hold what the tables cannot take, instead of trying it again and again."""
    if isinstance(decision, Deliver):
        names = [part.reference for part in decision.parts]
        if any(len(name) > _LONGEST_REFERENCE for name in names):
            return _too_long("reference", max(names, key=len))
    if isinstance(decision, Waiting):
        keys = [missing.key.source_key for missing in decision.missing]
        if any(len(key) > _LONGEST_KEY for key in keys):
            return _too_long("name of what is to be mapped", max(keys, key=len))
    return decision


def _too_long(what: str, text: str) -> Held:
    return Held(
        reason=Reason.UNREADABLE,
        words=f"The {what} “{text[:60]}…” has {len(text)} characters, more than can be kept. "
        "Shorten it at the source.",
    )


def _our_mistake(error: Exception) -> Held:
    """A record that upsets the flow's code is held; its neighbours are decided all the same."""
    return Held(
        reason=Reason.UNREADABLE,
        words=f"An error of this service kept it from being decided ({type(error).__name__}). "
        "Its operator finds the details in the log; replay the document when it is corrected.",
    )


def decide_asked(job: Job, ask: Asking, facts: Facts, read_part: ReadPart) -> Decided:
    """The flow's decision on one document by these facts; no scope may be open."""
    decision: Decision | Postponed
    try:
        facts, decision = _decide_on(job, ask, facts, read_part)
        decision = _with_options(job.flow, ask, _storable(decision))
    except BadInputError as error:
        decision = Held(reason=Reason.UNREADABLE, words=str(error))
    except ProviderError as error:
        if error.kind in CONNECTION_KINDS:
            raise
        decision = Postponed(error=error)
    except (RetryLater, *DATABASE_AWAY):
        # What the target is read with, a token for instance, comes out of the database.
        raise
    except Exception as error:
        logger.exception("document %s could not be decided", ask.document.pk)
        decision = _our_mistake(error)
    return Decided(document=ask.document, decision=decision, facts=facts)


def _decide_on(job: Job, ask: Asking, facts: Facts, read_part: ReadPart) -> tuple[Facts, Decision]:
    """The decision on facts that were looked at live wherever that matters."""
    single = doubles.one_each(job, ask.document, facts, read_part)
    if isinstance(single, Held):
        return facts, single
    facts, decision = _verified(job, ask, single, read_part)
    if isinstance(decision, ReadTarget):
        live = _read_live(facts, decision, read_part)
        facts, decision = _verified(job, ask, replace(facts, live=live), read_part)
    if isinstance(decision, ReadTarget):
        decision = _gone_at_target(job, facts, decision)
    return facts, decision


def _verified(job: Job, ask: Asking, facts: Facts, read_part: ReadPart) -> tuple[Facts, Decision]:
    """The decision, with nothing held for what has gone from the target since it was listed."""
    kind = ask.stream.target_kind
    return verified(job, kind, facts, lambda seen: decide_by(job.flow, ask, seen), read_part)


def decide_by(flow: Flow, ask: Asking, facts: Facts) -> Decision:
    """The flow's decision. What was posted to a target that is not in use any more gives way only
    when something else has to be written: nobody's books move because an account was closed.
    """
    at_rest = replace(facts, lost={})
    decision = flow.decide(ask.stream.name, ask.record, at_rest, ask.context)
    if not facts.lost or not _writes(decision):
        return decision
    return flow.decide(ask.stream.name, ask.record, facts, ask.context)


def _writes(decision: Decision) -> bool:
    """Whether content is to be written, or may be once the rest is known."""
    if isinstance(decision, Deliver):
        return any(step.body or step.creates for part in decision.parts for step in part.steps)
    return isinstance(decision, ReadTarget | Waiting)


def _with_options(flow: Flow, ask: Asking, decision: Decision) -> Decision:
    """The options that the decision rests on go with it, for its links to keep."""
    if not isinstance(decision, Deliver):
        return decision
    kept = flow.kept_options(ask.context.options)
    return replace(decision, parts=tuple(replace(part, options=kept) for part in decision.parts))


def _gone_at_target(job: Job, facts: Facts, wanted: ReadTarget) -> Held:
    """The decision needs what the target no longer has: only a person can say what is meant."""
    numbers = ", ".join(facts.links[p].target_number for p in wanted.parts if p not in facts.live)
    return Held(
        reason=Reason.TARGET_MISSING,
        words=f"It was posted as {numbers}, which is no longer in {job.resolved.target.title}. "
        "Post it anew, restore it there and replay, or dismiss this document.",
    )


def _read_live(facts: Facts, wanted: ReadTarget, read_part: ReadPart) -> dict[str, TargetState]:
    live = {}
    for part in wanted.parts:
        link = facts.links[part]
        state = read_part(plans.link_ref(link))
        if state is None and part in wanted.ending:
            state = links.as_gone(link)
        if state is not None:
            live[part] = state
    return live


def settle_decided(job: Job, decided: Sequence[Decided]) -> list[Decided]:
    """Carry out what needs no call, in one scope; returns what is to be delivered."""
    deliver = [d for d in decided if isinstance(d.decision, Deliver)]
    rest = [d for d in decided if not isinstance(d.decision, Deliver)]
    _link_agreed(job, deliver)
    _stop_waiting(job, decided)
    if not rest:
        return deliver
    with job.scope(), trail.at_the_end():
        if any(isinstance(item.decision, Waiting) and item.decision.missing for item in rest):
            lock_mappings(job.integration)
        ours = _still_ours([d.document for d in rest])
        waiting: list[tuple[Document, Sequence[MissingMapping]]] = []
        for item in rest:
            if item.document.pk in ours:
                _settle_one(job, item, waiting)
        wait_for(job, waiting, _mapped_then(rest))
    return deliver


def _link_agreed(job: Job, deliver: Sequence[Decided]) -> None:
    """Beside what is to be written, some parts may say already what they mean."""
    agreeing = [
        (item.document, item.decision)
        for item in deliver
        if isinstance(item.decision, Deliver) and (item.decision.agreed or item.decision.noted)
    ]
    if not agreeing:
        return
    with job.scope():
        ours = _still_ours([document for document, _ in agreeing])
        for document, decision in agreeing:
            if document.pk in ours:
                _link(job, document, decision)


def _link(job: Job, document: Document, decision: Deliver | Nothing) -> None:
    if decision.agreed:
        links.agree(job, document, decision.agreed)
    if decision.noted:
        links.note(document, decision.noted)


def _stop_waiting(job: Job, decided: Sequence[Decided]) -> None:
    """What waited and does not any more holds no failure open."""
    moved = [
        item.document
        for item in decided
        if item.document.reason and not isinstance(item.decision, Waiting | Postponed)
    ]
    if moved:
        with job.scope():
            no_longer_waits(job, moved)


def _mapped_then(decided: Sequence[Decided]) -> dict[MappingKey, str]:
    """The mappings that the decisions saw, for telling later which ones are newer than they."""
    return {key: target.key for item in decided for key, target in item.facts.mappings.items()}


def _still_ours(documents: Sequence[Document]) -> set[int]:
    """Lock the documents and return the ids of those that our claim still covers."""
    fences = {document.pk: document.fence for document in documents}
    rows = (
        Document.objects.select_for_update()
        .filter(pk__in=fences, state=State.DELIVERING)
        .order_by("pk")
        .values_list("pk", "fence")
    )
    return {pk for pk, fence in rows if fences[pk] == fence}


def _settle_one(job: Job, item: Decided, waiting: list[Any]) -> None:
    document, decision = item.document, item.decision
    if isinstance(decision, Waiting):
        _wait(document, decision)
        waiting.append((document, decision.missing))
    elif isinstance(decision, Held):
        hold(document, decision.reason, decision.words)
    elif isinstance(decision, NotApplicable):
        settle(document, State.NOT_APPLICABLE, words=decision.words)
        came_to_rest(document)
    elif isinstance(decision, Postponed):
        retry(document, str(decision.error), at=decision.error.facts.retry_at)
    elif isinstance(decision, Nothing):
        _link(job, document, decision)
        links.forget_wishes(document, item.facts)
        stood = bool(item.facts.links) and not (decision.agreed or decision.noted)
        finish(job, document, decision.final, decision.nudges, words=decision.words, stood=stood)


def _wait(document: Document, decision: Waiting) -> None:
    settle(document, State.WAITING, reason=decision.reason, words=decision.words)
    if (document.reason, document.words) == (decision.reason, decision.words):
        return
    trail.write(
        [
            trail.document_event(
                "document.waiting",
                document,
                details={
                    "reason": decision.reason,
                    "words": decision.words,
                    "missing": [item.label for item in decision.missing],
                },
            )
        ]
    )


def finish(
    job: Job,
    document: Document,
    final: State,
    nudges: tuple[DocumentKey, ...] = (),
    *,
    was_sent: str | None = None,
    words: str = "",
    stood: bool = False,
) -> None:
    """Settle a document whose target says what we meant, and free what stood on it.

    ``stood`` says that nothing became of it: whoever is being decided meanwhile has seen that. An
    order and its bill would otherwise send each other round for ever.

    ``was_sent`` is the fingerprint that was delivered: when the record has changed meanwhile, or
    something else asked for another look, the document is due again at once.
    """
    now = Document.objects.select_for_update().get(pk=document.pk)
    sent = document.fingerprint if was_sent is None else was_sent
    settle(document, final, words=words)
    if now.fingerprint != sent or now.gone != document.gone:
        Document.objects.filter(pk=document.pk, fence=document.fence).update(
            state=State.DUE, again=False
        )
    if final is State.POSTED:
        release_dependants(document, looking=not stood)
    else:
        came_to_rest(document)
    nudge(job.integration, nudges)
