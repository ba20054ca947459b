"""Bills: the slim v3 list and the full v2 detail.

Stored bills enter; the published shapes leave. Totals are JSON floats here, unlike anywhere else,
and the list publishes no status filter, so `status` in a query changes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.procurify.answers import filtered, listing, not_found, single
from connectors.sandbox.procurify.filters import Filters
from connectors.sandbox.procurify.formats import cents, derived_uuid, number, scaled
from connectors.sandbox.procurify.items import line
from connectors.sandbox.procurify.simulation import Simulation
from connectors.sandbox.procurify.store import Store
from connectors.sandbox.procurify.table import Row
from connectors.sandbox.procurify.vendors import vendor_shape

DRAFT, CONFIRMED, APPROVED, DENIED, PAID, WITHDRAWN = range(6)
PERMISSIONS = {"can_edit": True, "can_delete": True, "can_approve": False}
FILTERS = Filters(
    moments={"last_modified_datetime": lambda row: row["last_modified_datetime"]},
    days={
        "modified_date": lambda row: row["last_modified_datetime"],
        "submitted_date": lambda row: row.get("submitted_date"),
        "invoice_date": lambda row: row["invoice_date"],
        "due_date": lambda row: row.get("due_date"),
        "gl_post_date": lambda row: row.get("gl_post_date"),
    },
    values={
        "vendor": lambda row: row["vendor"],
        "group": lambda row: row["group"],
        "type": lambda row: row["type"],
    },
    lists={"include_bill_group_ids": lambda row: row["group"]},
    contains={"search": lambda row: row["invoice_number"]},
)


async def list_bills(sim: Simulation, request: web.Request) -> web.Response:
    listed = filtered(
        request,
        sim.store["bills"],
        FILTERS,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
    )
    summary = sim.store["bills"].remembered(
        ("summary", listed.query), lambda: _summary(listed.rows)
    )
    return listing(
        request,
        listed,
        lambda row: slim(sim.store, row),
        options=sim.options,
        metadata={"permissions": PERMISSIONS, "summary": summary},
    )


def _summary(rows: list[Row]) -> dict[str, Any]:
    return {
        "has_multiple_currency": len({row["currency"] for row in rows}) > 1,
        "total_cost": number(sum((Decimal(row["total"]) for row in rows), Decimal())),
    }


async def get_bill(sim: Simulation, request: web.Request) -> web.Response:
    """The version of that UUID. A superseded one is served unless an option says it is gone."""
    bill = sim.store.bill_by_uuid(request.match_info["uuid"])
    if bill is None or (sim.options.get("old_versions_gone") and not _is_current(sim, bill)):
        return not_found()
    current = sim.store["bills"].get(bill["group"]) or bill
    shaped = full(sim.store, bill) | {
        "active": _is_current(sim, bill),
        "version_choices": [
            {"pk": derived_uuid("version", bill["group"], version), "version": version}
            for version in range(1, current["version"] + 1)
        ],
    }
    return single(shaped, {"permissions": PERMISSIONS, "summary": _summary([bill])})


def _is_current(sim: Simulation, bill: Row) -> bool:
    return bill["uuid"] not in sim.store.old_bills


def slim(store: Store, bill: Row) -> dict[str, Any]:
    vendor = store["vendors"].rows[bill["vendor"]]
    return {
        "id": bill["id"],
        "uuid": bill["uuid"],
        "group": bill["group"],
        "version": bill["version"],
        "status": bill["status"],
        "type": bill["type"],
        "locked": False,
        "currency": _currency(store, bill),
        "vendor": {"id": vendor["id"], "name": vendor["name"]},
        "invoice_number": bill["invoice_number"],
        "invoice_date": bill["invoice_date"],
        "due_date": bill.get("due_date"),
        "gl_post_date": bill.get("gl_post_date"),
        "submitted_date": bill.get("submitted_date"),
        "total_cost_with_tax": number(bill["total"]),
        "invoice_total": number(bill["total"]),
        "last_modified_datetime": bill["last_modified_datetime"],
        "last_export_date": None,
        "last_export_user": None,
        "items": [item["id"] for item in bill["items"]],
        "user": 1,
        "creator": 1,
        "approver": 1,
        "next_approver_choices": [],
        "past_due": False,
        "invoice_uuid": None,
        "invoice_created": False,
    }


def full(store: Store, bill: Row) -> dict[str, Any]:
    vendor = store["vendors"].rows[bill["vendor"]]
    inclusive = _tax_sum(bill, inclusive=True)
    exclusive = _tax_sum(bill, inclusive=False)
    shipping = sum((Decimal(item["shipping_amount"]) for item in bill["items"]), Decimal())
    without_extras = sum((Decimal(item["total_cost"]) for item in bill["items"]), Decimal())
    costs = sum((Decimal(cost["amount"]) for cost in bill["costs"]), Decimal())
    return slim(store, bill) | {
        "vendor": vendor_shape(store, vendor),
        "vendor_name": vendor["name"],
        "payment_terms": bill.get("payment_terms", "Net 30"),
        "payment_method": None,
        "payment_method_name": None,
        "note": bill.get("note", ""),
        "items": [_item(store, bill, item) for item in bill["items"]],
        "costs": [_cost(store, bill, cost) for cost in bill["costs"]],
        "invoice_attachments": [],
        "bill_statuses": [
            {"status": bill["status"], "date": bill["last_modified_datetime"], "user": 1}
        ],
        "comments": [],
        "added_purchase_orders": _orders(store, bill),
        "bill_payment": bill.get("bill_payment"),
        "creditcard": None,
        "subtotal_cost": number(without_extras),
        "total_cost": number(without_extras + costs),
        "tax_amount": number(inclusive + exclusive),
        "inclusive_tax_amount": number(inclusive),
        "exclusive_tax_amount": number(exclusive),
        "shipping_amount": number(shipping),
        "converted_total_cost": number(cents(Decimal(bill["total"]) * Decimal(bill["rate"]))),
    }


def _item(store: Store, bill: Row, item: Row) -> dict[str, Any]:
    found = store.order_item(item.get("order_item"))
    order = found[1] if found else store["purchase_orders"].get(item.get("order"))
    by_cost = item.get("quantity") is None
    return {
        "id": item["id"],
        "type": 0,
        "description": item["description"],
        "sku": item.get("sku", ""),
        "unit": item.get("unit", "each"),
        "quantity": None if by_cost else scaled(item["quantity"], 5),
        "unit_cost": number(item.get("unit_cost")),
        "total_cost": number(item["total_cost"]),
        "total_cost_with_tax": number(item["total_cost_with_tax"]),
        "tax": 1 if item.get("tax_name") else None,
        "tax_name": item.get("tax_name", ""),
        "tax_percentage": number(item.get("tax_percentage", "0")),
        "tax_amount": number(item["tax_amount"]),
        "tax_is_inclusive": item.get("tax_is_inclusive", False),
        "shipping_amount": number(item["shipping_amount"]),
        "currency": _currency(store, bill),
        "vendor": bill["vendor"],
        "bill_by_cost": by_cost,
        "po": _order_reference(order),
        "orderitem": line(store, found[0], found[1]) if found else None,
        "expense": None,
        "creditcard_item": None,
        "received_on": None,
        "packing_slips": [],
        "cost_allocations": [_share(store, bill, share) for share in item["allocations"]],
        "same_unit_cost": True,
        "is_edited": False,
        "unit_cost_diff_log": None,
        "custom_fields": [],
        "archived": False,
    }


def _share(store: Store, bill: Row, share: Row) -> dict[str, Any]:
    return {
        "id": share["id"],
        "amount": scaled(share["amount"], 8),
        "currency": _currency(store, bill),
        "budget": store.account(share["account"]),
        "object_id": share["id"],
        "created_on": bill["invoice_date"],
    }


def _cost(store: Store, bill: Row, cost: Row) -> dict[str, Any]:
    return {
        "id": cost["id"],
        "name": cost["name"],
        "amount": scaled(cost["amount"], 2),
        "bill": bill["id"],
        "cost": cost["id"],
        "currency": _currency(store, bill),
        "cost_allocation": _share(store, bill, cost),
    }


def _currency(store: Store, bill: Row) -> dict[str, Any]:
    currency = store.currency(bill["currency"])
    return {"id": currency["id"], "name": currency["name"], "rate": scaled(bill["rate"], 6)}


def _order_reference(order: Row | None) -> dict[str, Any] | None:
    if order is None:
        return None
    return {"id": order["procurify_PO"], "uuid": order["uuid"], "number": order["number"]}


def _orders(store: Store, bill: Row) -> list[dict[str, Any]]:
    orders: dict[int, Row] = {}
    for item in bill["items"]:
        found = store.order_item(item.get("order_item"))
        if found:
            orders[found[1]["procurify_PO"]] = found[1]
    return [
        {
            "id": order["procurify_PO"],
            "number": order["number"],
            "currency": order["currency"],
            "total_amount": scaled(order["total"], 2),
        }
        for order in orders.values()
    ]


def _tax_sum(bill: Row, *, inclusive: bool) -> Decimal:
    amounts = (
        Decimal(item["tax_amount"])
        for item in bill["items"]
        if item.get("tax_is_inclusive", False) is inclusive
    )
    return sum(amounts, Decimal())
