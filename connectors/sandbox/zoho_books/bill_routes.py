"""The API addresses of bills.

Each handler is one call: find the record, check the lock, let the noun's module build or change
it, save, answer.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from connectors.sandbox.zoho_books import bills, upsert
from connectors.sandbox.zoho_books.api import Call, Route
from connectors.sandbox.zoho_books.bills import KIND, detail
from connectors.sandbox.zoho_books.envelope import created, success
from connectors.sandbox.zoho_books.errors import not_found
from connectors.sandbox.zoho_books.listing import answer_list
from connectors.sandbox.zoho_books.locks import refuse_locked
from connectors.sandbox.zoho_books.table import Record

ID = "bill_id"


def found(call: Call) -> Record:
    """The bill that the path names."""
    record = call.org[KIND].get(call.path[ID])
    if record is None:
        raise not_found("Bill", int(call.options.get("zoho_not_found_status", 404)))
    return record


def list_bills(call: Call) -> web.Response:
    return answer_list(call.org, bills.SPEC, call.query)


def get_bill(call: Call) -> web.Response:
    return success(bill=detail(call.org, found(call)))


def create_bill(call: Call) -> web.Response:
    record = bills.build(call.org, call.body, None)
    # What the organization's approvals make of a new bill.
    record["status"] = call.options.get("zoho_new_bill_status", record["status"])
    refuse_locked(call.org, record["date"])
    saved = bills.save(call.org, record, None)
    location = f"/api/v3/bills/{saved[ID]}"
    return created("The bill has been created.", location, bill=detail(call.org, saved))


def update(call: Call, old: Record) -> web.Response:
    """Save the body over a bill."""
    record = bills.build(call.org, call.body, old)
    refuse_locked(call.org, old["date"], record["date"])
    saved = bills.save(call.org, record, old)
    return success("Bill information has been updated.", bill=detail(call.org, saved))


def update_bill(call: Call) -> web.Response:
    return update(call, found(call))


def update_by_custom_field(call: Call) -> web.Response:
    return upsert.dispatch(call, KIND, update, create_bill)


def delete_bill(call: Call) -> web.Response:
    record = found(call)
    refuse_locked(call.org, record["date"])
    bills.delete(call.org, record[ID])
    return success("The bill has been deleted.")


def list_payments(call: Call) -> web.Response:
    return success(payments=found(call)["payments"])


def action(status: str) -> Callable[[Call], web.Response]:
    """A handler that moves a bill to a status."""

    def handle(call: Call) -> web.Response:
        old = found(call)
        refuse_locked(call.org, old["date"])
        bills.save(call.org, bills.with_status(old, status), old)
        return success(f"The bill has been marked as {status}.")

    return handle


ROUTES = [
    Route("GET", "/bills", "bills.READ", list_bills),
    Route("POST", "/bills", "bills.CREATE", create_bill),
    Route("PUT", "/bills", "bills.UPDATE", update_by_custom_field),
    Route("GET", "/bills/{bill_id}", "bills.READ", get_bill),
    Route("PUT", "/bills/{bill_id}", "bills.UPDATE", update_bill),
    Route("DELETE", "/bills/{bill_id}", "bills.DELETE", delete_bill),
    Route("GET", "/bills/{bill_id}/payments", "bills.READ", list_payments),
    Route("POST", "/bills/{bill_id}/status/open", "bills.CREATE", action("open")),
    Route("POST", "/bills/{bill_id}/status/void", "bills.CREATE", action("void")),
    Route("POST", "/bills/{bill_id}/submit", "bills.CREATE", action("pending_approval")),
    Route("POST", "/bills/{bill_id}/approve", "bills.CREATE", action("approved")),
]
