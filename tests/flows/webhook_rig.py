"""The builder's company with doors that the simulators really deliver to, and what tests ask of it.

The address of the test's web server enters by ``settings.BASE_URL``; what workers do is done by the
test itself.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from connectors import tasks
from connectors.models import (
    Document,
    InboxEvent,
    Integration,
    Link,
    WebhookEndpoint,
    open_sealed,
)
from connectors.services import integrations, webhooks
from tests.engine.drive import work_on_documents
from tests.flows.conftest import ACTOR, Job
from tests.sandbox_process import SandboxProcess

ONE_ORDER = {"plain": True, "orders": 1}


@pytest.fixture
def reachable(
    live_server: LiveServer, settings: Settings, sandbox: SandboxProcess
) -> Iterator[None]:
    settings.BASE_URL = live_server.url
    yield
    # Nothing is delivered any more once the server has ended.
    sandbox.delete("/control/deliveries")


def enable(job: Job) -> None:
    """As a person would; what the worker does for it follows at once."""
    with job.scope():
        Integration.objects.filter(pk=job.integration.pk).update(enabled=False)
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
    assert sandbox.get("/control/deliveries/idle", timeout=50)["idle"]


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
