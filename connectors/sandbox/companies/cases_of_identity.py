"""Planted cases of who is who: names that are not one, numbers that change or come twice.

A scribe enters; bills are written down under the name of their case.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from connectors.sandbox.companies import bill_shapes
from connectors.sandbox.companies.acts import WEEK, add_step, edit_step
from connectors.sandbox.companies.bill_shapes import BillShape
from connectors.sandbox.companies.parts import goods
from connectors.sandbox.companies.scribe import Scribe
from connectors.sandbox.companies.script import NEVER
from connectors.sandbox.companies.stories import document_of, post_bill
from connectors.sandbox.companies.vendors import OTHERS


def plant(s: Scribe) -> None:
    """Each case once."""
    other_names(s)
    number_corrected(s)
    answer_lost(s)
    update_lost(s)
    yearly_series(s)
    two_vendors_of_one_contact(s)
    moved_to_another_vendor(s)


def other_names(s: Scribe) -> None:
    """Each waits for a person, whatever contact looks like its vendor."""
    for vendor, (ours, theirs) in zip(s.cast.others, OTHERS, strict=True):
        bill = s.bill(vendor, _gears(2))
        reason = ("vendor_missing", NEVER)
        waits = s.script.waiting("bill", bill.key, bill.number, None, reason)
        s.script.case(f"vendor {ours} is not {theirs}", waits)


def number_corrected(s: Scribe) -> None:
    """One bill, whatever number it had first."""
    bill = post_bill(s, s.bill(s.vendor(), _gears(3), number="CORR-4100"))
    changes = {"action": "fix", "invoice_number": "CORR-4100-A"}
    s.script.edit(WEEK, edit_step("bill", bill.key, changes))
    document = document_of(s, bill)
    document.then(WEEK, "posted", bill.target | {"number": "CORR-4100-A"})
    s.script.case("invoice number corrected after posting", document)


def answer_lost(s: Scribe) -> None:
    """The answer to the create is lost while somebody corrects the number: one bill."""
    bill = s.bill(s.vendor(), _gears(5), number="LOST-4100", listed=False)
    changes = {"action": "fix", "invoice_number": "LOST-4100-A"}
    match = {"provider": "zoho_books", "method": "POST", "body_regex": "LOST-4100"}
    rule: dict[str, Any] = {"kind": "drop_after", "count": 1, "match": match}
    rule["meanwhile"] = [edit_step("bill", bill.key, changes)]
    s.script.edit(WEEK, {"op": "fault", "rule": rule})
    s.script.edit(WEEK, add_step("bill", bill.record))
    target = bill.target | {"number": "LOST-4100-A"}
    document = s.script.posted("bill", bill.key, bill.number, target, WEEK)
    s.script.case("create whose answer is lost while its number is corrected", document)


def update_lost(s: Scribe) -> None:
    """It never arrived, and nothing but the due date tells so."""
    bill = post_bill(s, s.bill(s.vendor(), _gears(6), number="LOST-4200"))
    match = {"provider": "zoho_books", "method": "PUT", "body_regex": "LOST-4200"}
    rule = {"kind": "drop_before", "count": 1, "match": match}
    s.script.edit(WEEK, {"op": "fault", "rule": rule})
    due = (date.fromisoformat(bill.target["due_date"]) + timedelta(days=7)).isoformat()
    changes = {"action": "fix", "due_date": f"{due}T09:00:00-08:00"}
    s.script.edit(WEEK, edit_step("bill", bill.key, changes))
    document = document_of(s, bill)
    document.then(WEEK, "posted", bill.target | {"due_date": due})
    s.script.case("change of the due date alone, lost on its way", document)


def moved_to_another_vendor(s: Scribe) -> None:
    """To one that has a bill of this number already: it stays with the vendor that it had."""
    day = s.day()
    has, gets = s.cast.of_currency("USD")[:2]
    first = post_bill(s, s.bill(has, _gears(7), day, number="MOVE-61"))
    bill = post_bill(s, s.bill(gets, _gears(7), day, number="MOVE-61"))
    document = document_of(s, bill)
    s.script.edit(WEEK, edit_step("bill", bill.key, {"action": "fix", "vendor": has.id}))
    document.then(WEEK, "held", held="duplicate_suspected")
    name = "bill moved to a vendor that has its number"
    s.script.case(name, document_of(s, first), document)


def yearly_series(s: Scribe) -> None:
    """A number may come again in another fiscal year."""
    vendor, begins = s.vendor(), fiscal_year(s.start)
    for day in (begins - timedelta(days=3), begins + timedelta(days=4)):
        bill = post_bill(s, s.bill(vendor, _gears(1), day, number="YEAR-01"))
        s.script.case("number of a yearly series in two fiscal years", document_of(s, bill))


def fiscal_year(start: date) -> date:
    """The day in the third month of the company's documents on which its fiscal year begins."""
    return (start + timedelta(days=61)).replace(day=1)


def two_vendors_of_one_contact(s: Scribe) -> None:
    """Somebody has mapped a second vendor to the contact; the invoice came under both names."""
    day = s.day()
    first = post_bill(s, s.bill(s.cast.linked[0], _gears(4), day, number="TWO-81"))
    again = s.bill(s.cast.once_more, _gears(4), day, number="two 81")
    held = s.script.held("bill", again.key, again.number, "duplicate_suspected")
    name = "one invoice under two vendors that are one contact"
    s.script.case(name, document_of(s, first), held)


def _gears(pieces: int) -> BillShape:
    return bill_shapes.of_parts([goods("Spur gear", "5030", pieces, 4150)])
