"""PUT without an id: the record is named by a custom field that allows no duplicates.

Headers X-Unique-Identifier-Key and -Value name the record, X-Upsert creates it when absent. Works
for the kinds whose tables have the "custom" index.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from connectors.sandbox.zoho_books.api import Call
from connectors.sandbox.zoho_books.errors import invalid, missing, not_found
from connectors.sandbox.zoho_books.table import Record

ENTITIES = {"purchaseorders": "purchaseorder", "bills": "bill"}


def dispatch(
    call: Call,
    kind: str,
    update: Callable[[Call, Record], web.Response],
    create: Callable[[Call], web.Response],
) -> web.Response:
    """Update the one record that holds the value, or create it if the caller allows."""
    key = call.headers.get("X-Unique-Identifier-Key", "")
    value = call.headers.get("X-Unique-Identifier-Value", "")
    if not key or not value:
        raise missing("X-Unique-Identifier-Key")
    definitions = call.org.custom_fields.get(ENTITIES[kind], [])
    if not any(one["api_name"] == key and one.get("is_unique") for one in definitions):
        raise invalid("X-Unique-Identifier-Key")
    holders = call.org[kind].find("custom", (key, value))
    if holders:
        return update(call, call.org[kind].need(holders[0]))
    if call.headers.get("X-Upsert", "").lower() == "true":
        return create(call)
    raise not_found("Record")
