"""Items and reporting tags: what a purchase order's line may name besides its account.

Both are reference data that people keep; the API side here is read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books import fields
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import success
from connectors.sandbox.zoho_books.errors import missing, not_found
from connectors.sandbox.zoho_books.listing import ListSpec, answer_list
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record
from connectors.sandbox.zoho_books.totals import ZERO


def item(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """Something that is bought again and again."""
    before = old or {}
    name = fields.text(body, "name", before.get("name", ""), 100)
    if not name:
        raise missing("name")
    return {
        "item_id": before.get("item_id") or org.next_id(),
        "name": name,
        "sku": fields.text(body, "sku", before.get("sku", "")),
        "status": fields.text(body, "status", before.get("status", "active")),
        "description": fields.text(body, "description", before.get("description", "")),
        "rate": fields.number(body, "rate", before.get("rate", ZERO)),
        "purchase_rate": fields.number(body, "purchase_rate", before.get("purchase_rate", ZERO)),
        "purchase_account_id": fields.text(
            body, "purchase_account_id", before.get("purchase_account_id", "")
        ),
        "unit": fields.text(body, "unit", before.get("unit", "")),
        "item_type": "purchases",
    }


def reporting_tag(org: Organization, body: Mapping[str, Any], old: Record | None) -> Record:
    """A tag with the options that a line may carry."""
    before = old or {}
    options = fields.rows(body, "options") or before.get("options", [])
    return {
        "tag_id": before.get("tag_id") or org.next_id(),
        "tag_name": fields.text(body, "tag_name", before.get("tag_name", "")),
        "description": "",
        "is_active": fields.flag(body, "is_active", before.get("is_active", True)),
        "is_mandatory": fields.flag(body, "is_mandatory", before.get("is_mandatory", False)),
        "options": [
            {"option_id": str(one["option_id"]), "option_name": str(one["option_name"])}
            for one in options
        ],
    }


ITEMS = ListSpec(
    kind="items",
    key="items",
    report_name="Items",
    row=lambda org, record: record,
    default_sort="name",
    texts=("name", "description"),
    sorts=("last_modified_time", "rate"),
    searched=("name", "sku", "description"),
    filters={
        "Status.All": lambda one: True,
        "Status.Active": lambda one: one["status"] == "active",
        "Status.Inactive": lambda one: one["status"] == "inactive",
    },
)
TAGS = ListSpec(
    kind="reportingtags",
    key="reporting_tags",
    report_name="ReportingTags",
    row=lambda org, record: {name: one for name, one in record.items() if name != "options"},
    default_sort="tag_name",
)


def list_items(call: Call) -> web.Response:
    return answer_list(call.org, ITEMS, call.query)


def get_item(call: Call) -> web.Response:
    record = call.org["items"].get(call.path["item_id"])
    if record is None:
        raise not_found("Item", int(call.options.get("zoho_not_found_status", 404)))
    return success(item=record)


def list_tags(call: Call) -> web.Response:
    return answer_list(call.org, TAGS, call.query)


ROUTES = [
    Route("GET", "/items", "settings.READ", list_items),
    Route("GET", "/items/{item_id}", "settings.READ", get_item),
    Route("GET", "/reportingtags", "settings.READ", list_tags),
]
