"""Whether a bill's number is taken: by another bill of Procurify, or by one typed into Zoho Books.

Judged as Zoho Books judges: by its own vendor, the number and the fiscal year. Case, white space
and dashes of the number do not count, and neither does which of two source vendors sent it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.core.decisions import Facts, Held, LinkState, Sibling
from connectors.core.errors import BadInputError
from connectors.core.flow import Context
from connectors.core.names import normalise_number
from connectors.core.states import Reason
from connectors.flows.procurify_to_zoho_books.bill_obstacles import POSTED, bill_day, named
from connectors.flows.procurify_to_zoho_books.suspects import (
    AT_REST,
    key_order,
    stands,
    taken_at_target,
)
from connectors.flows.procurify_to_zoho_books.words import MARK, PART, bill_reference, mark, money
from connectors.flows.procurify_to_zoho_books.years import FISCAL_START, same_year
from connectors.providers.procurify.records import Bill, parse_bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What tells one invoice from another; ``party`` is the source's vendor."""

    vendor_id: str
    party: str
    number: str
    day: date | None

    def is_same(self, other: "Invoice", start: Any) -> bool:
        vendor = self.party == other.party or (
            bool(self.vendor_id) and self.vendor_id == other.vendor_id
        )
        return vendor and self.number == other.number and same_year(self.day, other.day, start)


def number_taken(
    bill: Bill, vendor_id: str, link: LinkState | None, facts: Facts, context: Context
) -> Held | None:
    """Who has the number already. A posted bill is asked again when it moves to another one."""
    start = facts.target_profile.get(FISCAL_START)
    mine = _wanted(bill, vendor_id, context)
    if link is not None:
        before = _posted(link, bill.vendor_id)
        if before is None or before.is_same(mine, start):
            return None
    twin = _rival(bill, mine, facts, context, start)
    if twin is not None:
        return _twin(bill, twin)
    return _typed_by_hand(bill, mine, facts, context, start)


def _wanted(bill: Bill, vendor_id: str, context: Context) -> Invoice:
    return Invoice(
        vendor_id=vendor_id,
        party=bill.vendor_id,
        number=normalise_number(bill.number),
        day=bill_day(bill, context),
    )


def _posted(link: LinkState, party: str) -> Invoice | None:
    """As which invoice it stands; None where that is not known."""
    payload: Mapping[str, Any] = link.payload
    if "bill_number" not in payload:
        return None
    return Invoice(
        vendor_id=str(payload.get("vendor_id", "")),
        # A posted bill has its vendor in Zoho Books; the source's may have changed since.
        party=str(payload.get("source_vendor", party)),
        number=normalise_number(str(payload["bill_number"])),
        day=_day(str(payload.get("date", ""))),
    )


def _rival(bill: Bill, mine: Invoice, facts: Facts, context: Context, start: Any) -> Sibling | None:
    """The bill that has the number before this one: posted with it already, or lower by key."""
    holders: list[Sibling] = []
    waiting: list[Sibling] = []
    for twin in (twin for twin in facts.twins if twin.key != bill.key):
        link = twin.links.get(PART)
        posted = _posted(link, twin.party_key) if link is not None and stands(twin) else None
        if posted is not None and posted.is_same(mine, start):
            holders.append(twin)
        elif _comes(twin) and _as_meant(twin, mine, context).is_same(mine, start):
            (holders if stands(twin) and posted is None else waiting).append(twin)
    lower = [twin for twin in waiting if key_order(twin.key) < key_order(bill.key)]
    return min(holders or lower, key=lambda twin: key_order(twin.key), default=None)


def _comes(twin: Sibling) -> bool:
    """Whether it is posted, or one that this flow will post."""
    if stands(twin):
        return True
    approved = str(twin.record.get("status")) in {str(status) for status in POSTED}
    return approved and twin.state not in AT_REST


def _as_meant(twin: Sibling, mine: Invoice, context: Context) -> Invoice:
    """The invoice that it is in Procurify now; all twins carry the same number there."""
    try:
        day: date | None = bill_day(parse_bill(twin.record), context)
    except BadInputError:
        day = None
    return Invoice(vendor_id=twin.target_party, party=twin.party_key, number=mine.number, day=day)


def _twin(bill: Bill, twin: Sibling) -> Held:
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Invoice number {bill.number} of {bill.party} is also that of the bill with group "
        f"{twin.key} in Procurify, for the same vendor in Zoho Books. If they are one invoice, "
        "withdraw or dismiss this one; if not, correct the number.",
    )


def _typed_by_hand(
    bill: Bill, mine: Invoice, facts: Facts, context: Context, start: Any
) -> Held | None:
    """The same invoice of the same vendor, already in Zoho Books without our mark."""
    if not mine.vendor_id:
        return None
    reference = mark(bill_reference(bill.key, context.source_settings), facts.links.get(PART))
    rivals = [
        suspect
        for suspect in facts.target_suspects
        if same_year(mine.day, _day(str(suspect.content.get("date", ""))), start)
    ]
    suspect = taken_at_target(reference, mine.vendor_id, rivals)
    if suspect is None:
        return None
    if suspect.reference.startswith(MARK):
        return Held(
            reason=Reason.DUPLICATE_SUSPECTED,
            words=f"Another bill that this service posted ({suspect.reference}) still has the "
            f"number {suspect.number} of {bill.party} in Zoho Books. This one follows by itself "
            "as soon as that one has another number. Where the two have swapped numbers, give one "
            "of them a third number in Procurify first.",
        )
    total = "" if suspect.total is None else f" over {money(suspect.total, suspect.currency)}"
    return Held(
        reason=Reason.DUPLICATE_SUSPECTED,
        words=f"Zoho Books already has a bill {suspect.number} of {bill.party}{total} that was "
        f"not posted as {named(bill)}. If it is the same invoice, link this document to it; "
        "if not, correct a number or delete that bill, and replay; or dismiss this document.",
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
