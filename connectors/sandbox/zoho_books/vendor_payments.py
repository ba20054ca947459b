"""Vendor payments: money paid to a vendor and the bills it is applied to.

Bodies enter, payment records leave, and the balances of the bills follow. Zoho would take the same
payment twice, and so does this.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books import billing, documents, fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import created, success
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing, not_found
from connectors.sandbox.zoho_books.listing import ListSpec, answer_list
from connectors.sandbox.zoho_books.locks import refuse_locked
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO

KIND = "vendorpayments"
ID = "payment_id"


def build(org: Organization, body: Mapping[str, Any]) -> Record:
    """A new payment; its bills take at most their balance."""
    contact = documents.vendor(org, body, None)
    amount = fields.number(body, "amount", ZERO)
    if amount <= 0:
        raise missing("amount")
    applied = [_applied(org, contact, sent) for sent in fields.rows(body, "bills")]
    left = amount - sum((one["amount_applied"] for one in applied), ZERO)
    if left < 0:
        raise ZohoError("over_applied", "The amount applied to bills exceeds the payment.")
    account_id = fields.text(body, "paid_through_account_id")
    if account_id:
        documents.reference_row(org, "chartofaccounts", "Account", account_id)
    return {
        ID: org.next_id(),
        "payment_number": str(len(org[KIND]) + 1),
        "vendor_id": contact["contact_id"],
        "vendor_name": contact["contact_name"],
        "status": "paid",
        "payment_mode": fields.text(body, "payment_mode", "Cash"),
        "date": fields.day(body, "date", org.today().isoformat()),
        "reference_number": fields.text(body, "reference_number"),
        "description": fields.text(body, "description"),
        "amount": amount,
        "balance": left,
        "exchange_rate": fields.number(body, "exchange_rate", Decimal(1)),
        "currency_id": contact["currency_id"],
        "currency_code": contact["currency_code"],
        "paid_through_account_id": account_id,
        "offset_account_name": "Prepaid Expenses",
        "bills": applied,
        "custom_fields": [],
        "custom_field_hash": {},
        "comments": [],
    }


def _applied(org: Organization, contact: Record, sent: Mapping[str, Any]) -> Record:
    bill = org["bills"].get(fields.text(sent, "bill_id"))
    if bill is None:
        raise not_found("Bill", 400)
    if bill["vendor_id"] != contact["contact_id"] or bill["status"] != "open":
        raise invalid("bill_id")
    amount = fields.number(sent, "amount_applied", ZERO)
    if amount <= 0 or amount > bill["balance"]:
        raise ZohoError("over_applied", "The amount applied exceeds the balance of the bill.")
    names = ("bill_id", "bill_number", "total", "date", "due_date")
    return {
        **{name: bill[name] for name in names},
        "bill_payment_id": org.next_id(),
        "amount_applied": amount,
        "balance": bill["balance"] - amount,
    }


def save(org: Organization, record: Record) -> Record:
    """Store a payment and bring its bills in line."""
    saved = org.save(KIND, record)
    billing.refresh_bills(org, [one["bill_id"] for one in saved["bills"]])
    return saved


def delete(org: Organization, payment_id: str) -> None:
    """Remove a payment; its bills are owed again."""
    record = org[KIND].get(payment_id)
    org[KIND].remove(payment_id)
    billing.refresh_bills(org, [one["bill_id"] for one in record["bills"]] if record else ())


ROW_FIELDS = (
    "payment_id",
    "payment_number",
    "vendor_id",
    "vendor_name",
    "status",
    "payment_mode",
    "date",
    "reference_number",
    "description",
    "amount",
    "balance",
    "currency_id",
    "currency_code",
    "created_time",
    "last_modified_time",
)


def row(org: Organization, record: Record) -> Record:
    """A list row, which names bills by number only."""
    numbers = ",".join(one["bill_number"] for one in record["bills"])
    return {**{name: record[name] for name in ROW_FIELDS}, "bill_numbers": numbers}


SPEC = ListSpec(
    kind=KIND,
    key="vendorpayments",
    report_name="VendorPayments",
    row=row,
    default_sort="date",
    default_order="D",
    texts=("reference_number", "payment_number", "payment_mode", "vendor_name"),
    days=("date",),
    amounts=("amount",),
    exact=("vendor_id",),
    by_index=("bill_id",),
    sorts=("vendor_name", "reference_number", "amount", "balance", "last_modified_time"),
    searched=("reference_number", "payment_number", "vendor_name"),
    modified_filter=True,
    filters={"PaymentMode.All": lambda one: True},
    default_filter="PaymentMode.All",
)


def found(call: Call) -> Record:
    """The payment that the path names."""
    record = call.org[KIND].get(call.path[ID])
    if record is None:
        raise not_found("Payment", int(call.options.get("zoho_not_found_status", 404)))
    return record


def list_payments(call: Call) -> web.Response:
    return answer_list(call.org, SPEC, call.query)


def get_payment(call: Call) -> web.Response:
    return success(vendorpayment=found(call))


def create_payment(call: Call) -> web.Response:
    record = build(call.org, call.body)
    refuse_locked(call.org, record["date"])
    saved = save(call.org, record)
    location = f"/api/v3/vendorpayments/{saved[ID]}"
    message = "The payment made to the vendor has been recorded"
    return created(message, location, vendorpayment=saved)


def delete_payment(call: Call) -> web.Response:
    record = found(call)
    refuse_locked(call.org, record["date"])
    delete(call.org, record[ID])
    return success("The payment has been deleted.")


ROUTES = [
    Route("GET", "/vendorpayments", "vendorpayments.READ", list_payments),
    Route("POST", "/vendorpayments", "vendorpayments.CREATE", create_payment),
    Route("GET", "/vendorpayments/{payment_id}", "vendorpayments.READ", get_payment),
    Route("DELETE", "/vendorpayments/{payment_id}", "vendorpayments.DELETE", delete_payment),
]
