"""Purchase orders: building them, their life, and what lists show of them.

Bodies of the API and edits of people enter as plain dicts, whole records leave. What bills do to
an order is computed in billing; the routes are in purchase_order_routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.zoho_books import documents, fields
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing
from connectors.sandbox.zoho_books.listing import ListSpec
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO, Terms

KIND = "purchaseorders"
TAKEN = (
    "A purchase order with this number already exists. Please enter a different purchase order "
    "number."
)
LINE_COUNTERS = ("quantity_billed", "quantity_marked_as_received", "quantity_cancelled")
# From which statuses each action leads to the next.
LIFE: dict[str, frozenset[str]] = {
    # What is cancelled stays so, and only what is open can be cancelled.
    "open": frozenset({"draft", "approved", "open", "billed"}),
    "billed": frozenset({"draft", "approved", "open", "billed"}),
    "cancelled": frozenset({"open", "cancelled"}),
    "pending_approval": frozenset({"draft", "rejected"}),
    "approved": frozenset({"pending_approval"}),
    "rejected": frozenset({"pending_approval"}),
}


def build(
    org: Organization, body: Mapping[str, Any], old: Record | None, *, own_number: bool
) -> Record:
    """An order from a create or update body; ``own_number`` keeps the number that was sent."""
    before = old or {}
    record: Record = {
        **documents.head(org, "purchaseorder", body, old),
        "purchaseorder_id": before.get("purchaseorder_id") or org.next_id(),
        "purchaseorder_number": _number(org, body, old, own_number=own_number),
        "delivery_date": fields.day(body, "delivery_date", before.get("delivery_date", "")),
        "ship_via": fields.text(body, "ship_via", before.get("ship_via", "")),
        "attention": fields.text(body, "attention", before.get("attention", "")),
        "discount": _discount(body, before.get("discount", "")),
        "is_discount_before_tax": fields.flag(
            body, "is_discount_before_tax", before.get("is_discount_before_tax", True)
        ),
        # Absent from the published create body, but in its pages and in its totals.
        "adjustment": fields.number(body, "adjustment", before.get("adjustment", ZERO)),
        "adjustment_description": fields.text(
            body, "adjustment_description", before.get("adjustment_description", "Adjustment")
        ),
        "status": before.get("status", "draft"),
        "received_status": before.get("received_status", ""),
        "billed_status": before.get("billed_status", ""),
        "bills": before.get("bills", []),
        "line_items": _lines(org, body, old),
    }
    record["expected_delivery_date"] = record["delivery_date"]
    documents.refuse_taken_custom_value(org, KIND, record, "purchaseorder_id")
    return _added_up(org, record)


def _added_up(org: Organization, built: Record) -> Record:
    record = documents.with_prices(org, built)
    terms = Terms(
        precision=record["price_precision"],
        discount=record["discount"],
        discount_before_tax=record["is_discount_before_tax"],
        inclusive=record["is_inclusive_tax"],
        adjustment=record["adjustment"],
    )
    totals = documents.document_totals(record, terms)
    if totals.total < 0:
        raise invalid("total")
    return {**documents.with_amounts(org, record, totals), "discount_amount": totals.discount}


def _number(
    org: Organization, body: Mapping[str, Any], old: Record | None, *, own_number: bool
) -> str:
    sent = fields.text(body, "purchaseorder_number", "", documents.NUMBER_LIMIT).strip()
    if old is not None:
        number = sent or old["purchaseorder_number"]
    elif own_number:
        if not sent:
            raise missing("purchaseorder_number")
        number = sent
    else:
        # With auto-numbering on, a number in the body counts for nothing.
        return _free_number(org)
    own_id = old["purchaseorder_id"] if old else ""
    if any(one != own_id for one in org[KIND].find("purchaseorder_number", number)):
        raise ZohoError("duplicate_purchaseorder", TAKEN)
    return number


def _free_number(org: Organization) -> str:
    number = org.next_number()
    while org[KIND].find("purchaseorder_number", number):
        number = org.next_number()
    return number


def _discount(body: Mapping[str, Any], default: str) -> str:
    raw = fields.text(body, "discount", default).strip()
    if not raw:
        return ""
    amount = fields.decimal(raw.removesuffix("%"), "discount")
    if amount < 0 or (raw.endswith("%") and amount > 100):
        raise invalid("discount")
    return "" if amount == 0 else raw


def _lines(org: Organization, body: Mapping[str, Any], old: Record | None) -> list[Record]:
    """New lines keep what is billed of them; what is billed cannot be taken away."""
    if old is not None and "line_items" not in body:
        return list(old["line_items"])
    old_lines = old["line_items"] if old else []
    built = documents.build_lines(org, fields.rows(body, "line_items"), old_lines)
    known = {line["line_item_id"]: line for line in old_lines}
    kept = {line["line_item_id"] for line in built}
    if any(known[line_id]["quantity_billed"] > 0 for line_id in known.keys() - kept):
        raise ZohoError("below_billed", "A line item that has been billed cannot be removed.")
    lines = []
    for line in built:
        before = known.get(line["line_item_id"], {})
        counters = {name: before.get(name, ZERO) for name in LINE_COUNTERS}
        # A line may be billed beyond its quantity; then it just cannot shrink any further.
        if line["quantity"] < min(counters["quantity_billed"], before.get("quantity", ZERO)):
            raise ZohoError(
                "below_billed", "The quantity of a line item cannot be less than what is billed."
            )
        lines.append({**line, **counters})
    return lines


def refuse_edit(old: Record) -> None:
    """A cancelled order cannot be edited."""
    if old["status"] == "cancelled":
        raise ZohoError("wrong_status", "A cancelled purchase order cannot be edited.")


def with_status(old: Record, status: str) -> Record:
    """The order after a status action, or a refusal."""
    if old["status"] not in LIFE[status]:
        raise ZohoError(
            "wrong_status",
            f"The purchase order is {old['status']} and cannot be marked as {status}.",
        )
    if status == "cancelled" and old["bills"]:
        raise ZohoError("in_use", "A purchase order with bills cannot be cancelled.")
    return {
        **old,
        "status": status,
        "billed_status": old["billed_status"] or ("to_be_billed" if status == "open" else ""),
        "received_status": "" if status in ("draft", "cancelled") else "to_be_received",
    }


def delete(org: Organization, record_id: str) -> None:
    """Remove an order that nothing was billed on."""
    record = org[KIND].get(record_id)
    if record and record["bills"]:
        raise ZohoError("in_use", "A purchase order with bills cannot be deleted.")
    org[KIND].remove(record_id)


def detail(org: Organization, record: Record) -> Record:
    """What GET by id and writes answer."""
    return {
        **record,
        "order_status": record["status"],
        "can_mark_as_bill": record["status"] == "open" and record["billed_status"] != "billed",
        "can_mark_as_unbill": record["status"] == "billed",
        "is_emailed": False,
        "submitted_by": "",
        "approver_id": "",
        "approvers_list": [],
        "billing_address": {},
        "delivery_address": {},
        "attachment_name": "",
        "has_attachment": False,
    }


ROW_FIELDS = (
    "purchaseorder_id",
    "vendor_id",
    "vendor_name",
    "status",
    "billed_status",
    "received_status",
    "purchaseorder_number",
    "reference_number",
    "date",
    "delivery_date",
    "expected_delivery_date",
    "currency_id",
    "currency_code",
    "price_precision",
    "total",
    "tags",
    "custom_fields",
    "custom_field_hash",
    "created_time",
    "last_modified_time",
)


def row(org: Organization, record: Record) -> Record:
    """A list row."""
    shown = {name: record[name] for name in ROW_FIELDS}
    return {**shown, "order_status": record["status"], "has_attachment": False}


SPEC = ListSpec(
    kind=KIND,
    key="purchaseorders",
    report_name="PurchaseOrders",
    row=row,
    default_sort="created_time",
    default_order="D",
    texts=("purchaseorder_number", "reference_number", "vendor_name"),
    days=("date",),
    amounts=("total",),
    exact=("status", "vendor_id"),
    sorts=(
        "vendor_name",
        "purchaseorder_number",
        "date",
        "delivery_date",
        "total",
        "last_modified_time",
    ),
    searched=("purchaseorder_number", "reference_number", "vendor_name"),
    modified_filter=True,
    ordered=False,
    filters={
        "Status.All": lambda one: True,
        "Status.Draft": lambda one: one["status"] == "draft",
        "Status.Open": lambda one: one["status"] == "open",
        "Status.Billed": lambda one: one["status"] == "billed",
        "Status.Cancelled": lambda one: one["status"] == "cancelled",
    },
)
