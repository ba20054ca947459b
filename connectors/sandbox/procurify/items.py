"""Order items: the flat lists that are read for changes, and the line form inside a purchase order.

Stored items enter with the order they belong to; both published shapes leave. An item that was
requested but never purchased is listed without an order.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connectors.sandbox.procurify.answers import filtered, listing
from connectors.sandbox.procurify.filters import Filters
from connectors.sandbox.procurify.formats import scaled
from connectors.sandbox.procurify.simulation import Simulation
from connectors.sandbox.procurify.store import Store
from connectors.sandbox.procurify.table import Row


def _of_order(row: Row, field: str) -> Any:
    return row["order"][field] if row["order"] else None


FILTERS = Filters(
    days={
        "last_modified": lambda row: row["item"]["last_modified"],
        "po_created_date": lambda row: _of_order(row, "date"),
        "purchased_date": lambda row: _of_order(row, "date"),
        "order_created_date": lambda row: row["item"].get("created", row["item"]["last_modified"]),
    },
    values={
        "po_vendor": lambda row: _of_order(row, "vendor"),
        "pref_vendor": lambda row: _of_order(row, "vendor"),
        "status": lambda row: row["item"].get("status", 2),
        "sku": lambda row: row["item"].get("sku", ""),
    },
)


async def list_items(sim: Simulation, request: web.Request) -> web.Response:
    listed = filtered(
        request,
        sim.store.order_items(),
        FILTERS,
        options=sim.options,
        offset_hours=sim.store.offset_hours,
    )
    return listing(request, listed, lambda row: flat(sim.store, row), options=sim.options)


def line(store: Store, item: Row, order: Row | None) -> dict[str, Any]:
    """An item as it stands inside its order, with objects where the flat list has ids."""
    account = store.account(item["account"])
    shares = [
        {
            "id": share["id"],
            "amount": scaled(share["amount"], 8),
            "account": store.account(share["account"]),
        }
        for share in item.get("allocations", ())
    ]
    return _common(item, order) | {
        "account": account,
        "accountCode": account["account_code"]["code"],
        "spend_allocation": shares,
        "currency": _currency(store, order),
        "requester": {"id": 1, "firstName": "Robin", "lastName": "Keller"},
        "logs": [],
    }


def flat(store: Store, row: Row) -> dict[str, Any]:
    item, order = row["item"], row["order"]
    currency = _currency(store, order)
    return _common(item, order) | {
        "account": item["account"],
        "currency": currency["id"] if currency else None,
        "pref_vendor": order["vendor"] if order else None,
        "purchaser": order.get("purchaser", 1) if order else None,
        "requester": 1,
    }


def _common(item: Row, order: Row | None) -> dict[str, Any]:
    taxes = [
        {
            "id": tax["id"],
            "type": tax["type"],
            "value": scaled(tax["value"], 5),
            "name": tax["name"],
        }
        for tax in item.get("taxes", ())
    ]
    return {
        "id": item["id"],
        "PO_line_num": item.get("position", 1),
        "name": item["name"],
        "num": item.get("position", 1),
        "sku": item.get("sku", ""),
        "unit": item.get("unit", "each"),
        "quantity": scaled(item["quantity"], 5),
        "price": scaled(item["price"], 8),
        "total_cost": scaled(item["total_cost"], 2),
        "tax_amount": scaled(item["tax_amount"], 2),
        "shipping_amount": scaled(item["shipping_amount"], 2),
        "taxes": taxes,
        "approved_price": scaled(item["price"], 8),
        "approved_quantity": scaled(item["quantity"], 5),
        "approved_total_cost": scaled(item["total_cost"], 2),
        "purchased_currency_rate": scaled(order["rate"], 6) if order else None,
        "status": item.get("status", 2),
        "receivedPassQty": "0.00000",
        "receivedFailQty": "0.00000",
        "receive_method": 0,
        "type": 0,
        "blanket": None,
        "external_id": None,
        "orderNum": item.get("request", 1),
        "purchase_order": order["procurify_PO"] if order else None,
        "purchase_order_number": order["number"] if order else None,
        "purchase_order_uuid": order["uuid"] if order else None,
        "po_version": order["version"] if order else None,
        "po_note": item.get("po_note", ""),
        "line_comment": "",
        "catalog_item": None,
        "custom_fields": [],
        "last_modified": item["last_modified"],
        "receive_log_count": 0,
    }


def _currency(store: Store, order: Row | None) -> dict[str, Any] | None:
    if order is None:
        return None
    currency = store.currency(order["currency"])
    return {"id": currency["id"], "name": currency["name"], "rate": scaled(currency["rate"], 6)}
