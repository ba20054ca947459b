"""What a sync costs in calls: a backfill per bill, and a poll that finds nothing new.

Counted at the sandbox, status steps and look-ups included.
"""

from datetime import timedelta

import pytest

from connectors.core import clock
from connectors.management import demo
from connectors.models import ReferenceState, Run
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states
from tests.sandbox_process import SandboxProcess

BILLS = 300


def _calls(sandbox: SandboxProcess) -> dict[str, dict[str, int]]:
    totals = sandbox.get("/control/totals")["totals"]
    return {provider: counts["by_kind"] for provider, counts in totals.items()}


@pytest.mark.soak
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
    """Lists of the source for what is new, lists of changes there for what somebody changed."""
    job = connected(plain=True, orders=12, bills=12)
    run_until_idle(job)
    # What our own steps changed last is compared once.
    run_until_idle(job)
    sandbox.delete("/control/requests")
    run = run_until_idle(job)
    rows = sandbox.get("/control/requests")["requests"]
    lists = sum(len(stream.listings) for stream in job.flow.streams)
    watched = len(job.flow.indexes)
    assert [row["provider"] for row in rows] == [
        *["procurify"] * lists,
        *["zoho_books"] * watched,
    ], rows
    assert len({row["path"].partition("?")[0] for row in rows}) == lists + watched
    assert run.calls == {"procurify read": lists, "zoho_books read": watched}


@pytest.mark.soak
def test_frequent_polls_look_at_the_target_now_and_then(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=1)
    run_until_idle(job)
    sandbox.delete("/control/requests")
    run = run_until_idle(job, trigger=Run.Trigger.SCHEDULE)
    assert "zoho_books read" not in run.calls, "it was looked at a moment ago"
    with job.scope():
        ReferenceState.objects.filter(kind__startswith="index:").update(
            read_at=clock.now() - timedelta(minutes=6)
        )
    run = run_until_idle(job, trigger=Run.Trigger.SCHEDULE)
    assert run.calls["zoho_books read"] >= len(job.flow.indexes)


def test_setting_up_twice_changes_nothing(connected: Connected, sandbox: SandboxProcess) -> None:
    job = connected(plain=True, orders=1, bills=1)
    sandbox.delete("/control/requests")
    example = demo.EXAMPLES["manufacturing"]
    again = demo.seed(sandbox.url, example, enabled=False, interval_minutes=60)
    assert (again.tenant.pk, again.integration.pk) == (job.tenant_id, job.integration.pk)
    assert sandbox.get("/control/requests")["requests"] == []
