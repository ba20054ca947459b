"""What somebody changes on an order or bill in Zoho Books is noticed, and dealt with as chosen.

The whole flow through both simulators; people's edits come through the sandbox's control door.
"""

from datetime import timedelta
from typing import Any

import pytest

from connectors import registry
from connectors.core import clock
from connectors.core.states import Reason, State
from connectors.engine.job import Job
from connectors.models import Document, Integration, Link, ReferenceState, TargetRecord
from connectors.providers.zoho_books.client import ZohoBooksClient
from connectors.services import drift, mapping, replay
from tests.engine.conftest import Connected
from tests.engine.conftest import connected as connected
from tests.engine.drive import run_until_idle
from tests.sampling import first_here
from tests.sandbox_process import SandboxProcess

ANNA = "user:7 anna@example.com"
KINDS = {"purchase_order": "purchaseorders", "bill": "bills"}
IDS = {"purchase_order": "purchaseorder_id", "bill": "bill_id"}
BOTH = pytest.mark.parametrize("stream", first_here(*KINDS))


@pytest.fixture
def job(connected: Connected) -> Job:
    """An order and a bill, posted, and seen once more since."""
    found = connected(plain=True, orders=1, bills=2)
    run_until_idle(found)
    run_until_idle(found)
    return found


def document(job: Job, stream: str) -> Document:
    with job.scope():
        return Document.objects.filter(integration=job.integration, stream=stream).order_by("pk")[0]


def link(job: Job, stream: str) -> Link:
    with job.scope():
        found: Link = document(job, stream).links.get()
        return found


def there(sandbox: SandboxProcess, job: Job, stream: str) -> dict[str, Any]:
    rows = sandbox.get("/control/books/zoho_books")[KINDS[stream]]
    key = link(job, stream).target_id
    return next(row for row in rows if str(row[IDS[stream]]) == key)


def door(job: Job, stream: str, verb: str = "edit") -> str:
    return f"/control/{verb}/zoho_books/{KINDS[stream]}/{link(job, stream).target_id}"


def edit_rate(sandbox: SandboxProcess, job: Job, stream: str) -> None:
    lines = there(sandbox, job, stream)["line_items"]
    first = {**lines[0], "rate": "7.77"}
    sandbox.post(door(job, stream), {"line_items": [first, *lines[1:]]})


def zoho_calls(sandbox: SandboxProcess) -> list[str]:
    rows = sandbox.get("/control/requests")["requests"]
    return [row["path"].partition("?")[0] for row in rows if row["provider"] == "zoho_books"]


def by_person(job: Job, stream: str, decide: Any) -> int:
    found: int = decide(
        job.tenant_id, document(job, stream).pk, resolve=registry.resolve, actor=ANNA
    )
    run_until_idle(job)
    return found


def option(job: Job, value: str) -> None:
    with job.scope():
        Integration.objects.filter(pk=job.integration.pk).update(options={"drift": value})


def state(job: Job, stream: str) -> tuple[str, str]:
    found = document(job, stream)
    return found.state, found.reason


DRIFTED = (State.HELD, Reason.DRIFTED)
POSTED = (State.POSTED, "")


def test_our_own_writes_are_no_drift_and_a_quiet_poll_reads_no_record(
    job: Job, sandbox: SandboxProcess
) -> None:
    with job.scope():
        states = set(Document.objects.values_list("state", flat=True))
        assert states == {State.POSTED}
        assert not Document.objects.filter(wants_look=True).exists()
    sandbox.delete("/control/requests")
    run_until_idle(job)
    assert len(zoho_calls(sandbox)) == 2, "one list of each kind"


@BOTH
def test_an_edit_is_found_by_the_next_run(job: Job, sandbox: SandboxProcess, stream: str) -> None:
    edit_rate(sandbox, job, stream)
    run_until_idle(job)
    assert state(job, stream) == DRIFTED
    words = document(job, stream).words
    assert "Somebody changed it in Zoho Books" in words
    assert "price is 7.77, we posted" in words
    assert "total is" in words


@BOTH
def test_what_heads_do_not_show_is_found_too(
    job: Job, sandbox: SandboxProcess, stream: str
) -> None:
    sandbox.post("/control/clock", {"advance_seconds": 90})
    lines = there(sandbox, job, stream)["line_items"]
    sandbox.post(
        door(job, stream), {"line_items": [{**lines[0], "description": "Other"}, *lines[1:]]}
    )
    run_until_idle(job)
    assert state(job, stream) == DRIFTED
    assert "description is Other" in document(job, stream).words


@BOTH
def test_restored_by_a_person_it_says_what_we_posted_again(
    job: Job, sandbox: SandboxProcess, stream: str
) -> None:
    before = there(sandbox, job, stream)
    lines = before["line_items"]
    typed = {**lines[0], "line_item_id": "", "name": "Typed in", "rate": "5"}
    changed = {**lines[0], "rate": "7.77"}
    sandbox.post(door(job, stream), {"line_items": [changed, *lines[1:], typed]})
    run_until_idle(job)
    assert "we posted not ours" in document(job, stream).words
    assert by_person(job, stream, drift.restore) >= 2
    assert state(job, stream) == POSTED
    now = there(sandbox, job, stream)
    assert now["total"] == before["total"]
    assert [row["rate"] for row in now["line_items"]] == [row["rate"] for row in lines]


def test_a_line_that_was_removed_is_put_back(job: Job, sandbox: SandboxProcess) -> None:
    before = there(sandbox, job, "purchase_order")
    only = {**before["line_items"][0], "line_item_id": "", "name": "Instead"}
    sandbox.post(door(job, "purchase_order"), {"line_items": [only]})
    run_until_idle(job)
    assert state(job, "purchase_order") == DRIFTED
    by_person(job, "purchase_order", drift.restore)
    assert state(job, "purchase_order") == POSTED
    now = there(sandbox, job, "purchase_order")
    assert [row["name"] for row in now["line_items"]] == [
        row["name"] for row in before["line_items"]
    ]


def test_what_was_added_to_a_bill_is_taken_back(job: Job, sandbox: SandboxProcess) -> None:
    before = there(sandbox, job, "bill")["total"]
    sandbox.post(door(job, "bill"), {"adjustment": "-3.00"})
    option(job, "restore")
    run_until_idle(job)
    run_until_idle(job)
    assert state(job, "bill") == POSTED
    assert there(sandbox, job, "bill")["total"] == before


@BOTH
def test_adopted_it_stands_as_it_is(job: Job, sandbox: SandboxProcess, stream: str) -> None:
    edit_rate(sandbox, job, stream)
    run_until_idle(job)
    by_person(job, stream, drift.adopt)
    run_until_idle(job)
    assert state(job, stream) == POSTED
    assert str(there(sandbox, job, stream)["line_items"][0]["rate"]) == "7.77"


@BOTH
def test_put_right_there_it_goes_on_by_itself(
    job: Job, sandbox: SandboxProcess, stream: str
) -> None:
    lines = there(sandbox, job, stream)["line_items"]
    edit_rate(sandbox, job, stream)
    run_until_idle(job)
    sandbox.post(door(job, stream), {"line_items": lines})
    run_until_idle(job)
    assert state(job, stream) == POSTED


def test_a_voided_bill_is_held_and_cannot_be_restored(job: Job, sandbox: SandboxProcess) -> None:
    option(job, "restore")
    sandbox.post(door(job, "bill"), {"status": "void"})
    run_until_idle(job)
    assert state(job, "bill") == DRIFTED
    assert "status is void" in document(job, "bill").words
    with pytest.raises(Exception, match="lets nobody change it"):
        by_person(job, "bill", drift.restore)
    by_person(job, "bill", drift.adopt)
    assert state(job, "bill") == POSTED


# --- deletions ------------------------------------------------------------------------------------


@BOTH
def test_a_sweep_finds_what_was_deleted(job: Job, sandbox: SandboxProcess, stream: str) -> None:
    sandbox.post(door(job, "bill", "delete"))
    if stream == "purchase_order":
        sandbox.post(door(job, stream, "delete"))
    run_until_idle(job, sweep=True)
    assert state(job, stream) == (State.HELD, Reason.TARGET_MISSING)
    assert "was deleted in Zoho Books" in document(job, stream).words


def test_a_whole_reading_a_day_finds_what_was_deleted(job: Job, sandbox: SandboxProcess) -> None:
    sandbox.post(door(job, "bill", "delete"))
    run_until_idle(job)
    assert state(job, "bill") == POSTED, "a list of changes never says what was deleted"
    with job.scope():
        ReferenceState.objects.filter(kind="index:bill").update(
            whole_at=clock.now() - timedelta(days=2)
        )
    run_until_idle(job)
    assert state(job, "bill") == (State.HELD, Reason.TARGET_MISSING)


def test_a_list_that_only_missed_it_says_nothing(
    job: Job, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What shifting pages hide is read live before anybody is told that it was deleted."""
    monkeypatch.setattr(ZohoBooksClient, "bills", lambda *_, **__: iter(()))
    run_until_idle(job, sweep=True)
    assert state(job, "bill") == POSTED
    with job.scope():
        assert TargetRecord.objects.filter(kind="bill").exists()


# --- replay ---------------------------------------------------------------------------------------


def again(job: Job, stream: str) -> None:
    replay.replay_documents(job.tenant_id, [document(job, stream).pk], actor=ANNA)
    run_until_idle(job)


@BOTH
def test_replay_looks_at_the_target(job: Job, sandbox: SandboxProcess, stream: str) -> None:
    first = link(job, stream).matched_at
    again(job, stream)
    now = link(job, stream)
    assert state(job, stream) == POSTED
    assert now.matched == Link.Matched.EVERYTHING
    assert first is not None
    assert now.matched_at is not None
    assert now.matched_at > first
    edit_rate(sandbox, job, stream)
    again(job, stream)
    assert state(job, stream) == DRIFTED
    again(job, stream)
    assert state(job, stream) == DRIFTED, "a replay hides nothing"


@BOTH
def test_replay_finds_what_was_deleted(job: Job, sandbox: SandboxProcess, stream: str) -> None:
    sandbox.post(door(job, "bill", "delete"))
    sandbox.post(door(job, "purchase_order", "delete"))
    again(job, stream)
    assert state(job, stream) == (State.HELD, Reason.TARGET_MISSING)


@BOTH
@pytest.mark.parametrize("chosen", first_here("alert", "restore"))
def test_a_vendor_that_was_merged_is_no_drift(
    job: Job, sandbox: SandboxProcess, stream: str, chosen: str
) -> None:
    """The lists of vendors may not have been read since: whether it is gone is looked up live."""
    option(job, chosen)
    old = str(there(sandbox, job, stream)["vendor_id"])
    contacts = sandbox.get("/control/books/zoho_books")["contacts"]
    others = (str(row["contact_id"]) for row in contacts if row["contact_type"] == "vendor")
    master = next(key for key in others if key != old)
    sandbox.post("/control/call/zoho_books/merge_contacts", {"contact_id": old, "into": master})
    run_until_idle(job)
    assert state(job, stream) == POSTED
    assert str(there(sandbox, job, stream)["vendor_id"]) == master
    mapping.set_mapping(
        job.integration,
        kind="vendor",
        source_key=document(job, stream).party_key,
        target_key=master,
        actor=ANNA,
    )
    edit_rate(sandbox, job, stream)
    run_until_idle(job)
    if chosen == "alert":
        assert "vendor" not in document(job, stream).words
        by_person(job, stream, drift.restore)
    assert state(job, stream) == POSTED
    assert there(sandbox, job, stream)["line_items"][0]["rate"] != 7.77


def test_a_vendor_that_somebody_chose_is_drift(job: Job, sandbox: SandboxProcess) -> None:
    old = str(there(sandbox, job, "bill")["vendor_id"])
    contacts = sandbox.get("/control/books/zoho_books")["contacts"]
    others = (str(row["contact_id"]) for row in contacts if row["contact_type"] == "vendor")
    sandbox.post(door(job, "bill"), {"vendor_id": next(key for key in others if key != old)})
    run_until_idle(job)
    assert state(job, "bill") == DRIFTED
    assert "vendor is" in document(job, "bill").words
