"""Applying a changed mapping or changed options to posted documents, from the pages to the books.

Nothing is sent and nothing moves before a person has seen exactly what would change.
"""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from connectors.core.errors import BadInputError
from connectors.engine.job import Job
from connectors.models import Document, Link, Mapping, ReferenceItem
from connectors.services import integrations, mapping, posted_policy
from tests.engine.conftest import connected as connected
from tests.engine.drive import fresh_job, run_until_idle
from tests.engine.test_kept_policy import (
    account_of,
    another_account,
    bills_there,
    fix,
    posted,
)
from tests.people import ACTOR
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def job(connected: Any, sandbox: SandboxProcess) -> Job:
    """Two posted bills, one of them with a posting date of its own.

    Tests name it first: a connected company is copied into an empty database only.
    """
    job: Job = connected(plain=True, orders=0, bills=2, options={"zoho_per_minute": 0})
    fix(sandbox, keys(sandbox)[0], gl_post_date="2026-10-05T12:00:00Z")
    run_until_idle(job)
    return job


def keys(sandbox: SandboxProcess) -> list[str]:
    return [str(row["group"]) for row in sandbox.get("/control/books/procurify")["bills"]]


def remap(job: Job, key: str) -> tuple[Mapping, str, str]:
    """Map the account of a bill's first line to another; the mapping, the old and the new one."""
    source, old = account_of(job, key)
    new = another_account(job, old)
    mapping.set_mapping(
        job.integration, kind="account", source_key=source, target_key=new, actor=ACTOR
    )
    with job.scope():
        return Mapping.objects.get(kind="account", source_key=source), old, new


def apply_page(row: Any, what: str = "mapping") -> str:
    return reverse(f"admin:connectors_{what}_apply", args=[row.pk])


def digest_of(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def writes(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    rows = sandbox.get("/control/requests")["requests"]
    return [row for row in rows if row["provider"] == "zoho_books" and row["method"] != "GET"]


def test_a_mapping_is_applied_to_posted_documents_after_a_preview(
    job: Job, staff: Client, sandbox: SandboxProcess
) -> None:
    key = keys(sandbox)[0]
    row, old, new = remap(job, key)
    with job.scope():
        names = dict(ReferenceItem.objects.filter(kind="account").values_list("key", "name"))
        using = {
            link.document.key
            for link in Link.objects.select_related("document")
            if any(line["source_account"] == row.source_key for line in link.payload["lines"])
        }
    sandbox.delete("/control/requests")
    page = staff.get(apply_page(row)).content.decode()
    assert names[old] in page
    assert names[new] in page
    assert f"Apply to {len(using)} posted document" in page
    assert sandbox.get("/control/requests")["requests"] == [], "a preview makes no call"

    answer = staff.post(apply_page(row), {"digest": digest_of(page)}, follow=True)
    assert "decided anew" in answer.content.decode()
    with job.scope():
        due = set(Document.objects.filter(state="due").values_list("key", flat=True))
        events = AuditEvent.objects.filter(action="document.policy_applied")
        by = {event.actor for event in events}
        assert events.count() == len(using)
    assert due == using, "exactly what the preview showed"
    assert all("staff@example.com" in one for one in by)

    run_until_idle(job)
    for one in using:
        assert new in {line["account_id"] for line in bills_there(sandbox)[one]["line_items"]}
        lines = posted(job, one)[1].payload["lines"]
        mapped = {line["account_id"] for line in lines if line["source_account"] == row.source_key}
        assert mapped == {new}
    with job.scope():
        assert not Link.objects.exclude(renewed=[]).exists(), "it was for once"
        assert AuditEvent.objects.filter(action="target.policy_renewed").count() == len(using)


def test_without_confirmation_nothing_moves(
    job: Job, staff: Client, sandbox: SandboxProcess
) -> None:
    key = keys(sandbox)[0]
    row, old, _ = remap(job, key)
    staff.get(apply_page(row))
    with job.scope():
        Document.objects.update(state="due")
    sandbox.delete("/control/requests")
    run_until_idle(job)
    assert writes(sandbox) == []
    assert account_of(job, key)[1] == old


def test_options_are_applied_to_posted_documents_after_a_preview(
    job: Job, staff: Client, sandbox: SandboxProcess
) -> None:
    moved, stays = keys(sandbox)
    options = {**job.integration.options, "bill_date": "invoice"}
    integrations.change(job.integration, resolved=job.resolved, actor=ACTOR, options=options)
    before = bills_there(sandbox)
    page = staff.get(apply_page(job.integration, "integration")).content.decode()
    assert "2026-10-05" in page
    assert "Apply to 1 posted document<" in page, "the other bill has no posting date"
    assert posted(job, moved)[0].number in page
    staff.post(apply_page(job.integration, "integration"), {"digest": digest_of(page)})
    run_until_idle(fresh_job(job))
    after = bills_there(sandbox)
    assert after[moved]["date"] != before[moved]["date"]
    assert after[stays] == before[stays]
    assert posted(job, moved)[1].options["bill_date"] == "invoice"
    assert posted(job, stays)[1].options["bill_date"] == "posting"


def test_what_lies_in_a_closed_period_stays_and_says_why(
    job: Job, staff: Client, sandbox: SandboxProcess
) -> None:
    key = keys(sandbox)[0]
    row, _, _ = remap(job, key)
    with job.scope():
        ReferenceItem.objects.filter(connection=job.target, kind="period_lock").update(
            attributes={"locked_until": "2030-12-31"}
        )
    page = staff.get(apply_page(row)).content.decode()
    assert "No posted document would change." in page
    assert "purchases are closed in" in page
    staff.post(apply_page(row), {"digest": digest_of(page)})
    assert posted(job, key)[0].state == "posted"


def test_a_preview_that_is_out_of_date_is_not_applied(
    job: Job, staff: Client, sandbox: SandboxProcess
) -> None:
    key = keys(sandbox)[0]
    row, _, new = remap(job, key)
    page = staff.get(apply_page(row)).content.decode()
    mapping.set_mapping(
        job.integration,
        kind="account",
        source_key=row.source_key,
        target_key=another_account(job, new),
        actor=ACTOR,
    )
    answer = staff.post(apply_page(row), {"digest": digest_of(page)}).content.decode()
    assert "nothing was applied" in answer
    with job.scope():
        assert not Document.objects.filter(state="due").exists()
    wish = posted_policy.of_mapping(row)
    with pytest.raises(BadInputError, match="changed meanwhile"):
        posted_policy.confirm(job, wish, digest=digest_of(page), actor=ACTOR)


def test_only_who_may_act_applies(client: Client, job: Job, sandbox: SandboxProcess) -> None:
    row, _, _ = remap(job, keys(sandbox)[0])
    for url in (apply_page(row), apply_page(job.integration, "integration")):
        assert client.get(url).status_code == 302, "to the log-in"
        assert client.post(url, {"digest": "0" * 64}).status_code == 302
    with job.scope():
        assert not Document.objects.filter(state="due").exists()


def paid_there(sandbox: SandboxProcess, key: str) -> None:
    bill = bills_there(sandbox)[key]
    sandbox.post(
        "/control/add/zoho_books/vendorpayments",
        {
            "vendor_id": bill["vendor_id"],
            "amount": bill["total"],
            "date": bill["date"],
            "bills": [{"bill_id": bill["bill_id"], "amount_applied": bill["total"]}],
        },
    )


def test_options_that_were_applied_to_a_paid_bill_are_taken_back(
    job: Job, sandbox: SandboxProcess
) -> None:
    """The preview makes no call, so that a payment shows only once it is confirmed."""
    key = keys(sandbox)[0]
    paid_there(sandbox, key)
    before = bills_there(sandbox)[key]
    for day, state in (("invoice", "held"), ("posting", "posted")):
        options = {**job.integration.options, "bill_date": day}
        integrations.change(job.integration, resolved=job.resolved, actor=ACTOR, options=options)
        now = fresh_job(job)
        found = posted_policy.preview(now, posted_policy.of_options())
        posted_policy.confirm(now, posted_policy.of_options(), digest=found.digest, actor=ACTOR)
        run_until_idle(now)
        assert posted(now, key)[0].state == state, posted(now, key)[0].words
    assert bills_there(sandbox)[key] == before


def test_a_mapping_that_was_applied_and_taken_back_is_not_applied_later(
    job: Job, sandbox: SandboxProcess
) -> None:
    key = keys(sandbox)[0]
    row, old, new = remap(job, key)
    wish = posted_policy.of_mapping(row)
    digest = posted_policy.preview(job, wish).digest
    posted_policy.confirm(job, wish, digest=digest, actor=ACTOR)
    for target in (old, new):
        source = row.source_key
        mapping.set_mapping(
            job.integration, kind="account", source_key=source, target_key=target, actor=ACTOR
        )
        with job.scope():
            Document.objects.update(state="due")
        run_until_idle(job)
        assert account_of(job, key)[1] == old
