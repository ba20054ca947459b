"""What a person must settle before a commitment that stands in Procore is touched.

What is meant, the link and the commitment as it is now enter; a decision to hold it leaves, in
words that say who can do what, or nothing.
"""

from connectors.core.decisions import Held, LinkState
from connectors.core.money import ZERO, parse_decimal
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore.meant import Changes, Meant
from connectors.flows.zoho_books_to_procore.payloads import line_content
from connectors.flows.zoho_books_to_procore.words import CLOSED, DRAFT, line_key, money


def obstacle(
    meant: Meant, link: LinkState, live: TargetState, found: Changes, *, reopens: bool
) -> Held | None:
    """What a person must settle before this commitment is touched."""
    number = meant.number
    if live.currency and live.currency != meant.currency:
        return Held(
            reason=Reason.CURRENCY_DIFFERS,
            words=f"Purchase order {number} is in {meant.currency}, but its commitment is in "
            f"{live.currency} in Procore. Enter a commitment in {meant.currency} there by hand, "
            "delete this one, and dismiss this document.",
        )
    if found.locked and is_invoiced(live):
        return invoiced(number, live, "was changed")
    reopening = live.status == CLOSED or (found.locked and live.status != DRAFT)
    if reopening and not reopens:
        return Held(
            reason=Reason.LOCKED,
            words=f"Purchase order {number} was changed in Zoho Books, but its commitment is "
            f"{live.status} in Procore, which locks vendor and lines. Set it to Draft there and "
            "replay this document, or let this integration change approved commitments.",
        )
    ours = orphans(live, meant)
    typed_in = strangers(live, meant).keys() - ours.keys()
    if found.lines and typed_in and link.payload:
        return Held(
            reason=Reason.DRIFTED,
            words=f"Somebody added {len(typed_in)} lines to commitment {number} in Procore, so "
            "that it cannot come to the order's total. Delete them there, then replay.",
        )
    if not found and not ours and live.total not in (None, meant.total):
        return Held(
            reason=Reason.TOTAL_DIFFERS,
            words=f"It stands in Procore as {link.target_number} with "
            f"{money(live.total or ZERO, meant.currency)} instead of "
            f"{money(meant.total, meant.currency)}. Correct it there, then replay this document.",
        )
    return None


def is_invoiced(live: TargetState) -> bool:
    return parse_decimal(live.content.get("invoiced") or 0) != 0


def invoiced(number: str, live: TargetState, why: str) -> Held:
    amount = money(parse_decimal(live.content["invoiced"]), live.currency)
    return Held(
        reason=Reason.INVOICED,
        words=f"Purchase order {number} {why} in Zoho Books, but {amount} of its commitment are "
        "already invoiced in Procore. Settle it there and dismiss this document, or undo the "
        "change in Zoho Books.",
    )


def orphans(live: TargetState, meant: Meant) -> dict[str, str]:
    """Lines of ours that the order does not have any more: our key -> Procore's id."""
    ours = line_content(meant.payload)
    found = {}
    for line in live.content.get("lines", ()):
        key = line_key(str(line.get("origin_id", "")), meant.reference.text, meant.project_id)
        if key and key not in ours:
            found[key] = str(line["id"])
    return found


def strangers(live: TargetState, meant: Meant) -> dict[str, str]:
    """Every line that the order does not have, those that people typed in among them."""
    ours = line_content(meant.payload)
    found = {}
    for line in live.content.get("lines", ()):
        key = line_key(str(line.get("origin_id", "")), meant.reference.text, meant.project_id)
        if key not in ours:
            found[key or f"id {line['id']}"] = str(line["id"])
    return found
