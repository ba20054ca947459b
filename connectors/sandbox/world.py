"""Everything one sandbox process holds: clock, simulators, company, deliveries, faults and gates.

A company (built elsewhere from a seed) is loaded into the simulators; its acts are then played one
by one, each a list of edits as people would make them. The world knows simulators only by the
protocol below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from connectors.sandbox.clock import Clock
from connectors.sandbox.deliveries import Outbox
from connectors.sandbox.faults import Faults
from connectors.sandbox.gates import Gates
from connectors.sandbox.request_log import RequestLog


class Simulator(Protocol):
    """What the framework needs of a provider's simulator.

    Optional beyond this: ``error_response(status) -> web.Response`` gives scripted errors the
    provider's own body, and ``calls: dict[str, Callable[[dict], object]]`` names actions for
    ``POST /control/call/{provider}/{name}``; expire_tokens, revoke_grants and suspend serve the
    fault kinds of those names.
    """

    name: str

    def load(self, state: dict[str, Any]) -> None:
        """Replace all state."""

    def routes(self) -> list[web.RouteDef]:
        """The provider's URLs, absolute on this server."""

    def books(self) -> dict[str, Any]:
        """All state, money as Decimal or text."""

    def edit(self, kind: str, record_id: str, changes: dict[str, Any], /) -> dict[str, Any]:
        """Change a record as a person would."""

    def add(self, kind: str, record: dict[str, Any], /) -> dict[str, Any]:
        """Add a record as a person would."""

    def delete(self, kind: str, record_id: str, /) -> None:
        """Delete a record as a person would."""


@runtime_checkable
class Sends(Protocol):
    """A simulator that sends webhooks."""

    def send_through(self, outbox: Outbox, /) -> None:
        """Where its deliveries are to be put."""


class Company(Protocol):
    """An example company with the books that a correct sync must end in."""

    @property
    def name(self) -> str:
        """How it is loaded."""

    @property
    def procurify(self) -> dict[str, Any]:
        """Starting state there."""

    @property
    def zoho_books(self) -> dict[str, Any]:
        """Starting state there."""

    @property
    def procore(self) -> dict[str, Any]:
        """Starting state there."""

    @property
    def connect(self) -> dict[str, Any]:
        """What a person needs to connect both sides: hosts' parts, credentials, mappings."""

    @property
    def expected(self) -> list[dict[str, Any]]:
        """The right books before any act and after each."""

    @property
    def acts(self) -> list[list[dict[str, Any]]]:
        """Edits by act."""


CompanyBuilder = Callable[..., Company]
SimulatorFactory = Callable[[Clock, dict[str, Any]], Simulator]


class World:
    """The state of one sandbox process.

    ``options`` is one dict for the whole life of the process, shared with the simulators: they see
    changes at once.
    """

    def __init__(
        self,
        simulators: Mapping[str, SimulatorFactory],
        companies: Mapping[str, CompanyBuilder] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.clock = Clock()
        self.options: dict[str, Any] = dict(options or {})
        self.faults = Faults()
        self.gates = Gates()
        self.log = RequestLog()
        self.companies = dict(companies or {})
        self.company: Company | None = None
        self.played = 0
        self.deliveries = Outbox(self.clock)
        self.simulators = {
            name: make(self.clock, self.options) for name, make in simulators.items()
        }
        for simulator in self.simulators.values():
            if isinstance(simulator, Sends):
                simulator.send_through(self.deliveries)

    def simulator(self, name: str) -> Simulator:
        """The provider's simulator."""
        if name not in self.simulators:
            raise LookupError(f"No provider {name!r} here; there is {sorted(self.simulators)}.")
        return self.simulators[name]

    def load_company(
        self, name: str, seed: int = 1, counts: Mapping[str, int] | None = None
    ) -> None:
        """Build a company by name and load its state; nothing of the last one stays."""
        if name not in self.companies:
            raise LookupError(f"No company {name!r}; there is {sorted(self.companies)}.")
        self.company = self.companies[name](seed=seed, **(counts or {}))
        self.deliveries.clear()
        for provider, simulator in self.simulators.items():
            simulator.load(getattr(self.company, provider))
        self.played = 0
        self.faults.clear(counts=True)
        self.gates.clear()
        self.log.clear()

    def play_next_act(self) -> dict[str, Any]:
        """Play the company's next act; says its number and how many edits it had."""
        company = self._loaded()
        if self.played >= len(company.acts):
            raise LookupError(f"All {len(company.acts)} acts of {company.name} have been played.")
        act = company.acts[self.played]
        for edit in act:
            self.apply(edit)
        self.played += 1
        name = next((str(edit["name"]) for edit in act if edit.get("name")), f"act {self.played}")
        return {"name": name, "act": self.played, "of": len(company.acts), "edits": len(act)}

    def apply(self, edit: Mapping[str, Any]) -> Any:
        """One scripted edit: ``{op, provider, kind, id?, changes?|record?}``, or a clock step."""
        op = edit.get("op", "edit")
        if op == "clock":
            return self.clock.advance(float(edit["advance_seconds"])).isoformat()
        if op == "call":
            return self.call(edit["provider"], edit["action"], dict(edit.get("params") or {}))
        simulator = self.simulator(edit["provider"])
        if op == "add":
            return simulator.add(edit["kind"], dict(edit["record"]))
        if op == "delete":
            return simulator.delete(edit["kind"], str(edit["id"]))
        if op == "edit":
            return simulator.edit(edit["kind"], str(edit["id"]), dict(edit["changes"]))
        raise ValueError(f"Unknown op {op!r}; known: add, edit, delete, call, clock.")

    def call(self, provider: str, action: str, params: dict[str, Any]) -> Any:
        """A provider's own control action, such as issuing a self-client code."""
        calls = getattr(self.simulator(provider), "calls", {})
        if action not in calls:
            raise LookupError(f"{provider} has no call {action!r}; there is {sorted(calls)}.")
        return calls[action](params)

    def expected(self) -> dict[str, Any]:
        """The authored books for the acts played so far (the first entry: before any act)."""
        company = self._loaded()
        if not company.expected:
            return {}
        return company.expected[min(self.played, len(company.expected) - 1)]

    def _loaded(self) -> Company:
        if self.company is None:
            raise LookupError("No company is loaded; POST /control/reset with one.")
        return self.company
