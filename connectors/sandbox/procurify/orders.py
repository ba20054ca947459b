"""Purchase orders: the v2 list by role and status, and the v2 detail with its items.

Stored orders enter; the published shapes leave. Money is decimal text of the scale that each field
has, days are date-times in the tenant's own offset.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.procurify.answers import filtered, listing, not_found, single
from connectors.sandbox.procurify.filters import Filters
from connectors.sandbox.procurify.formats import cents, scaled
from connectors.sandbox.procurify.items import line
from connectors.sandbox.procurify.simulation import Simulation
from connectors.sandbox.procurify.store import Store
from connectors.sandbox.procurify.table import Row
from connectors.sandbox.procurify.vendors import vendor_shape

PURCHASED, CANCELLED, LEGACY, CLOSED, PAID, REOPENED = range(6)
ROLES = {"purchased", "receivable"}
FILTERS = Filters(
    days={
        "date": lambda row: row["date"],
        "modified_date": lambda row: row["last_modified"],
        "promise_date": lambda row: row.get("promise_date"),
    },
    values={
        "pref_vendor": lambda row: row["vendor"],
        "purchase_order": lambda row: row["procurify_PO"],
    },
    contains={"search": lambda row: row["number"]},
)


def _is_open(row: Row) -> bool:
    return row["state"] in (PURCHASED, REOPENED)


STATUSES = {
    "all": lambda row: True,
    "open": lambda row: _is_open(row) and row.get("fulfilment_status", "empty") == "empty",
    "partial": lambda row: _is_open(row) and row.get("fulfilment_status") == "partial",
    "closed": lambda row: row["state"] == CLOSED,
    "cancelled": lambda row: row["state"] == CANCELLED,
    "paid": lambda row: row["state"] == PAID,
}


async def list_orders(sim: Simulation, request: web.Request) -> web.Response:
    role, status = request.match_info["role"], request.match_info["status"]
    if role not in ROLES or status not in STATUSES:
        return not_found()
    listed = filtered(
        request,
        sim.store["purchase_orders"],
        FILTERS,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
        extra=(role, status),
        keep=STATUSES[status],
    )
    counts = _counts(sim.store, len(listed.page_rows))
    return listing(
        request,
        listed,
        lambda row: header(sim.store, row),
        options=sim.options,
        metadata={"counts": {"purchased": counts, "receivable": counts}},
    )


async def get_order(sim: Simulation, request: web.Request) -> web.Response:
    key = request.match_info["key"]
    order = sim.store["purchase_orders"].get(key)
    if order is None:
        order = sim.store["purchase_orders"].find(lambda row: row["uuid"] == key.lower())
    if order is None:
        return not_found()
    # The detail alone has its permissions directly in the metadata.
    return single(detail_shape(sim.store, order), {"can_edit": True, "can_delete": False})


def header(store: Store, order: Row) -> dict[str, Any]:
    """The list's form: everything but the items."""
    vendor = store["vendors"].rows[order["vendor"]]
    currency = store.currency(order["currency"])
    return {
        "procurify_PO": order["procurify_PO"],
        "uuid": order["uuid"],
        "number": order["number"],
        "PO_Num": order.get("PO_Num"),
        "date": order["date"],
        "recorded_date": order["date"],
        "promise_date": order.get("promise_date"),
        "expiry_date": None,
        "closed_date": order.get("closed_date"),
        "purchaser": order.get("purchaser", 1),
        "pref_vendor": vendor_shape(store, vendor),
        "vendor_name": vendor["name"],
        "vendor_address_line_one": vendor.get("addressLineOne", ""),
        "payment_terms": order.get("payment_terms", "Net 30"),
        "shipping_terms": "",
        "shipping_method": "",
        "subtotal": scaled(order["subtotal"], 2),
        "freight": scaled(order["freight"], 6),
        "tax": _charge(order["tax"]),
        "discount": _charge(order["discount"]),
        "other": scaled(order["other"], 6),
        "total": scaled(order["total"], 2),
        "comment": order.get("comment", ""),
        "purchased_currency": _currency(currency),
        "purchased_currency_rate": scaled(order["rate"], 6),
        "active": True,
        "state": order["state"],
        "fulfilment_status": order.get("fulfilment_status", "empty"),
        "last_modified": order["last_modified"],
        "staged_for_export": False,
        "version": order["version"],
        "most_recent_version": True,
        "item_count": len(order["items"]),
        "purchase_agreement": None,
        "purchase_agreement_status": None,
        "has_blanket_order_items": False,
        "contract": None,
    }


def detail_shape(store: Store, order: Row) -> dict[str, Any]:
    tax_total = sum((Decimal(item["tax_amount"]) for item in order["items"]), Decimal())
    in_base = cents(Decimal(order["total"]) * Decimal(order["rate"]))
    return header(store, order) | {
        "shipping_method": {"id": 1, "name": "Ground"},
        "order_items": [line(store, item, order) for item in order["items"]],
        "custom_fields": [],
        "creditcard": None,
        "creditcard_is_editable": True,
        "payment_term": {"id": 1, "name": order.get("payment_terms", "Net 30")},
        "shipping_term": None,
        "cost_details": {
            "subtotal": scaled(order["subtotal"], 2),
            "total_cost": scaled(order["total"], 2),
            "total_cost_in_base_currency": scaled(in_base, 2),
            "tax_amount": scaled(tax_total, 2),
        },
    }


def _charge(charge: Row) -> dict[str, Any]:
    return {"value": scaled(charge["value"], 6), "type": charge["type"]}


def _currency(currency: Row) -> dict[str, Any]:
    return {
        "id": currency["id"],
        "name": currency["name"],
        "rate": scaled(currency["rate"], 6),
        "base": currency["base"],
    }


def _counts(store: Store, on_page: int) -> dict[str, int]:
    rows = store["purchase_orders"].rows.values()
    names = ("all", "open", "partial", "closed", "cancelled")
    return {name: sum(map(STATUSES[name], rows)) for name in names} | {"page": on_page}
