"""What changes while a document is being decided is not missed: it is decided again."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.engine import ledger, work
from connectors.engine.decide import settle_decided
from connectors.engine.job import Job
from connectors.models import Document, Mapping, MappingFailure
from connectors.services import mapping
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states

ACCOUNT = "account"


@pytest.fixture
def job(connected: Connected) -> Job:
    return connected(plain=True, orders=0, bills=4)


@pytest.fixture
def unmapped(job: Job) -> list[tuple[str, str]]:
    """Every account mapping, taken away."""
    with job.scope():
        rows = Mapping.objects.filter(integration=job.integration, kind=ACCOUNT)
        taken = list(rows.values_list("source_key", "target_key"))
        rows.delete()
    return taken


def in_between(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any]) -> list[int]:
    """Make the change once, after the first decisions were made and before they are settled."""
    decided: list[int] = []

    def settle(job: Job, items: Any) -> Any:
        if not decided:
            change()
        decided.append(len(items))
        return settle_decided(job, items)

    monkeypatch.setattr(work, "settle_decided", settle)
    return decided


def test_a_mapping_set_between_the_look_and_the_failure_frees_its_documents(
    job: Job, unmapped: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def people_map() -> None:
        for source, target in unmapped:
            mapping.set_mapping(
                job.integration,
                kind=ACCOUNT,
                source_key=source,
                target_key=target,
                actor="system:tests",
            )

    in_between(monkeypatch, people_map)
    run_until_idle(job)
    assert states(job) == {"posted": 4}
    with job.scope():
        assert not MappingFailure.objects.filter(
            integration=job.integration, status=MappingFailure.Status.OPEN
        )


def test_a_document_that_shall_look_again_does_not_come_to_rest(
    job: Job, unmapped: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def something_happens() -> None:
        with job.scope():
            ledger.make_due(Document.objects.filter(integration=job.integration))

    decided = in_between(monkeypatch, something_happens)
    run_until_idle(job)
    assert states(job) == {"waiting": 4}
    assert sum(decided) == 8
    assert unmapped
