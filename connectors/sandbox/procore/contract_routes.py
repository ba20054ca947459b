"""The API addresses of purchase order contracts and their line items.

Each handler finds what the path names, lets the noun's module build or change it, saves, answers.
A changed total moves the contract's own times too, and is told as an update of the contract.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connectors.sandbox.procore import budgets, contracts, lines, sync
from connectors.sandbox.procore.answers import answer, empty, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.contracts import KIND, NOT_IN_SYNC
from connectors.sandbox.procore.errors import not_found
from connectors.sandbox.procore.filters import sort
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

WRAPPER = "purchase_order_contract"
TIMES = ("created_at", "updated_at")


def found(call: Call) -> Record:
    """The contract that the path names, in the project that was named."""
    record = call.books[KIND].get(call.number("id"))
    if record is None or record["project_id"] != call.project_id:
        raise not_found()
    return record


def write(call: Call, sent: Record, old: Record | None) -> Record:
    record = contracts.build(call.books, call.project_id, sent, old, by_people=False)
    return call.books.save(KIND, record)


def list_contracts(call: Call) -> web.Response:
    view = call.url.query.get("view", "compact")
    rows = call.filters.without_deleted(call.books[KIND].listed(call.project_id))
    rows = call.filters.apply(rows, ("id", "status", "origin_id"), TIMES)
    rows = sort(call.url, rows, ("number", "title", "status", *TIMES))
    return page(call.url, rows, lambda row: contracts.show(call.books, row, view))


def get_contract(call: Call) -> web.Response:
    return answer(contracts.show(call.books, found(call)))


def add_contract(call: Call) -> web.Response:
    saved = write(call, call.wrapped(WRAPPER), None)
    return answer(contracts.show(call.books, saved), 201)


def change_contract(call: Call) -> web.Response:
    saved = write(call, call.wrapped(WRAPPER), found(call))
    return answer(contracts.show(call.books, saved))


def delete_contract(call: Call) -> web.Response:
    contracts.delete(call.books, found(call))
    return empty()


def sync_contracts(call: Call) -> web.Response:
    def row_written(row: Record, old: Record | None) -> Record:
        return write(call, {n: v for n, v in row.items() if n not in NOT_IN_SYNC}, old)

    return sync.run(
        call, KIND, row_written, lambda record: contracts.show(call.books, record, "extended")
    )


# Lines


def touch(books: Books, contract: Record) -> None:
    """The contract's total may have changed: its times move and webhooks hear of it."""
    now = books.now()
    saved = books[KIND].put({**books[KIND].need(contract["id"]), "updated_at": now})
    books.tell(KIND, "update", saved)


def found_line(call: Call, contract: Record) -> Record:
    line = call.books[lines.KIND].get(call.number("line_id"))
    if line is None or line["contract_id"] != contract["id"]:
        raise not_found()
    return line


def write_line(call: Call, contract: Record, sent: Record, old: Record | None) -> Record:
    contracts.refuse_locked(call.books, contract, "line_items")
    new = {name: value for name, value in sent.items() if name != "id"}
    saved = call.books.save(lines.KIND, lines.build(call.books, contract, new, old))
    budgets.ensure(call.books, contract["project_id"], saved["wbs_code_id"])
    return saved


def list_lines(call: Call) -> web.Response:
    rows = [
        {**row, **_codes(call.books, row)}
        for row in call.books[lines.KIND].listed(found(call)["id"])
    ]
    rows = call.filters.apply(rows, ("id", "cost_code_id", "line_item_type_id"), TIMES)
    return page(call.url, rows, lambda row: lines.show(call.books, row))


def _codes(books: Books, line: Record) -> Record:
    code = books["wbs_codes"].need(line["wbs_code_id"])
    return {name: code[name] for name in ("cost_code_id", "line_item_type_id")}


def add_line(call: Call) -> web.Response:
    contract = found(call)
    saved = write_line(call, contract, call.wrapped("line_item"), None)
    touch(call.books, contract)
    return answer(lines.show(call.books, saved), 201)


def change_line(call: Call) -> web.Response:
    contract = found(call)
    saved = write_line(call, contract, call.wrapped("line_item"), found_line(call, contract))
    touch(call.books, contract)
    return answer(lines.show(call.books, saved))


def delete_line(call: Call) -> web.Response:
    contract = found(call)
    line = found_line(call, contract)
    contracts.refuse_locked(call.books, contract, "line_items")
    call.books.remove(lines.KIND, line["id"])
    touch(call.books, contract)
    return empty()


def sync_lines(call: Call) -> web.Response:
    """Rows are created and updated; lines that no row names stay, unless an option says so."""
    contract = found(call)
    if call.options.get("procore_line_sync_prunes"):
        _prune(call.books, contract, call.body.get("updates"))
    before = contracts.total(call.books, contract)
    response = sync.run(
        call,
        lines.KIND,
        lambda row, old: write_line(call, contract, row, old),
        lambda record: lines.show(call.books, record),
    )
    if contracts.total(call.books, contract) != before:
        touch(call.books, contract)
    return response


def _prune(books: Books, contract: Record, updates: Any) -> None:
    rows = [row for row in updates or () if isinstance(row, dict)]
    named = {str(row.get(name)) for row in rows for name in ("id", "origin_id") if row.get(name)}
    for line in books[lines.KIND].of(contract["id"]):
        if not {str(line["id"]), str(line["origin_id"])} & named:
            contracts.refuse_locked(books, contract, "line_items")
            books.remove(lines.KIND, line["id"])


ALL = "/v1.0/purchase_order_contracts"
LINES = f"{ALL}/{{id}}/line_items"
ROUTES = [
    Route("GET", ALL, list_contracts),
    Route("POST", ALL, add_contract),
    Route("PATCH", f"{ALL}/sync", sync_contracts),
    Route("GET", f"{ALL}/{{id}}", get_contract),
    Route("PATCH", f"{ALL}/{{id}}", change_contract),
    Route("DELETE", f"{ALL}/{{id}}", delete_contract),
    Route("GET", LINES, list_lines),
    Route("POST", LINES, add_line),
    Route("PATCH", f"{LINES}/sync", sync_lines),
    Route("PATCH", f"{LINES}/{{line_id}}", change_line),
    Route("DELETE", f"{LINES}/{{line_id}}", delete_line),
]
