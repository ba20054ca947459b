"""The Procore simulator as the sandbox's framework sees it.

State and control actions enter, routes and books leave. Everything is delegated to the modules of
the nouns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import web

from connectors.sandbox.clock import Clock
from connectors.sandbox.deliveries import Outbox
from connectors.sandbox.procore import (
    budgets,
    contract_routes,
    contracts,
    cost_codes,
    hooks,
    lines,
    people,
    projects,
    vendors,
    wbs,
    workflows,
)
from connectors.sandbox.procore.answers import money
from connectors.sandbox.procore.api import Front, Route
from connectors.sandbox.procore.errors import TOKEN_INVALID, Refusal, Shaper
from connectors.sandbox.procore.events import Events
from connectors.sandbox.procore.limits import SURPASSED, Limiter
from connectors.sandbox.procore.loader import load_companies
from connectors.sandbox.procore.oauth import Login, Token
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record

ROUTES: list[Route] = [
    *projects.ROUTES,
    *vendors.ROUTES,
    *cost_codes.ROUTES,
    *wbs.ROUTES,
    *budgets.ROUTES,
    *contract_routes.ROUTES,
    *hooks.ROUTES,
    *workflows.ROUTES,
]
SCRIPTED = {401: TOKEN_INVALID, 429: SURPASSED}


class Simulator:
    """The login host, the API, and the companies where the app is installed."""

    name = "procore"
    SAVED = ("companies", "tokens")

    def __init__(self, clock: Clock, options: dict[str, Any]) -> None:
        self._clock = clock
        self._options = options
        self.companies: dict[int, Books] = {}
        self.login = Login(clock, options, self._first)
        self._events = Events(options)
        self._limiters: dict[int, Limiter] = {}
        self._shaper = Shaper(options)
        self.calls: dict[str, Callable[[dict[str, Any]], Any]] = {
            "expire_tokens": lambda params: self.login.clear(),
            "revoke_grants": lambda params: self._disconnect(True),
            "suspend": lambda params: options.update(procore_suspended=True),
            "resume": lambda params: self._resume(),
            "drop_hooks": self.drop_hooks,
            "permit": self.permit,
            "invoice": self.invoice,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Replace everything by a company's state."""
        with control_door():
            self.companies = load_companies(state, self._clock, self._options)
        self.login.clear()
        self._limiters.clear()
        for books in self.companies.values():
            books.observer = partial(self._events.observe, books)

    def forget(self) -> None:
        """Count requests anew."""
        self._limiters.clear()

    @property
    def tokens(self) -> dict[str, Token]:
        """What the login host has given out."""
        return self.login.tokens

    @tokens.setter
    def tokens(self, tokens: dict[str, Token]) -> None:
        self.login.tokens = tokens

    def send_through(self, outbox: Outbox) -> None:
        """Webhooks leave by this queue."""
        self._events.send_through(outbox)

    def routes(self) -> list[web.RouteDef]:
        """The login host and the API."""
        front = Front(
            self.login, lambda: self.companies, self._limiter, self._shaper, self._options
        )
        deliveries = hooks.deliveries_route(lambda: self._events.outbox)
        return [*self.login.routes(), *front.routes([*ROUTES, deliveries])]

    def books(self) -> dict[str, Any]:
        """The company's records as the API shows them; deleted contracts stand apart."""
        if not self.companies:
            return {}
        books = self._first()
        rows = books["purchase_order_contracts"].records()
        return {
            "company": books.company,
            "projects": [projects.show(books, row) for row in books["projects"].records()],
            "vendors": [vendors.show(books, row) for row in books["vendors"].records()],
            "project_vendors": books["project_vendors"].records(),
            "cost_codes": books["cost_codes"].records(),
            "line_item_types": books["line_item_types"].records(),
            "wbs_codes": [
                {**wbs.show(books, row), "project_id": row["project_id"]}
                for row in books["wbs_codes"].records()
            ],
            "budget_line_items": books["budget_line_items"].records(),
            "purchase_order_contracts": [_contract(books, r) for r in rows if not r["deleted_at"]],
            "deleted_purchase_order_contracts": [
                _contract(books, row) for row in rows if row["deleted_at"]
            ],
            "hooks": [hooks.show(row) for row in books["hooks"].records()],
            "triggers": [hooks.show_trigger(row) for row in books["triggers"].records()],
        }

    def edit(self, kind: str, record_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """A person edits a record."""
        with control_door():
            return _shown(self._first(), kind, people.edit(self._first(), kind, record_id, changes))

    def add(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """A person adds a record."""
        with control_door():
            return _shown(self._first(), kind, people.add(self._first(), kind, record))

    def delete(self, kind: str, record_id: str) -> None:
        """A person deletes a record."""
        with control_door():
            people.delete(self._first(), kind, record_id)

    def error_response(self, status: int) -> web.Response:
        """A scripted error with a body that Procore would send."""
        message = SCRIPTED.get(status, f"{HTTPStatus(status).phrase}.")
        return self._shaper.response(Refusal(status, message))

    def drop_hooks(self, params: dict[str, Any]) -> int:
        """Procore forgets all hooks, as it does with those of an app that was reinstalled."""
        books = self._first()
        dropped = [row["id"] for row in books["hooks"].records()]
        for hook_id in dropped:
            hooks.drop(books, hook_id)
        return len(dropped)

    def permit(self, params: dict[str, Any]) -> list[int]:
        """An administrator picks the permitted projects anew: {"projects": [ids]}."""
        self._first().permitted = {int(one) for one in params["projects"]}
        return sorted(self._first().permitted or ())

    def invoice(self, params: dict[str, Any]) -> dict[str, Any]:
        """A vendor has invoiced: {"project_id", "number", "amount"}, as people know a contract."""
        name = (params["project_id"], params["number"])
        found = self._first()[contracts.KIND].find(
            lambda one: (one["project_id"], one["number"]) == name
        )
        if found is None:
            raise LookupError(f"Procore has no purchase order {name[1]} on project {name[0]}.")
        return self.edit(contracts.KIND, str(found["id"]), {"invoiced": params["amount"]})

    def _first(self) -> Books:
        if not self.companies:
            return Books(self._clock, self._options)
        return next(iter(self.companies.values()))

    def _limiter(self, company_id: int) -> Limiter:
        if company_id not in self._limiters:
            self._limiters[company_id] = Limiter(self._clock, self._options)
        return self._limiters[company_id]

    def _disconnect(self, gone: bool) -> int:
        self._options["procore_disconnected"] = gone
        return self.login.clear()

    def _resume(self) -> None:
        self._options["procore_suspended"] = self._options["procore_disconnected"] = False


def _contract(books: Books, row: Record) -> Record:
    return contracts.show(books, row)


def _shown(books: Books, kind: str, record: Record) -> Record:
    """A record as a person sees it."""
    if kind == contracts.KIND:
        return contracts.show(books, record)
    if kind == lines.KIND:
        return lines.show(books, record)
    amount = record.get("original_budget_amount")
    return {**record, "original_budget_amount": money(amount)} if amount is not None else record


@contextmanager
def control_door() -> Iterator[None]:
    """A refusal of the books becomes a plain error of the control door."""
    try:
        yield
    except Refusal as refusal:
        raise ValueError(refusal.message) from refusal
