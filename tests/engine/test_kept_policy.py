"""Options and mappings of posted records in the books: what stays, and what gives way to what.

Over the simulators: accounts are closed, vendors merged and options switched by people there.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.models import AuditEvent
from connectors.core.states import Over
from connectors.engine.job import Job
from connectors.models import Document, Link, ReferenceItem, ReferenceState
from connectors.services import integrations, mapping
from tests.engine.conftest import Connected
from tests.engine.drive import fresh_job, run_until_idle
from tests.people import ACTOR
from tests.sandbox_process import SandboxProcess

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def job(connected: Connected) -> Job:
    return connected(plain=True, orders=1, bills=2, options={"zoho_per_minute": 0})


def bills_there(sandbox: SandboxProcess) -> dict[str, dict[str, Any]]:
    rows = sandbox.get("/control/books/zoho_books")["bills"]
    return {row["reference_number"].rpartition(":")[2]: row for row in rows}


def fix(sandbox: SandboxProcess, key: str, **changes: Any) -> None:
    sandbox.post(f"/control/edit/procurify/bill/{key}", {"action": "fix", **changes})


def read_lists_again(job: Job) -> None:
    with job.scope():
        ReferenceState.objects.filter(connection=job.target).update(
            read_at=LONG_AGO, whole_at=LONG_AGO
        )


def posted(job: Job, key: str) -> tuple[Document, Link]:
    with job.scope():
        document = Document.objects.get(integration=job.integration, stream="bill", key=key)
        return document, Link.objects.get(document=document)


def first_bill(sandbox: SandboxProcess) -> str:
    return next(str(row["group"]) for row in sandbox.get("/control/books/procurify")["bills"])


def renewed(job: Job) -> list[dict[str, Any]]:
    with job.scope():
        events = AuditEvent.objects.filter(action="target.policy_renewed")
        return [event.details for event in events]


def test_switching_the_date_option_moves_no_posted_bill(job: Job, sandbox: SandboxProcess) -> None:
    key = first_bill(sandbox)
    fix(sandbox, key, gl_post_date="2026-10-05T12:00:00Z")
    run_until_idle(job)
    before = bills_there(sandbox)[key]
    assert before["date"] == "2026-10-05"
    options = {**job.integration.options, "bill_date": "invoice"}
    integrations.change(job.integration, resolved=job.resolved, actor=ACTOR, options=options)
    fix(sandbox, key, note="seen by the warehouse")
    run_until_idle(fresh_job(job))
    after = bills_there(sandbox)[key]
    assert after["notes"].startswith("seen by the warehouse")
    assert after["date"] == before["date"]
    assert posted(job, key)[1].options["bill_date"] == "posting"
    assert renewed(job) == []


def test_a_bill_that_is_posted_anew_is_dated_as_the_option_says_now(
    job: Job, sandbox: SandboxProcess
) -> None:
    key = first_bill(sandbox)
    fix(
        sandbox,
        key,
        invoice_date="2026-10-05T10:00:00-08:00",
        gl_post_date="2026-10-20T10:00:00-08:00",
    )
    run_until_idle(job)
    assert bills_there(sandbox)[key]["date"] == "2026-10-20"
    options = {**job.integration.options, "bill_date": "invoice"}
    integrations.change(job.integration, resolved=job.resolved, actor=ACTOR, options=options)
    document, link = posted(job, key)
    sandbox.post(f"/control/delete/zoho_books/bills/{link.target_id}")
    with job.scope():
        Link.objects.filter(pk=link.pk).update(status=Over.DELETED)
        Document.objects.filter(pk=document.pk).update(state="due")
    run_until_idle(fresh_job(job))
    again = posted(job, key)[1].target_id
    rows = sandbox.get("/control/books/zoho_books")["bills"]
    assert [row["date"] for row in rows if row["bill_id"] == again] == ["2026-10-05"]


def account_of(job: Job, key: str) -> tuple[str, str]:
    """The account of a bill's first line, at the source and at the target."""
    line = posted(job, key)[1].payload["lines"][0]
    return line["source_account"], line["account_id"]


def another_account(job: Job, account_id: str) -> str:
    with job.scope():
        items = ReferenceItem.objects.filter(connection=job.target, kind="account", active=True)
        old = items.get(key=account_id)
        same_type = [i for i in items if i.attributes.get("type") == old.attributes.get("type")]
        return next(item.key for item in same_type if item.key != account_id)


@pytest.mark.soak
def test_a_revised_bill_leaves_an_account_that_was_closed(
    job: Job, sandbox: SandboxProcess
) -> None:
    key = first_bill(sandbox)
    run_until_idle(job)
    source, old = account_of(job, key)
    new = another_account(job, old)
    mapping.set_mapping(
        job.integration, kind="account", source_key=source, target_key=new, actor=ACTOR
    )
    fix(sandbox, key, note="first")
    run_until_idle(job)
    assert account_of(job, key)[1] == old, "the old account is still in use"
    sandbox.post(f"/control/edit/zoho_books/chartofaccounts/{old}", {"is_active": False})
    read_lists_again(job)
    fix(sandbox, key, note="second")
    run_until_idle(job)
    there = [line["account_id"] for line in bills_there(sandbox)[key]["line_items"]]
    assert new in there
    assert old not in there
    assert {
        "kind": "account",
        "source_key": source,
        "target_key": new,
        "before": old,
    } in renewed(job)[0]["mappings"]


@pytest.fixture
def merged(job: Job, sandbox: SandboxProcess) -> tuple[str, str, str]:
    """A posted bill whose vendor was merged into another: its key, the old and the new one."""
    key = first_bill(sandbox)
    run_until_idle(job)
    old = posted(job, key)[1].payload["vendor_id"]
    master = sandbox.post(
        "/control/add/zoho_books/contacts",
        {"contact_name": "The Master Ltd", "contact_type": "vendor"},
    )["contact_id"]
    sandbox.post("/control/call/zoho_books/merge_contacts", {"contact_id": old, "into": master})
    return key, old, master


def map_vendor(job: Job, key: str, master: str) -> None:
    source = posted(job, key)[0].party_key
    mapping.set_mapping(
        job.integration, kind="vendor", source_key=source, target_key=master, actor=ACTOR
    )


def test_a_merged_vendors_bill_stays_with_the_master(
    job: Job, sandbox: SandboxProcess, merged: tuple[str, str, str]
) -> None:
    key, old, master = merged
    read_lists_again(job)
    run_until_idle(job)
    with job.scope():
        row = ReferenceItem.objects.get(connection=job.target, kind="vendor", key=old)
    assert (row.active, row.gone) == (False, True)
    map_vendor(job, key, master)
    fix(sandbox, key, note="after the merger")
    run_until_idle(job)
    there = bills_there(sandbox)[key]
    assert there["vendor_id"] == master
    assert there["notes"].startswith("after the merger")
    assert posted(job, key)[0].state == "posted"
    assert posted(job, key)[1].payload["vendor_id"] == master


@pytest.mark.soak
def test_a_merger_that_the_cache_missed_is_found_by_the_refusal(
    job: Job, sandbox: SandboxProcess, merged: tuple[str, str, str]
) -> None:
    key, _, master = merged
    fix(sandbox, key, note="before anybody noticed")
    run_until_idle(job)
    assert posted(job, key)[0].state == "held"
    run_until_idle(job)
    document = posted(job, key)[0]
    assert (document.state, document.reason) == ("waiting", "vendor_missing")
    assert "inactive in Zoho Books" in document.words
    map_vendor(job, key, master)
    run_until_idle(job)
    assert posted(job, key)[0].state == "posted"
    assert bills_there(sandbox)[key]["vendor_id"] == master


def test_nothing_is_sent_for_what_nobody_revised(
    job: Job, sandbox: SandboxProcess, merged: tuple[str, str, str]
) -> None:
    key, _, master = merged
    read_lists_again(job)
    run_until_idle(job)
    map_vendor(job, key, master)
    before = bills_there(sandbox)[key]
    sandbox.delete("/control/requests")
    with job.scope():
        Document.objects.filter(integration=job.integration).update(state="due")
    run_until_idle(job)
    rows = sandbox.get("/control/requests")["requests"]
    assert not [row for row in rows if row["method"] in ("PUT", "POST") and "/bills" in row["path"]]
    assert bills_there(sandbox)[key] == before
