"""Budgets: which WBS codes of a project are budgeted, and for how much.

There is no list of budget lines; budgets are read through a view's detail rows. A commitment line
on a code without a budget line makes one of zero, as new projects do; with the option
procore_auto_budget_lines false the code stays an unbudgeted row.
"""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from connectors.sandbox.procore import fields
from connectors.sandbox.procore.answers import answer, money, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import invalid, malformed, not_found
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

KIND = "budget_line_items"
VIEW_ID = 597_000_001
ROW_TYPES = ("all", "budgeted", "unbudgeted")
ZERO = Decimal(0)


def build(books: Books, project_id: int, sent: Record, old: Record | None) -> Record:
    """A budget line for a WBS code."""
    record: Record = dict(old or {"id": sent.get("id") or books.next_id()})
    record.setdefault("project_id", project_id)
    code = books["wbs_codes"].get(fields.key(sent, "wbs_code_id", record.get("wbs_code_id")) or 0)
    if code is None or code["project_id"] != record["project_id"]:
        raise invalid(wbs_code_id="does not exist in this project")
    amount = fields.number(sent, "original_budget_amount", record.get("original_budget_amount"))
    return {
        **record,
        "wbs_code_id": code["id"],
        "cost_code_id": code["cost_code_id"],
        "category_id": code["line_item_type_id"],
        "original_budget_amount": amount or ZERO,
    }


def line_for(books: Books, project_id: int, wbs_code_id: int) -> Record | None:
    """The budget line of a WBS code."""
    lines = books[KIND].of(project_id)
    return next((one for one in lines if one["wbs_code_id"] == wbs_code_id), None)


def ensure(books: Books, project_id: int, wbs_code_id: int) -> None:
    """A commitment line was put on a code: give the code a budget line if it has none."""
    if not books.options.get("procore_auto_budget_lines", True):
        return
    if line_for(books, project_id, wbs_code_id) is None:
        books.save(KIND, build(books, project_id, {"wbs_code_id": wbs_code_id}, None))


def list_views(call: Call) -> web.Response:
    name = "Procore Standard Budget"
    return page(call.url, [{"id": VIEW_ID, "name": name, "description": None, "project_ids": []}])


def list_detail_rows(call: Call) -> web.Response:
    """Rows for budgeted codes, for codes that only commitments use, or for both."""
    if call.number("id") != VIEW_ID:
        raise not_found()
    wanted = call.url.query.get("budget_row_type", "all")
    if wanted not in ROW_TYPES:
        raise malformed(budget_row_type="is invalid")
    books = call.books
    budgeted = list(books[KIND].listed(call.project_id))
    rows = [] if wanted == "unbudgeted" else budgeted
    if wanted != "budgeted":
        rows = [*rows, *_unbudgeted(books, call.project_id, budgeted)]
    return page(call.url, rows, _row)


def _unbudgeted(books: Books, project_id: int, budgeted: list[Record]) -> list[Record]:
    known = {row["wbs_code_id"] for row in budgeted}
    contracts = books["purchase_order_contracts"].of(project_id)
    lines = [line for one in contracts for line in books["line_items"].of(one["id"])]
    used = dict.fromkeys(line["wbs_code_id"] for line in lines)
    codes = [books["wbs_codes"].need(one) for one in used if one not in known]
    return [
        {
            "id": None,
            "wbs_code_id": code["id"],
            "cost_code_id": code["cost_code_id"],
            "category_id": code["line_item_type_id"],
            "original_budget_amount": ZERO,
        }
        for code in codes
    ]


def _row(record: Record) -> Record:
    return {
        "id": record["id"],
        "wbs_code_id": record["wbs_code_id"],
        "cost_code_id": record["cost_code_id"],
        "category_id": record["category_id"],
        "original_budget_amount": money(record["original_budget_amount"]),
    }


def list_uoms(call: Call) -> web.Response:
    return page(
        call.url, [{"id": n, "name": name} for n, name in enumerate(call.books.uoms, start=1)]
    )


def add_budget_line(call: Call) -> web.Response:
    sent = {**call.wrapped("budget_line_item"), "id": None}
    record = build(call.books, call.project_id, sent, None)
    if line_for(call.books, call.project_id, record["wbs_code_id"]) is not None:
        raise invalid(wbs_code_id="has already been taken")
    return answer(_row(call.books.save(KIND, record)), 201)


ROUTES = [
    Route("GET", "/v1.0/budget_views", list_views),
    Route("GET", "/v1.0/budget_views/{id}/detail_rows", list_detail_rows),
    Route("POST", "/v1.1/budget_line_items", add_budget_line),
    Route("GET", "/v1.0/companies/{company_id}/uoms", list_uoms, "company"),
]
