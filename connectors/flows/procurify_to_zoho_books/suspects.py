"""Whether somebody else already holds a document's number: in our ledger, or at the target.

Siblings and target records that carry the number enter, a sentence leaves, or nothing. What is
withdrawn, void or not posted by this flow holds no number.
"""

from collections.abc import Iterable

from connectors.core.decisions import Sibling
from connectors.core.records import TargetState
from connectors.core.states import Over, State
from connectors.flows.procurify_to_zoho_books.words import DEAD, MARK, ORDERS

# Resting without being posted; and what is over at the target.
AT_REST = frozenset({State.NOT_APPLICABLE, State.DISMISSED, State.CANCELLED})
ENDED = frozenset({"cancelled", *Over})


def earlier_twin(key: str, twins: Iterable[Sibling]) -> Sibling | None:
    """The document that holds the number before this one: posted already, or lower by key."""
    rivals = [twin for twin in twins if twin.key != key]
    posted = [twin for twin in rivals if stands(twin)]
    if posted:
        return min(posted, key=lambda twin: key_order(twin.key))
    waiting = [twin for twin in rivals if twin.state not in AT_REST]
    lower = [twin for twin in waiting if key_order(twin.key) < key_order(key)]
    return min(lower, key=lambda twin: key_order(twin.key), default=None)


def taken_at_target(
    reference: str, vendor_id: str, suspects: Iterable[TargetState]
) -> TargetState | None:
    """A record at the target with this number that is not ours; any vendor's where none is given.

    Ours is the one that carries our own reference: it is met again, not doubled.
    """
    for suspect in suspects:
        strange = suspect.reference != reference and suspect.status not in DEAD
        if strange and (not vendor_id or suspect.vendor_key == vendor_id):
            return suspect
    return None


def key_order(key: str) -> tuple[int, int, str]:
    """Keys in the order in which the source gave them out: as numbers where they are numbers."""
    return (0, int(key), "") if key.isdecimal() else (1, 0, key)


def stands(twin: Sibling) -> bool:
    """Whether it is at the target, alive."""
    return any(link.target_id and link.status not in DEAD for link in twin.links.values())


def alive(kind: str, state: TargetState) -> bool:
    """Whether a record of Zoho Books counts: it is not void, cancelled or rejected."""
    del kind
    return state.status not in DEAD


def unlinkable(kind: str, state: TargetState, reference: str) -> str:
    """Why a record that somebody typed into Zoho Books cannot stand for a document."""
    if state.status in DEAD or (kind == ORDERS and state.status == "draft"):
        return (
            f"{state.number} is {state.status} in Zoho Books. Open it there first, or choose "
            "another record."
        )
    if state.reference.startswith(MARK) and state.reference != reference:
        return (
            f"{state.number} carries the mark of another record ({state.reference}). Choose "
            "another record."
        )
    return ""
