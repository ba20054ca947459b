"""What stands in the way of a bill: gaps in it, a closed period, a payment.

The bill with facts enters; a decision to hold it leaves, in words that say who can do what, or
nothing. In which order these are asked is said by ``decide_bills``.
"""

from datetime import date

from connectors.core.decisions import Facts, Held, LinkState, ReadTarget
from connectors.core.flow import Context
from connectors.core.money import parse_decimal
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.bills import predicted_total
from connectors.flows.procurify_to_zoho_books.lines import Line
from connectors.flows.procurify_to_zoho_books.resolve import Resolution
from connectors.flows.procurify_to_zoho_books.words import NUMBER_LIMIT, PART, money
from connectors.providers.procurify.records import Bill, bills

POSTED = frozenset(
    {
        bills.APPROVED,
        bills.PAID,
        bills.PAYMENT_CONFIRMED,
        bills.PAYMENT_APPROVED,
        bills.PAYMENT_LIMBO,
    }
)
VOID = "void"


def gap(bill: Bill) -> Held | None:
    """What only Procurify can put right, whatever the mappings say."""
    if not bill.number:
        return Held(
            reason=Reason.NUMBER_MISSING,
            words=f"The bill of {bill.party} over {money(bill.total, bill.currency)} (Procurify "
            f"{bill.key}) has no invoice number. Enter it in Procurify.",
        )
    if len(bill.number) > NUMBER_LIMIT:
        return Held(
            reason=Reason.REFUSED,
            words=f"The invoice number {bill.number[:20]}… of {bill.party} has {len(bill.number)} "
            f"characters; Zoho Books takes {NUMBER_LIMIT}. Shorten it in Procurify, or dismiss "
            "this document.",
        )
    if not bill.vendor_id or bill.invoice_day is None:
        lacks = "vendor" if not bill.vendor_id else "invoice date"
        return Held(
            reason=Reason.UNREADABLE,
            words=f"Bill {named(bill)} has no {lacks}. Enter it in Procurify.",
        )
    if bill.total < 0:
        return Held(
            reason=Reason.NEGATIVE_TOTAL,
            words=f"Bill {named(bill)} has a negative total of {money(bill.total, bill.currency)}. "
            "Enter it in Zoho Books as a vendor credit and dismiss this document.",
        )
    return None


def period_closed(bill: Bill, facts: Facts, context: Context, before: str = "") -> Held | None:
    """Neither the day it gets nor the day it has may lie in the closed period.

    Whether the lock's own day is closed is told in two ways: there Zoho Books decides.
    """
    day = bill_day(bill, context)
    days = [day, *([date.fromisoformat(before)] if before else [])]
    if facts.locked_until is None or min(days) >= facts.locked_until:
        return None
    return Held(
        reason=Reason.PERIOD_CLOSED,
        words=f"Bill {named(bill)} is dated {min(days).isoformat()}, but purchases are closed in "
        f"Zoho Books up to {facts.locked_until.isoformat()}. Reopen the period there, or give the "
        "bill a later posting date in Procurify.",
    )


def bill_day(bill: Bill, context: Context) -> date:
    """The bill's date at the target; a bill without any date does not get here."""
    day = bill.invoice_day if options.dates_by_invoice(context) else bill.day
    return day or date.min


def may_change(
    bill: Bill, link: LinkState, facts: Facts, context: Context
) -> Held | ReadTarget | None:
    """A posted bill is changed only while its period is open and nothing was paid on it."""
    held = period_closed(bill, facts, context, before=str(link.payload.get("date", "")))
    if held is not None:
        return held
    if PART not in facts.live:
        return ReadTarget(parts=(PART,))
    live = facts.live[PART]
    if live.status == VOID:
        return Held(
            reason=Reason.TARGET_MISSING,
            words=f"Bill {named(bill)} {_how(bill, link)}, but somebody voided it in Zoho Books. "
            "Reopen it there and replay this document, or dismiss it.",
        )
    if not _is_paid(live):
        return None
    undo = "map it as before and replay" if link.renewed else "undo the change in Procurify"
    return Held(
        reason=Reason.PAID,
        words=f"Bill {named(bill)} {_how(bill, link)}, but it is already paid, at least in part, "
        f"in Zoho Books. Settle the difference there and dismiss this document, or {undo}.",
    )


def _how(bill: Bill, link: LinkState) -> str:
    """What would change it; ``renewed`` is for once, so that it tells of the last such choice."""
    if link.renewed:
        return "is to follow a mapping that was applied to posted documents"
    return f"was changed to {money(bill.total, bill.currency)} in Procurify"


def still_void(bill: Bill) -> Held:
    """Voided there when it was taken back here, or by somebody: approval does not undo that."""
    return Held(
        reason=Reason.TARGET_MISSING,
        words=f"Bill {named(bill)} is approved in Procurify, but void in Zoho Books. Reopen it "
        "there and replay this document, or dismiss it.",
    )


def _is_paid(live: TargetState) -> bool:
    if live.status in ("paid", "partially_paid"):
        return True
    amounts = (live.content.get(name) for name in ("payment_made", "vendor_credits_applied"))
    return any(parse_decimal(amount) != 0 for amount in amounts if amount)


def differs(bill: Bill, lines: list[Line], resolution: Resolution) -> Held:
    made = predicted_total(bill, lines, resolution, per_line=False)
    difference = made - bill.total
    return Held(
        reason=Reason.TOTAL_DIFFERS,
        words=f"Bill {named(bill)} has a total of {money(bill.total, bill.currency)} in Procurify, "
        f"but its lines, taxes and costs make {money(made, bill.currency)}, a difference of "
        f"{money(difference, bill.currency)}. Correct it in Procurify, or check the rates of the "
        "mapped taxes.",
    )


def named(bill: Bill) -> str:
    """'INV-7 of Acme', as people speak of it."""
    return f"{bill.number or '(no number)'} of {bill.party}" if bill.party else bill.number
