"""Locations: where an organization does business, and what its documents say of it.

Bodies of people enter, rows of the list leave. In an organization of several, a document that
names none goes to the primary one, or is refused by option ``zoho_location_required``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books import fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import success
from connectors.sandbox.zoho_books.errors import missing, not_found
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record

KIND = "locations"
# The published list says of a location neither whether it is the primary one nor its status.
LISTED = ("location_id", "location_name", "type", "email", "phone", "address", "tax_settings_id")


def build(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A location; the first one is the primary one."""
    before = old or {}
    name = fields.text(body, "location_name", before.get("location_name", ""))
    if not name:
        raise missing("location_name")
    return {
        "location_id": before.get("location_id") or org.next_id(),
        "location_name": name,
        "type": "general",
        "email": "",
        "phone": "",
        "address": {},
        "tax_settings_id": "",
        "is_primary": before.get("is_primary", not list(org[KIND].records())),
    }


def of_document(
    org: Organization, body: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, str]:
    """What a document says of its location; nothing where the organization has none."""
    every = list(org[KIND].records())
    if not every:
        return {}
    sent = fields.text(body, "location_id", before.get("location_id", ""))
    if not sent and len(every) > 1 and org.options.get("zoho_location_required"):
        raise missing("location_id")
    wanted = [one for one in every if (one["location_id"] == sent if sent else one["is_primary"])]
    if not wanted:
        raise not_found("Location", 400)
    return {name: wanted[0][name] for name in ("location_id", "location_name")}


def list_locations(call: Call) -> web.Response:
    shown = (*LISTED, "is_primary") if call.options.get("zoho_primary_location") else LISTED
    rows = [{name: one[name] for name in shown} for one in call.org[KIND].records()]
    return success(locations=rows)


ROUTES = [Route("GET", "/locations", "settings.READ", list_locations)]
