"""Playing a company through a running service, as its people and the clock would, and judging it.

A service and an integration enter; what was found leaves as a Round. Acts through the use cases
and judges only by the comparer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors import registry
from connectors.models import Integration, Run
from connectors.services import integrations
from tenants.scope import tenant_scope
from tests.e2e import deeds, ledger
from tests.e2e.comparer import Result, compare_over_http
from tests.e2e.planted_cases import Judged, table
from tests.e2e.stack import Service, wait_until

PERSON = "system:check-demo"
# So long nothing may stay as it is before a stage is given up.
_STANDSTILL_SECONDS = 240.0


@dataclass(kw_only=True)
class Round:
    """What a round found: one comparison per stage, and the ledger at its end."""

    name: str
    company: str
    tenant_id: int
    integration_id: int
    results: list[tuple[str, Result]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    # What this company alone counts, for its line at the end.
    numbers: dict[str, int] = field(default_factory=dict)
    seconds: float = 0

    @property
    def ok(self) -> bool:
        return all(result.ok for _, result in self.results)

    @property
    def last(self) -> Result:
        return self.results[-1][1]

    @property
    def cases(self) -> list[tuple[str, list[Judged]]]:
        """How the planted cases were judged, stage by stage."""
        return [(stage, result.cases) for stage, result in self.results]

    def count(self, state: str) -> int:
        return sum(row["state"] == state for row in self.rows)


class Driver:
    """Plays a company through a service, as its people and the clock would."""

    def __init__(
        self,
        service: Service,
        made: Round,
        *,
        lag_seconds: float = 0,
        between: Callable[[], None] | None = None,
    ) -> None:
        """``lag_seconds`` pass before anybody asks for a run after an act.

        ``between`` is called again and again while the service works.
        """
        self._service = service
        self._round = made
        self._lag = lag_seconds
        self._between = between or (lambda: None)
        self._mapped = False
        self._asked = f"company={made.company}"
        self._company: dict[str, Any] = service.control("GET", f"company?{self._asked}")

    @property
    def made(self) -> Round:
        """What was found so far."""
        return self._round

    def settle(self, stage: str) -> None:
        """Wait until nothing is under way, then compare."""
        took = self.rest(stage)
        self._round.rows = ledger.rows(self._round.tenant_id, self._round.integration_id)
        result = compare_over_http(
            self._service.url, self._round.rows, mapped=self._mapped, company=self._round.company
        )
        self._round.results.append((stage, result))
        verdict = "as expected" if result.ok else f"NOT AS EXPECTED\n{result}"
        if result.compared:
            verdict += f" ({' '.join(f'{what}={n}' for what, n in result.compared.items())})"
        print(f"  {stage:<34}{took:6.1f} s  {verdict}", flush=True)
        for row in self._round.rows:
            if row["words"] and any(f"({row['source_key']})" in m for m in result.mismatches):
                print(f"    {row['kind']} {row['number']}: {row['state']}: {row['words']}")
                print(*ledger.history(self._round.tenant_id, row), sep="\n")

    def rest(self, stage: str) -> float:
        """Wait until nothing is under way; gives the seconds."""
        took = wait_until(
            f"{self._round.name}: {stage}", self._at_rest, seconds=_STANDSTILL_SECONDS
        )
        self._round.seconds += took
        return took

    def edit(self) -> dict[str, Any]:
        """People do what the next act says: in the service, then at both systems."""
        self._do_deeds()
        played: dict[str, Any] = self._service.control("POST", f"act?{self._asked}")
        return played

    def _do_deeds(self) -> None:
        deeds.do_those_before_the_next_act(
            self._service.control("GET", f"company?{self._asked}"),
            ledger.integration(self._round.tenant_id, self._round.integration_id),
            self._service.control,
            actor=PERSON,
        )

    def edit_by_and_by(self, *, most: int, pause: float) -> str:
        """The same act, some edits at a time: while its beginning is synced, the rest goes on."""
        self._do_deeds()
        while True:
            played = self._service.control("POST", f"act?{self._asked}&most={most}")
            if not played["left"]:
                return str(played["name"])
            time.sleep(pause)

    def act(self) -> str:
        """People edit; then somebody asks for a full run.

        Where people go on editing while the act is synced, somebody asks once more.
        """
        played = self.edit()
        time.sleep(self._lag)
        self.run_now(sweep=True)
        if played["meanwhile"]:
            self.rest(f"{played['name']}, edited meanwhile")
            self.run_now()
        return str(played["name"])

    def run_now(self, *, sweep: bool = False) -> None:
        integration = ledger.integration(self._round.tenant_id, self._round.integration_id)
        integrations.run_now(integration, actor=PERSON, sweep=sweep)

    def resolve(self) -> int:
        """A person chooses the targets that were missing."""
        self._mapped = True
        return ledger.resolve_failures(
            self._round.tenant_id,
            self._round.integration_id,
            self._company["resolutions"],
            actor=PERSON,
        )

    def play_everything(self) -> None:
        """First sync, then each act, with the missing mappings resolved after the first one."""
        self.settle("first sync")
        for number in range(self._company["acts"]):
            self.settle(self.act())
            if number == 0 or self.resolve():
                mapped = self.resolve()
                self.settle(f"{mapped} mappings resolved")

    def stop(self) -> None:
        """No further runs, so that the next round has the sandbox to itself."""
        integration = ledger.integration(self._round.tenant_id, self._round.integration_id)
        resolved = registry.resolve(integration.flow)
        integrations.pause(integration, resolved=resolved, actor=PERSON)

    def _at_rest(self) -> bool | str:
        self._between()
        self._service.stack.raise_if_one_ended()
        with tenant_scope(self._round.tenant_id):
            runs = Run.objects.filter(integration_id=self._round.integration_id)
            unfinished = runs.exclude(status__in=[Run.Status.FINISHED, Run.Status.FAILED])
            waiting_for = [f"run {run.status} in {run.phase} ({run.words})" for run in unfinished]
            failed = runs.filter(status=Run.Status.FAILED).first()
        if failed is not None:
            raise AssertionError(f"a run failed: {failed.words}")
        under_way = ledger.under_way(self._round.tenant_id, self._round.integration_id)
        if under_way:
            waiting_for.append(f"{under_way} documents under way")
        on_their_way = self._service.deliveries_pending()
        hints = ledger.hints_to_follow(self._round.tenant_id)
        if on_their_way or hints:
            waiting_for.append(f"{on_their_way} webhooks on their way, {hints} to be followed")
        return not waiting_for or "; ".join(waiting_for)


def play(
    service: Service,
    name: str,
    integration: Integration,
    script: Callable[[Driver], None],
    *,
    lag_seconds: float = 0,
    company: str = "manufacturing",
    between: Callable[[], None] | None = None,
) -> Round:
    """Run a script of a company whose integration is enabled already."""
    print(f"{name}:", flush=True)
    assert integration.tenant_id is not None
    made = Round(
        name=name,
        company=company,
        tenant_id=integration.tenant_id,
        integration_id=integration.pk,
    )
    driver = Driver(service, made, lag_seconds=lag_seconds, between=between)
    script(driver)
    driver.stop()
    for kind, counts in made.last.counts.items():
        states = " ".join(f"{state}={number}" for state, number in counts.items())
        print(f"  {name} {kind}: {states}", flush=True)
    for row in table(made.cases):
        print(f"  {row}", flush=True)
    return made
