"""Says what a document waits for: everything at once, in words that lead to the way out.

Missing mappings and unposted orders enter, a waiting decision leaves. The first class named is the
one that a person should look at first.
"""

from collections.abc import Sequence

from connectors.core.decisions import DocumentKey, Waiting
from connectors.core.references import MissingMapping
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books.options import BILLS_WITHOUT_ORDER

_EXITS = (
    "Replay the order to post it, or link it to the one in Zoho Books; dismiss this bill; or let "
    f"the integration post such bills (option “{BILLS_WITHOUT_ORDER.label}”)."
)
_FIRST = (
    Reason.VENDOR_MISSING,
    Reason.ACCOUNT_MISSING,
    Reason.TAX_MISSING,
    Reason.CURRENCY_MISSING,
    Reason.ORDER_MISSING,
)


def waiting_for(
    missing: Sequence[MissingMapping],
    documents: Sequence[tuple[DocumentKey, str]] = (),
    at_rest: Sequence[tuple[DocumentKey, str]] = (),
) -> Waiting:
    """``documents`` are orders still to be posted, with the numbers that people know them by;
    ``at_rest`` are those that will not be posted, with the sentences that say why.
    """
    reasons = {item.reason for item in missing} | (
        {Reason.ORDER_MISSING} if documents or at_rest else set()
    )
    parts = []
    if missing:
        labels = ", ".join(sorted({item.label for item in missing}))
        parts.append(f"Not linked to Zoho Books yet: {labels}. Choose what it is there.")
    if documents:
        numbers = ", ".join(sorted({number for _, number in documents}))
        parts.append(f"Waits until posted: purchase order {numbers}.")
    parts += sorted({words for _, words in at_rest})
    if at_rest:
        parts.append(_EXITS)
    return Waiting(
        missing=tuple(missing),
        documents=tuple(sorted({key for key, _ in (*documents, *at_rest)})),
        reason=next(reason for reason in _FIRST if reason in reasons),
        words=" ".join(parts),
    )
