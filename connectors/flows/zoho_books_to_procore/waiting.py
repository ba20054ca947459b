"""Says what an order waits for: everything at once, in words that lead to the way out.

Missing mappings enter, a waiting decision leaves. The first class named is the one that a person
should look at first.
"""

from collections.abc import Sequence

from connectors.core.decisions import Waiting
from connectors.core.references import MissingMapping
from connectors.core.states import Reason

_FIRST = (Reason.VENDOR_MISSING, Reason.PROJECT_MISSING, Reason.COST_CODE_MISSING)


def waiting_for(missing: Sequence[MissingMapping]) -> Waiting:
    reasons = {item.reason for item in missing}
    labels = ", ".join(sorted({item.label for item in missing}))
    return Waiting(
        missing=tuple(missing),
        reason=next(reason for reason in _FIRST if reason in reasons),
        words=f"Not linked to Procore yet: {labels}. Choose what it is there.",
    )
