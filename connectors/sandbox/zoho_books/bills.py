"""Bills: building them, their links to order lines, their life and their list.

Bodies of the API and edits of people enter as plain dicts, whole records leave. Paid and overdue
are never stored: they follow from balance and day whenever a bill is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.sandbox.zoho_books import billing, documents, fields
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing, not_found
from connectors.sandbox.zoho_books.listing import ListSpec
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO, Terms

KIND = "bills"
TAKEN = (
    "A bill with this number has already been created for this vendor. Please check and try again."
)


def build(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A bill from a create or update body; an update may be partial."""
    before = old or {}
    record: Record = {
        **documents.head(org, "bill", body, old),
        "bill_id": before.get("bill_id") or org.next_id(),
        "payment_terms": int(
            fields.number(body, "payment_terms", Decimal(before.get("payment_terms", 0)))
        ),
        "is_item_level_tax_calc": fields.flag(
            body, "is_item_level_tax_calc", before.get("is_item_level_tax_calc", False)
        ),
        "adjustment": fields.number(body, "adjustment", before.get("adjustment", ZERO)),
        "adjustment_description": fields.text(
            body, "adjustment_description", before.get("adjustment_description", "")
        ),
        "status": before.get("status", "open"),
    }
    record["bill_number"] = _number(org, body, record, before)
    record["due_date"] = _due_date(body, record, before)
    record["purchaseorder_ids"] = _orders(org, body, record, before)
    record["line_items"] = _lines(org, body, record, before)
    documents.refuse_taken_custom_value(org, KIND, record, "bill_id")
    return _checked_against_payments(_added_up(org, record), before)


def _number(
    org: Organization, body: Mapping[str, Any], record: Record, before: Mapping[str, Any]
) -> str:
    default = before.get("bill_number", "")
    number = fields.text(body, "bill_number", default, documents.NUMBER_LIMIT).strip()
    if not number:
        raise missing("bill_number")
    holders = org[KIND].find("vendor_bill", (record["vendor_id"], number))
    year = org.fiscal_year(record["date"])
    for holder in holders:
        other = org[KIND].get(holder)
        if holder != record["bill_id"] and other and org.fiscal_year(other["date"]) == year:
            raise ZohoError("duplicate_bill", TAKEN)
    return number


def _due_date(body: Mapping[str, Any], record: Record, before: Mapping[str, Any]) -> str:
    by_terms = date.fromisoformat(record["date"]) + timedelta(days=record["payment_terms"])
    return fields.day(body, "due_date", before.get("due_date", by_terms.isoformat()))


def _orders(
    org: Organization, body: Mapping[str, Any], record: Record, before: Mapping[str, Any]
) -> list[str]:
    if "purchaseorder_ids" not in body:
        return list(before.get("purchaseorder_ids", []))
    order_ids = fields.ids(body, "purchaseorder_ids")
    for order_id in order_ids:
        order = org["purchaseorders"].get(order_id)
        if order is None:
            raise not_found("Purchase Order", 400)
        if order["vendor_id"] != record["vendor_id"]:
            raise ZohoError("not_of_this_order", "The purchase order belongs to another vendor.")
        if order["status"] == "cancelled" and order_id not in before.get("purchaseorder_ids", []):
            raise ZohoError("wrong_status", "A cancelled purchase order cannot be billed.")
    return order_ids


def _lines(
    org: Organization, body: Mapping[str, Any], record: Record, before: Mapping[str, Any]
) -> list[Record]:
    old_lines = before.get("line_items", [])
    if before and "line_items" not in body:
        return list(old_lines)
    sent = fields.rows(body, "line_items")
    known = {line["line_item_id"]: line for line in old_lines}
    owners = _order_of_lines(org, record["purchaseorder_ids"])
    lines = []
    built = documents.build_lines(org, sent, old_lines)
    unsaid: list[dict[str, Any]] = [{} for _ in built[len(sent) :]]
    for raw, line in zip([*sent, *unsaid], built, strict=True):
        kept = known.get(line["line_item_id"], {})
        order_line = fields.text(
            raw, "purchaseorder_item_id", kept.get("purchaseorder_item_id", "")
        )
        if order_line and order_line not in owners:
            raise ZohoError(
                "not_of_this_order",
                "The purchase order item does not belong to the bill's purchase orders.",
            )
        lines.append(
            {
                **line,
                "purchaseorder_item_id": order_line,
                "purchaseorder_id": owners.get(order_line, ""),
                "customer_id": fields.text(raw, "customer_id", kept.get("customer_id", "")),
                "is_billable": fields.flag(raw, "is_billable", _billable(org, line, kept)),
            }
        )
    return lines


def _billable(org: Organization, line: Record, kept: Mapping[str, Any]) -> bool:
    """What a line says that was not told: by option, that its customer is billed for it."""
    assumed = bool(line["project_id"]) and bool(org.options.get("zoho_billable_by_default"))
    return bool(kept.get("is_billable", assumed))


def _order_of_lines(org: Organization, order_ids: list[str]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for order_id in order_ids:
        order = org["purchaseorders"].get(order_id)
        for line in order["line_items"] if order else ():
            owners[line["line_item_id"]] = order_id
    return owners


def _added_up(org: Organization, built: Record) -> Record:
    record = documents.with_prices(org, built)
    terms = Terms(
        precision=record["price_precision"],
        inclusive=record["is_inclusive_tax"],
        tax_per_line=record["is_item_level_tax_calc"],
        adjustment=record["adjustment"],
    )
    totals = documents.document_totals(record, terms)
    if totals.total < 0:
        raise invalid("total")
    return documents.with_amounts(org, record, totals)


def _checked_against_payments(record: Record, before: Mapping[str, Any]) -> Record:
    made = before.get("payment_made", ZERO)
    if record["total"] < made:
        raise ZohoError("has_payments", "The bill total cannot be less than the payments made.")
    if made and record["vendor_id"] != before["vendor_id"]:
        raise ZohoError("has_payments", "The vendor of a bill with payments cannot be changed.")
    balance = ZERO if record["status"] == "void" else record["total"] - made
    payments = before.get("payments", [])
    return {**record, "payments": payments, "payment_made": made, "balance": balance}


def with_status(old: Record, status: str) -> Record:
    """The bill after a status action, or a refusal."""
    if status == "void" and old["payments"]:
        raise ZohoError("has_payments", "A bill with payments cannot be voided.")
    if status == "approved" and old["status"] != "pending_approval":
        raise ZohoError("wrong_status", "Only a bill pending approval can be approved.")
    if status == "pending_approval" and old["status"] != "draft":
        raise ZohoError("wrong_status", "Only a draft bill can be submitted for approval.")
    # An approved bill is an open one; Zoho shows no separate status for it afterwards.
    stored = "open" if status == "approved" else status
    balance = ZERO if stored == "void" else old["total"] - old["payment_made"]
    return {**old, "status": stored, "balance": balance}


def delete(org: Organization, bill_id: str) -> None:
    """Remove a bill without payments, and what it billed of its orders."""
    bill = org[KIND].get(bill_id)
    if bill and bill["payments"]:
        raise ZohoError("has_payments", "A bill with payments cannot be deleted.")
    org[KIND].remove(bill_id)
    billing.refresh_orders(org, bill["purchaseorder_ids"] if bill else ())


def save(org: Organization, record: Record, old: Record | None) -> Record:
    """Store a bill and bring its orders, old and new, in line."""
    saved = org.save(KIND, record)
    before = old["purchaseorder_ids"] if old else []
    billing.refresh_orders(org, [*before, *saved["purchaseorder_ids"]])
    return saved


def shown_status(org: Organization, record: Record) -> str:
    """Paid, partly paid and overdue follow from balance and day."""
    if record["status"] != "open":
        return str(record["status"])
    if record["balance"] == 0 and record["payment_made"] > 0:
        return "paid"
    if record["payment_made"] > 0:
        return "partially_paid"
    overdue = record["due_date"] < org.today().isoformat()
    return "overdue" if overdue and org.options.get("zoho_overdue", True) else "open"


def view(org: Organization, record: Record) -> Record:
    """The bill with the status that it shows."""
    return {**record, "status": shown_status(org, record)}


def detail(org: Organization, record: Record) -> Record:
    """What GET by id and writes answer."""
    orders = [org["purchaseorders"].get(one) for one in record["purchaseorder_ids"]]
    return {
        **view(org, record),
        "purchaseorders": [_order_reference(order) for order in orders if order],
        "vendor_credits_applied": ZERO,
        "unprocessed_payment_amount": ZERO,
        "vendor_credits": [],
        "submitted_by": "",
        "submitted_date": "",
        "approver_id": "",
        "approvers_list": [],
        "is_approval_required": False,
        "source": "Api",
        "entity_type": "bill",
        "billing_address": {},
        "attachment_name": "",
        "has_attachment": False,
    }


def _order_reference(order: Record) -> Record:
    return {
        "purchaseorder_id": order["purchaseorder_id"],
        "purchaseorder_number": order["purchaseorder_number"],
        "purchaseorder_date": order["date"],
        "purchaseorder_status": order["status"],
    }


ROW_FIELDS = (
    "bill_id",
    "vendor_id",
    "vendor_name",
    "status",
    "bill_number",
    "reference_number",
    "date",
    "due_date",
    "currency_id",
    "currency_code",
    "price_precision",
    "exchange_rate",
    "total",
    "balance",
    "tags",
    "custom_fields",
    "custom_field_hash",
    "created_time",
    "last_modified_time",
)


def row(org: Organization, record: Record) -> Record:
    """A list row."""
    return {**{name: record[name] for name in ROW_FIELDS}, "has_attachment": False}


UNPAID = ("open", "overdue", "partially_paid")
SPEC = ListSpec(
    kind=KIND,
    key="bills",
    report_name="Bills",
    row=row,
    view=view,
    default_sort="created_time",
    default_order="D",
    texts=("bill_number", "reference_number", "vendor_name"),
    days=("date", "due_date"),
    amounts=("total",),
    exact=("status", "vendor_id"),
    by_index=("purchaseorder_id",),
    sorts=(
        "vendor_name",
        "bill_number",
        "date",
        "due_date",
        "total",
        "balance",
        "last_modified_time",
    ),
    searched=("bill_number", "reference_number", "vendor_name"),
    modified_filter=True,
    filters={
        "Status.All": lambda one: True,
        "Status.Open": lambda one: one["status"] in ("open", "overdue"),
        "Status.Overdue": lambda one: one["status"] == "overdue",
        "Status.PartiallyPaid": lambda one: one["status"] == "partially_paid",
        "Status.Paid": lambda one: one["status"] == "paid",
        "Status.Void": lambda one: one["status"] == "void",
        "Status.Unpaid": lambda one: one["status"] in UNPAID,
    },
)
