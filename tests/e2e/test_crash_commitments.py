"""A real worker killed or paused while orders become commitments, at boundaries seen from outside.

Webhooks of both providers come over HTTP and are followed by the workers that are struck. What
Procore holds in the end is judged by the comparer.
"""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from connectors.core.states import State
from connectors.models import Document, InboxEvent, Outcome, WebhookEndpoint, WorkSlot
from tests.e2e import ledger
from tests.e2e.commitment_books import compare
from tests.e2e.conftest import Struck
from tests.e2e.crashes import BOTH, Crashes, say
from tests.e2e.striking import commits_missing, requests_missing, strike_all
from tests.flows.test_commitments_whole import judged

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash_commitments")]

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
# Runs, cursors and master data are struck over the other flow: they know nothing of either.
STEPS = {"document", "attempt", "outcome", "link", "inboxevent", "webhookendpoint"}
HINT_CLAIMED, HINT_DONE = "update inboxevent()", "update inboxevent(status)"
STORED = "update document(record)"
# Kinds of commits that are paused at, in the first sync, and in all.
FIRST_PAUSES, ALL_PAUSES = 8, 16
EDITS_AT_A_TIME = 3
FEWEST_KILLS, FEWEST_PAUSES, FEWEST_LOOKS = 60, 12, 6


def assert_whole(crashes: Crashes) -> None:
    """The books are right, nothing is partial, and every webhook was followed."""
    result = judged(crashes.sandbox, crashes.job)
    assert result.ok, "\n".join([str(result), *led_there(crashes)])
    assert not [row["number"] for row in of_ours(crashes) if row["status"] == "Draft"]
    with crashes.job.scope():
        hints = InboxEvent.objects.exclude(status=InboxEvent.Status.PENDING)
        assert hints.count() == InboxEvent.objects.count() > 0
        of_orders = InboxEvent.objects.filter(connection=crashes.job.source)
        assert not of_orders.exclude(status=InboxEvent.Status.DONE).exists()


def led_there(crashes: Crashes) -> Iterator[str]:
    """What is said of each order that is not posted, and every step that was tried for it."""
    for row in ledger.rows(crashes.job.tenant_id, crashes.job.integration.pk):
        if row["kind"] == "purchase_order" and row["words"]:
            yield f"{row['number']} is {row['state']}: {row['words']}"
            yield from ledger.history(crashes.job.tenant_id, row)


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


def kill_everywhere(crashes: Crashes) -> None:
    crashes.only = STEPS
    crashes.set_gates(FIRST)
    crashes.set_gates({"make a hook"}, ("before",))
    crashes.set_gates({"make its triggers"}, ("after",))
    crashes.run(Crashes.kill, seconds=400)
    assert_whole(crashes)
    assert_one_hook(crashes)
    drop_hooks(crashes)
    crashes.set_gates({"make a hook"}, ("after",))
    crashes.set_gates({"make its triggers"}, ("before",))
    crashes.run(Crashes.kill, seconds=400)
    assert_one_hook(crashes)
    # People edit, and nobody polls: webhooks alone tell of it.
    crashes.strike_again("inboxevent", STORED)
    crashes.set_gates(EDITED)
    crashes.set_gates({"read an order"}, again=True)
    crashes.sandbox.post("/control/act")
    crashes.run(Crashes.kill, seconds=400)
    assert_whole(crashes)


def test_killed_at_each_commit_and_each_request(company: Struck) -> None:
    size = {"name": "construction", "orders": 20, "projects": 10, "edited": 15}
    crashes = strike_all(
        "killed",
        company,
        {**size, "plain": True, "moves": True},
        kill_everywhere,
        lambda crashes: [
            *requests_missing(crashes, crashes.requests.keys() - {"delete it"}),
            *commits_missing(crashes, {HINT_CLAIMED, HINT_DONE, STORED}, least=2),
            *commits_missing(crashes, {"insert attempt", "insert outcome", "insert link"}),
        ],
    )
    assert crashes.blows >= FEWEST_KILLS


def pause_everywhere(crashes: Crashes) -> None:
    crashes.only = {"insert attempt", "insert outcome", "inboxevent"}
    slowly(crashes)
    crashes.most = FIRST_PAUSES
    crashes.set_gates(WRITES)
    crashes.run(Crashes.pause, seconds=400)
    assert_whole(crashes)
    crashes.most = ALL_PAUSES
    crashes.strike_again("inboxevent")
    crashes.set_gates(REWRITES)
    # A few edits at a time: the other worker follows all that are known while one stands still.
    while crashes.sandbox.post(f"/control/act?most={EDITS_AT_A_TIME}")["left"]:
        crashes.run(Crashes.pause, seconds=400)
    crashes.run(Crashes.pause, seconds=400)
    assert_whole(crashes)


def test_paused_past_recovery_and_resumed(company: Struck) -> None:
    size = {"name": "construction", "orders": 18, "projects": 10, "edited": 10}
    crashes = strike_all(
        "paused and resumed",
        company,
        {**size, "plain": True, "moves": True},
        pause_everywhere,
        lambda crashes: [
            *requests_missing(crashes, WRITES | REWRITES),
            # One worker does what another was held at: not every phase comes by once more.
            *(
                f"commit: {what}"
                for what in ("insert attempt", "insert outcome", HINT_CLAIMED, HINT_DONE)
                if not any(crashes.commits_struck(phase, what) for phase in BOTH)
            ),
        ],
    )
    # Another worker looked at what the one that stood still had left open.
    looks = crashes.outcomes[Outcome.Result.FOUND] + crashes.outcomes[Outcome.Result.ABSENT]
    assert looks >= FEWEST_LOOKS
    assert crashes.blows >= FEWEST_PAUSES


def slowly(crashes: Crashes) -> None:
    """One batch after the other, and slowly: the other worker shall not do it all meanwhile."""
    with crashes.job.scope():
        WorkSlot.objects.filter(number__gt=1).delete()
    crashes.sandbox.post("/control/options", {"procore_latency": 0.1})


def test_killed_while_drafts_are_deleted(company: Struck) -> None:
    """Two orders whose lines were refused stand as drafts when people cancel them."""
    crashes = company("construction", plain=True, orders=4, projects=10)
    crashes.most = 0
    lines = {"match": crashes.requests["write its lines"].match, "kind": "status", "status": 422}
    crashes.sandbox.post("/control/faults", {"rules": [lines | {"count": 2}]})
    crashes.run(Crashes.kill, seconds=400)
    with crashes.job.scope():
        held = Document.objects.filter(state=State.HELD).order_by("key")
        keys = list(held.values_list("key", flat=True))
    assert len(keys) == 2
    assert {row["status"] for row in of_ours(crashes) if of(row, keys)} == {"Draft"}
    crashes.most, crashes.only = 1000, {"update link"}
    for key, phase in zip(keys, BOTH, strict=True):
        crashes.set_gates({"delete it"}, (phase,))
        path = f"/control/edit/zoho_books/purchaseorders/{key}"
        crashes.sandbox.post(path, {"status": "cancelled"})
        crashes.run(Crashes.kill, seconds=400)
    say("killed", crashes)
    for phase in BOTH:
        assert crashes.requests_struck(phase, "delete it") == 1
        assert crashes.commits_struck(phase, "update link") >= 1
    assert not [row for row in of_ours(crashes) if of(row, keys)]
    result = compare(*withdrawn(crashes, keys))
    assert result.ok, str(result)


def of(row: dict[str, str], keys: Collection[str]) -> bool:
    """Whether a commitment is one of these orders'."""
    return row["origin_id"].split(":")[2] in keys


def withdrawn(crashes: Crashes, keys: Collection[str]) -> tuple[Any, Any, Any, Any]:
    """Both books, the written ones but for these orders, and the ledger."""
    sandbox, job = crashes.sandbox, crashes.job
    expected = sandbox.get("/control/expected")
    wanted = [row for row in expected["commitments"] if row["source_key"] not in keys]
    counts = expected["documents"]["purchase_order"]
    counts |= {"posted": counts["posted"] - len(keys), "cancelled": len(keys)}
    books = (sandbox.get(f"/control/books/{name}") for name in ("zoho_books", "procore"))
    rows = ledger.rows(job.tenant_id, job.integration.pk)
    return (*books, expected | {"commitments": wanted}, rows)


def drop_hooks(crashes: Crashes) -> None:
    """Procore forgets its hooks; the next look comes at once."""
    crashes.sandbox.post("/control/call/procore/drop_hooks")
    with crashes.job.scope():
        WebhookEndpoint.objects.update(checked_at=None)
