"""A real worker killed at every boundary that can be seen from outside: the same final books."""

import pytest

from connectors.services import integrations
from tests.e2e import ledger
from tests.e2e.comparer import compare_over_http
from tests.e2e.conftest import ACTOR, Struck
from tests.e2e.crashes import Crashes, say

pytestmark = pytest.mark.slow


def assert_books(crashes: Crashes) -> None:
    rows = ledger.rows(crashes.job.tenant_id, crashes.job.integration.pk)
    result = compare_over_http(crashes.sandbox.url, rows)
    assert result.ok, result


def test_killed_at_each_commit_and_each_request(struck: Struck) -> None:
    crashes = struck(orders=33, bills=56)
    crashes.set_gates(crashes.requests, within=3)
    crashes.run(Crashes.kill, seconds=500)
    assert_books(crashes)
    # A week later: revisions, cancellations and new documents.
    crashes.sandbox.post("/control/act")
    integrations.run_now(crashes.job.integration, actor=ACTOR, sweep=True)
    crashes.run(Crashes.kill, seconds=500)
    assert_books(crashes)
    say("killed", crashes)
    for what in crashes.requests:
        for phase in ("before", "after"):
            assert crashes.struck[f"request, {phase}: {what}"] == 1, (phase, what)


@pytest.mark.parametrize("seed", [7])
def test_killed_at_random_moments_and_recovered_by_the_clock_alone(
    struck: Struck, seed: int
) -> None:
    """No lease is moved here: an abandoned claim must be found within 30 s of real time."""
    crashes = struck(plain=True, orders=10, bills=30)
    crashes.run_and_kill_at_random(kills=6, seed=seed, seconds=150)
    assert_books(crashes)
    say(f"killed, seed {seed}", crashes)
