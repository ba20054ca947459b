"""Purchase order contracts: building them, what locks them, and how they are shown.

Bodies, sync rows and edits of people enter, records leave; totals are always computed from the
lines. What no document settles is an option: procore_edit_approved (false: an Approved or Closed
contract keeps its lines and vendor), procore_vendor_must_be_in_project (true),
procore_approve_without_vendor (false), procore_unique_numbers (false),
procore_reopen_approved (true: what is Approved can be set back to Draft),
procore_accounting_method_locked (true: kept once there are lines), procore_longest_text (255: the
characters of a title, a number and other short texts; descriptions have no limit),
procore_first_status ("Draft": that of a new contract that names none).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.procore import fields, lines, sync, workflows
from connectors.sandbox.procore.answers import money
from connectors.sandbox.procore.errors import Refusal, invalid
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record
from connectors.sandbox.procore.vendors import membership

KIND = "purchase_order_contracts"
STATUSES = (
    "Draft",
    "Processing",
    "Submitted",
    "Partially Received",
    "Received",
    "Approved",
    "Closed",
)
METHODS = ("amount", "unit")
LOCKED = ("Approved", "Closed")
TEXTS = (
    "number",
    "title",
    "retainage_percent",
    "payment_terms",
    "ship_via",
    "origin_id",
    "origin_code",
)
DAYS = (
    "contract_date",
    "delivery_date",
    "issued_on_date",
    "execution_date",
    "letter_of_intent_date",
    "approval_letter_date",
    "returned_date",
)
FLAGS = ("executed", "private")
LONG = ("description", "bill_to_address", "ship_to_address", "origin_data")
# The sync schema leaves these out; rows that carry them are taken without them.
NOT_IN_SYNC = ("currency_iso_code", "currency_exchange_rate")
ZERO = Decimal(0)


def build(
    books: Books, project_id: int, sent: Mapping[str, Any], old: Record | None, *, by_people: bool
) -> Record:
    """A contract, new or changed. People can change what is locked for the API."""
    if old is not None and old["project_id"] != project_id:
        # An origin id belongs to one project, and an id of another one is not seen from here.
        raise invalid(origin_id=sync.TAKEN)
    project = books["projects"].need(project_id)
    if not by_people and project["is_erp_integrated"]:
        raise invalid(base="cannot be changed: the project is integrated with an ERP system")
    record: Record = dict(old or _blank(books, project))
    record |= {name: fields.short(books.options, sent, name, record[name]) for name in TEXTS}
    record |= {name: fields.text(sent, name, record[name]) for name in LONG}
    record |= {name: fields.day(sent, name, record[name]) for name in DAYS}
    record |= {name: fields.flag(sent, name, record[name]) for name in FLAGS}
    record["vendor_id"] = fields.key(sent, "vendor_id", record["vendor_id"])
    record["assignee_id"] = fields.key(sent, "assignee_id", record["assignee_id"])
    record["status"] = fields.choice(sent, "status", STATUSES, record["status"])
    record["accounting_method"] = fields.choice(
        sent, "accounting_method", METHODS, record["accounting_method"]
    )
    record["currency_iso_code"] = fields.text(
        sent, "currency_iso_code", record["currency_iso_code"]
    )
    if by_people:
        record["invoiced"] = fields.number(sent, "invoiced", record["invoiced"])
    if old is not None and not by_people:
        workflows.keep_status(books, record, old)
        _check_reopening(books, record, old)
    _check(books, record, old, by_people=by_people)
    return record


def _check_reopening(books: Books, record: Record, old: Record) -> None:
    reopened = old["status"] == "Approved" and record["status"] == "Draft"
    if reopened and not books.options.get("procore_reopen_approved", True):
        raise invalid(status="cannot be changed back to Draft once it was Approved")


def _blank(books: Books, project: Record) -> Record:
    record: Record = dict.fromkeys((*TEXTS, *LONG, *DAYS))
    return {
        "id": books.next_id(),
        "project_id": project["id"],
        **record,
        "number": "",
        "title": "",
        "executed": False,
        "private": True,
        "vendor_id": None,
        "assignee_id": None,
        "status": str(books.options.get("procore_first_status", "Draft")),
        "accounting_method": project["accounting_method"],
        "currency_iso_code": project["currency_iso_code"],
        "invoiced": ZERO,
        "created_by_id": books.actor.user_id,
        "deleted_at": None,
    }


def _check(books: Books, record: Record, old: Record | None, *, by_people: bool) -> None:
    if record["vendor_id"] != (old or {}).get("vendor_id"):
        if old is not None and not by_people:
            refuse_locked(books, old, "vendor")
        _check_vendor(books, record)
    approved_bare = record["status"] == "Approved" and record["vendor_id"] is None
    if approved_bare and not books.options.get("procore_approve_without_vendor"):
        raise invalid(vendor="can't be blank when the status is Approved")
    if old is not None and record["accounting_method"] != old["accounting_method"]:
        _check_method(books, record)
    if books.options.get("procore_unique_numbers"):
        _check_number(books, record)
    sync.refuse_taken_origin(books, KIND, record)


def _check_method(books: Books, record: Record) -> None:
    locked = books.options.get("procore_accounting_method_locked", True)
    if locked and books["line_items"].of(record["id"]):
        raise invalid(accounting_method="cannot be changed once there are line items")


def _check_number(books: Books, record: Record) -> None:
    others = (one for one in books[KIND].of(record["project_id"]) if one["id"] != record["id"])
    if record["number"] and any(one["number"] == record["number"] for one in others):
        raise invalid(number=sync.TAKEN)


def _check_vendor(books: Books, record: Record) -> None:
    vendor_id = record["vendor_id"]
    if vendor_id is None:
        return
    if books["vendors"].get(vendor_id) is None:
        raise invalid(vendor="does not exist")
    listed = membership(books, record["project_id"], vendor_id) is not None
    if not listed and books.options.get("procore_vendor_must_be_in_project", True):
        raise invalid(vendor="must be in the project's directory")


def refuse_locked(books: Books, contract: Record, what: str) -> None:
    """What an approved contract does not let happen to itself."""
    if contract["status"] in LOCKED and not books.options.get("procore_edit_approved"):
        raise invalid(**{what: f"cannot be changed while the status is {contract['status']}"})


def delete(books: Books, contract: Record, *, by_people: bool = False) -> None:
    """The contract stays known as deleted; its lines are gone."""
    if not by_people:
        refuse_locked(books, contract, "base")
    if contract["invoiced"] > 0:
        raise Refusal(422, "The contract has invoices and cannot be deleted.")
    for line in books["line_items"].of(contract["id"]):
        books["line_items"].remove(line["id"])
    books.bury(KIND, contract)


def total(books: Books, contract: Record) -> Decimal:
    rows = books["line_items"].of(contract["id"])
    return sum((row["amount"] for row in rows), ZERO)


def show(books: Books, record: Record, view: str = "full") -> Record:
    """Compact as lists, extended with lines, full with what a single contract also has."""
    project = books["projects"].need(record["project_id"])
    grand_total = total(books, record)
    shown = {
        **{name: value for name, value in record.items() if name not in HIDDEN},
        "project": {"id": project["id"], "name": project["name"]},
        "vendor": _vendor(books, record, full=view == "full"),
        "assignee": {"id": record["assignee_id"]} if record["assignee_id"] else None,
        "grand_total": money(grand_total),
        "revised_contract": money(grand_total),
        "pending_revised_contract": money(grand_total),
        "approved_change_orders": "0.0",
        "pending_change_orders": "0.0",
        "draft_change_orders_amount": "0.0",
        "percentage_paid": 0,
        "remaining_balance_outstanding": money(grand_total),
        "total_payments": "0.0",
        "total_draw_requests_amount": "0.0",
        "total_requisitions_amount": money(record["invoiced"]),
        "requisitions_are_enabled": True,
        "show_line_items_to_non_admins": False,
        "signed_contract_received_date": None,
        "currency_configuration": _currency(books, record),
    }
    if view != "compact":
        rows = books["line_items"].of(record["id"])
        shown["line_items"] = [lines.show(books, row) for row in rows]
    if view == "full":
        shown |= {name: [] for name in ("change_order_packages", "payments_issued")}
        shown |= {"invoice_contacts": [], "created_by_id": record["created_by_id"]}
    return shown


HIDDEN = (
    "project_id",
    "vendor_id",
    "assignee_id",
    "invoiced",
    "created_by_id",
    "currency_iso_code",
)


def _currency(books: Books, record: Record) -> Any:
    """The shape is not published: option procore_currency_shape may be "list", "text" or "none"."""
    configured = {"currency_iso_code": record["currency_iso_code"]}
    shapes = {"list": [configured], "text": record["currency_iso_code"], "none": None}
    return shapes.get(str(books.options.get("procore_currency_shape", "")), configured)


def _vendor(books: Books, record: Record, *, full: bool) -> Record | None:
    if record["vendor_id"] is None:
        return None
    vendor = books["vendors"].need(record["vendor_id"])
    shown = {"id": vendor["id"], "company": vendor["name"]}
    if full:
        shown |= {"origin_id": vendor["origin_id"], "origin_data": vendor["origin_data"]}
    return shown
