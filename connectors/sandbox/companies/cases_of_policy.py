"""Planted cases of what holds for posted documents when mappings, targets and options change.

A scribe enters; orders and bills are written down under the name of their case, with what people do
meanwhile in the service and in Zoho Books.
"""

from __future__ import annotations

from datetime import date, timedelta

from connectors.sandbox.companies import bill_shapes, order_shapes
from connectors.sandbox.companies.accounts import zoho_account_ids
from connectors.sandbox.companies.acts import PIECES, REST, WEEK, add_step, edit_step
from connectors.sandbox.companies.bill_shapes import BillShape, cost_part
from connectors.sandbox.companies.parts import Part, goods
from connectors.sandbox.companies.scribe import Bill, Scribe
from connectors.sandbox.companies.script import Document
from connectors.sandbox.companies.stories import document_of, post_bill, post_order
from connectors.sandbox.companies.vendors import MERGED

# No other document has this account.
MEMBERSHIPS, CLOSED_ACCOUNT, INSTEAD = "6160", "Dues and Memberships", "Professional Fees"


def plant(s: Scribe) -> None:
    """Each case once."""
    vendor_merged(s)
    account_closed(s)
    date_option_switched(s)


def vendor_merged(s: Scribe) -> None:
    """Zoho Books moves its documents to the other contact, and there they stay when revised."""
    order = post_order(s, s.order(s.cast.merged, order_shapes.of_parts([_springs(20)])))
    revised, untouched = (post_bill(s, s.bill(s.cast.merged, _bill_of_springs(n))) for n in (4, 6))
    documents = [document_of(s, owner) for owner in (order, revised, untouched)]
    old, master = (s.cast.contact_id(name) for name in MERGED)
    merge = {"provider": "zoho_books", "action": "merge_contacts"}
    s.script.edit(WEEK, {"op": "call", "params": {"contact_id": old, "into": master}} | merge)
    for document in documents:
        document.then(WEEK, "posted", (document.last.target or {}) | {"vendor": MERGED[1]})
    s.script.deed(PIECES, "a_day_passes", documents[0])
    vendor = {"of": "vendor", "what": str(s.cast.merged.id), "target": master}
    s.script.deed(PIECES, "map", documents[0], **vendor)
    promised = (date.fromisoformat(order.target["delivery_date"]) + timedelta(days=7)).isoformat()
    changes = {"action": "revise", "promise_date": f"{promised}T09:00:00-08:00"}
    s.script.edit(PIECES, edit_step("purchase_order", order.key, changes))
    _then(documents[0], PIECES, delivery_date=promised)
    _due_later(s, revised, PIECES)
    s.script.case("vendor merged into another contact after posting", *documents)


def account_closed(s: Scribe) -> None:
    """A bill that is revised leaves the account; one that nobody touches stays there."""
    revised, untouched = (post_bill(s, s.bill(s.vendor("USD"), _fee(n))) for n in (32_000, 45_000))
    closed = zoho_account_ids()[CLOSED_ACCOUNT]
    where = {"provider": "zoho_books", "kind": "chartofaccounts", "id": closed}
    s.script.edit(WEEK, {"op": "edit", "changes": {"is_active": False}} | where)
    document = document_of(s, revised)
    s.script.deed(PIECES, "a_day_passes", document)
    target = zoho_account_ids()[INSTEAD]
    s.script.deed(PIECES, "map", document, of="account", what=MEMBERSHIPS, target=target)
    part = cost_part("Chamber of commerce", MEMBERSHIPS, 33_500)
    item = s.bill_item(revised.key, 0, part, 1, None)
    (share,), (before,) = item["allocations"], revised.record["items"][0]["allocations"]
    share["id"] = before["id"]
    changes = {"items": [item], "total": "335.00"}
    s.script.edit(PIECES, edit_step("bill", revised.key, {"action": "fix"} | changes))
    lines = [line | {"account": INSTEAD, "order": ""} for line in part.lines()]
    _then(document, PIECES, total="335.00", lines=lines)
    name = "account closed in Zoho Books after posting, and mapped elsewhere"
    s.script.case(name, document, document_of(s, untouched))


def date_option_switched(s: Scribe) -> None:
    """A posted bill keeps its month when it is touched; a new one is dated by its invoice."""
    day = s.start + timedelta(days=28)
    posting = day + timedelta(days=9)
    bill = post_bill(s, s.bill(s.vendor("USD"), _bill_of_springs(3), day, posting=posting))
    document = document_of(s, bill)
    s.script.deed(REST, "option", document, option="bill_date", value="invoice")
    _due_later(s, bill, REST)
    new = s.bill(s.vendor("USD"), _bill_of_springs(2), day, posting=posting, listed=False)
    new.target["date"] = day.isoformat()
    s.script.edit(REST, add_step("bill", new.record))
    after = s.script.posted("bill", new.key, new.number, new.target, REST)
    s.script.case("bills dated by their invoices from some day on", document, after)


def _due_later(s: Scribe, bill: Bill, act: int) -> None:
    due = (date.fromisoformat(bill.target["due_date"]) + timedelta(days=7)).isoformat()
    changes = {"action": "fix", "due_date": f"{due}T09:00:00-08:00"}
    s.script.edit(act, edit_step("bill", bill.key, changes))
    _then(document_of(s, bill), act, due_date=due)


def _then(document: Document, act: int, **changed: object) -> None:
    """Posted still, with this changed."""
    document.then(act, "posted", (document.last.target or {}) | changed)


def _bill_of_springs(pieces: int) -> BillShape:
    return bill_shapes.of_parts([_springs(pieces)])


def _springs(pieces: int) -> Part:
    return goods("Coil spring", "5030", pieces, 1850)


def _fee(cents: int) -> BillShape:
    return bill_shapes.of_parts([cost_part("Chamber of commerce", MEMBERSHIPS, cents)])
