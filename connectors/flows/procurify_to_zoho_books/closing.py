"""Whether a closed purchase order may be marked billed: only when its bills are all posted.

The bills that take from the order enter; a sentence that says why it stays open leaves, or nothing.
"""

from collections.abc import Iterable

from connectors.core.decisions import Sibling
from connectors.core.states import SETTLED, State
from connectors.flows.procurify_to_zoho_books.suspects import stands
from connectors.providers.procurify.records import bills

# Not approved yet; what was posted and is being corrected is among them.
_AWAITED = frozenset({str(bills.DRAFT), str(bills.CONFIRMED)})


def left_open(dependants: Iterable[Sibling]) -> str:
    """Why a closed order is not marked billed; empty where it is."""
    bills_of_it = list(dependants)
    outstanding = sorted(bill.number or bill.key for bill in bills_of_it if _outstanding(bill))
    if outstanding:
        return (
            "It is closed in Procurify, but stays open in Zoho Books until these bills are posted "
            f"or dismissed: {', '.join(outstanding)}."
        )
    if not any(stands(bill) for bill in bills_of_it):
        return (
            "It is closed in Procurify, but no bill of it is posted, so it stays open in Zoho "
            "Books. Mark it as billed or cancel it there if nothing more is to come."
        )
    return ""


def _outstanding(bill: Sibling) -> bool:
    """It may still be posted, or changed; one that was dismissed or withdrawn is not awaited."""
    if bill.state in (State.DISMISSED, State.CANCELLED):
        return False
    return bill.state not in SETTLED or str(bill.record.get("status")) in _AWAITED
