"""What it takes to connect an example company; many tests begin with it, and so does the demo.

Counted, not timed. Who needs more should find out here, and not by a suite that got slow.
"""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.engine.job import Job
from connectors.models import Connection, ConnectionToken, Mapping, ReferenceItem
from tests import quick_flush
from tests.companies import connected
from tests.engine.drive import run_until_idle, states
from tests.flows.conftest import SMALL, UNTHROTTLED, connect_anew
from tests.sandbox_process import SandboxProcess

WISH = {
    "company": "construction",
    "counts": {"plain": True, "orders": 1, **SMALL},
    "options": UNTHROTTLED,
}
# Each project has lists of its own, and the connections' tests ask what is not documented.
MOST_STATEMENTS, MOST_REQUESTS = 530, 82
PROVIDERS = ("zoho_books", "procore")
MODELS = (Connection, ConnectionToken, Mapping, ReferenceItem)


def test_connecting_takes_a_known_number_of_statements_and_requests(
    sandbox: SandboxProcess, transactional_db: None
) -> None:
    with CaptureQueriesContext(connection) as captured:
        connect_anew(sandbox, WISH)
    requests = sandbox.get("/control/requests")["requests"]
    print(f"connecting: {len(captured)} statements, {len(requests)} requests")
    assert len(captured) <= MOST_STATEMENTS
    assert len(requests) <= MOST_REQUESTS


def test_a_copy_takes_no_request_and_is_the_company_that_was_connected(
    sandbox: SandboxProcess, transactional_db: None
) -> None:
    made: list[Job] = []

    def anew() -> Job:
        made.append(connect_anew(sandbox, WISH))
        return made[-1]

    def held(job: Job) -> list[Any]:
        with job.scope():
            rows = [list(model.objects.order_by("pk").values()) for model in MODELS]
        return [
            rows,
            *(sandbox.get(f"/control/books/{name}") for name in ("zoho_books", "procore")),
        ]

    wish = {**WISH, "for": "this test"}
    before = held(connected(sandbox, wish, anew))
    quick_flush.empty()
    in_procore = sandbox.get("/control/books/procore")["projects"][0]["id"]
    sandbox.post(f"/control/edit/procore/projects/{in_procore}", {"name": "Another"})
    copy = connected(sandbox, wish, anew)
    assert len(made) == 1
    assert sandbox.get("/control/requests")["requests"] == []
    assert held(copy) == before
    # The tokens of then are good: the copy can be worked with.
    run_until_idle(copy)
    assert states(copy, "purchase_order") == {"posted": 1}
