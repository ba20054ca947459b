"""Seed state to a company's books: what a seed leaves out is completed as Procore would.

A state dict (its form stands in ``state``) enters, books leave. Seeded records go through the same
builders as the API's, so that they cannot contradict themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.procore import people
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

TIMES = ("created_at", "updated_at", "deleted_at")


def load_companies(
    state: Mapping[str, Any], clock: Clock, options: Mapping[str, Any]
) -> dict[int, Books]:
    """The books of every company where the app is installed; the first one holds the state."""
    if not state.get("company"):
        return {}
    books = Books(clock, options, state)
    fill(books, state)
    others = {
        other["id"]: Books(clock, options, {**_shared(state), "company": other})
        for other in books.other_companies
    }
    for other in others.values():
        every = (books.company, *books.other_companies)
        other.other_companies = [one for one in every if one["id"] != other.company["id"]]
    return {books.company["id"]: books, **others}


def _shared(state: Mapping[str, Any]) -> dict[str, Any]:
    names = ("client_id", "client_secret", "user", "people", "application_id")
    return {name: state[name] for name in names if name in state}


def fill(books: Books, state: Mapping[str, Any]) -> None:
    """Put the seeded records into the books, referred to before referring."""
    _reserve_ids(books, state)
    for kind in ("line_item_types", "vendors"):
        for seed in state.get(kind, ()):
            _load(books, kind, seed)
    for seed in state.get("projects", ()):
        _load_project(books, seed)
    for seed in state.get("purchase_order_contracts", ()):
        _load_contract(books, seed)


def _load_project(books: Books, seed: Record) -> None:
    own = {name: value for name, value in seed.items() if not isinstance(value, list)}
    project_id = _load(books, "projects", own)["id"]
    for vendor_id in seed.get("vendors", ()):
        entry = {"id": books.next_id(), "project_id": project_id, "vendor_id": vendor_id}
        books.load("project_vendors", entry)
    for code in seed.get("cost_codes", ()):
        _load(books, "cost_codes", {**code, "project_id": project_id})
    for code in seed.get("wbs_codes", ()):
        own = {name: value for name, value in code.items() if name != "budget"}
        loaded = _load(books, "wbs_codes", {**own, "project_id": project_id})
        if code.get("budget") is not None:
            line = {"project_id": project_id, "wbs_code_id": loaded["id"]}
            _load(books, "budget_line_items", {**line, "original_budget_amount": code["budget"]})


def _load_contract(books: Books, seed: Record) -> None:
    own = {name: value for name, value in seed.items() if name != "line_items"}
    contract = _load(books, "purchase_order_contracts", own)
    for line in seed.get("line_items", ()):
        _load(books, "line_items", {**line, "contract_id": contract["id"]})


def _load(books: Books, kind: str, seed: Record) -> Record:
    record = people.compose(books, kind, seed, None)
    times = {name: seed[name] for name in TIMES if seed.get(name)}
    return books.load(kind, {**record, **times})


def _reserve_ids(books: Books, value: Any) -> None:
    """Keep new ids clear of every one in the seed, wherever it stands."""
    if isinstance(value, Mapping):
        if isinstance(value.get("id"), int):
            books.seen_id(value["id"])
        value = value.values()
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        for one in value:
            _reserve_ids(books, one)
