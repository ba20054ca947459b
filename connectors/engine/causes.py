"""Says the true cause where a document stands still because a list could not be read.

What waits for a mapping names the unread list; nothing new is made while it is not known what the
target holds already, for it could be made twice.
"""

from collections.abc import Mapping
from dataclasses import replace

from connectors.core.decisions import Deliver, Waiting
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.references import plural
from connectors.engine.heads import INDEX
from connectors.engine.job import Job
from connectors.models import ReferenceState

# The kind of a list -> why it is unread.
Troubles = Mapping[str, str]


def load(job: Job) -> dict[str, str]:
    """The lists of both sides that could not be read, inside the scope."""
    sides = [job.source, job.target]
    states = ReferenceState.objects.filter(connection__in=sides).exclude(trouble="")
    return dict(states.values_list("kind", "trouble"))


def named(decision: Waiting, troubles: Troubles) -> Waiting:
    """The same, with the lists that could not be read named in its words."""
    kinds = dict.fromkeys(item.key.kind for item in decision.missing)
    told = [
        f"The list of {plural(kind)} could not be read: {troubles[kind]}"
        for kind in kinds
        if kind in troubles
    ]
    return replace(decision, words=" ".join([decision.words, *told])) if told else decision


def blind(decision: Deliver, troubles: Troubles) -> ProviderError | None:
    """Why nothing may be made now; None where nothing is made, or the target's list was read."""
    for part in decision.parts:
        why = troubles.get(INDEX + part.target_kind)
        if why and any(step.creates for step in part.steps):
            words = f"What is there already could not be read, so it might be posted twice. {why}"
            return ProviderError(ErrorFacts(kind=ErrorKind.TRANSIENT, message=words))
    return None
