"""Whether somebody else already holds a document's number: in our ledger, or at the target.

Siblings and target records that carry the number enter, a sentence leaves, or nothing. What is
withdrawn, void or not posted by this flow holds no number.
"""

from collections.abc import Callable, Iterable

from connectors.core.decisions import Sibling
from connectors.core.records import TargetState
from connectors.core.states import State

_INERT = frozenset({State.NOT_APPLICABLE, State.DISMISSED, State.CANCELLED})
_VOID = frozenset({"void", "cancelled", "rejected"})


def earlier_twin(
    key: str, party_key: str, twins: Iterable[Sibling], posts: Callable[[Sibling], bool]
) -> Sibling | None:
    """The document that holds the number before this one: posted already, or lower by key.

    ``posts`` tells whether a sibling that is not posted yet is one that will be.
    """
    rivals = [twin for twin in twins if twin.party_key == party_key and twin.key != key]
    posted = [twin for twin in rivals if _stands(twin)]
    if posted:
        return min(posted, key=lambda twin: key_order(twin.key))
    waiting = [twin for twin in rivals if twin.state not in _INERT and posts(twin)]
    lower = [twin for twin in waiting if key_order(twin.key) < key_order(key)]
    return min(lower, key=lambda twin: key_order(twin.key), default=None)


def taken_at_target(
    reference: str, vendor_id: str, suspects: Iterable[TargetState]
) -> TargetState | None:
    """A record at the target with this number that is not ours; any vendor's where none is given.

    Ours is the one that carries our own reference: it is met again, not doubled.
    """
    for suspect in suspects:
        strange = suspect.reference != reference and suspect.status not in _VOID
        if strange and (not vendor_id or suspect.vendor_key == vendor_id):
            return suspect
    return None


def key_order(key: str) -> tuple[int, int, str]:
    """Keys in the order in which the source gave them out: as numbers where they are numbers."""
    return (0, int(key), "") if key.isdecimal() else (1, 0, key)


def _stands(twin: Sibling) -> bool:
    return any(link.target_id and link.status not in _VOID for link in twin.links.values())
