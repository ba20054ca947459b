"""Commitments survive a Procore that fails: every write once, nothing partial approved.

Faults fire on writes of every step over real HTTP; the comparer judges the books at the end.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from connectors.core.states import Reason, State
from connectors.engine.policy import policy
from connectors.flows.zoho_books_to_procore.words import ORDERS
from connectors.models import Document, Outcome
from connectors.services.replay import replay_documents
from tenants.scope import tenant_scope
from tests.engine.drive import run_until_idle, states
from tests.flows.conftest import Builder
from tests.flows.test_commitments_whole import judged
from tests.sandbox_process import SandboxProcess

SYNC_CONTRACTS = {"provider": "procore", "path_regex": "purchase_order_contracts/sync"}
SYNC_LINES = {"provider": "procore", "path_regex": "line_items/sync"}
ADD_VENDOR = {"provider": "procore", "path_regex": "actions/add"}
KINDS = ("drop_before", "drop_after", "error_after", "malformed_body")


@pytest.fixture
def hurried(settings: Settings) -> None:
    """Looks at the target come soon after each other, so that tests need not wait."""
    settings.ENGINE = {
        "settle_seconds": 0.5,
        "first_look_seconds": 0.1,
        "write_seconds": 2,
        "claim_seconds": 8,
        "retry_first_seconds": 0.1,
        "retry_most_seconds": 0.5,
    }
    policy.cache_clear()


@pytest.fixture(autouse=True)
def forget_policy() -> Iterator[None]:
    yield
    policy.cache_clear()


def faults(sandbox: SandboxProcess, *rules: dict[str, Any]) -> None:
    sandbox.post("/control/faults", {"rules": list(rules)})


def fired(sandbox: SandboxProcess) -> Counter[str]:
    summary = sandbox.get("/control/faults")
    return Counter({kind: int(count) for kind, count in summary["fired"].items()})


@pytest.mark.soak
def test_every_step_is_done_once_whatever_becomes_of_its_answer(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = builder(plain=True, orders=20, projects=15, vendors=40)
    faults(
        sandbox,
        *(
            {"match": match, "kind": kind, "probability": 0.12, "seed": 7 * place + n}
            for place, match in enumerate((SYNC_CONTRACTS, SYNC_LINES, ADD_VENDOR))
            for n, kind in enumerate(KINDS)
        ),
    )
    run_until_idle(job, seconds=600)
    counts = fired(sandbox)
    print(f"faults: {dict(counts)}")
    assert counts.total() >= 12
    sandbox.delete("/control/faults?counts=1")
    result = judged(sandbox, job)
    assert result.ok, str(result)
    assert states(job, ORDERS) == {State.POSTED: 20}
    # Vendors and projects that nobody confirmed are not kept up; nothing else is left open.
    assert set(states(job)) == {State.POSTED, State.NOT_APPLICABLE}
    with tenant_scope(job.tenant_id):
        results = set(Outcome.objects.values_list("result", flat=True))
        assert Outcome.Result.UNKNOWN in results
        assert not Document.objects.exclude(open_attempt=None).exists()


def test_a_commitment_whose_lines_fail_stays_a_draft_and_is_completed_later(
    builder: Builder, sandbox: SandboxProcess, hurried: None
) -> None:
    job = builder(plain=True, orders=3)
    faults(sandbox, {"match": SYNC_LINES, "kind": "status", "status": 422, "count": 1})
    run_until_idle(job)
    with tenant_scope(job.tenant_id):
        (held,) = Document.objects.filter(state=State.HELD)
    assert held.reason == Reason.REFUSED
    statuses = {row["status"] for row in of_order(sandbox, held.key)}
    assert statuses == {"Draft"}, "no part is approved before all have their lines"
    replay_documents(job.tenant_id, [held.pk], actor="user:1")
    run_until_idle(job)
    result = judged(sandbox, job)
    assert result.ok, str(result)


def test_a_vendor_that_procore_refuses_for_the_project_holds_its_orders(
    builder: Builder, sandbox: SandboxProcess, hurried: None, caplog: pytest.LogCaptureFixture
) -> None:
    """The step comes before the create, so that there is no commitment to ask for its status."""
    job = builder(plain=True, orders=3)
    faults(sandbox, {"match": ADD_VENDOR, "kind": "status", "status": 422, "count": 1})
    run_until_idle(job)
    with tenant_scope(job.tenant_id):
        held = list(Document.objects.filter(state=State.HELD))
        assert not Document.objects.exclude(open_attempt=None).exists()
    assert held
    assert {document.reason for document in held} == {Reason.REFUSED}
    assert "met an error" not in caplog.text
    replay_documents(job.tenant_id, [document.pk for document in held], actor="user:1")
    run_until_idle(job)
    result = judged(sandbox, job)
    assert result.ok, str(result)


def of_order(sandbox: SandboxProcess, key: str) -> list[dict[str, Any]]:
    """The commitments that Procore has of an order."""
    rows = sandbox.get("/control/books/procore")["purchase_order_contracts"]
    return [row for row in rows if f":{key}:" in str(row.get("origin_id") or "")]
