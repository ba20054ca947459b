"""The API addresses of purchase orders.

Each handler is one call: find the record, let the noun's module build or change it, save, answer.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from connectors.sandbox.zoho_books import locks, purchase_orders, upsert
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.envelope import created, success
from connectors.sandbox.zoho_books.errors import not_found
from connectors.sandbox.zoho_books.listing import answer_list
from connectors.sandbox.zoho_books.purchase_orders import KIND, detail
from connectors.sandbox.zoho_books.table import Record

ID = "purchaseorder_id"


def found(call: Call) -> Record:
    """The order that the path names."""
    record = call.org[KIND].get(call.path[ID])
    if record is None:
        raise not_found("Purchase Order", int(call.options.get("zoho_not_found_status", 404)))
    return record


def refuse_closed(call: Call, *days: str) -> None:
    """Orders post nothing, so the lock reaches them only by option."""
    if call.options.get("zoho_lock_purchaseorders"):
        locks.refuse_locked(call.org, *days)


def list_orders(call: Call) -> web.Response:
    return answer_list(call.org, purchase_orders.SPEC, call.query)


def get_order(call: Call) -> web.Response:
    return success(purchaseorder=detail(call.org, found(call)))


def create_order(call: Call) -> web.Response:
    own_number = call.query.get("ignore_auto_number_generation") == "true"
    record = purchase_orders.build(call.org, call.body, None, own_number=own_number)
    refuse_closed(call, record["date"])
    saved = call.org.save(KIND, record)
    location = f"/api/v3/purchaseorders/{saved[ID]}"
    return created(
        "Purchase Order has been added.", location, purchaseorder=detail(call.org, saved)
    )


def update(call: Call, old: Record) -> web.Response:
    """Save the body over an order."""
    purchase_orders.refuse_edit(old)
    record = purchase_orders.build(call.org, call.body, old, own_number=True)
    refuse_closed(call, old["date"], record["date"])
    saved = call.org.save(KIND, record)
    return success(
        "Purchase Order information has been updated.", purchaseorder=detail(call.org, saved)
    )


def update_order(call: Call) -> web.Response:
    return update(call, found(call))


def update_by_custom_field(call: Call) -> web.Response:
    return upsert.dispatch(call, KIND, update, create_order)


def delete_order(call: Call) -> web.Response:
    record = found(call)
    refuse_closed(call, record["date"])
    purchase_orders.delete(call.org, record[ID])
    return success("The purchase order has been deleted.")


def action(status: str) -> Callable[[Call], web.Response]:
    """A handler that moves an order to a status."""

    def handle(call: Call) -> web.Response:
        call.org.save(KIND, purchase_orders.with_status(found(call), status))
        return success(f"The purchase order has been marked as {status}.")

    return handle


ONE = "/purchaseorders/{purchaseorder_id}"
ROUTES = [
    Route("GET", "/purchaseorders", "purchaseorders.READ", list_orders),
    Route("POST", "/purchaseorders", "purchaseorders.CREATE", create_order),
    Route("PUT", "/purchaseorders", "purchaseorders.UPDATE", update_by_custom_field),
    Route("GET", ONE, "purchaseorders.READ", get_order),
    Route("PUT", ONE, "purchaseorders.UPDATE", update_order),
    Route("DELETE", ONE, "purchaseorders.DELETE", delete_order),
    Route("POST", f"{ONE}/status/open", "purchaseorders.CREATE", action("open")),
    Route("POST", f"{ONE}/status/billed", "purchaseorders.CREATE", action("billed")),
    Route("POST", f"{ONE}/status/cancelled", "purchaseorders.CREATE", action("cancelled")),
    Route("POST", f"{ONE}/submit", "purchaseorders.CREATE", action("pending_approval")),
    Route("POST", f"{ONE}/approve", "purchaseorders.CREATE", action("approved")),
    Route("POST", f"{ONE}/reject", "purchaseorders.UPDATE", action("rejected")),
]
