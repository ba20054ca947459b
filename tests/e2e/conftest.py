"""Workers that can be struck, on the database and the simulators of this test run."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from connectors import registry
from connectors.core.flow import SOURCE
from connectors.engine.job import Job, load_job
from connectors.management import demo
from connectors.models import Integration, WebhookEndpoint, open_sealed
from connectors.services import connections, integrations, webhooks
from tenants.scope import tenant_scope
from tests.e2e.crashes import Crashes
from tests.e2e.pg_proxy import PgProxy
from tests.e2e.workers import Nursery, nursery, socket_folder_of_database, worker_env
from tests.engine.conftest import connected
from tests.sandbox_process import SandboxProcess

ACTOR = "system:tests"
Struck = Callable[..., Crashes]
# Batches in which orders for one project meet.
BUILDERS_BATCH = 12

__all__ = ["connected"]


class Rig(NamedTuple):
    """What all crash tests of a process share: a place to start workers, and their way to data."""

    nursery: Nursery
    proxy: PgProxy


@pytest.fixture(scope="session")
def rig(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    live_server: LiveServer,
    sandbox: SandboxProcess,
) -> Iterator[Rig]:
    """One nursery and one door in front of PostgreSQL, started when the first test asks."""
    with tempfile.TemporaryDirectory(prefix="mlc-crash-") as name:
        folder = Path(name)
        proxy = PgProxy(folder, socket_folder_of_database())
        with nursery(folder, worker_env(folder, base_url=live_server.url)) as workers:
            yield Rig(workers, proxy)
        proxy.close()


@pytest.fixture
def company(
    rig: Rig,
    sandbox: SandboxProcess,
    live_server: LiveServer,
    settings: Settings,
    transactional_db: None,
) -> Iterator[Struck]:
    """Makes companies that are about to sync, one after the other, and workers to strike.

    ``company("construction", plain=True, orders=20)``; the last one's work is ended. What providers
    deliver reaches a web server of ours.
    """
    settings.BASE_URL = live_server.url
    # Nobody guesses these passwords; a proper hash of each takes longer than the rest.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    made: list[Crashes] = []

    def make(name: str, **counts: Any) -> Crashes:
        if made:
            _end(made[-1])
        job = _begun(_connected(sandbox, name, len(made), counts))
        crashes = Crashes(job, sandbox, rig.nursery, rig.proxy)
        if name == "construction":
            crashes.engine = {"claim_batch": BUILDERS_BATCH}
            _add_rule(sandbox, job)
        rig.proxy.wanted = crashes.wanted
        made.append(crashes)
        return crashes

    yield make
    rig.proxy.rest()
    rig.nursery.stop_all()
    sandbox.delete("/control/gates")


def _connected(
    sandbox: SandboxProcess, name: str, number: int, counts: dict[str, Any]
) -> Integration:
    options = {**demo.SANDBOX_OPTIONS, "zoho_concurrency": 0}
    sandbox.delete("/control/gates")
    sandbox.post("/control/reset", {"company": name, "counts": counts, "options": options})
    like = demo.EXAMPLES[name]
    example = demo.Example(
        slug=f"{like.slug}-{number}",
        name=like.name,
        time_zone=like.time_zone,
        company=name,
        flow=like.flow,
    )
    return demo.seed(sandbox.url, example, enabled=False, interval_minutes=60).integration


def _begun(integration: Integration) -> Job:
    """Enabled, and with room for the calls that dead workers seem to be making still."""
    assert integration.tenant_id is not None
    job = load_job(integration.tenant_id, integration.pk, registry.resolve)
    for side in ("source", "target"):
        connection = job.connection(side)
        wider = {**connection.settings, "concurrency": 200}
        connections.change(connection, spec=job.spec(side), actor=ACTOR, settings=wider)
        connections.ping(connection, spec=job.spec(side), actor=ACTOR)
    resolved = registry.resolve(job.flow.key)
    integrations.resume(job.integration, resolved=resolved, actor=ACTOR)
    return load_job(job.tenant_id, job.integration.pk, registry.resolve)


def _end(crashes: Crashes) -> None:
    """No further work for a company whose simulators are about to forget it."""
    job = crashes.job
    resolved = registry.resolve(job.flow.key)
    integrations.pause(job.integration, resolved=resolved, actor=ACTOR)
    with tenant_scope(job.tenant_id):
        WebhookEndpoint.objects.all().delete()


def _add_rule(sandbox: SandboxProcess, job: Job) -> None:
    """What a person sets up in Zoho Books: a workflow rule that calls our address."""
    endpoint = webhooks.open_endpoint(job.connection(SOURCE), actor=ACTOR)
    with job.scope():
        secret = open_sealed(endpoint, webhooks.SEALED)["secret"]
        address = webhooks.address(endpoint)
    rule = {
        "url": address,
        "secret": secret,
        "organization_id": job.source.settings["organization_id"],
    }
    sandbox.post("/control/call/zoho_books/add_webhook", rule)
