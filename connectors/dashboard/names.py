"""What things are called on the members' pages: states, reasons, kinds of record, initials."""

from connectors import registry
from connectors.core.states import Reason, State

# In the order in which people ask: what needs somebody first, what is settled last.
STATES: dict[str, str] = {
    State.HELD: "Held",
    State.WAITING: "Waiting",
    State.UNCONFIRMED: "Unconfirmed",
    State.DUE: "Due",
    State.DELIVERING: "Delivering",
    State.POSTED: "Posted",
    State.CANCELLED: "Cancelled",
    State.NOT_APPLICABLE: "Not applicable",
    State.DISMISSED: "Dismissed",
}
REASONS: dict[str, str] = {
    Reason.VENDOR_MISSING: "Vendor not linked",
    Reason.ACCOUNT_MISSING: "Account not linked",
    Reason.TAX_MISSING: "Tax not linked",
    Reason.CURRENCY_MISSING: "Currency not set up",
    Reason.ORDER_MISSING: "Order not posted yet",
    Reason.PROJECT_MISSING: "Project not linked",
    Reason.COST_CODE_MISSING: "Cost code not linked",
    Reason.WORKFLOW: "Waits for an approval",
    Reason.TOTAL_DIFFERS: "Total differs",
    Reason.DUPLICATE_SUSPECTED: "Suspected duplicate",
    Reason.NUMBER_MISSING: "Number missing",
    Reason.BELOW_BILLED: "Below what is billed",
    Reason.PERIOD_CLOSED: "Period closed",
    Reason.REFUSED: "Refused",
    Reason.WITHDRAWN: "Withdrawn after posting",
    Reason.UNKNOWN_STATUS: "Unknown status",
    Reason.NEGATIVE_TOTAL: "Negative total",
    Reason.PAID: "Paid already",
    Reason.UNREADABLE: "Cannot be read",
    Reason.OUTCOME_UNKNOWN: "Outcome unknown",
    Reason.TARGET_MISSING: "Deleted after posting",
    Reason.CURRENCY_DIFFERS: "Currency differs",
    Reason.UNBUDGETED: "No budget line",
    Reason.LOCKED: "Locked",
    Reason.INVOICED: "Invoiced already",
    Reason.DRIFTED: "Changed after posting",
    Reason.REOPENED: "Reopened",
    Reason.OTHER_OWNER: "Belongs to another system",
    Reason.NUMBER_USED: "Number used already",
}


def state_name(state: str) -> str:
    return STATES[State(state)]


def reason_name(reason: str) -> str:
    """The name of a reason; a new one is shown as it is written."""
    return REASONS.get(reason) or _as_words(reason)


def kind_name(stream: str) -> str:
    """“purchase_order” is “Purchase order”."""
    return _as_words(stream)


def provider_name(key: str) -> str:
    return registry.provider(key).title


def mapping_kind_name(flow: str, kind: str) -> str:
    """What a kind of mapping is called in its flow: “Vendor”, “Cost code”."""
    return _as_words(registry.flow(flow).mapping_kinds.get(kind, kind))


def initials(name: str) -> str:
    """“Cascadia Works” is “CW”; of an address the first two letters."""
    words = name.partition("@")[0].replace(".", " ").split()
    letters = [word[0] for word in words[:2]] if len(words) > 1 else [name[:2]]
    return "".join(letters).upper()


def _as_words(text: str) -> str:
    return text[:1].upper() + text[1:].replace("_", " ")
