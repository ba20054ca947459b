"""The builder's company from beginning to end in one process: what the flow makes of it.

The books are judged by the comparer, which knows nothing of the service.
"""

import pytest

from connectors.core.alignment import Standing
from connectors.models import ReferenceItem
from connectors.services import alignment
from tests.e2e import deeds, ledger
from tests.e2e.comparer import Result, compare_over_http
from tests.engine.drive import run_until_idle
from tests.flows.conftest import ACTOR, Builder, Job, apply
from tests.sandbox_process import SandboxProcess


def judged(sandbox: SandboxProcess, job: Job, *, mapped: bool = False) -> Result:
    rows = ledger.rows(job.tenant_id, job.integration.pk)
    return compare_over_http(sandbox.url, rows, mapped=mapped)


@pytest.mark.soak
def test_a_plain_company_ends_in_the_commitments_that_were_written_down(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=24)
    run_until_idle(job)
    result = judged(sandbox, job)
    assert result.ok, str(result)


@pytest.mark.soak
def test_a_company_in_trouble_waits_or_is_held_and_follows_what_people_edit_and_map(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(orders=128, edited=60, projects=10)
    run_until_idle(job, seconds=600)
    result = judged(sandbox, job)
    assert result.ok, str(result)
    deeds.do_those_before_the_next_act(
        sandbox.get("/control/company"), job.integration, sandbox.control, actor=ACTOR
    )
    sandbox.post("/control/act")
    run_until_idle(job, seconds=600)
    # What people corrected while the first run was under way.
    run_until_idle(job, seconds=600)
    result = judged(sandbox, job)
    assert result.ok, str(result)
    apply(job, sandbox.get("/control/company")["resolutions"])
    run_until_idle(job, seconds=600)
    result = judged(sandbox, job, mapped=True)
    assert result.ok, str(result)


def test_the_alignment_list_shows_both_sides_and_what_needs_a_person(builder: Builder) -> None:
    job = builder(plain=True, orders=2, vendors=40)
    counts = alignment.summary(job.integration, job.flow)
    assert counts["project"][Standing.ONLY_SOURCE] == 2, "a second number, and our own yard"
    assert counts["vendor"][Standing.MATCHED] == 22, "spelled alike; the others show both names"
    assert counts["cost_code"].get(Standing.BROKEN, 0) == 0
    shown = {row.standing: row for row in alignment.rows(job.integration, "vendor")}
    only_there = shown[Standing.ONLY_TARGET]
    assert only_there.source is None
    assert only_there.target is not None
    with job.scope():
        ReferenceItem.objects.filter(connection=job.target, kind="project", key="310001").delete()
    (first, *_) = alignment.rows(job.integration, "project")
    assert (first.standing, first.target_key) == (Standing.BROKEN, "310001")
