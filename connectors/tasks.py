"""Celery's doors: each task takes ids, resolves the flow, and hands over to the engine.

Every task is safe to run twice or never: what is to be done stands in the database.
"""

from celery import shared_task

from connectors import registry
from connectors.core.flow import TARGET
from connectors.engine import dispatch as dispatcher
from connectors.engine import doorbell, recover, runs, work
from connectors.engine.claims import lease_slot
from connectors.engine.job import Job, load_job
from connectors.engine.sessions import open_client
from connectors.services import (
    alerts,
    audit_heads,
    connections,
    fit_report,
    invitation_mail,
    retention,
    sign_in_mail,
    webhooks,
)
from tenants.scope import tenant_scope


@shared_task(name="connectors.dispatch")
def dispatch() -> None:
    dispatcher.dispatch()


@shared_task(name="connectors.housekeeping")
def housekeeping() -> None:
    dispatcher.housekeeping()


@shared_task(name=doorbell.ADVANCE_RUN)
def advance_run(tenant_id: int, run_id: int) -> None:
    with tenant_scope(tenant_id):
        run = runs.lease_run(run_id)
    if run is None:
        return
    job = load_job(tenant_id, run.integration_id, registry.resolve)
    with job.logged(run=run.pk):
        runs.advance(job, run)
    with tenant_scope(tenant_id):
        if run.dry:
            fit_report.keep_ended(run_id, job.resolved)
        doorbell.ring("connectors.dispatch")


@shared_task(name=doorbell.WORK_SLOT)
def work_slot(tenant_id: int, slot_id: int) -> None:
    with tenant_scope(tenant_id):
        slot = lease_slot(slot_id)
    if slot is None:
        return
    job = load_job(tenant_id, slot.integration_id, registry.resolve)
    with job.logged(slot=slot.pk):
        work.work_slot(job, slot)


@shared_task(name=doorbell.RECOVER)
def recover_integration(tenant_id: int, integration_id: int) -> None:
    job = load_job(tenant_id, integration_id, registry.resolve)
    with job.logged():
        recover.recover(job, lambda view: open_client(view, TARGET))


@shared_task(name=doorbell.REFRESH_TOKEN)
def refresh_token(tenant_id: int, connection_id: int) -> None:
    connections.keep_token_fresh(tenant_id, connection_id, registry.provider)


@shared_task(name=doorbell.PROBE_CONNECTION)
def probe_connection(tenant_id: int, connection_id: int) -> None:
    connections.probe(tenant_id, connection_id, registry.provider)


@shared_task(name=doorbell.FOLLOW_INBOX)
def follow_inbox(tenant_id: int, connection_id: int) -> None:
    def load(tenant: int, integration: int) -> Job:
        return load_job(tenant, integration, registry.resolve)

    webhooks.follow_inbox(tenant_id, connection_id, load)


@shared_task(name=doorbell.CHECK_HOOKS)
def check_hooks(tenant_id: int, endpoint_id: int) -> None:
    webhooks.keep_hooks(tenant_id, endpoint_id, registry.provider)


@shared_task(name=doorbell.SEND_ALERTS)
def send_alerts(tenant_id: int) -> None:
    alerts.send_due(tenant_id)


@shared_task(name=doorbell.TELL_SIGN_IN)
def tell_sign_in(event_id: int) -> None:
    sign_in_mail.send(event_id)


@shared_task(name=doorbell.SEND_INVITATION)
def send_invitation(tenant_id: int, invitation_id: int) -> None:
    invitation_mail.send(tenant_id, invitation_id)


@shared_task(name="connectors.hourly")
def hourly() -> None:
    audit_heads.send_due()


@shared_task(name="connectors.daily")
def daily() -> None:
    retention.ring_for_old()


@shared_task(name=doorbell.PRUNE)
def prune(tenant_id: int) -> None:
    retention.prune(tenant_id)
