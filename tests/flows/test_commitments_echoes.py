"""What Procore tells of commitments: our own writes come back, and other people's edits among them.

Over real HTTP: the simulator delivers to a web server of the test.
"""

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors import registry, tasks
from connectors.core.states import State
from connectors.engine import echoes
from connectors.models import Link
from connectors.services import webhooks
from tests.engine.drive import fresh_job, run_until_idle
from tests.flows.conftest import ACTOR, Builder, Job
from tests.flows.webhook_rig import (
    ONE_ORDER,
    asked,
    delivered,
    enable,
    inbox,
    now_in_log,
    one_document,
    reachable,
)
from tests.sandbox_process import SandboxProcess

__all__ = ["reachable"]

pytestmark = pytest.mark.usefixtures("reachable")
CONTRACTS = "/control/edit/procore/purchase_order_contracts"


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


@pytest.mark.soak
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


@pytest.mark.soak
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


@pytest.mark.soak
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
