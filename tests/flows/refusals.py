"""Answers that providers give to reads that they do not want to serve, and odd rows of lists.

A sandbox enters; faults for one record or one list leave. The kinds are what tests count.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from connectors.core.states import Reason, State
from connectors.engine.job import Job
from connectors.engine.policy import policy
from connectors.models import Document, Integration
from connectors.services import alerts
from tenants.models import Tenant
from tests.sandbox_process import SandboxProcess

Fault = Mapping[str, Any]
ANSWERS: dict[str, Fault] = {
    "400": {"kind": "status", "status": 400},
    "403": {"kind": "status", "status": 403},
    "404": {"kind": "status", "status": 404},
    "422": {"kind": "status", "status": 422},
    "500": {"kind": "status", "status": 500},
    "half a body": {"kind": "malformed_body"},
    "nothing inside": {"kind": "odd_rows", "odd": {"instead": None}},
    "a text inside": {"kind": "odd_rows", "odd": {"instead": "maintenance"}},
    "another record": {"kind": "odd_rows", "odd": {"instead": {}}},
}
# Of a list the last three are odd rows rather than odd answers.
OF_LISTS = ("400", "403", "404", "422", "500", "half a body")
HURRIED = {"retry_first_seconds": 0.01, "retry_most_seconds": 0.02, "read_tries": 2}


def for_records(sandbox: SandboxProcess, provider: str, paths: Iterable[str]) -> None:
    """Give each of these records another answer, one of every kind."""
    rules = [
        {"match": {"provider": provider, "path_regex": path}, **answer}
        for path, answer in zip(paths, ANSWERS.values(), strict=True)
    ]
    sandbox.post("/control/faults", {"rules": rules})


def for_lists(sandbox: SandboxProcess, lists: Iterable[tuple[str, str]], turn: int) -> None:
    """Give each list another answer; after as many turns as answers each list had every one."""
    rules = []
    for place, (provider, path) in enumerate(lists):
        answer = ANSWERS[OF_LISTS[(place + turn) % len(OF_LISTS)]]
        match = {"provider": provider, "method": "GET", "path_regex": path}
        rules.append({"match": match, **answer})
    sandbox.post("/control/faults", {"rules": rules})


def odd(sandbox: SandboxProcess, *rules: tuple[str, str, Fault]) -> None:
    """Change rows of these answers: provider, path, and what of them is odd."""
    faults = [
        {
            "match": {"provider": provider, "method": "GET", "path_regex": path},
            "kind": "odd_rows",
            "odd": change,
        }
        for provider, path, change in rules
    ]
    sandbox.post("/control/faults", {"rules": faults})


def each_turn() -> list[Any]:
    """One turn in make test, the others in make soak."""
    return [
        pytest.param(turn, marks=[pytest.mark.soak] if turn else [])
        for turn in range(len(OF_LISTS))
    ]


@pytest.fixture
def hurried(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody waits for the next try, neither the engine nor the client."""
    settings.ENGINE = HURRIED
    policy.cache_clear()
    monkeypatch.setattr("connectors.transport.client.time.sleep", lambda seconds: None)
    yield
    policy.cache_clear()


def read_all_again(job: Job) -> None:
    """Every list of either side is due, and nothing keeps the integration from posting."""
    with job.scope():
        job.source.readings.update(read_at=None)
        job.target.readings.update(read_at=None)
        Integration.objects.update(enabled=True)


def unreadable(job: Job) -> dict[str, str]:
    """What is held because it cannot be read, by key, and what is said of it."""
    with job.scope():
        rows = Document.objects.filter(
            integration=job.integration, state=State.HELD, reason=Reason.UNREADABLE
        )
        return dict(rows.values_list("key", "words"))


def told(job: Job) -> str:
    """The e-mail that tells people of the run that failed."""
    with job.scope():
        Tenant.objects.update(alert_email="books@acme.example")
    assert alerts.send_due(job.tenant_id)
    return str(mail.outbox[-1].body)
