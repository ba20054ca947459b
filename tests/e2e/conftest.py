"""Workers that can be struck, on the database and the simulators of this test run."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from connectors import registry
from connectors.engine.job import Job, load_job
from connectors.models import WebhookEndpoint, open_sealed
from connectors.services import connections, integrations, webhooks
from tests.e2e.crashes import Crashes
from tests.e2e.pg_proxy import Boundary, PgProxy
from tests.e2e.workers import nursery, socket_folder_of_database, worker_env
from tests.engine.conftest import Connected, connected
from tests.flows.conftest import Builder, builder
from tests.sandbox_process import SandboxProcess

ACTOR = "system:tests"
Struck = Callable[..., Crashes]

__all__ = ["builder", "connected"]


@pytest.fixture
def struck(connected: Connected, sandbox: SandboxProcess) -> Iterator[Struck]:
    """A company that is about to sync, and workers to strike: ``struck(orders=33, bills=56)``."""
    with _striking(sandbox) as strike:
        yield lambda **company: strike(
            _begun(connected(options={"zoho_concurrency": 0}, **company))
        )


@pytest.fixture
def struck_builder(
    builder: Builder, sandbox: SandboxProcess, live_server: LiveServer, settings: Settings
) -> Iterator[Struck]:
    """The builder's company alike; what providers deliver reaches a web server of ours."""
    settings.BASE_URL = live_server.url
    # Batches in which orders for one project meet.
    with _striking(sandbox, claim_batch=12) as strike:

        def make(**company: Any) -> Crashes:
            job = _begun(builder(options={"zoho_concurrency": 0}, **company))
            _add_rule(sandbox, job)
            return strike(job)

        yield make


@contextmanager
def _striking(sandbox: SandboxProcess, **engine: float) -> Iterator[Callable[[Job], Crashes]]:
    with tempfile.TemporaryDirectory(prefix="mlc-crash-") as name:
        folder = Path(name)
        found: list[Crashes] = []

        def wanted(boundary: Boundary) -> bool:
            return bool(found) and found[0].wanted(boundary)

        proxy = PgProxy(folder, socket_folder_of_database(), wanted)
        with nursery(folder, worker_env(folder, **engine)) as workers:

            def make(job: Job) -> Crashes:
                found.append(Crashes(job, sandbox, workers, proxy))
                return found[0]

            yield make
        proxy.close()
        sandbox.delete("/control/gates")


def _begun(job: Job) -> Job:
    """Enabled, and with room for the calls that dead workers seem to be making still."""
    for side in ("source", "target"):
        connection = job.connection(side)
        wider = {**connection.settings, "concurrency": 200}
        connections.change(connection, spec=job.spec(side), actor=ACTOR, settings=wider)
        connections.ping(connection, spec=job.spec(side), actor=ACTOR)
    resolved = registry.resolve(job.flow.key)
    integrations.resume(job.integration, resolved=resolved, actor=ACTOR)
    return load_job(job.tenant_id, job.integration.pk, registry.resolve)


def _add_rule(sandbox: SandboxProcess, job: Job) -> None:
    """What a person sets up in Zoho Books: a workflow rule that calls our address."""
    with job.scope():
        endpoint = WebhookEndpoint.objects.select_related("connection").get(connection=job.source)
        secret = open_sealed(endpoint, webhooks.SEALED)["secret"]
    rule = {
        "url": webhooks.address(endpoint),
        "secret": secret,
        "organization_id": job.source.settings["organization_id"],
    }
    sandbox.post("/control/call/zoho_books/add_webhook", rule)
