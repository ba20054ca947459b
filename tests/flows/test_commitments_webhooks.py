"""Webhooks of both sides over real HTTP: hooks that live and die, hints, echoes, and late readings.

The simulators deliver to a web server of the test; what workers do is done by the test itself.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from connectors import registry, tasks
from connectors.core.flow import SOURCE
from connectors.core.states import State
from connectors.engine import dispatch, doorbell, echoes
from connectors.engine.extract import read_one
from connectors.engine.ledger import Reading, store
from connectors.engine.sessions import open_client
from connectors.models import Document, InboxEvent, Link, WebhookEndpoint, open_sealed
from connectors.services import integrations, webhooks
from tests.engine.drive import fresh_job, run_until_idle, work_on_documents
from tests.flows.conftest import ACTOR, Builder, Job
from tests.sandbox_process import SandboxProcess

ONE_ORDER = {"plain": True, "orders": 1}
CONTRACTS = "/control/edit/procore/purchase_order_contracts"


@pytest.fixture(autouse=True)
def reachable(
    live_server: LiveServer, settings: Settings, sandbox: SandboxProcess
) -> Iterator[None]:
    settings.BASE_URL = live_server.url
    yield
    # Nothing is delivered any more once the server has ended.
    sandbox.delete("/control/deliveries")


def enable(job: Job) -> None:
    """As a person would; what the worker does for it follows at once."""
    integrations.resume(job.integration, resolved=job.resolved, actor=ACTOR)
    check_hooks(job)


def check_hooks(job: Job) -> None:
    for endpoint in endpoints(job):
        tasks.check_hooks(job.tenant_id, endpoint.pk)


def endpoints(job: Job) -> list[WebhookEndpoint]:
    with job.scope():
        rows = WebhookEndpoint.objects.select_related("connection")
        return list(rows.order_by("connection_id"))


def tell_zoho(job: Job, sandbox: SandboxProcess) -> None:
    """The workflow rule that a person adds."""
    [endpoint] = [row for row in endpoints(job) if row.connection_id == job.source.pk]
    with job.scope():
        secret = open_sealed(endpoint, webhooks.SEALED)["secret"]
    rule = {"url": webhooks.address(endpoint), "secret": secret}
    sandbox.post("/control/call/zoho_books/add_webhook", rule)


def delivered(sandbox: SandboxProcess) -> None:
    assert sandbox.get("/control/deliveries/idle", timeout=20)["idle"]


def hooks(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return list(sandbox.get("/control/books/procore")["hooks"])


def inbox(job: Job, **chosen: Any) -> list[InboxEvent]:
    with job.scope():
        return list(InboxEvent.objects.filter(**chosen).order_by("pk"))


def asked(sandbox: SandboxProcess, since: int, text: str) -> list[str]:
    """Requests whose path holds a text, since a number of the log."""
    rows = sandbox.get("/control/requests", since=since)["requests"]
    return [f"{row['method']} {row['path']}" for row in rows if text in row["path"]]


def now_in_log(sandbox: SandboxProcess) -> int:
    return int(sandbox.get("/control/totals")["last"])


def one_document(job: Job) -> tuple[Document, Link]:
    with job.scope():
        link = Link.objects.select_related("document").get(target_kind="commitment")
    return link.document, link


def commitment(sandbox: SandboxProcess, link: Link) -> dict[str, Any]:
    rows = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    (found,) = [row for row in rows if str(row["id"]) == link.target_id]
    return dict(found)


def deliver_to(job: Job, sandbox: SandboxProcess, key: str, **changes: str) -> None:
    """Somebody edits an order in Zoho; its webhook is followed and the commitment written."""
    sandbox.post(f"/control/edit/zoho_books/purchaseorders/{key}", changes)
    delivered(sandbox)
    tasks.follow_inbox(job.tenant_id, job.source.pk)
    work_on_documents(job)


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


def poll_reads(job: Job, document: Document) -> Reading:
    """A poll's worker reads the order, and is paused before it stores what it has read."""
    with open_client(job, SOURCE) as client:
        return read_one(job.flow.streams[0], client, document)


# --- what Procore tells ---------------------------------------------------------------------------


def test_our_own_writes_are_recognised_and_cost_no_look(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=3)
    enable(job)
    run_until_idle(job)
    delivered(sandbox)
    told = inbox(job, resource="Purchase Order Contracts")
    assert len(told) >= 3
    before = now_in_log(sandbox)
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    assert asked(sandbox, before, "purchase_order_contracts") == []
    after = inbox(job, resource="Purchase Order Contracts")
    assert {(event.status, event.words) for event in after} == {("ignored", echoes.WORDS)}


def test_other_peoples_edits_are_looked_at_among_our_own_echoes(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    _, link = one_document(job)
    sandbox.post(f"{CONTRACTS}/{link.target_id}", {"title": "Theirs"})
    delivered(sandbox)
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    statuses = [event.status for event in inbox(job, resource="Purchase Order Contracts")]
    assert statuses.count("done") == 1
    assert statuses.count("ignored") == len(statuses) - 1
    document, _ = one_document(job)
    assert (document.state, document.reason) == (State.HELD, "drifted")


def test_another_program_under_our_account_is_not_taken_for_us(
    builder: Builder, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    _, link = one_document(job)
    # Both clocks are the same here: a moment is enough to be after the last write of ours.
    monkeypatch.setattr(echoes, "_CLOCKS", timedelta(0))
    time.sleep(0.1)
    change_as_the_same_app(job, sandbox, link, title="Theirs, by another program")
    delivered(sandbox)
    last = inbox(job, resource="Purchase Order Contracts")[-1]
    assert last.source["user_id"] == job.target.profile["user_id"]
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    assert inbox(job, pk=last.pk)[0].status == "done"
    document, _ = one_document(job)
    assert (document.state, document.reason) == (State.HELD, "drifted")


def change_as_the_same_app(job: Job, sandbox: SandboxProcess, link: Link, **values: str) -> None:
    app = sandbox.get("/control/company")["procore"]
    keys = {name: app[name] for name in ("client_id", "client_secret")}
    with httpx.Client(base_url=f"{sandbox.url}/procore", trust_env=False) as client:
        asked = {"grant_type": "client_credentials", **keys}
        token = client.post("/login/oauth/token", json=asked).json()["access_token"]
        answer = client.patch(
            f"/api/rest/v1.0/purchase_order_contracts/{link.target_id}",
            json={"project_id": int(link.part), "purchase_order_contract": values},
            headers={"Authorization": f"Bearer {token}", "Procore-Company-Id": app["company_id"]},
        )
    assert answer.is_success, answer.text


def test_an_echo_that_a_person_has_followed_again_is_looked_at(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    delivered(sandbox)
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    echo = inbox(job, resource="Purchase Order Contracts")[0]
    assert echo.status == "ignored"
    before = now_in_log(sandbox)
    webhooks.replay(job.tenant_id, [echo.pk], actor=ACTOR)
    tasks.follow_inbox(job.tenant_id, job.target.pk)
    assert asked(sandbox, before, "purchase_order_contracts") != []
    assert inbox(job, pk=echo.pk)[0].status == "done"


def test_without_a_known_account_every_hint_is_looked_at(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(**ONE_ORDER)
    enable(job)
    run_until_idle(job)
    delivered(sandbox)
    with job.scope():
        profile = {k: v for k, v in job.target.profile.items() if k != "user_id"}
        type(job.target).objects.filter(pk=job.target.pk).update(profile=profile)
    events = inbox(job, resource="Purchase Order Contracts")
    assert echoes.among(fresh_job(job), events) == []
    assert echoes.among(job, events) == events
    later = datetime.now(UTC) + timedelta(hours=1)
    for event in events:
        event.source = {**event.source, "at": later.isoformat()}
    assert echoes.among(job, events) == [], "nothing of ours was under way then"
    for event in events:
        event.source = {**event.source, "at": "yesterday"}
    assert echoes.among(job, events) == []


def test_the_provider_says_what_our_account_did() -> None:
    spec = registry.provider("procore").webhooks
    assert spec is not None
    assert spec.own is not None
    source = {"user_id": "7", "at": "2026-02-06T23:34:12.246562Z"}
    moment = datetime(2026, 2, 6, 23, 34, 12, 246562, tzinfo=UTC)
    assert spec.own(source, {"user_id": "7"}) == moment
    assert spec.own(source, {"user_id": "8"}) is None
    assert spec.own(source, {}) is None
    assert spec.own({"user_id": "7"}, {"user_id": "7"}) is None
    assert spec.own({"at": source["at"]}, {"user_id": ""}) is None
