"""Providers that fail while webhooks are followed or hooks are made: later all is as it should be.

Faults fire on real HTTP in both directions; what workers do is done by the test itself.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from connectors import tasks
from connectors.core.states import Reason, State
from connectors.engine.policy import policy
from connectors.flows.zoho_books_to_procore.words import COMMITMENTS
from connectors.models import Document, InboxEvent, Link, WebhookEndpoint
from connectors.providers.procore.webhooks import EVENTS
from tests.engine.drive import run_until_idle, work_on_documents
from tests.flows.conftest import Builder, Job
from tests.flows.test_commitments_drift import CONTRACTS
from tests.flows.test_commitments_faults import faults, fired, forget_policy, hurried
from tests.flows.webhook_rig import (
    ONE_ORDER,
    check_hooks,
    delivered,
    enable,
    hooks,
    inbox,
    reachable,
    tell_zoho,
)
from tests.sandbox_process import SandboxProcess

__all__ = ["forget_policy", "hurried", "reachable"]

pytestmark = pytest.mark.usefixtures("reachable")

DAY = "2027-03-04"
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429, "retry_after": "1"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "malformed_body"},
)
ONE = {"provider": "zoho_books", "method": "GET"}
CONTRACT = {"provider": "procore", "method": "GET", "path_regex": r"/purchase_order_contracts/\d+"}
MAKE_HOOK = {"provider": "procore", "method": "POST", "path_regex": r"/webhooks/hooks\?"}
MAKE_TRIGGERS = {"provider": "procore", "method": "POST", "path_regex": r"/triggers/bulk"}


INTERRUPTED = ("drop_before", "drop_after", "error_after", "malformed_body")


def reading(key: str) -> dict[str, str]:
    return {**ONE, "path_regex": rf"/purchaseorders/{key}"}


def posted(builder: Builder, sandbox: SandboxProcess, **company: Any) -> Job:
    """A company whose orders stand in Procore, and whose webhooks are told."""
    job = builder(**company)
    enable(job)
    run_until_idle(job)
    delivered(sandbox)
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    tell_zoho(job, sandbox)
    return job


def links(job: Job) -> list[Link]:
    with job.scope():
        rows = Link.objects.filter(target_kind=COMMITMENTS).select_related("document")
        return list(rows.order_by("document__key"))


def orders(job: Job) -> list[str]:
    return sorted({link.document.key for link in links(job)})


def edit(sandbox: SandboxProcess, *keys: str, day: str = DAY) -> None:
    for key in keys:
        path = f"/control/edit/zoho_books/purchaseorders/{key}"
        sandbox.post(path, {"delivery_date": day})
    delivered(sandbox)


def follow_once_due(job: Job, connection_id: int) -> None:
    """The time that pending hints wait for is over."""
    with job.scope():
        InboxEvent.objects.filter(status="pending").update(next_at=timezone.now())
    tasks.follow_inbox(job.tenant_id, connection_id)


# --- hints ----------------------------------------------------------------------------------------


@pytest.mark.crash
def test_a_hint_waits_while_its_order_cannot_be_read(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    """Each kind of failure befalls an order of its own."""
    job = posted(builder, sandbox, plain=True, orders=len(FAULTS), projects=10)
    for key, fault in zip(orders(job), FAULTS, strict=True):
        faults(sandbox, {"match": reading(key), **fault})
        edit(sandbox, key)
        began = timezone.now()
        tasks.follow_inbox(job.tenant_id, job.source.pk)
        (event,) = inbox(job, connection=job.source, key=key)
        assert event.status == "pending", fault
        assert event.next_at > began
        work_on_documents(job)
        assert DAY not in dates(job, sandbox, [key]), fault

        sandbox.delete("/control/faults")
        until_followed(job, event)
        work_on_documents(job)
        assert dates(job, sandbox, [key]) == {DAY}, fault
    counts = fired(sandbox)
    print(f"faults: {dict(counts)}")
    assert counts.keys() == {fault["kind"] for fault in FAULTS}
    # A read that may help itself is tried three times.
    assert counts.total() >= 2 * len(FAULTS)


def until_followed(job: Job, event: InboxEvent) -> None:
    """The governor may pause for as long as the provider has said."""
    ends = time.monotonic() + 60
    while inbox(job, pk=event.pk, status="pending"):
        assert time.monotonic() < ends, inbox(job, pk=event.pk)[0].words
        time.sleep(0.1)
        follow_once_due(job, job.source.pk)


@pytest.mark.crash
def test_an_order_that_cannot_be_read_holds_up_no_other(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = posted(builder, sandbox, plain=True, orders=6)
    first, *others = orders(job)
    faults(sandbox, {"match": reading(first), "kind": "status", "status": 500})
    edit(sandbox, first, *others)
    tasks.follow_inbox(job.tenant_id, job.source.pk)
    events = {event.key: event for event in inbox(job, connection=job.source)}
    assert (events[first].status, events[first].tries) == ("pending", 1)
    assert "Zoho Books" in events[first].words
    assert {events[key].status for key in others} == {"done"}
    work_on_documents(job)
    assert dates(job, sandbox, others) == {DAY}
    assert DAY not in dates(job, sandbox, [first])

    # Several in a row mean that all will fail: three are asked for, each as often as reads are.
    sandbox.delete("/control/faults", counts=1)
    faults(sandbox, {"match": reading(r"\d+"), "kind": "drop_before"})
    edit(sandbox, *others, day="2027-05-06")
    follow_once_due(job, job.source.pk)
    assert fired(sandbox) == {"drop_before": 9}
    assert len(inbox(job, connection=job.source, status="pending")) == 6
    sandbox.delete("/control/faults")
    follow_once_due(job, job.source.pk)
    work_on_documents(job)
    assert dates(job, sandbox, [first]) == {DAY}
    assert dates(job, sandbox, others) == {"2027-05-06"}
    assert inbox(job, connection=job.source, status="pending") == []


def test_hints_stay_with_who_follows_them_and_no_longer_than_a_claim(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = posted(builder, sandbox, plain=True, orders=2, projects=10)
    edit(sandbox, *orders(job))
    gate = sandbox.post("/control/gates", {"match": reading(r"\d+"), "nth": 2})
    follower = Thread(target=in_a_thread, args=[tasks.follow_inbox, job, job.source.pk])
    began = timezone.now()
    follower.start()
    assert sandbox.get(f"/control/gates/{gate['id']}/wait")["hit"]
    first_read = max(document.read_at for document in documents(job) if document.read_at)
    assert first_read > began
    until = {event.next_at for event in inbox(job, connection=job.source, status="pending")}
    claim = timedelta(seconds=policy().claim_seconds)
    assert len(until) == 1
    assert first_read + claim < min(until) < timezone.now() + claim
    tasks.follow_inbox(job.tenant_id, job.source.pk)
    assert len(inbox(job, connection=job.source, status="pending")) == 2, "nobody else's"
    sandbox.post(f"/control/gates/{gate['id']}/release", {"action": "continue"})
    follower.join(timeout=60)
    assert inbox(job, connection=job.source, status="pending") == []


def documents(job: Job) -> list[Document]:
    with job.scope():
        return list(Document.objects.filter(key__in=orders(job)))


def dates(job: Job, sandbox: SandboxProcess, keys: list[str]) -> set[str]:
    """What Procore says of these orders' delivery."""
    rows = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    told = {str(row["id"]): str(row["delivery_date"]) for row in rows}
    return {told[link.target_id] for link in links(job) if link.document.key in keys}


def test_a_target_that_cannot_be_looked_at_is_looked_at_later(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = posted(builder, sandbox, **ONE_ORDER)
    (link,) = links(job)
    sandbox.post(f"{CONTRACTS}/{link.target_id}", {"title": "Theirs"})
    delivered(sandbox)
    faults(sandbox, {"match": CONTRACT, "kind": "drop_after"})
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    pending = inbox(job, connection=job.target, status="pending")
    assert pending
    assert {event.key for event in pending} == {link.target_id}
    sandbox.delete("/control/faults")
    follow_once_due(job, job.target.pk)
    assert inbox(job, connection=job.target, status="pending") == []
    with job.scope():
        document = Document.objects.get(pk=link.document_id)
    assert (document.state, document.reason) == (State.HELD, Reason.DRIFTED)


# --- hooks ----------------------------------------------------------------------------------------


def test_hooks_that_are_interrupted_end_as_one_with_all_its_triggers(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    for match, kind in product((MAKE_HOOK, MAKE_TRIGGERS), INTERRUPTED):
        sandbox.post("/control/call/procore/drop_hooks")
        faults(sandbox, {"match": match, "kind": kind, "count": 1})
        check_hooks(job)
        assert endpoint(job).hooks_words, "what failed is shown"
        check_hooks(job)
        (hook,) = hooks(sandbox)
        triggers = sandbox.get("/control/books/procore")["triggers"]
        told = Counter((row["resource_name"], row["event_type"].lower()) for row in triggers)
        assert told == Counter(EVENTS), (match, kind)
        assert endpoint(job).hooks_words == ""
        assert endpoint(job).hooks["hook_id"] == str(hook["id"])
    assert fired(sandbox) == dict.fromkeys(INTERRUPTED, 2)
    written = writes(sandbox)
    check_hooks(job)
    assert writes(sandbox) == written, "nothing is left to do"


def test_two_who_make_the_hook_at_once_end_with_one(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    sandbox.post("/control/call/procore/drop_hooks")
    gate = sandbox.post("/control/gates", {"match": MAKE_HOOK, "phase": "before"})
    slower = Thread(target=in_a_thread, args=[tasks.check_hooks, job, endpoint(job).pk])
    slower.start()
    assert sandbox.get(f"/control/gates/{gate['id']}/wait")["hit"]
    check_hooks(job)
    (made,) = hooks(sandbox)
    sandbox.post(f"/control/gates/{gate['id']}/release", {"action": "continue"})
    slower.join(timeout=60)
    assert hooks(sandbox) == [made]
    assert endpoint(job).hooks["hook_id"] == str(made["id"])
    assert endpoint(job).hooks_words == ""


def in_a_thread(task: Callable[[int, int], None], job: Job, row_id: int) -> None:
    """As another worker."""
    try:
        task(job.tenant_id, row_id)
    finally:
        connection.close()


def endpoint(job: Job) -> WebhookEndpoint:
    with job.scope():
        return WebhookEndpoint.objects.get(connection=job.target)


def writes(sandbox: SandboxProcess) -> int:
    return int(sandbox.get("/control/totals")["totals"]["procore"]["by_kind"]["write"])
