"""Verifies live what holds a document as a suspected duplicate: cached heads never say "deleted".

A document's facts enter; what is left of its suspects leaves, and the cache is put right. Only
records that would hold the document are read, one after the other until one really does.
"""

from collections.abc import Callable
from dataclasses import replace

from connectors.core.decisions import Decision, Facts, Held
from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.flow import PartRef
from connectors.core.names import normalise_number
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.engine import heads
from connectors.engine.job import Job

DecideBy = Callable[[Facts], Decision]
ReadPart = Callable[[PartRef], TargetState | None]


def verified(
    job: Job, kind: str, facts: Facts, decide: DecideBy, read_part: ReadPart
) -> tuple[Facts, Decision]:
    """The decision once every record that it rests on was seen to stand; no scope may be open."""
    decision = decide(facts)
    for suspect in facts.target_suspects:
        if not _suspects(decision):
            break
        alone = replace(facts, target_suspects=(suspect,))
        without = replace(facts, target_suspects=())
        if not _suspects(decide(alone)) or _suspects(decide(without)):
            continue
        facts = _replaced(facts, suspect, _now(job, kind, suspect, read_part))
        decision = decide(facts)
    return facts, decision


def _suspects(decision: Decision) -> bool:
    return isinstance(decision, Held) and decision.reason is Reason.DUPLICATE_SUSPECTED


def _replaced(facts: Facts, suspect: TargetState, now: TargetState | None) -> Facts:
    """One that has another number by now is no suspect any more."""
    rest = (one for one in facts.target_suspects if one.target_id != suspect.target_id)
    same = now is not None and normalise_number(now.number) == normalise_number(suspect.number)
    return replace(facts, target_suspects=(*rest, *([now] if now and same else [])))


def _now(job: Job, kind: str, suspect: TargetState, read_part: ReadPart) -> TargetState | None:
    """The record as it stands; the cached head follows it, or goes where it is gone."""
    try:
        return heads.look(job, kind, suspect, read_part)
    except ProviderError as error:
        if error.kind not in (ErrorKind.REJECTED, ErrorKind.NOT_FOUND):
            raise
        # It cannot be seen any more, which does not say that it is gone.
        return suspect
