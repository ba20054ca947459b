"""Every way out of where a document stands: what a person, a setting or the source may do about it.

The pages offer what this table says, a test tries each of them, and docs/states.md shows it.
"""

from enum import StrEnum

from connectors.core.states import Reason, State


class Exit(StrEnum):
    """One way out, as people call it."""

    REPLAY = "replay"
    DISMISS = "dismiss"
    LINK = "link to existing record"
    ANEW = "post anew"
    MAP = "map"
    OPTION = "option"
    RESTORE = "restore"
    ADOPT = "adopt"
    SOURCE = "correct at the source"
    TARGET = "correct there and replay"
    ITSELF = "by itself"


_E = Exit
MAPPED = frozenset(
    {
        Reason.VENDOR_MISSING,
        Reason.ACCOUNT_MISSING,
        Reason.TAX_MISSING,
        Reason.CURRENCY_MISSING,
        Reason.PROJECT_MISSING,
        Reason.COST_CODE_MISSING,
    }
)

# What else there is beside replay and dismiss, which every standing document has.
_OF_REASON: dict[Reason, frozenset[Exit]] = {
    **dict.fromkeys(MAPPED, frozenset({_E.MAP})),
    Reason.ORDER_MISSING: frozenset({_E.OPTION, _E.LINK, _E.ITSELF}),
    Reason.TOTAL_DIFFERS: frozenset({_E.SOURCE, _E.TARGET, _E.LINK}),
    Reason.DUPLICATE_SUSPECTED: frozenset({_E.LINK, _E.SOURCE, _E.TARGET, _E.ITSELF}),
    Reason.NUMBER_MISSING: frozenset({_E.SOURCE}),
    Reason.BELOW_BILLED: frozenset({_E.SOURCE}),
    Reason.PERIOD_CLOSED: frozenset({_E.SOURCE, _E.TARGET, _E.LINK, _E.ITSELF}),
    Reason.REFUSED: frozenset({_E.SOURCE, _E.TARGET, _E.LINK, _E.OPTION}),
    Reason.WITHDRAWN: frozenset({_E.SOURCE, _E.TARGET}),
    Reason.UNKNOWN_STATUS: frozenset({_E.SOURCE, _E.OPTION}),
    Reason.NEGATIVE_TOTAL: frozenset({_E.SOURCE}),
    Reason.PAID: frozenset({_E.SOURCE, _E.TARGET}),
    Reason.UNREADABLE: frozenset({_E.SOURCE}),
    Reason.OUTCOME_UNKNOWN: frozenset({_E.LINK, _E.TARGET}),
    Reason.TARGET_MISSING: frozenset({_E.ANEW, _E.TARGET}),
    Reason.CURRENCY_DIFFERS: frozenset({_E.SOURCE}),
    Reason.UNBUDGETED: frozenset({_E.MAP, _E.OPTION, _E.TARGET, _E.LINK}),
    Reason.LOCKED: frozenset({_E.OPTION, _E.SOURCE, _E.TARGET}),
    Reason.INVOICED: frozenset({_E.SOURCE, _E.TARGET}),
    Reason.DRIFTED: frozenset({_E.RESTORE, _E.ADOPT, _E.SOURCE}),
    Reason.REOPENED: frozenset({_E.ANEW, _E.SOURCE}),
    Reason.WORKFLOW: frozenset({_E.ITSELF, _E.TARGET}),
    Reason.OTHER_OWNER: frozenset({_E.SOURCE, _E.TARGET}),
    Reason.NUMBER_USED: frozenset({_E.ANEW, _E.SOURCE, _E.TARGET}),
}

_OF_STATE: dict[State, frozenset[Exit]] = {
    State.DUE: frozenset({_E.ITSELF}),
    State.DELIVERING: frozenset({_E.ITSELF}),
    State.UNCONFIRMED: frozenset({_E.ITSELF}),
    State.WAITING: frozenset({_E.REPLAY, _E.DISMISS}),
    State.HELD: frozenset({_E.REPLAY, _E.DISMISS}),
    State.POSTED: frozenset({_E.REPLAY, _E.SOURCE, _E.ANEW}),
    State.CANCELLED: frozenset({_E.REPLAY, _E.SOURCE}),
    State.NOT_APPLICABLE: frozenset({_E.REPLAY, _E.SOURCE, _E.LINK}),
    State.DISMISSED: frozenset({_E.REPLAY, _E.LINK}),
}


def exits(state: State, reason: Reason | None = None, *, kept: bool = False) -> frozenset[Exit]:
    """All ways out of a state, for the reason that it stands still for; others have only had one.

    Master data that is ``kept`` equal is linked on its mapping page, and looked after by itself.
    """
    found = _OF_STATE[state]
    if reason and state in (State.WAITING, State.HELD):
        found |= _OF_REASON[reason]
    if not kept:
        return found
    return found - ({_E.LINK} if state is not State.POSTED else {_E.LINK, _E.ANEW})
