"""A real worker killed or paused at every boundary on the way from Procurify to Zoho Books.

Whatever strikes it, the final books are the ones that were written down.
"""

import pytest

from connectors.models import WorkSlot
from connectors.services import integrations
from tests.e2e import deeds, ledger
from tests.e2e.comparer import compare_over_http
from tests.e2e.conftest import ACTOR, Struck
from tests.e2e.crashes import Crashes, Strike
from tests.e2e.striking import commits_missing, requests_missing, strike_all

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash_bills")]

# The writes: what a worker that wakes up late could spoil.
WRITES = {
    "create an order",
    "set an order's status",
    "update an order",
    "create a bill",
    "update a bill",
}
# Where work begins, is claimed, tried, finished; in words that stand in the names of commits.
STEPS = {
    "update run",
    "insert referenceitem",
    "insert targetrecord",
    "update streamstate",
    "insert document",
    "update document(record)",
    "update workslot",
    "insert attempt",
    "insert outcome",
    "insert link",
    "insert wait",
}
# Kinds of commits that are paused at, in the first sync, and in all.
FIRST_PAUSES, ALL_PAUSES = 6, 10


def assert_books(crashes: Crashes) -> None:
    rows = ledger.rows(crashes.job.tenant_id, crashes.job.integration.pk)
    result = compare_over_http(crashes.sandbox.url, rows)
    assert result.ok, str(result)


def a_week_later(crashes: Crashes) -> None:
    """What people do in the service; then revisions, cancellations and new documents."""
    with crashes.without_gates():
        deeds.do_those_before_the_next_act(
            crashes.sandbox.get("/control/company"),
            crashes.job.integration,
            crashes.sandbox.control,
            actor=ACTOR,
        )
    crashes.sandbox.post("/control/act")
    integrations.run_now(crashes.job.integration, actor=ACTOR, sweep=True)


def once_more(crashes: Crashes, strike: Strike) -> None:
    """Somebody asks for another run: people edited something while the act was synced."""
    integrations.run_now(crashes.job.integration, actor=ACTOR)
    crashes.run(strike, seconds=500)


def kill_everywhere(crashes: Crashes) -> None:
    crashes.set_gates(crashes.requests, within=3)
    crashes.run(Crashes.kill, seconds=500)
    assert_books(crashes)
    a_week_later(crashes)
    crashes.run(Crashes.kill, seconds=500)
    once_more(crashes, Crashes.kill)
    assert_books(crashes)


def test_killed_at_each_commit_and_each_request(company: Struck) -> None:
    size = {"name": "manufacturing", "orders": 44, "bills": 104}
    strike_all(
        "killed",
        company,
        size,
        kill_everywhere,
        lambda crashes: [
            *requests_missing(crashes, crashes.requests),
            *commits_missing(crashes, STEPS),
        ],
    )


def pause_everywhere(crashes: Crashes) -> None:
    crashes.only = {"attempt", "outcome"}
    # One document after the other, and slowly: the other worker shall not do it all meanwhile.
    with crashes.job.scope():
        WorkSlot.objects.filter(number__gt=1).delete()
    crashes.sandbox.post("/control/options", {"zoho_latency": 0.15})
    crashes.set_gates(WRITES, within=3)
    crashes.most = FIRST_PAUSES
    crashes.run(Crashes.pause, seconds=500)
    assert_books(crashes)
    a_week_later(crashes)
    crashes.most = ALL_PAUSES
    crashes.run(Crashes.pause, seconds=500)
    once_more(crashes, Crashes.pause)
    assert_books(crashes)


def test_paused_past_recovery_and_resumed(company: Struck) -> None:
    size = {"name": "manufacturing", "orders": 50, "bills": 104}
    strike_all(
        "paused and resumed",
        company,
        size,
        pause_everywhere,
        lambda crashes: [
            *requests_missing(crashes, WRITES),
            *commits_missing(crashes, {"insert attempt", "insert outcome"}),
        ],
    )
