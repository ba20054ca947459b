"""A real worker paused until another one has taken over its work, then resumed: the same books."""

import pytest

from connectors.models import WorkSlot
from connectors.services import integrations
from tests.e2e.conftest import ACTOR, Struck
from tests.e2e.crashes import Crashes, say
from tests.e2e.test_crash_kill import assert_books

pytestmark = pytest.mark.slow

# The writes: what a worker that wakes up late could spoil.
WRITES = {
    "create an order",
    "set an order's status",
    "update an order",
    "create a bill",
    "update a bill",
}
STRIKES = 14


def test_paused_past_recovery_and_resumed(struck: Struck) -> None:
    crashes = struck(orders=50, bills=75)
    crashes.only = {"attempt", "outcome"}
    # One document after the other, and slowly: the other worker shall not do it all meanwhile.
    with crashes.job.scope():
        WorkSlot.objects.filter(number__gt=1).delete()
    crashes.sandbox.post("/control/options", {"zoho_latency": 0.15})
    crashes.set_gates(WRITES, within=3)
    crashes.most = STRIKES
    crashes.run(Crashes.pause, seconds=500)
    assert_books(crashes)
    # A week later: revisions, cancellations and new documents.
    crashes.sandbox.post("/control/act")
    integrations.run_now(crashes.job.integration, actor=ACTOR, sweep=True)
    crashes.most = 2 * STRIKES
    crashes.run(Crashes.pause, seconds=500)
    assert_books(crashes)
    say("paused and resumed", crashes)
    for phase in ("before", "after"):
        for table in ("attempt", "outcome"):
            assert any(f"commit, {phase}: insert {table}" in what for what in crashes.struck)
    for what in WRITES:
        for phase in ("before", "after"):
            assert crashes.struck[f"request, {phase}: {what}"] == 1, (phase, what)
