"""Vendors that Zoho Books lacks are made there once, though Zoho would take a second one."""

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from connectors.engine import runs
from connectors.engine.job import Job
from connectors.models import (
    Document,
    Integration,
    Mapping,
    ReferenceItem,
    ReferenceState,
    Run,
)
from tests.engine.conftest import Connected
from tests.engine.drive import (
    advance_runs,
    recover_documents,
    run_until_idle,
    states,
    work_on_documents,
)
from tests.flows.conftest import with_options
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def lacking(connected: Connected, sandbox: SandboxProcess) -> Job:
    """A company of which Zoho Books has no vendor at all, nor any cache or mapping of one."""
    job = connected(plain=True, orders=1, bills=1)
    for contact in vendors(sandbox):
        sandbox.post(f"/control/delete/zoho_books/contacts/{contact['contact_id']}")
    with job.scope():
        Mapping.objects.filter(kind="vendor").delete()
        ReferenceItem.objects.filter(connection=job.target, kind="vendor").delete()
        ReferenceState.objects.filter(kind="vendor").update(read_at=None, since="")
        # What was made is read and linked by a run of its own, which a paused one does not get.
        Integration.objects.filter(pk=job.integration.pk).update(enabled=True)
    return with_options(job, {"create_vendors": "needed"})


def vendors(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    rows = sandbox.get("/control/books/zoho_books")["contacts"]
    return [row for row in rows if row["contact_type"] == "vendor"]


def fault(sandbox: SandboxProcess, kind: str) -> None:
    match = {"provider": "zoho_books", "method": "POST", "path_regex": "/contacts"}
    sandbox.post("/control/faults", {"rules": [{"match": match, "kind": kind, "count": 1}]})


def later(job: Job, sandbox: SandboxProcess) -> None:
    """The lists show what was made, and are read again."""
    sandbox.post("/control/clock", {"advance_seconds": 600})
    with job.scope():
        ReferenceState.objects.filter(kind="vendor").update(read_at=None)
    run_until_idle(job)


def assert_each_was_made_once(job: Job, sandbox: SandboxProcess) -> None:
    made = vendors(sandbox)
    assert made
    assert set(Counter(row["contact_name"] for row in made).values()) == {1}
    assert all("Ref mlc:" in row["notes"] for row in made)
    for stream in ("vendor", "purchase_order", "bill"):
        assert set(states(job, stream)) == {"posted"}, states(job, stream)


def test_what_documents_wait_for_is_made_and_lets_them_go(
    lacking: Job, sandbox: SandboxProcess
) -> None:
    run_until_idle(lacking)
    later(lacking, sandbox)
    assert_each_was_made_once(lacking, sandbox)


def test_without_the_option_nothing_is_made(lacking: Job, sandbox: SandboxProcess) -> None:
    job = with_options(lacking, {"create_vendors": "never"})
    run_until_idle(job)
    assert vendors(sandbox) == []
    assert set(states(job, "bill")) == {"waiting"}


@pytest.mark.soak
def test_an_option_that_is_switched_off_before_the_post_makes_nothing(
    lacking: Job, sandbox: SandboxProcess
) -> None:
    run_until_idle(with_options(lacking, {"create_vendors": "never"}))
    job = with_options(lacking, {"create_vendors": "needed"})
    with job.scope():
        runs.queue_run(job.integration, trigger=Run.Trigger.COMMAND, actor="system:tests")
    while not states(job, "vendor").get("due"):
        advance_runs(job)
    run_until_idle(with_options(job, {"create_vendors": "never"}))
    assert vendors(sandbox) == []
    assert set(states(job, "vendor")) == {"not_applicable"}


def test_a_lost_answer_makes_no_second_vendor(lacking: Job, sandbox: SandboxProcess) -> None:
    fault(sandbox, "drop_after")
    run_until_idle(lacking)
    later(lacking, sandbox)
    assert sandbox.get("/control/faults")["fired"] == {"drop_after": 1}
    assert_each_was_made_once(lacking, sandbox)


def test_a_vendor_that_a_person_typed_in_meanwhile_is_not_doubled(
    lacking: Job, sandbox: SandboxProcess
) -> None:
    """After our list was read, and before we write."""
    run_until_idle(with_options(lacking, {"create_vendors": "never"}))
    job = with_options(lacking, {"create_vendors": "needed"})
    with job.scope():
        runs.queue_run(job.integration, trigger=Run.Trigger.COMMAND, actor="system:tests")
    while not states(job, "vendor").get("due"):
        advance_runs(job)
    with job.scope():
        due = Document.objects.filter(stream="vendor").values_list("record__name", flat=True)
        names = sorted(due)
    for name in names:
        typed = {"contact_name": name, "contact_type": "vendor"}
        sandbox.post("/control/add/zoho_books/contacts", typed)
    while states(job, "vendor").keys() & {"due", "delivering", "unconfirmed"}:
        work_on_documents(job)
        recover_documents(job)
    assert sorted(row["contact_name"] for row in vendors(sandbox)) == names
    assert set(states(job, "vendor")) == {"held"}


def test_two_workers_at_once_make_one(lacking: Job, sandbox: SandboxProcess) -> None:
    """While the first one's call is under way a second one works through what is due."""
    match = {"provider": "zoho_books", "method": "POST", "path_regex": "/contacts"}
    gate = sandbox.post("/control/gates", {"match": match, "phase": "before"})["id"]

    def second() -> None:
        sandbox.get(f"/control/gates/{gate}/wait", timeout=50)
        try:
            for _ in range(3):
                work_on_documents(lacking)
        finally:
            sandbox.post(f"/control/gates/{gate}/release")
            connections.close_all()

    worker = threading.Thread(target=second)
    worker.start()
    run_until_idle(lacking)
    worker.join(60)
    assert not worker.is_alive()
    later(lacking, sandbox)
    assert_each_was_made_once(lacking, sandbox)
