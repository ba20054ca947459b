"""Commitments deleted in Procore unnoticed, and an integration made anew, over real HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors import registry
from connectors.core.errors import BadInputError
from connectors.core.states import State
from connectors.engine.job import load_job
from connectors.models import Document
from connectors.services import anew, integrations
from tests.engine.drive import run_until_idle
from tests.flows.conftest import ACTOR, FLOW, Builder
from tests.flows.test_commitments_typed_in import ANNA, again, contracts, documents, totals
from tests.sandbox_process import SandboxProcess


def test_one_deleted_part_of_an_order_is_posted_anew_and_the_other_stays(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=4)
    run_until_idle(job)
    before = totals(sandbox)
    [victim] = [row for row in contracts(sandbox) if row["number"] == "PO-00004-1"]
    sandbox.post(f"/control/delete/procore/purchase_order_contracts/{victim['id']}")
    with job.scope():
        Document.objects.update(state_at=timezone.now() - timedelta(minutes=2))
    whole, *_, broken = documents(job)
    with pytest.raises(BadInputError, match="It is in Procore after all"):
        anew.post_anew(job.tenant_id, whole.pk, reason="?", resolve=registry.resolve, actor=ANNA)
    anew.post_anew(job.tenant_id, broken.pk, reason="gone", resolve=registry.resolve, actor=ANNA)
    run_until_idle(job)
    again(job)
    assert {document.state for document in documents(job)} == {State.POSTED}
    assert totals(sandbox) == before
    [made] = [row for row in contracts(sandbox) if row["number"] == "PO-00004-1"]
    assert made["origin_id"].endswith(":1:2")


@pytest.mark.soak
def test_an_integration_made_anew_on_the_same_connections_posts_nothing_twice(
    builder: Builder, sandbox: SandboxProcess
) -> None:
    job = builder(plain=True, orders=4)
    run_until_idle(job)
    before = contracts(sandbox)
    made = integrations.create(
        tenant_id=job.tenant_id,
        resolved=registry.resolve(FLOW),
        name="Made anew",
        source=job.source,
        target=job.target,
        actor=ACTOR,
        options=dict(job.integration.options),
        interval_minutes=60,
        history_start=job.integration.history_start,
        enabled=False,
    )
    second = load_job(job.tenant_id, made.pk, registry.resolve)
    # It has read all of it before it is enabled: both have a document for each order then.
    run_until_idle(second)
    integrations.pause(job.integration, resolved=registry.resolve(FLOW), actor=ACTOR)
    integrations.resume(made, resolved=registry.resolve(FLOW), actor=ACTOR)
    run_until_idle(second, sweep=True)
    again(second)
    with job.scope():
        orders = Document.objects.filter(integration=made, stream="purchase_order")
        assert set(orders.values_list("state", flat=True)) == {State.POSTED}
    assert contracts(sandbox) == before
