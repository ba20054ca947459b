"""Every request that our client can make, held against Zoho's own OpenAPI files.

The files are Zoho's and not part of this project: name their folder in ZOHO_BOOKS_SPECS.
"""

import inspect
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.providers.zoho_books.spec import SPEC
from connectors.transport.provider import ClientContext
from connectors.transport.tokens import TokenSource
from connectors.transport.wire import Wire
from tests.providers.zoho_openapi import Specs
from tests.transport.fakes import MemoryStore, OpenGovernor, source, stored

FOLDER = os.environ.get("ZOHO_BOOKS_SPECS", "")

# Seen to work on a real organisation though the files do not list them.
LIVE = {("GET", "/contacts", "parameter sort_order")}

LINE = {
    "name": "Bolt",
    "description": "M8",
    "account_id": "1",
    "tax_id": "2",
    "quantity": "1",
    "rate": "1.25",
}
KNOWN_LINE = {**LINE, "line_item_id": "3"}
HEADER = {
    "vendor_id": "4",
    "currency_id": "5",
    "exchange_rate": "1.1",
    "location_id": "9",
    "reference_number": "mlc:x:po:1",
    "date": "2026-10-01",
    "notes": "n",
    "is_inclusive_tax": False,
}
ORDER = {
    **HEADER,
    "purchaseorder_number": "PO-1",
    "delivery_date": "2026-10-09",
    "discount": "10%",
    "is_discount_before_tax": True,
    "line_items": [LINE],
}
BILL = {
    **HEADER,
    "bill_number": "INV-1",
    "due_date": "2026-10-30",
    "is_item_level_tax_calc": True,
    "adjustment": "0.01",
    "adjustment_description": "rounding",
    "purchaseorder_ids": ["6"],
    "line_items": [{**LINE, "purchaseorder_item_id": "7", "is_billable": False}],
}
CONTACT = {
    "contact_name": "Acme",
    "contact_type": "vendor",
    "company_name": "Acme",
    "website": "w",
} | {
    "notes": "n",
    "currency_id": "5",
    "contact_persons": [{"email": "e", "phone": "p", "is_primary_contact": True}],
}
PROJECT = {
    "project_name": "Depot",
    "customer_id": "8",
    "billing_type": "based_on_project_hours",
    "rate": "120.5",
    "description": "d",
}


def set_every_project_status(client: ZohoBooksClient) -> None:
    for status in ("active", "inactive"):
        client.set_project_status("1", status)


def set_every_status(client: ZohoBooksClient) -> None:
    for status in ("open", "billed", "cancelled"):
        client.set_purchase_order_status("1", status)


RECORDS = ("contact", "project", "purchaseorder", "bill")
SINCE = "2026-10-01T00:00:00+00:00"
CALLS: dict[str, Callable[[ZohoBooksClient], Any]] = {
    "organizations": lambda c: c.organizations(),
    "contacts": lambda c: list(c.contacts(SINCE)),
    "contact": lambda c: c.contact("1"),
    "find_contacts": lambda c: c.find_contacts("Acme"),
    "create_contact": lambda c: c.create_contact(CONTACT),
    "chart_of_accounts": lambda c: list(c.chart_of_accounts()),
    "taxes": lambda c: list(c.taxes()),
    "currencies": lambda c: list(c.currencies()),
    "users": lambda c: list(c.users()),
    "locations": lambda c: c.locations(),
    "reporting_tags": lambda c: c.reporting_tags(),
    "projects": lambda c: list(c.projects()),
    "project": lambda c: c.project("1"),
    "create_project": lambda c: c.create_project(PROJECT),
    "update_project": lambda c: c.update_project("1", PROJECT),
    "set_project_status": set_every_project_status,
    "account_codes": lambda c: c.account_codes(),
    "transaction_locks": lambda c: c.transaction_locks(),
    "purchase_orders": lambda c: list(c.purchase_orders(SINCE)),
    "purchase_order": lambda c: c.purchase_order("1"),
    "create_purchase_order": lambda c: c.create_purchase_order(ORDER),
    "update_purchase_order": lambda c: c.update_purchase_order(
        "1", {**ORDER, "line_items": [KNOWN_LINE]}
    ),
    "set_purchase_order_status": set_every_status,
    "find_purchase_orders": lambda c: c.find_purchase_orders(number="PO-1", reference="r"),
    "bills": lambda c: list(c.bills(SINCE)),
    "bill": lambda c: c.bill("1"),
    "create_bill": lambda c: c.create_bill(BILL),
    "update_bill": lambda c: c.update_bill("1", {**BILL, "line_items": [KNOWN_LINE]}),
    "void_bill": lambda c: c.void_bill("1"),
    "find_bills": lambda c: c.find_bills(number="INV-1", reference="r", vendor_id="4"),
}


class Recorder:
    """A Zoho that says yes to everything and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        settings = {"accounts_region": "us", "region": "us", "organization_id": "1"}
        store = MemoryStore(stored())
        tokens: TokenSource = source(store)
        context = ClientContext(
            connection="contract",
            settings=settings,
            profile={},
            endpoints=SPEC.endpoints(settings, ""),
            tokens=tokens,
            governor=OpenGovernor(),
            wire=Wire(httpx.MockTransport(self._answer)),
        )
        self.client: ZohoBooksClient = SPEC.open(context)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        lists = ("organizations", "locations", "reporting_tags")
        records: dict[str, Any] = {name: {} for name in (*RECORDS, *lists)}
        return httpx.Response(200, json={"code": 0, "message": "success", **records})

    def shapes(self) -> Iterator[tuple[str, str, set[str], Any]]:
        for request in self.requests:
            path = request.url.path.removeprefix("/books/v3")
            body = json.loads(request.content) if request.content else None
            yield request.method, path, set(request.url.params), body


def test_every_method_of_the_client_is_listed_here() -> None:
    methods = inspect.getmembers(ZohoBooksClient, inspect.isfunction)
    assert {name for name, _ in methods if not name.startswith("_")} == set(CALLS)


@pytest.fixture(scope="module")
def specs() -> Specs:
    return Specs(Path(FOLDER))


@pytest.mark.zoho_specs
@pytest.mark.parametrize("name", CALLS)
def test_what_we_send_is_what_zoho_describes(name: str, specs: Specs) -> None:
    recorder = Recorder()
    CALLS[name](recorder.client)
    assert recorder.requests
    found = [
        (method, path, problem)
        for method, path, params, body in recorder.shapes()
        for problem in specs.problems(method, path, params, body)
    ]
    assert [row for row in found if row not in LIVE] == []


@pytest.mark.zoho_specs
def test_the_check_itself_finds_what_is_wrong(specs: Specs) -> None:
    assert specs.problems("GET", "/bill", set(), None) == ["no GET /bill"]
    assert specs.problems("GET", "/bills", {"colour", "bill_number_contains"}, None) == [
        "parameter colour"
    ]
    body = {"vendor_id": "1", "line_items": [{"colour": "red", "rate": 1}]}
    assert specs.problems("POST", "/bills", set(), body) == ["property line_items.colour"]
    assert specs.problems("POST", "/bills/1/status/void", set(), {}) == ["no body is taken here"]


def test_every_call_but_the_first_names_the_organisation() -> None:
    recorder = Recorder()
    for call in CALLS.values():
        call(recorder.client)
    without = [r.url.path for r in recorder.requests if "organization_id" not in r.url.params]
    assert without == ["/books/v3/organizations"]


def test_amounts_leave_as_exact_numbers() -> None:
    recorder = Recorder()
    recorder.client.create_bill({**BILL, "line_items": [{"rate": "0.10", "quantity": "1.000"}]})
    text = recorder.requests[0].content.decode()
    assert '"rate":0.1' in text
    assert '"quantity":1' in text
    assert '"exchange_rate":1.1' in text
