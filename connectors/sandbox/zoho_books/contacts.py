"""Contacts: customers and vendors, whose names may repeat unless a preference says otherwise.

Bodies of the contacts API enter, contact records and list rows leave. A contact that documents
refer to cannot be deleted, only marked inactive.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books import fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import created, success
from connectors.sandbox.zoho_books.errors import ZohoError, invalid, missing, not_found
from connectors.sandbox.zoho_books.listing import ListSpec, answer_list
from connectors.sandbox.zoho_books.state import Organization, fold
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO

NAME_LIMIT = 200
# Published lengths; 0 where none is.
PLAIN_TEXTS = {
    "company_name": 200,
    "first_name": 100,
    "last_name": 100,
    "email": 100,
    "phone": 50,
    "mobile": 50,
    "website": 0,
    "notes": 0,
    "payment_terms_label": 200,
    "contact_number": 200,
    "tax_reg_no": 0,
    "gst_no": 0,
    "vat_reg_no": 12,
    "gst_treatment": 0,
    "tds_tax_id": 0,
}
ADDRESS = ("attention", "address", "street2", "city", "state", "zip", "country", "phone", "fax")
ROW_FIELDS = (
    "contact_id",
    "contact_name",
    "vendor_name",
    "company_name",
    "contact_type",
    "status",
    "payment_terms",
    "payment_terms_label",
    "currency_id",
    "currency_code",
    "email",
    "phone",
    "mobile",
    "website",
    "first_name",
    "last_name",
    "created_time",
    "last_modified_time",
    "custom_fields",
    "custom_field_hash",
    "tags",
)


def build(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A contact from a create or update body."""
    before = old or {}
    name = fields.text(body, "contact_name", before.get("contact_name", ""), NAME_LIMIT).strip()
    if not name:
        raise missing("contact_name")
    contact_type = fields.text(body, "contact_type", before.get("contact_type", "customer"))
    if contact_type not in ("customer", "vendor"):
        raise invalid("contact_type")
    refuse_taken_name(org, name, before.get("contact_id", ""))
    currency_id = fields.text(body, "currency_id", before.get("currency_id", ""))
    currency = org["currencies"].get(currency_id) if currency_id else org.base_currency
    if currency is None:
        raise not_found("Currency", 400)
    return {
        **{
            field: fields.text(body, field, before.get(field, ""), limit)
            for field, limit in PLAIN_TEXTS.items()
        },
        "contact_id": before.get("contact_id") or org.next_id(),
        "contact_name": name,
        "vendor_name": name if contact_type == "vendor" else "",
        "contact_type": contact_type,
        "status": before.get("status", "active"),
        "currency_id": currency["currency_id"],
        "currency_code": currency["currency_code"],
        "payment_terms": int(
            fields.number(body, "payment_terms", Decimal(before.get("payment_terms", 0)))
        ),
        "billing_address": _address(body, before, "billing_address"),
        "shipping_address": _address(body, before, "shipping_address"),
        "contact_persons": _persons(org, body, before),
        "custom_fields": before.get("custom_fields", []),
        "custom_field_hash": before.get("custom_field_hash", {}),
        "tags": [],
    }


def refuse_taken_name(org: Organization, name: str, own_id: str) -> None:
    """By option ``zoho_unique_contact_names`` names are unique over customers and vendors alike."""
    if not org.options.get("zoho_unique_contact_names"):
        return
    holders = org["contacts"].find("contact_name", fold(name))
    if any(holder != own_id for holder in holders):
        raise ZohoError(
            "duplicate_contact",
            f'The customer "{name}" already exists. Please specify a different name.',
        )


def _address(body: Mapping[str, Any], before: Mapping[str, Any], name: str) -> Record:
    sent = body.get(name) or {}
    if not isinstance(sent, dict):
        raise invalid(name)
    old = before.get(name, {})
    return {field: fields.text(sent, field, old.get(field, "")) for field in ADDRESS}


def _persons(org: Organization, body: Mapping[str, Any], before: Mapping[str, Any]) -> list[Record]:
    if "contact_persons" not in body:
        return list(before.get("contact_persons", []))
    names = ("first_name", "last_name", "email", "phone", "mobile")
    limits = {name: PLAIN_TEXTS[name] for name in names}
    return [
        {
            "contact_person_id": fields.text(sent, "contact_person_id") or org.next_id(),
            **{name: fields.text(sent, name, limit=limit) for name, limit in limits.items()},
            "is_primary_contact": fields.flag(sent, "is_primary_contact", False),
        }
        for sent in fields.rows(body, "contact_persons")
    ]


def outstanding(org: Organization, contact_id: str) -> Decimal:
    """What is owed to the vendor, in the bills' own currency."""
    bills = (org["bills"].need(bill_id) for bill_id in org["bills"].find("vendor_id", contact_id))
    return sum((bill["balance"] for bill in bills if bill["status"] != "void"), ZERO)


def detail(org: Organization, record: Record) -> Record:
    """What GET by id answers."""
    return {
        **record,
        "outstanding_payable_amount": outstanding(org, record["contact_id"]),
        "unused_credits_payable_amount": ZERO,
        "lock_details": {},
        "locked_actions": [],
    }


def row(org: Organization, record: Record) -> Record:
    """A list row, with what is owed."""
    return {
        **{name: record[name] for name in ROW_FIELDS},
        "outstanding_payable_amount": outstanding(org, record["contact_id"]),
        "unused_credits_payable_amount": ZERO,
    }


SPEC = ListSpec(
    kind="contacts",
    key="contacts",
    report_name="Contacts",
    row=row,
    default_sort="contact_name",
    texts=("contact_name", "company_name", "first_name", "last_name", "email", "phone"),
    exact=("contact_type",),
    sorts=("first_name", "last_name", "email", "created_time", "last_modified_time"),
    searched=("contact_name", "company_name", "email"),
    filters={
        "Status.All": lambda one: True,
        "Status.Active": lambda one: one["status"] == "active",
        "Status.Inactive": lambda one: one["status"] == "inactive",
    },
)


def found(call: Call) -> Record:
    """The contact that the path names."""
    record = call.org["contacts"].get(call.path["contact_id"])
    if record is None:
        raise not_found("Contact", int(call.options.get("zoho_not_found_status", 404)))
    return record


def list_contacts(call: Call) -> web.Response:
    return answer_list(call.org, SPEC, call.query)


def get_contact(call: Call) -> web.Response:
    return success(contact=detail(call.org, found(call)))


def create_contact(call: Call) -> web.Response:
    record = call.org.save("contacts", build(call.org, call.body, None))
    location = f"/api/v3/contacts/{record['contact_id']}"
    return created("The contact has been added.", location, contact=detail(call.org, record))


def update_contact(call: Call) -> web.Response:
    record = call.org.save("contacts", build(call.org, call.body, found(call)))
    return success("Contact information has been saved.", contact=detail(call.org, record))


def set_status(call: Call, status: str) -> web.Response:
    call.org.save("contacts", {**found(call), "status": status})
    return success(f"The contact has been marked as {status}.")


def mark_active(call: Call) -> web.Response:
    return set_status(call, "active")


def mark_inactive(call: Call) -> web.Response:
    return set_status(call, "inactive")


def merge(org: Organization, contact_id: str, into: str) -> Record:
    """A person merges a contact into another: its transactions move there, and it disappears."""
    merged, master = org["contacts"].get(contact_id), org["contacts"].get(into)
    if merged is None or master is None or contact_id == into:
        raise ZohoError("invalid_value", "Choose two contacts to merge.")
    if merged["contact_type"] != master["contact_type"]:
        raise ZohoError("invalid_value", "Only contacts of one type can be merged.")
    if merged["currency_id"] != master["currency_id"]:
        raise ZohoError("invalid_value", "Only contacts of one currency can be merged.")
    moved = {"vendor_id": into, "vendor_name": master["contact_name"]}
    for kind in ("bills", "purchaseorders", "vendorpayments"):
        for record_id in org[kind].find("vendor_id", contact_id):
            org.save(kind, {**org[kind].need(record_id), **moved})
    org["contacts"].remove(contact_id)
    return org.save("contacts", master)


def delete(org: Organization, contact_id: str) -> None:
    """Remove a contact that nothing refers to."""
    users = ("bills", "purchaseorders", "vendorpayments")
    if any(org[kind].find("vendor_id", contact_id) for kind in users):
        raise ZohoError("in_use", "The contact has transactions and cannot be deleted.")
    org["contacts"].remove(contact_id)


def delete_contact(call: Call) -> web.Response:
    delete(call.org, found(call)["contact_id"])
    return success("The contact has been deleted.")


ROUTES = [
    Route("GET", "/contacts", "contacts.READ", list_contacts),
    Route("POST", "/contacts", "contacts.CREATE", create_contact),
    Route("GET", "/contacts/{contact_id}", "contacts.READ", get_contact),
    Route("PUT", "/contacts/{contact_id}", "contacts.UPDATE", update_contact),
    Route("DELETE", "/contacts/{contact_id}", "contacts.DELETE", delete_contact),
    Route("POST", "/contacts/{contact_id}/active", "contacts.CREATE", mark_active),
    Route("POST", "/contacts/{contact_id}/inactive", "contacts.CREATE", mark_inactive),
]
