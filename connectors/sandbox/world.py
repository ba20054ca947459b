"""Everything one sandbox process holds: clock, simulators, company, deliveries, faults and gates.

Companies (built elsewhere from a seed) are loaded into the simulators, one or several side by side;
the acts of each are then played one by one, each a list of edits as people would make them. The
world knows simulators only by the protocols below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast, runtime_checkable

from aiohttp import web

from connectors.sandbox.clock import Clock
from connectors.sandbox.deliveries import Outbox
from connectors.sandbox.faults import Faults
from connectors.sandbox.gates import Gates
from connectors.sandbox.request_log import RequestLog
from connectors.sandbox.saves import Save, Saves, copied, taken


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


@runtime_checkable
class Joins(Protocol):
    """A simulator that can hold several companies at once."""

    def joined(self, states: list[dict[str, Any]], /) -> dict[str, Any]:
        """One state to load out of several companies', the first one's first."""


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


@dataclass
class Loaded:
    """A company that is here, how many of its acts have been played, and how much of the next."""

    company: Company
    played: int = 0
    begun: int = 0

    def expected(self) -> dict[str, Any]:
        """The authored books for the acts played so far (the first entry: before any act)."""
        if not self.company.expected:
            return {}
        return self.company.expected[min(self.played, len(self.company.expected) - 1)]


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
        self.loaded: dict[str, Loaded] = {}
        self.saves: dict[str, Save] = {}
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

    @property
    def company(self) -> Company | None:
        """The first company that is loaded."""
        return next((one.company for one in self.loaded.values()), None)

    def load_company(
        self, name: str, seed: int = 1, counts: Mapping[str, int] | None = None
    ) -> None:
        """Build a company by name and load its state; nothing of what was here stays."""
        self.load_companies([{"company": name, "seed": seed, "counts": counts}])

    def load_companies(self, wishes: Iterable[Mapping[str, Any]]) -> None:
        """Load several side by side: ``{company, seed?, counts?}`` each."""
        built = [self._build(wish) for wish in wishes]
        states = {name: self._state(name, built) for name in self.simulators}
        self.deliveries.clear()
        self.clock.turn_back_to(0)
        for name, simulator in self.simulators.items():
            simulator.load(states[name])
        self.loaded = {company.name: Loaded(company) for company in built}
        self._forget()

    def save(self, name: str) -> None:
        """Keep a copy of what all simulators hold, without faults, gates, hooks and the log."""
        self.saves[name] = Save(
            {
                key: taken(simulator, self.clock, self.options, self.deliveries)
                for key, simulator in self.simulators.items()
                if isinstance(simulator, Saves)
            },
            loaded={key: replace(one) for key, one in self.loaded.items()},
            options=dict(self.options),
            clock_offset=self.clock.offset_seconds,
        )

    def restore(self, name: str) -> None:
        """Hold again what was held at the save of that name; it may be restored many times."""
        save = self.saves.get(name)
        if save is None:
            raise LookupError(f"Nothing was saved as {name!r}; there is {sorted(self.saves)}.")
        self.deliveries.clear()
        self.clock.turn_back_to(save.clock_offset)
        self.options.clear()
        self.options.update(save.options)
        for key, state in save.simulators.items():
            simulator = cast(Saves, self.simulators[key])
            simulator.forget()
            copies = copied(simulator, state, self.clock, self.options, self.deliveries)
            for attribute, value in copies.items():
                setattr(simulator, attribute, value)
        self.loaded = {key: replace(one) for key, one in save.loaded.items()}
        self._forget()

    def _forget(self) -> None:
        """Nothing goes wrong and nothing has been asked."""
        self.faults.clear(counts=True)
        self.gates.clear()
        self.log.clear()

    def _build(self, wish: Mapping[str, Any]) -> Company:
        name = str(wish["company"])
        if name not in self.companies:
            raise LookupError(f"No company {name!r}; there is {sorted(self.companies)}.")
        return self.companies[name](seed=int(wish.get("seed", 1)), **(wish.get("counts") or {}))

    def _state(self, provider: str, companies: list[Company]) -> dict[str, Any]:
        """What a provider is to hold for these companies."""
        states: list[dict[str, Any]] = [
            state for company in companies if (state := getattr(company, provider))
        ]
        if len(states) < 2:
            return states[0] if states else {}
        simulator = self.simulators[provider]
        if isinstance(simulator, Joins):
            return simulator.joined(states)
        raise LookupError(f"{provider} holds one company at a time; load them one by one.")

    def play_next_act(self, name: str = "", most: int | None = None) -> dict[str, Any]:
        """Play a company's next act; says its number, how many edits it played, and what is left.

        With ``most``, so many edits of it at a time: people do not edit everything in one moment.
        The act counts as played, and moves the expected books, with its last edit. ``meanwhile``
        says that people will edit something while the act is synced.
        """
        loaded = self.find(name)
        company = loaded.company
        if loaded.played >= len(company.acts):
            raise LookupError(f"All {len(company.acts)} acts of {company.name} have been played.")
        if most is not None and most < 1:
            raise ValueError(f"An act is played by one edit at least, not by {most}.")
        act = company.acts[loaded.played]
        number = loaded.played + 1
        begin, end = loaded.begun, len(act) if most is None else min(loaded.begun + most, len(act))
        for edit in act[begin:end]:
            self.apply(edit)
        loaded.begun = end
        if end == len(act):
            loaded.played, loaded.begun = number, 0
        called = (str(edit["name"]) for edit in act if edit.get("name"))
        return {
            "name": next(called, f"act {number}"),
            "act": number,
            "of": len(company.acts),
            "edits": end - begin,
            "left": len(act) - end,
            "meanwhile": any(edit.get("rule", {}).get("meanwhile") for edit in act),
        }

    def apply(self, edit: Mapping[str, Any]) -> Any:
        """One scripted edit: ``{op, provider, kind, id?, changes?|record?}``, a clock step, or a
        fault that is to come: ``{op, rule}``.
        """
        op = edit.get("op", "edit")
        if op == "clock":
            return self.clock.advance(float(edit["advance_seconds"])).isoformat()
        if op == "fault":
            return self.faults.add_first(edit["rule"])
        if op == "call":
            return self.call(edit["provider"], edit["action"], dict(edit.get("params") or {}))
        simulator = self.simulator(edit["provider"])
        if op == "add":
            return simulator.add(edit["kind"], dict(edit["record"]))
        if op == "delete":
            return simulator.delete(edit["kind"], str(edit["id"]))
        if op == "edit":
            return simulator.edit(edit["kind"], str(edit["id"]), dict(edit["changes"]))
        raise ValueError(f"Unknown op {op!r}; known: add, edit, delete, call, clock, fault.")

    def call(self, provider: str, action: str, params: dict[str, Any]) -> Any:
        """A provider's own control action, such as issuing a self-client code."""
        calls = getattr(self.simulator(provider), "calls", {})
        if action not in calls:
            raise LookupError(f"{provider} has no call {action!r}; there is {sorted(calls)}.")
        return calls[action](params)

    def expected(self, name: str = "") -> dict[str, Any]:
        """The authored books of a company for the acts that were played."""
        return self.find(name).expected()

    def find(self, name: str = "") -> Loaded:
        """A company that is loaded, by its name; the first one unless named."""
        if not self.loaded:
            raise LookupError("No company is loaded; POST /control/reset with one.")
        name = name or next(iter(self.loaded))
        if name not in self.loaded:
            raise LookupError(f"{name!r} is not loaded; there is {sorted(self.loaded)}.")
        return self.loaded[name]
