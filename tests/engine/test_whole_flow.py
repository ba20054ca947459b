"""The manufacturing company from beginning to end in one process: what the flow makes of it.

The books are judged by the comparer, which knows nothing of the service.
"""

import pytest

from tests.e2e import ledger
from tests.e2e.comparer import compare_over_http
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle
from tests.sandbox_process import SandboxProcess


@pytest.mark.soak
def test_a_plain_company_ends_in_the_books_that_were_written_down(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=6, bills=12)
    run_until_idle(job)
    rows = ledger.rows(job.tenant_id, job.integration.pk)
    result = compare_over_http(sandbox.url, rows)
    assert result.ok, result
