"""Members apply a mapping to posted documents, after the same preview as staff, into the books."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from connectors.engine.job import Job
from connectors.models import Document
from tenants.models import Role, Tenant
from tenants.services import add_member
from tests.engine.conftest import connected as connected
from tests.engine.drive import run_until_idle
from tests.people import ACTOR, make_user
from tests.sandbox_process import SandboxProcess
from tests.web.test_admin_posted_policy import bills_there, digest_of, keys, remap


@pytest.fixture
def job(connected: Any) -> Job:
    """Two posted bills."""
    job: Job = connected(plain=True, orders=0, bills=2, options={"zoho_per_minute": 0})
    run_until_idle(job)
    return job


def test_an_operator_applies_a_mapping_to_posted_bills(
    client: Client, job: Job, sandbox: SandboxProcess
) -> None:
    person = make_user("anna")
    add_member(tenant_id=job.tenant_id, user=person, role=Role.OPERATOR, actor=ACTOR)
    client.force_login(person)
    row, old, new = remap(job, keys(sandbox)[0])
    with job.scope():
        slug = Tenant.objects.get(pk=job.tenant_id).slug
    path = f"/w/{slug}/mappings/{row.pk}/"
    assert f"{path}apply/" in client.get(path).content.decode()
    sandbox.delete("/control/requests")
    page = client.get(f"{path}apply/").content.decode()
    assert "Apply to " in page
    assert sandbox.get("/control/requests")["requests"] == [], "a preview makes no call"
    answer = client.post(f"{path}apply/", {"digest": digest_of(page)}, follow=True)
    assert "decided again, and changed in Zoho Books" in answer.content.decode()
    with job.scope():
        due = set(Document.objects.filter(state="due").values_list("key", flat=True))
        events = AuditEvent.objects.filter(action="document.policy_applied")
        assert {event.actor.rpartition(" ")[2] for event in events} == {"anna@example.com"}
    assert keys(sandbox)[0] in due
    run_until_idle(job)
    for key in due:
        accounts = {line["account_id"] for line in bills_there(sandbox)[key]["line_items"]}
        assert new in accounts
        assert old not in accounts
