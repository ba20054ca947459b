"""An example company, connected and mapped, for tests that drive the engine in this process."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors import registry
from connectors.engine.job import Job, load_job
from connectors.management import demo
from tests import companies
from tests.engine.drive import without_schedule
from tests.engine.tiny.fixtures import committed as committed
from tests.engine.tiny.fixtures import engine as engine
from tests.engine.tiny.fixtures import new_world as new_world
from tests.engine.tiny.fixtures import tables as tables
from tests.engine.tiny.fixtures import world as world
from tests.engine.tiny.kept_fixtures import kept as kept
from tests.engine.tiny.kept_fixtures import linked as linked
from tests.engine.tiny.kept_fixtures import site as site
from tests.engine.tiny.kept_fixtures import waiting as waiting
from tests.sandbox_process import SandboxProcess

Connected = Callable[..., Job]


@pytest.fixture
def connected(sandbox: SandboxProcess, transactional_db: None) -> Connected:
    """Make a company of the wished size and connect it: ``connected(bills=20, plain=True)``."""

    def connect(*, options: dict[str, Any] | None = None, **counts: Any) -> Job:
        wish = {
            "company": "manufacturing",
            "counts": counts,
            "options": {**demo.SANDBOX_OPTIONS, **(options or {})},
        }

        def anew() -> Job:
            sandbox.post("/control/reset", wish)
            example = demo.EXAMPLES["manufacturing"]
            seeded = demo.seed(sandbox.url, example, enabled=False, interval_minutes=60)
            job = load_job(seeded.tenant.pk, seeded.integration.pk, registry.resolve)
            return without_schedule(job)

        return companies.connected(sandbox, wish, anew)

    return connect
