"""What people do in Procore's own pages, through the control door: add, edit, delete.

They are held to the same rules of sense as the API but not to locks, since they can reopen what
they need to change. ``invoiced`` of a contract says how much of it has been invoiced.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.procore import (
    budgets,
    contract_routes,
    contracts,
    cost_codes,
    lines,
    projects,
    vendors,
    wbs,
)
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

KINDS = (
    "projects",
    "vendors",
    "project_vendors",
    "line_item_types",
    "cost_codes",
    "wbs_codes",
    "budget_line_items",
    "purchase_order_contracts",
    "line_items",
)

# What goes with a deleted record: its entries in project directories, its budget lines.
DEPENDENTS = {
    "vendors": (("project_vendors", "vendor_id"),),
    "wbs_codes": (("budget_line_items", "wbs_code_id"),),
}


def compose(books: Books, kind: str, sent: Record, old: Record | None) -> Record:
    """A record of a kind from what a person typed, or from a seed."""
    project_id = int((old or sent).get("project_id") or 0)
    if kind == "projects":
        return projects.build(books, sent, old)
    if kind == "vendors":
        return _with_id(sent, vendors.build(books, sent, old))
    if kind == "line_item_types":
        return cost_codes.line_item_type(books, sent, old)
    if kind == "cost_codes":
        return cost_codes.build(books, project_id, sent, old)
    if kind == "wbs_codes":
        return wbs.build(books, project_id, sent, old)
    if kind == "budget_line_items":
        return budgets.build(books, project_id, sent, old)
    if kind == "purchase_order_contracts":
        made = contracts.build(books, project_id, sent, old, by_people=True)
        return _with_id(sent, made)
    if kind == "line_items":
        contract = _existing(books, contracts.KIND, (old or sent)["contract_id"])
        return lines.build(books, contract, sent, old)
    raise LookupError(f"People cannot do this to {kind!r}; they can to {KINDS}.")


def _with_id(sent: Record, record: Record) -> Record:
    return {**record, "id": int(sent["id"])} if sent.get("id") else record


def add(books: Books, kind: str, sent: Record) -> Record:
    """A person adds a record; a contract may come with its lines."""
    if kind == "project_vendors":
        return _join(books, int(sent["project_id"]), int(sent["vendor_id"]))
    own = {name: value for name, value in sent.items() if name != "line_items"}
    saved = books.save(kind, compose(books, kind, own, None))
    books.seen_id(saved["id"])
    if kind == contracts.KIND:
        for line in sent.get("line_items", ()):
            add(books, "line_items", {**line, "contract_id": saved["id"]})
    if kind == "line_items":
        _line_changed(books, saved)
    return saved


def _join(books: Books, project_id: int, vendor_id: int) -> Record:
    _existing(books, "projects", project_id)
    _existing(books, "vendors", vendor_id)
    if vendors.membership(books, project_id, vendor_id) is not None:
        raise ValueError("The vendor is in this project's directory already.")
    return vendors.join(books, project_id, vendor_id)


def edit(books: Books, kind: str, record_id: str, changes: Record) -> Record:
    """A person edits a record; its modified time moves."""
    old = _existing(books, kind, record_id)
    saved = books.save(kind, compose(books, kind, {**changes, "id": old["id"]}, old))
    if kind == "line_items":
        _line_changed(books, saved)
    return saved


def delete(books: Books, kind: str, record_id: str) -> None:
    """A person deletes a record; contracts stay known as deleted."""
    old = _existing(books, kind, record_id)
    if kind == contracts.KIND:
        contracts.delete(books, old, by_people=True)
        return
    _refuse_used(books, kind, old)
    for dependent, field in DEPENDENTS.get(kind, ()):
        for row in books[dependent].records():
            if row[field] == old["id"]:
                books.remove(dependent, row["id"])
    books.remove(kind, old["id"])
    if kind == "line_items":
        contract_routes.touch(books, books[contracts.KIND].need(old["contract_id"]))


def _line_changed(books: Books, line: Record) -> None:
    contract_routes.touch(books, books[contracts.KIND].need(line["contract_id"]))
    budgets.ensure(books, line["project_id"], line["wbs_code_id"])


def _refuse_used(books: Books, kind: str, record: Record) -> None:
    """What commitments use cannot be deleted; it can be made inactive."""
    used: dict[str, Any] = {
        "wbs_codes": lambda: books["line_items"].find(
            lambda line: line["wbs_code_id"] == record["id"]
        ),
        "vendors": lambda: books[contracts.KIND].find(lambda one: one["vendor_id"] == record["id"]),
        "cost_codes": lambda: books["wbs_codes"].find(
            lambda code: code["cost_code_id"] == record["id"]
        ),
        "line_item_types": lambda: books["wbs_codes"].find(
            lambda code: code["line_item_type_id"] == record["id"]
        ),
    }
    if kind == "projects" or (kind in used and used[kind]() is not None):
        raise ValueError(f"This {kind} record is in use; make it inactive instead.")


def _existing(books: Books, kind: str, record_id: Any) -> Record:
    record = books[kind].get(int(record_id)) if str(record_id).isdigit() else None
    if record is None:
        raise LookupError(f"Procore has no {kind} record {record_id}.")
    return record
