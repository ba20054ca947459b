"""States of a document, the moves between them, and the classes of reason why one stands still.

The database check, the engine and the pages all read this one table.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a document stands; see the glossary."""

    DUE = "due"
    WAITING = "waiting"
    HELD = "held"
    DELIVERING = "delivering"
    UNCONFIRMED = "unconfirmed"
    POSTED = "posted"
    CANCELLED = "cancelled"
    NOT_APPLICABLE = "not_applicable"
    DISMISSED = "dismissed"


_S = State

# From -> the states that may follow. DUE is where every cause for another look leads.
MOVES: dict[State, frozenset[State]] = {
    _S.DUE: frozenset({_S.DELIVERING}),
    _S.DELIVERING: frozenset(
        {
            _S.DUE,
            _S.WAITING,
            _S.HELD,
            _S.UNCONFIRMED,
            _S.POSTED,
            _S.CANCELLED,
            _S.NOT_APPLICABLE,
        }
    ),
    _S.UNCONFIRMED: frozenset({_S.DUE, _S.HELD, _S.DELIVERING}),
    _S.WAITING: frozenset({_S.DUE, _S.DISMISSED}),
    _S.HELD: frozenset({_S.DUE, _S.DISMISSED}),
    _S.POSTED: frozenset({_S.DUE, _S.HELD}),
    _S.CANCELLED: frozenset({_S.DUE}),
    _S.NOT_APPLICABLE: frozenset({_S.DUE}),
    _S.DISMISSED: frozenset({_S.DUE}),
}

# States in which a document owes nothing to anybody until something changes.
SETTLED = frozenset({_S.POSTED, _S.CANCELLED, _S.NOT_APPLICABLE, _S.DISMISSED})


class Over(StrEnum):
    """What a person says of a linked target record, so that its document is posted anew.

    A record that was deleted there leaves its number free; a superseded one keeps it.
    """

    DELETED = "deleted"
    SUPERSEDED = "superseded"


class Reason(StrEnum):
    """What a waiting or held document stands still for, in one word."""

    # waiting
    VENDOR_MISSING = "vendor_missing"
    ACCOUNT_MISSING = "account_missing"
    TAX_MISSING = "tax_missing"
    CURRENCY_MISSING = "currency_missing"
    ORDER_MISSING = "order_missing"
    PROJECT_MISSING = "project_missing"
    COST_CODE_MISSING = "cost_code_missing"
    WORKFLOW = "workflow"
    # held
    TOTAL_DIFFERS = "total_differs"
    DUPLICATE_SUSPECTED = "duplicate_suspected"
    NUMBER_MISSING = "number_missing"
    BELOW_BILLED = "below_billed"
    PERIOD_CLOSED = "period_closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    UNKNOWN_STATUS = "unknown_status"
    NEGATIVE_TOTAL = "negative_total"
    PAID = "paid"
    UNREADABLE = "unreadable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    TARGET_MISSING = "target_missing"
    CURRENCY_DIFFERS = "currency_differs"
    UNBUDGETED = "unbudgeted"
    LOCKED = "locked"
    INVOICED = "invoiced"
    DRIFTED = "drifted"
    REOPENED = "reopened"
    OTHER_OWNER = "other_owner"
    NUMBER_USED = "number_used"


# What ends by what somebody does to the target record itself.
AT_TARGET = frozenset({Reason.WORKFLOW})


def reason_choices() -> list[tuple[str, str]]:
    """For the ledger's column: a new reason needs no migration."""
    return [(reason.value, reason.value) for reason in Reason]
