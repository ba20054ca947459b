"""Cost codes and cost types ("line item types"), the two parts of most WBS codes.

State records enter, list rows leave; cost codes can be made and synced. A code is stored without
its parent's prefix and shown with it.
"""

from __future__ import annotations

from aiohttp import web

from connectors.sandbox.procore import fields, sync
from connectors.sandbox.procore.answers import answer, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import invalid, malformed
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

CODES, TYPES = "cost_codes", "line_item_types"
BASE_TYPES = (
    "labor",
    "equipment",
    "materials",
    "commitment",
    "owner_cost",
    "professional_services",
    "other",
)


def build(books: Books, project_id: int, sent: Record, old: Record | None) -> Record:
    """A cost code of a project, new or changed."""
    record: Record = old or {"id": sent.get("id") or books.next_id(), "project_id": project_id}
    record = {
        **record,
        "code": fields.text(sent, "code", record.get("code")),
        "name": fields.short(books.options, sent, "name", record.get("name")),
        "parent_id": fields.key(sent, "parent_id", record.get("parent_id")),
        "standard_cost_code_id": fields.key(
            sent, "standard_cost_code_id", record.get("standard_cost_code_id")
        ),
        "origin_id": fields.text(sent, "origin_id", record.get("origin_id")),
        "origin_data": fields.text(sent, "origin_data", record.get("origin_data")),
    }
    for name in ("code", "name"):
        if not record[name]:
            raise invalid(**{name: "can't be blank"})
    parent = books[CODES].get(record["parent_id"]) if record["parent_id"] else None
    if record["parent_id"] and (parent is None or parent["project_id"] != record["project_id"]):
        raise invalid(parent_id="does not exist")
    record["full_code"] = f"{parent['full_code']}-{record['code']}" if parent else record["code"]
    sync.refuse_taken_origin(books, CODES, record)
    return record


def show(books: Books, record: Record) -> Record:
    project = books["projects"].need(record["project_id"])
    budgets = books["budget_line_items"].of(record["project_id"])
    return {
        **{name: value for name, value in record.items() if name != "project_id"},
        "biller": project["name"],
        "biller_id": project["id"],
        "biller_type": "Project",
        "budgeted": any(one["cost_code_id"] == record["id"] for one in budgets),
        "parent": {"id": record["parent_id"]},
        "position": None,
        "sortable_code": record["full_code"],
        "line_item_types": [],
        "deleted_at": None,
    }


def line_item_type(books: Books, sent: Record, old: Record | None) -> Record:
    """A cost type of the company. What is read as ``code`` is written as ``csv_import_code``."""
    record: Record = old or {"id": sent.get("id") or books.next_id()}
    code = fields.text(sent, "csv_import_code", fields.text(sent, "code", record.get("code")))
    base_type = fields.choice(sent, "base_type", BASE_TYPES, record.get("base_type", "other"))
    return {
        **record,
        "name": fields.short(books.options, sent, "name", record.get("name")),
        "code": code,
        "base_type": base_type,
        "origin_id": fields.text(sent, "origin_id", record.get("origin_id")),
        "origin_data": fields.text(sent, "origin_data", record.get("origin_data")),
    }


def list_codes(call: Call) -> web.Response:
    rows = call.filters.apply(call.books[CODES].listed(call.project_id), ("id", "origin_id"))
    return page(call.url, rows, lambda row: show(call.books, row))


def add_code(call: Call) -> web.Response:
    sent = {**call.wrapped("cost_code"), "id": None}
    saved = call.books.save(CODES, build(call.books, call.project_id, sent, None))
    return answer(show(call.books, saved), 201)


def sync_codes(call: Call) -> web.Response:
    def write(row: Record, old: Record | None) -> Record:
        if old is not None and old["project_id"] != call.project_id:
            raise invalid(origin_id=sync.TAKEN)
        return call.books.save(CODES, build(call.books, call.project_id, row, old))

    return sync.run(call, CODES, write, lambda record: show(call.books, record))


def list_types(call: Call) -> web.Response:
    """By company or by project, which gives the same."""
    if not {"company_id", "project_id"} & set(call.url.query):
        raise malformed(company_id="or project_id is missing")
    rows = call.filters.apply(call.books[TYPES].listed(), ("id", "origin_id"))
    return page(call.url, rows)


ROUTES = [
    Route("GET", "/v1.0/cost_codes", list_codes),
    Route("POST", "/v1.0/cost_codes", add_code),
    Route("PATCH", "/v1.0/cost_codes/sync", sync_codes),
    Route("GET", "/v1.0/line_item_types", list_types, "company"),
]
