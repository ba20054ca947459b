"""Procore's vendors as they are to be called once linked ones follow Zoho Books, and projects.

A cast enters; the edits of the act and Procore's vendors as expected leave, before and after it,
and before and after people have mapped. What Zoho Books leaves empty stays Procore's own.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.companies.construction_projects import (
    NAMES,
    zoho_project_id,
    zoho_projects,
)
from connectors.sandbox.companies.construction_vendors import Cast, Vendor

Row = dict[str, Any]
RENAMED = "Silver Plume Building Group"
MOVED = {"email": "billing@moved.example", "phone": "+1 970 555 0199"}


def steps(cast: Cast) -> list[Row]:
    """One is renamed, one moves, and one closes down."""
    renamed, moved, *_ = cast.linked
    return [
        _edit(renamed, {"contact_name": RENAMED}),
        _edit(moved, MOVED),
        _edit(cast.closing, {"status": "inactive"}),
    ]


def expected(cast: Cast, act: int, *, mapped: bool) -> list[Row]:
    """Every vendor that Procore must have, and no other.

    One that two contacts lead to has no single name to follow: it is not said what it is called.
    """
    contacts = {row["contact_id"]: dict(row) for row in cast.contacts}
    for step in steps(cast) if act else ():
        contacts[step["id"]] |= step["changes"]
    followed = {vendor.procore_id: contacts[vendor.contact_id] for vendor in _linked(cast, mapped)}
    rows = [_followed(row, followed.get(row["id"], {})) for row in cast.procore]
    shared = {vendor.procore_id for vendor in cast.twice_in_zoho} if mapped else set()
    return [row | ({"name": ""} if row["id"] in shared else {}) for row in rows]


def projects(count: int) -> list[Row]:
    """Every project that Zoho Books must have: those that are linked are called as in Procore."""
    called = {zoho_project_id(n): NAMES[n - 1][1] for n in range(1, count + 1)}
    return [
        {
            "project_id": row["project_id"],
            "name": called.get(row["project_id"], row["project_name"]),
        }
        for row in zoho_projects(count)
    ]


def _linked(cast: Cast, mapped: bool) -> list[Vendor]:
    # What links by its name alone is posted to, but nobody has said that it is the same.
    found = cast.confirmed
    return [*found, *cast.lookalike, cast.twice_in_procore] if mapped else found


def _followed(vendor: Row, contact: Row) -> Row:
    own = {
        "id": vendor["id"],
        "name": vendor["name"],
        "is_active": vendor["is_active"],
        "email_address": vendor["email_address"],
        "business_phone": vendor["business_phone"],
    }
    if not contact:
        return own
    return own | {
        "name": " ".join(contact["contact_name"].split()),
        "is_active": contact["status"] == "active",
        "email_address": contact["email"] or own["email_address"],
        "business_phone": contact["phone"] or own["business_phone"],
    }


def _edit(vendor: Vendor, changes: Row) -> Row:
    """Somebody changes the contact in Zoho's own pages."""
    return {
        "op": "edit",
        "provider": "zoho_books",
        "kind": "contacts",
        "id": vendor.contact_id,
        "changes": changes,
    }
