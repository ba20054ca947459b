"""The builder's company from beginning to end in one process: what the flow makes of it.

The books are judged by the comparer, which knows nothing of the service.
"""

from tests.e2e import ledger
from tests.e2e.comparer import Result, compare_over_http
from tests.engine.drive import run_until_idle
from tests.flows.conftest import Builder, Job, apply
from tests.sandbox_process import SandboxProcess


def judged(sandbox: SandboxProcess, job: Job, *, mapped: bool = False) -> Result:
    rows = ledger.rows(job.tenant_id, job.integration.pk)
    return compare_over_http(sandbox.url, rows, mapped=mapped)


def test_a_plain_company_ends_in_the_commitments_that_were_written_down(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=24)
    run_until_idle(job)
    result = judged(sandbox, job)
    assert result.ok, str(result)
