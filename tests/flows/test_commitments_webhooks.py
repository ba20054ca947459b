"""Webhooks of both sides over real HTTP: hooks that live and die, hints, and late readings.

The simulators deliver to a web server of the test; what workers do is done by the test itself.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors import tasks
from connectors.core.flow import SOURCE
from connectors.core.states import State
from connectors.engine import dispatch, doorbell
from connectors.engine.extract import read_one
from connectors.engine.ledger import Reading, store
from connectors.engine.sessions import open_client
from connectors.models import Document, Integration, Run, WebhookEndpoint
from connectors.services import integrations, webhooks
from tests.engine.drive import advance_runs, run_until_idle, work_on_documents
from tests.flows.conftest import ACTOR, Builder, Job
from tests.flows.webhook_rig import (
    ONE_ORDER,
    asked,
    check_hooks,
    commitment,
    deliver_to,
    delivered,
    enable,
    endpoints,
    hooks,
    inbox,
    now_in_log,
    one_document,
    reachable,
    tell_zoho,
)
from tests.sandbox_process import SandboxProcess

__all__ = ["reachable"]

pytestmark = pytest.mark.usefixtures("reachable")


# --- hooks ----------------------------------------------------------------------------------------


def test_hooks_come_with_the_integration_return_when_dropped_and_go_with_it(
    builder: Builder, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(doorbell, "ring", lambda *ring: rung.append(ring))
    job = builder(**ONE_ORDER)
    assert hooks(sandbox) == []
    enable(job)
    endpoint = endpoints(job)[1]
    ring = (doorbell.CHECK_HOOKS, job.tenant_id, endpoint.pk)
    assert ring in rung
    [hook] = hooks(sandbox)
    assert hook["destination_url"] == webhooks.address(endpoint)
    rung.clear()
    dispatch.housekeeping()
    assert ring not in rung, "they were checked just now"

    sandbox.post("/control/call/procore/drop_hooks")
    look_back(job, timedelta(days=1))
    dispatch.housekeeping()
    assert ring in rung, "they are checked daily"
    check_hooks(job)
    [again] = hooks(sandbox)
    assert again["id"] != hook["id"]

    integrations.pause(job.integration, resolved=job.resolved, actor=ACTOR)
    check_hooks(job)
    assert hooks(sandbox) == []


def look_back(job: Job, ago: timedelta) -> None:
    with job.scope():
        WebhookEndpoint.objects.update(checked_at=timezone.now() - ago)


def test_what_fails_about_hooks_is_shown_and_tried_again_after_minutes(
    builder: Builder, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(doorbell, "ring", lambda *ring: rung.append(ring))
    job = builder(**ONE_ORDER)
    match = {"provider": "procore", "path_regex": "webhooks/hooks"}
    sandbox.post("/control/faults", {"rules": [{"match": match, "kind": "status", "status": 403}]})
    enable(job)
    sandbox.delete("/control/faults")
    endpoint = endpoints(job)[1]
    assert "Procore said" in endpoint.hooks_words
    ring = (doorbell.CHECK_HOOKS, job.tenant_id, endpoint.pk)
    rung.clear()
    dispatch.housekeeping()
    assert ring not in rung
    look_back(job, timedelta(minutes=11))
    dispatch.housekeeping()
    assert ring in rung
    check_hooks(job)
    assert endpoints(job)[1].hooks_words == ""
    assert len(hooks(sandbox)) == 1


def test_a_lost_ring_for_hooks_is_rung_again_within_a_minute(
    builder: Builder, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    integrations.pause(job.integration, resolved=job.resolved, actor=ACTOR)
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr(doorbell, "ring", lambda *ring: rung.append(ring))
    dispatch.housekeeping()
    assert (doorbell.CHECK_HOOKS, job.tenant_id, endpoints(job)[1].pk) in rung
    check_hooks(job)
    assert hooks(sandbox) == []


# --- hints ----------------------------------------------------------------------------------------


def test_hints_about_one_order_lead_to_one_reading_that_begins_after_them(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    tell_zoho(job, sandbox)
    document, link = one_document(job)
    before = now_in_log(sandbox)
    for day in ("2027-01-01", "2027-01-02", "2027-01-03"):
        path = f"/control/edit/zoho_books/purchaseorders/{document.key}"
        sandbox.post(path, {"delivery_date": day})
    delivered(sandbox)
    events = inbox(job, resource="purchaseorder")
    assert len(events) == 3
    tasks.follow_inbox(job.tenant_id, job.source.pk)
    assert len(asked(sandbox, before, f"/purchaseorders/{document.key}")) == 1
    assert {event.status for event in inbox(job, resource="purchaseorder")} == {"done"}
    document, _ = one_document(job)
    assert document.read_at is not None
    assert document.read_at > max(event.received_at for event in events)
    work_on_documents(job)
    assert commitment(sandbox, link)["delivery_date"] == "2027-01-03"


def test_a_poll_that_read_before_never_overwrites_what_a_fresher_webhook_posted(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    tell_zoho(job, sandbox)
    document, link = one_document(job)
    path = f"/control/edit/zoho_books/purchaseorders/{document.key}"
    sandbox.post(path, {"delivery_date": "2027-01-01"})
    late = poll_reads(job, document)
    assert late.raw is not None
    assert late.raw["delivery_date"] == "2027-01-01"
    deliver_to(job, sandbox, document.key, delivery_date="2027-02-02")
    assert commitment(sandbox, link)["delivery_date"] == "2027-02-02"
    fresher = one_document(job)[0]

    with job.scope():
        assert store(job, job.flow.streams[0], [late]) == 0
    kept = one_document(job)[0]
    assert kept.state == State.POSTED
    assert (kept.fingerprint, kept.version) == (fresher.fingerprint, fresher.version)
    assert kept.record is not None
    assert kept.record["delivery_date"] == "2027-02-02"
    work_on_documents(job)
    assert commitment(sandbox, link)["delivery_date"] == "2027-02-02"


def test_what_webhooks_lost_is_found_by_the_poll(builder: Builder, sandbox: SandboxProcess) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    tell_zoho(job, sandbox)
    document, link = one_document(job)
    sandbox.post("/control/deliveries", {"lose_one_in": 1})
    path = f"/control/edit/zoho_books/purchaseorders/{document.key}"
    sandbox.post(path, {"delivery_date": "2027-03-03"})
    delivered(sandbox)
    assert inbox(job, resource="purchaseorder") == []
    with job.scope():
        Integration.objects.update(next_run_at=timezone.now())
    dispatch.dispatch()
    while advance_and_work(job):
        pass
    assert commitment(sandbox, link)["delivery_date"] == "2027-03-03"


def advance_and_work(job: Job) -> int:
    """What the dispatcher rings for; gives how many runs are still unfinished."""
    advance_runs(job)
    work_on_documents(job)
    with job.scope():
        return Run.objects.filter(finished_at=None).count()


def test_the_poll_comes_every_fifteen_minutes_unless_somebody_says_otherwise(
    builder: Builder,
) -> None:
    job = builder(**ONE_ORDER)
    integrations.pause(job.integration, resolved=job.resolved, actor=ACTOR)
    made = integrations.create(
        tenant_id=job.tenant_id,
        resolved=job.resolved,
        name="As it comes",
        source=job.source,
        target=job.target,
        actor=ACTOR,
        enabled=True,
    )
    before = timezone.now()
    dispatch.start_scheduled(job.tenant_id, made.pk)
    with job.scope():
        made.refresh_from_db()
    assert made.next_run_at is not None
    ahead = made.next_run_at - before
    assert timedelta(minutes=14) < ahead < timedelta(minutes=16)


def poll_reads(job: Job, document: Document) -> Reading:
    """A poll's worker reads the order, and is paused before it stores what it has read."""
    with open_client(job, SOURCE) as client:
        return read_one(job.flow.streams[0], client, document)
