"""What stands in the way of a bill: gaps in it, a twin, a closed period, a payment.

The bill with facts enters; a decision to hold it leaves, in words that say who can do what, or
nothing. In which order these are asked is said by ``decide_bills``.
"""

from datetime import date

from connectors.core.decisions import Facts, Held, LinkState, ReadTarget, Sibling
from connectors.core.flow import Context
from connectors.core.money import parse_decimal, to_cents
from connectors.core.records import TargetState
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books import options
from connectors.flows.procurify_to_zoho_books.bills import predicted_total
from connectors.flows.procurify_to_zoho_books.lines import Line
from connectors.flows.procurify_to_zoho_books.resolve import Resolution
from connectors.flows.procurify_to_zoho_books.suspects import earlier_twin, taken_at_target
from connectors.flows.procurify_to_zoho_books.words import PART, bill_reference, money
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


def duplicate(bill: Bill, facts: Facts) -> Held | None:
    """The same invoice number of the same vendor, in Procurify: the first one posts."""
    twin = earlier_twin(bill.key, bill.vendor_id, facts.twins, _will_post)
    if twin is None:
        return None
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Invoice number {bill.number} of {bill.party} is also that of the bill with group "
        f"{twin.key} in Procurify. If they are one invoice, withdraw or dismiss this one; if not, "
        "correct the number.",
    )


def _will_post(twin: Sibling) -> bool:
    """Whether a twin that is not posted yet is one that this flow posts."""
    return str(twin.record.get("status")) in {str(status) for status in POSTED}


def period_closed(bill: Bill, facts: Facts, context: Context, before: str = "") -> Held | None:
    """Neither the day it gets nor the day it has may lie in the closed period."""
    day = bill_day(bill, context)
    days = [day, *([date.fromisoformat(before)] if before else [])]
    if facts.locked_until is None or min(days) > facts.locked_until:
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


def typed_by_hand(
    bill: Bill, resolution: Resolution, facts: Facts, context: Context
) -> Held | None:
    """The same invoice of the same vendor, already in Zoho Books without our reference."""
    if not resolution.vendor_id:
        return None
    reference = bill_reference(bill.key, context.source_settings)
    suspect = taken_at_target(reference, resolution.vendor_id, facts.target_suspects)
    if suspect is None:
        return None
    total = "" if suspect.total is None else f" over {money(suspect.total, suspect.currency)}"
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Zoho Books already has a bill {suspect.number} of {bill.party}{total} that was "
        "not posted from this one. If it is the same invoice, dismiss this document; if not, "
        "correct a number.",
    )


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
            words=f"Bill {named(bill)} was changed in Procurify, but somebody voided it in Zoho "
            "Books. Dismiss this document, or enter the bill there by hand.",
        )
    if not _is_paid(live):
        return None
    return Held(
        reason=Reason.PAID,
        words=f"Bill {named(bill)} was changed to {money(bill.total, bill.currency)} in Procurify, "
        "but it is already paid, at least in part, in Zoho Books. Settle the difference there and "
        "dismiss this document, or undo the change in Procurify.",
    )


def _is_paid(live: TargetState) -> bool:
    if live.status in ("paid", "partially_paid"):
        return True
    amounts = (live.content.get(name) for name in ("payment_made", "vendor_credits_applied"))
    return any(parse_decimal(amount) != 0 for amount in amounts if amount)


def differs(bill: Bill, lines: list[Line], resolution: Resolution) -> Held:
    made = predicted_total(bill, lines, resolution, per_line=False)
    difference = made - to_cents(bill.total, bill.currency)
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
