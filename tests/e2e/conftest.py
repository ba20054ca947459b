"""Workers that can be struck, on the database and the simulators of this test run."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.engine.job import Job, load_job
from connectors.management.demo import FLOW
from connectors.services import connections, integrations
from tests.e2e.crashes import Crashes, nursery, socket_folder_of_database, worker_env
from tests.e2e.pg_proxy import Boundary, PgProxy
from tests.engine.conftest import Connected, connected
from tests.sandbox_process import SandboxProcess

ACTOR = "system:tests"
Struck = Callable[..., Crashes]

__all__ = ["connected"]


@pytest.fixture
def struck(connected: Connected, sandbox: SandboxProcess) -> Iterator[Struck]:
    """A company that is about to sync, and workers to strike: ``struck(orders=33, bills=56)``."""
    with tempfile.TemporaryDirectory(prefix="mlc-crash-") as name:
        folder = Path(name)
        found: list[Crashes] = []

        def wanted(boundary: Boundary) -> bool:
            return bool(found) and found[0].wanted(boundary)

        proxy = PgProxy(folder, socket_folder_of_database(), wanted)
        with nursery(folder, worker_env(folder)) as workers:

            def make(**company: Any) -> Crashes:
                job = _begun(connected(options={"zoho_concurrency": 0}, **company))
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
    integrations.resume(job.integration, resolved=registry.resolve(FLOW), actor=ACTOR)
    return load_job(job.tenant_id, job.integration.pk, registry.resolve)
