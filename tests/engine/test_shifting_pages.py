"""Rows edited, added and deleted between the pages of a running poll, and a death between pages.

The simulator holds a page back at a gate while people change things; afterwards the ledger knows
every source record in its newest version, and Zoho Books has what the source says.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.engine import extract, ledger
from connectors.engine.job import Job
from connectors.models import EPOCH, Document, Run, StreamState
from connectors.sandbox.companies.manufacturing import build
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

BILLS, MORE, PAGE = 20, 4, 5
ORDERS_OF_LISTS = first_here("descending", "ascending")


class Death(BaseException):
    """What ends a worker in the middle; nothing may catch it."""


@pytest.fixture
def job(connected: Connected, request: pytest.FixtureRequest) -> Job:
    return connected(
        plain=True,
        orders=0,
        bills=BILLS,
        options={"procurify_max_page_size": PAGE, "procurify_order": request.param},
    )


@contextmanager
def at_page(sandbox: SandboxProcess, number: int, change: Callable[[], Any]) -> Iterator[None]:
    """While the bill list's page ``number`` is held back, somebody changes the source."""
    match = {"provider": "procurify", "path_regex": f"/ap/bills/\\?.*page={number}(&|$)"}
    gate = sandbox.post("/control/gates", {"match": match, "phase": "before"})["id"]

    def wait_and_change() -> bool:
        hit: bool = sandbox.get(f"/control/gates/{gate}/wait", timeout=50)["hit"]
        change()
        sandbox.post(f"/control/gates/{gate}/release")
        return hit

    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(wait_and_change)
        yield
        assert changed.result(30), f"page {number} was never asked for"


def source_bills(sandbox: SandboxProcess) -> dict[str, dict[str, Any]]:
    books = sandbox.get("/control/books/procurify")
    return {str(bill["group"]): bill for bill in books["bills"]}


def add_bills(sandbox: SandboxProcess, numbers: range) -> None:
    for bill in build(plain=True, orders=0, bills=BILLS + MORE).procurify["bills"][
        numbers.start : numbers.stop
    ]:
        sandbox.post("/control/add/procurify/bill", bill)


def edit(sandbox: SandboxProcess, key: str) -> None:
    changes = {"action": "fix", "note": f"seen by the warehouse, {key}"}
    sandbox.post(f"/control/edit/procurify/bill/{key}", changes)


def assert_nothing_missed(job: Job, sandbox: SandboxProcess) -> None:
    source = source_bills(sandbox)
    target = {
        row["reference_number"]: row for row in sandbox.get("/control/books/zoho_books")["bills"]
    }
    with job.scope():
        documents = {d.key: d for d in Document.objects.filter(integration=job.integration)}
    assert source.keys() <= documents.keys()
    for key, bill in source.items():
        assert documents[key].state == "posted", (key, documents[key].words)
        posted = target[f"mlc:cascadia-works:bill:{key}"]
        assert posted["total"] == bill["total"]
        assert posted["notes"].startswith(bill["note"] or ""), key
    assert len(target) == len(documents)


@pytest.mark.soak
@pytest.mark.parametrize("job", ORDERS_OF_LISTS, indirect=True)
def test_changes_between_the_pages_of_a_first_sync(job: Job, sandbox: SandboxProcess) -> None:
    first, *_, last = source_bills(sandbox)

    def people() -> None:
        sandbox.post(f"/control/delete/procurify/bill/{first}")
        sandbox.post(f"/control/delete/procurify/bill/{last}")
        add_bills(sandbox, range(BILLS, BILLS + 3))
        edit(sandbox, sorted(source_bills(sandbox))[4])

    with at_page(sandbox, 3, people):
        run_until_idle(job)
    run_until_idle(job)
    source = source_bills(sandbox)
    with job.scope():
        documents = {d.key: d for d in Document.objects.filter(integration=job.integration)}
    assert source.keys() <= documents.keys()
    assert all(documents[key].state == "posted" for key in source)
    # What was deleted is posted, or not, according to whether it had been read by then.
    assert {documents[key].state for key in documents.keys() - source.keys()} <= {
        "not_applicable",
        "held",
    }


@pytest.mark.parametrize("job", ORDERS_OF_LISTS, indirect=True)
def test_changes_between_the_pages_of_a_later_poll(job: Job, sandbox: SandboxProcess) -> None:
    run_until_idle(job)
    keys = sorted(source_bills(sandbox))
    for key in keys[:12]:
        edit(sandbox, key)

    def people() -> None:
        add_bills(sandbox, range(BILLS, BILLS + MORE))
        for key in (keys[2], keys[-1], keys[-2]):
            edit(sandbox, key)

    with at_page(sandbox, 2, people):
        run_until_idle(job)
    run_until_idle(job)
    assert_nothing_missed(job, sandbox)


@pytest.mark.crash
@pytest.mark.parametrize("job", ORDERS_OF_LISTS, indirect=True)
def test_a_death_between_pages_starts_the_window_again(
    job: Job, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = iter(range(1, 100))
    sight = ledger.sight

    def dies_at_page_three(*args: Any, **kwargs: Any) -> int:
        if next(pages) == 3:
            raise Death
        return sight(*args, **kwargs)

    monkeypatch.setattr(extract, "sight", dies_at_page_three)
    with pytest.raises(Death):
        run_until_idle(job)
    with job.scope():
        assert not StreamState.objects.filter(integration=job.integration, cursor__isnull=False)
        # Time passes until the dead worker's lease ends.
        Run.objects.filter(integration=job.integration).update(leased_until=EPOCH)
    edit(sandbox, min(source_bills(sandbox)))
    run_until_idle(job)
    assert_nothing_missed(job, sandbox)
