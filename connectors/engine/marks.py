"""Looks our mark up before a record is created that may stand at the target already.

Number, vendor and year of a record may change between two tries; its mark never does. A first try
with a new mark is not looked up, so that a backfill stays at one call per document.
"""

from dataclasses import replace
from typing import Any

from connectors.core.decisions import PartPlan, Probe, Step
from connectors.core.errors import (
    BadInputError,
    ErrorFacts,
    ErrorKind,
    NotSentError,
    ProviderError,
)
from connectors.core.flow import PartRef
from connectors.engine.job import Job
from connectors.models import Attempt, Document, Link, Outcome, TargetRecord

# After these errors the look is repeated later: nothing is known, and nothing was written.
_COMES_AGAIN = frozenset({ErrorKind.REJECTED, ErrorKind.NOT_FOUND, ErrorKind.UNKNOWN_OUTCOME})


def may_stand(job: Job, document: Document, plan: PartPlan, step: Step) -> bool:
    """Whether the record that the step creates may be at the target, under its mark.

    It may when any create under this mark has left before, whichever connections it went through,
    or when the cached heads show the mark. Steps that share a call are looked up by their sink,
    all at once.
    """
    if not step.creates or step.batch:
        return False
    links = Link.objects.filter(document=document, part=plan.part)
    if links.filter(reference=plan.reference).exists():
        return False
    tried = Attempt.objects.filter(reference=plan.reference, step__creates=True)
    if tried.exclude(outcomes__result=Outcome.Result.NOT_SENT).exists():
        return True
    return TargetRecord.objects.filter(
        connection=job.target, kind=plan.target_kind, reference=plan.reference
    ).exists()


def look(job: Job, client: Any, part: PartRef, step: Step) -> Probe:
    """What stands at the target under the mark. Where that cannot be learnt nothing is sent."""
    try:
        return job.flow.sink.probe(client, part, step)
    except BadInputError as error:
        facts = ErrorFacts(kind=ErrorKind.TRANSIENT, message=str(error))
        raise NotSentError(facts) from error
    except ProviderError as error:
        kind = ErrorKind.TRANSIENT if error.kind in _COMES_AGAIN else error.kind
        raise NotSentError(replace(error.facts, kind=kind)) from error
