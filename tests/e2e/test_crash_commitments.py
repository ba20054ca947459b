"""A real worker killed or paused while orders become commitments, at boundaries seen from outside.

Webhooks of both providers come over HTTP and are followed by the workers that are struck. What
Procore holds in the end is judged by the comparer.
"""

import pytest

from connectors.models import InboxEvent, WebhookEndpoint, WorkSlot
from tests.e2e.conftest import Struck
from tests.e2e.crashes import Crashes, say
from tests.flows.test_commitments_whole import judged

pytestmark = pytest.mark.slow

FIRST = {
    "list the orders",
    "read an order",
    "add a vendor to a project",
    "look up by origin id",
    "create a commitment",
    "create several at once",
    "write its lines",
    "approve a commitment",
    "approve several at once",
}
EDITED = {
    "read a commitment",
    "list its lines",
    "open it again",
    "change its head",
    "delete a line",
    "close it",
}
# The writes: what a worker that wakes up late could spoil.
WRITES = {
    "create a commitment",
    "create several at once",
    "write its lines",
    "approve a commitment",
    "approve several at once",
}
REWRITES = {"open it again", "change its head", "delete a line", "close it"}
HINT_CLAIMED, HINT_DONE = "update inboxevent()", "update inboxevent(status)"
STORED = "update document(whole row)"
BOTH = ("before", "after")
FEWEST_KILLS, FEWEST_PAUSES = 60, 18


def assert_whole(crashes: Crashes) -> None:
    """The books are right, nothing is partial, and every webhook was followed."""
    result = judged(crashes.sandbox, crashes.job)
    assert result.ok, str(result)
    assert not [row["number"] for row in of_ours(crashes) if row["status"] == "Draft"]
    with crashes.job.scope():
        hints = InboxEvent.objects.exclude(status=InboxEvent.Status.PENDING)
        assert hints.count() == InboxEvent.objects.count() > 0
        of_orders = InboxEvent.objects.filter(connection=crashes.job.source)
        assert not of_orders.exclude(status=InboxEvent.Status.DONE).exists()


def of_ours(crashes: Crashes) -> list[dict[str, str]]:
    rows = crashes.sandbox.get("/control/books/procore")["purchase_order_contracts"]
    return [row for row in rows if row["origin_id"]]


def assert_one_hook(crashes: Crashes) -> None:
    books = crashes.sandbox.get("/control/books/procore")
    (hook,) = books["hooks"]
    told = [(row["resource_name"], row["event_type"]) for row in books["triggers"]]
    assert len(told) == len(set(told)) == 10
    with crashes.job.scope():
        endpoint = WebhookEndpoint.objects.get(connection=crashes.job.target)
    assert endpoint.hooks["hook_id"] == str(hook["id"])


def test_killed_at_each_commit_and_each_request(struck_builder: Struck) -> None:
    crashes = struck_builder(plain=True, orders=20, projects=10, edited=15, moves=True)
    crashes.set_gates(FIRST)
    crashes.set_gates({"make a hook"}, ("before",))
    crashes.set_gates({"make its triggers"}, ("after",))
    crashes.run(Crashes.kill, seconds=400)
    assert_whole(crashes)
    assert_one_hook(crashes)
    drop_hooks(crashes)
    crashes.set_gates({"make a hook"}, ("after",))
    crashes.set_gates({"make its triggers"}, ("before",))
    crashes.run(Crashes.kill, seconds=100)
    assert_one_hook(crashes)
    # People edit, and nobody polls: webhooks alone tell of it.
    crashes.strike_again("inboxevent", STORED)
    crashes.set_gates({*EDITED, "read an order"})
    crashes.sandbox.post("/control/act")
    crashes.run(Crashes.kill, seconds=400)
    assert_whole(crashes)
    say("killed", crashes)
    for phase in BOTH:
        for what in crashes.requests.keys() - {"delete it", "read an order"}:
            assert crashes.struck[f"request, {phase}: {what}"] == 1, (phase, what)
        for what in (HINT_CLAIMED, HINT_DONE, STORED):
            assert crashes.struck[f"commit, {phase}: {what}"] == 2, (phase, what)
    assert crashes.blows >= FEWEST_KILLS


def test_paused_past_recovery_and_resumed(struck_builder: Struck) -> None:
    crashes = struck_builder(plain=True, orders=16, projects=10, edited=8, moves=True)
    crashes.only = {"insert attempt", "insert link", "inboxevent"}
    slowly(crashes)
    crashes.set_gates(WRITES)
    crashes.run(Crashes.pause, seconds=400)
    assert_whole(crashes)
    crashes.strike_again("inboxevent")
    crashes.set_gates(REWRITES)
    crashes.sandbox.post("/control/act")
    crashes.run(Crashes.pause, seconds=400)
    assert_whole(crashes)
    say("paused and resumed", crashes)
    for phase in BOTH:
        for what in WRITES | REWRITES:
            assert crashes.struck[f"request, {phase}: {what}"] == 1, (phase, what)
        for what in ("insert attempt", "insert link", HINT_CLAIMED, HINT_DONE):
            assert any(
                name.startswith(f"commit, {phase}") and what in name for name in crashes.struck
            ), (phase, what)
    assert crashes.blows >= FEWEST_PAUSES


def slowly(crashes: Crashes) -> None:
    """One batch after the other, and slowly: the other worker shall not do it all meanwhile."""
    with crashes.job.scope():
        WorkSlot.objects.filter(number__gt=1).delete()
    crashes.sandbox.post("/control/options", {"procore_latency": 0.1})


def drop_hooks(crashes: Crashes) -> None:
    """Procore forgets its hooks; the next look comes at once."""
    crashes.sandbox.post("/control/call/procore/drop_hooks")
    with crashes.job.scope():
        WebhookEndpoint.objects.update(checked_at=None)
