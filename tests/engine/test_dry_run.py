"""A dry run shows what a new integration would post, and touches nothing on either side."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from connectors import registry
from connectors.core.errors import BadInputError, ReadOnlyError
from connectors.engine import foresee
from connectors.engine.job import Job, load_job
from connectors.engine.sessions import open_client
from connectors.models import Document, Foreseen, Integration, Link, Mapping, MappingFailure, Run
from connectors.services import dry_run, integrations
from connectors.transport.client import ApiClient
from tests.engine.conftest import Connected
from tests.engine.drive import advance_runs, run_until_idle, states, work_on_documents
from tests.sandbox_process import SandboxProcess

ANNA = "user:7 anna@example.com"
O = Foreseen.Outcome  # noqa: E741 - what each row is compared with


@pytest.fixture
def new(connected: Connected) -> Connected:
    """A company whose integration nobody has started yet."""

    def connect(**wish: Any) -> Job:
        job = connected(**wish)
        with job.scope():
            Integration.objects.filter(pk=job.integration.pk).update(enabled=False)
        return load_job(job.tenant_id, job.integration.pk, registry.resolve)

    return connect


def dry(job: Job) -> Run:
    run = dry_run.ask(job.integration, actor=ANNA)
    for _ in range(50):
        advance_runs(job)
        # What a worker would do meanwhile.
        work_on_documents(job)
        with job.scope():
            run.refresh_from_db()
        if run.finished_at is not None:
            return run
    raise AssertionError(run.words)


def writes(sandbox: SandboxProcess) -> list[Any]:
    rows = sandbox.get("/control/requests")["requests"]
    return [row for row in rows if row["method"] != "GET" and "token" not in row["path"]]


def foreseen(job: Job) -> dict[int, str]:
    with job.scope():
        rows = Foreseen.objects.filter(integration=job.integration)
        return {row.document_id: row.outcome for row in rows}


def payloads_foreseen(job: Job) -> dict[tuple[int, str], Any]:
    """What the report says that would stand at the target, by document and part."""
    with job.scope():
        rows = Foreseen.objects.filter(integration=job.integration, outcome=O.POST)
        return {
            (row.document_id, part["part"]): part_said(part) for row in rows for part in row.parts
        }


def payloads_posted(job: Job, named: Any) -> dict[tuple[int, str], Any]:
    """The same of what was posted; ids that only the target knows are left out."""
    with job.scope():
        return {
            (link.document_id, link.part): part_said({**vars(link), "total": str(link.total)})
            for link in Link.objects.all()
            if (link.document_id, link.part) in named
        }


def part_said(part: dict[str, Any]) -> list[Any]:
    names = ("target_kind", "reference", "payload", "currency")
    return [*(part[name] for name in names), Decimal(part["total"]).normalize()]


def with_ids(named: Any, posted: Any) -> Any:
    """What was named, with the ids that only the target could give as they were then given."""
    if isinstance(named, dict) and isinstance(posted, dict):
        return {key: with_ids(value, posted.get(key)) for key, value in named.items()}
    if isinstance(named, list) and isinstance(posted, list) and len(named) == len(posted):
        return [with_ids(*both) for both in zip(named, posted, strict=True)]
    unknown = isinstance(named, str) and named.startswith("foreseen ")
    return posted if unknown and str(posted).isdigit() else named


@pytest.mark.parametrize(
    "size",
    [
        {"plain": True, "orders": 4, "bills": 8},
        pytest.param({"orders": 42, "bills": 98}, marks=pytest.mark.soak),
    ],
    ids=["plain", "whole"],
)
def test_it_foresees_what_the_real_run_then_does(
    new: Connected, sandbox: SandboxProcess, size: dict[str, int]
) -> None:
    job = new(**size)
    sandbox.delete("/control/requests")
    run = dry(job)
    assert run.status == Run.Status.FINISHED
    assert "would be posted" in run.words
    assert "Nothing was written." in run.words
    assert writes(sandbox) == []
    assert set(states(job)) == {"due"}, "no document left its state"
    with job.scope():
        assert not Link.objects.exists()
        assert not MappingFailure.objects.exists()
    before = foreseen(job)
    assert len(before) == sum(states(job).values())
    assert O.POST in before.values()
    named = payloads_foreseen(job)

    integrations.resume(job.integration, resolved=job.resolved, actor=ANNA)
    run_until_idle(load_job(job.tenant_id, job.integration.pk, registry.resolve))
    with job.scope():
        after = dict(Document.objects.values_list("pk", "state"))
    meant = {
        O.POST: "posted",
        O.WAIT: "waiting",
        O.HOLD: "held",
        O.NOTHING: "not_applicable",
    }
    wrong = {
        pk: (meant[O(was)], after[pk]) for pk, was in before.items() if after[pk] != meant[O(was)]
    }
    assert wrong == {}
    posted = payloads_posted(job, named)
    assert posted == with_ids(named, posted)


def test_counts_and_money_by_outcome_with_the_documents_behind_each(new: Connected) -> None:
    job = new(plain=True, orders=3, bills=3)
    with job.scope():
        victim = Mapping.objects.filter(integration=job.integration, kind="vendor")
        victim.delete()
    run = dry(job)
    with job.scope():
        outcomes = {one.outcome: one for one in dry_run.outcomes(run)}
        causes = dry_run.causes(run)
        total = Document.objects.aggregate(all=Sum("total"))["all"]
        waiting = outcomes[O.WAIT]
        assert sum(waiting.money.values()) == total
        vendors = [one for one in causes if one.kind == "vendor"]
        assert vendors
        for one in vendors:
            rows = dry_run.documents(run, O.WAIT, one.key)
            assert rows.count() == one.number
            assert all(row.document.party in one.label for row in rows)


def test_it_can_be_repeated_and_shows_what_was_mapped_meanwhile(new: Connected) -> None:
    job = new(plain=True, orders=2, bills=0)
    with job.scope():
        rows = list(Mapping.objects.filter(integration=job.integration, kind="account").values())
        Mapping.objects.filter(integration=job.integration, kind="account").delete()
    dry(job)
    assert set(foreseen(job).values()) == {O.WAIT}
    with job.scope():
        Mapping.objects.bulk_create(Mapping(**row) for row in rows)
    again = dry(job)
    assert set(foreseen(job).values()) == {O.POST}
    with job.scope():
        assert set(Foreseen.objects.values_list("run", flat=True)) == {again.pk}


def test_one_that_is_started_makes_none(new: Connected) -> None:
    job = new(plain=True, orders=1, bills=0)
    integrations.change(job.integration, resolved=job.resolved, actor=ANNA, enabled=True)
    with pytest.raises(BadInputError, match="Pause it first"):
        dry_run.ask(job.integration, actor=ANNA)


def test_starting_makes_a_real_run_of_a_queued_dry_one(new: Connected) -> None:
    job = new(plain=True, orders=1, bills=0)
    run = dry_run.ask(job.integration, actor=ANNA)
    with pytest.raises(BadInputError, match="queued already"):
        dry_run.ask(job.integration, actor=ANNA)
    integrations.resume(job.integration, resolved=job.resolved, actor=ANNA)
    with job.scope():
        run.refresh_from_db()
    assert not run.dry


def test_its_clients_refuse_every_write(
    new: Connected, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, tried = new(plain=True, orders=1, bills=0), []
    sandbox.delete("/control/requests")
    foresee_all = foresee.foresee

    def try_to_write(job: Job, run: Run, guard: Any) -> Any:
        for view in job.views():
            for side in ("source", "target"):
                with open_client(view, side) as client, pytest.raises(ReadOnlyError):
                    api_of(client).write("POST", "/whatever", json={})
                tried.append(side)
        return foresee_all(job, run, guard)

    monkeypatch.setattr(foresee, "foresee", try_to_write)
    dry(job)
    assert tried == ["source", "target"]
    assert writes(sandbox) == []


def api_of(client: Any) -> ApiClient:
    """The client of calls inside a provider's client, whatever it is called there."""
    return next(value for value in vars(client).values() if isinstance(value, ApiClient))
