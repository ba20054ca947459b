"""What a sync costs in calls: a backfill per bill, and a poll that finds nothing new.

Counted at the sandbox, status steps and look-ups included.
"""

import pytest

from connectors.management import demo
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states
from tests.sandbox_process import SandboxProcess

BILLS = 1000


def _calls(sandbox: SandboxProcess) -> dict[str, dict[str, int]]:
    totals = sandbox.get("/control/totals")["totals"]
    return {provider: counts["by_kind"] for provider, counts in totals.items()}


@pytest.mark.slow
def test_a_backfill_costs_hardly_more_than_one_call_per_bill(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(
        plain=True,
        orders=0,
        bills=BILLS,
        # Nothing but the number of calls is looked at here, so nobody shall wait.
        options={"zoho_per_minute": 0, "zoho_daily": 100_000},
    )
    before = _calls(sandbox)["zoho_books"]
    run_until_idle(job, seconds=600)
    after = _calls(sandbox)["zoho_books"]
    assert states(job) == {"posted": BILLS}
    spent = {kind: after[kind] - before.get(kind, 0) for kind in after}
    print(f"backfill of {BILLS} bills: {spent} calls to Zoho Books")
    assert sum(spent.values()) <= 1.05 * BILLS


def test_a_poll_that_finds_nothing_new_costs_one_call_per_list(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=12, bills=12)
    run_until_idle(job)
    sandbox.delete("/control/requests")
    run = run_until_idle(job)
    rows = sandbox.get("/control/requests")["requests"]
    lists = sum(len(stream.listings) for stream in job.flow.streams)
    assert [row["provider"] for row in rows] == ["procurify"] * lists, rows
    assert len({row["path"].partition("?")[0] for row in rows}) == lists
    assert run.calls == {"procurify read": lists}


def test_setting_up_twice_changes_nothing(connected: Connected, sandbox: SandboxProcess) -> None:
    job = connected(plain=True, orders=1, bills=1)
    sandbox.delete("/control/requests")
    example = demo.EXAMPLES["manufacturing"]
    again = demo.seed(sandbox.url, example, enabled=False, interval_minutes=60)
    assert (again.tenant.pk, again.integration.pk) == (job.tenant_id, job.integration.pk)
    assert sandbox.get("/control/requests")["requests"] == []
