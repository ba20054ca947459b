"""What people do in Zoho's own pages: add, edit and delete records of any kind.

Used by the control door and by seeds. People are held to the same arithmetic and uniqueness as the
API, but may set what the API computes or does by action: ids, times, statuses. The transaction
lock does not stop them, since an accountant can unlock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.zoho_books import (
    billing,
    bills,
    contacts,
    items,
    locations,
    locks,
    order_lines,
    projects,
    purchase_orders,
    reference,
    vendor_payments,
)
from connectors.sandbox.zoho_books.state import KINDS, Organization
from connectors.sandbox.zoho_books.table import Record

BUILDERS = {
    **reference.BUILDERS,
    "projects": projects.build,
    "items": items.item,
    "reportingtags": items.reporting_tag,
    "locations": locations.build,
}
# Set as given after a record was built, where a person (or a seed) names them.
SETTABLE = ("status", "received_status", "billed_status", "is_active")


def compose(org: Organization, kind: str, sent: Mapping[str, Any]) -> Record:
    """A new record of a kind, with the ids and statuses that were given."""
    body = dict(sent)
    body, line_ids = order_lines.edited({}, body)
    record = _built(org, kind, body, None)
    record_id = body.get(KINDS[kind])
    if record_id:
        record[KINDS[kind]] = str(record_id)
    return _set(_with_line_ids(record, line_ids), body)


def _built(org: Organization, kind: str, body: Mapping[str, Any], old: Record | None) -> Record:
    if kind == "contacts":
        return contacts.build(org, body, old)
    if kind == "purchaseorders":
        own_number = old is not None or bool(body.get("purchaseorder_number"))
        return purchase_orders.build(org, body, old, own_number=own_number)
    if kind == "bills":
        return bills.build(org, body, old)
    if kind == "vendorpayments" and old is None:
        return vendor_payments.build(org, _with_bill_ids(org, body))
    if kind in BUILDERS:
        return BUILDERS[kind](org, body, old)
    raise LookupError(f"People cannot do this to {kind!r}.")


def _with_bill_ids(org: Organization, body: Mapping[str, Any]) -> dict[str, Any]:
    """A payment as people see it: they pick a bill by its number among the vendor's."""
    applied = []
    for sent in body.get("bills", []):
        key = (body.get("vendor_id"), str(sent.get("bill_number", "")).strip())
        found = [] if sent.get("bill_id") else org["bills"].find("vendor_bill", key)
        applied.append({**sent, "bill_id": found[0]} if found else sent)
    return {**body, "bills": applied}


def _with_line_ids(record: Record, ids: list[str]) -> Record:
    """The document with the ids that were given to its lines."""
    if not ids:
        return record
    lines = [
        {**line, "line_item_id": given or line["line_item_id"]}
        for line, given in zip(record["line_items"], ids, strict=True)
    ]
    return {**record, "line_items": lines}


def _set(record: Record, sent: Mapping[str, Any]) -> Record:
    return {**record, **{name: sent[name] for name in SETTABLE if name in sent}}


def follow_up(org: Organization, kind: str, record: Record) -> None:
    """What a new or changed record does to others."""
    if kind == "bills":
        billing.refresh_orders(org, record["purchaseorder_ids"])
    elif kind == "vendorpayments":
        billing.refresh_bills(org, [one["bill_id"] for one in record["bills"]])


def add(org: Organization, kind: str, sent: Mapping[str, Any]) -> Record:
    """A person adds a record."""
    if kind == "transactionlocks":
        return locks.set_lock(org, sent["module"], sent.get("date", ""))
    record = org.save(kind, compose(org, kind, sent))
    follow_up(org, kind, record)
    return record


def edit(org: Organization, kind: str, record_id: str, changes: Mapping[str, Any]) -> Record:
    """A person edits a record; its modified time moves."""
    if kind == "transactionlocks":
        return locks.set_lock(org, record_id, changes.get("date", ""))
    if kind == "organizations":
        org.record.update(changes)
        return org.record
    old = _existing(org, kind, record_id)
    changes, line_ids = order_lines.edited(old, changes)
    record = _built(org, kind, changes, old)
    record = _with_line_ids(record, line_ids)
    if kind == "bills" and "status" in changes:
        record = bills.with_status(record, changes["status"])
    else:
        record = _set(record, changes)
    saved = org.save(kind, record)
    follow_up(org, kind, saved)
    if kind == "bills":
        billing.refresh_orders(org, old["purchaseorder_ids"])
    return saved


def delete(org: Organization, kind: str, record_id: str) -> None:
    """A person deletes a record, unless others depend on it."""
    if kind == "transactionlocks":
        locks.set_lock(org, record_id, "")
        return
    _existing(org, kind, record_id)
    if kind == "contacts":
        contacts.delete(org, record_id)
    elif kind == "purchaseorders":
        purchase_orders.delete(org, record_id)
    elif kind == "bills":
        bills.delete(org, record_id)
    elif kind == "vendorpayments":
        vendor_payments.delete(org, record_id)
    elif kind == "projects":
        projects.delete(org, record_id)
    else:
        reference.delete(org, kind, record_id)


def _existing(org: Organization, kind: str, record_id: str) -> Record:
    record = org[kind].get(record_id)
    if record is None:
        raise LookupError(f"{kind} has no record {record_id}.")
    return record
