"""The dispatcher: looks who has something due and rings for it; does none of the work itself.

Asks the routing functions for ids, whatever the number of tenants; a ring that gets lost is rung
again at the next look.
"""

import logging
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Q
from django.db.models.functions import Now
from redis import RedisError

from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.engine import doorbell
from connectors.engine.policy import policy
from connectors.engine.runs import queue_run
from connectors.engine.schedule import next_run
from connectors.models import Integration, Run
from tenants.routing import route
from tenants.scope import learn_the_time, tenant_scope

logger = logging.getLogger(__name__)

# Set by each dispatcher, gone when none has worked for so many seconds.
HEARTBEAT = "dispatcher"
_HEARTBEAT_SECONDS = 30
_MOST = 200
_TOKEN_AHEAD = timedelta(minutes=4)
_HOOKS_EVERY = timedelta(days=1)


def dispatch() -> int:
    """Ring for everything that is due now; returns how many rings."""
    for tenant_id, integration_id in route("routing_due_integrations", _MOST):
        start_scheduled(tenant_id, integration_id)
    rings = 0
    for function, task in (
        ("routing_runs", doorbell.ADVANCE_RUN),
        ("routing_doubtful", doorbell.RECOVER),
        ("routing_slots", doorbell.WORK_SLOT),
        ("routing_inbox", doorbell.FOLLOW_INBOX),
    ):
        for tenant_id, row_id in route(function, _MOST):
            doorbell.ring(task, tenant_id, row_id)
            rings += 1
    try:
        cache.set(HEARTBEAT, True, _HEARTBEAT_SECONDS)
    except RedisError as error:
        # What is due stands in the database, and the health check says that Redis is away.
        logger.warning("the heartbeat was not written: %s", error)
    return rings


def start_scheduled(tenant_id: int, integration_id: int) -> None:
    """Queue the run whose time has come and set the next time; once, however many dispatchers."""
    with tenant_scope(tenant_id):
        integration = (
            Integration.objects.select_for_update(skip_locked=True)
            .select_related("tenant")
            .filter(Q(enabled=True) | Q(shadow=True), pk=integration_id, next_run_at__lte=Now())
            .first()
        )
        if integration is None:
            return
        set_next_run(integration)
        queue_run(
            integration,
            trigger=Run.Trigger.SCHEDULE,
            actor="system:schedule",
            dry=not integration.enabled,
        )


def set_next_run(integration: Integration) -> None:
    """Write when the integration runs next; a schedule that cannot be parsed stops it."""
    try:
        integration.next_run_at = next_run(
            clock.now(),
            interval_minutes=integration.interval_minutes,
            cron=integration.cron,
            zone=integration.tenant.zone,
        )
    except BadInputError:
        integration.next_run_at = None
    integration.save(update_fields=["next_run_at"])


def housekeeping() -> int:
    """Ring for what is due by the minute: tokens that end soon, suspended connections, alerts."""
    rings = 0
    learn_the_time()
    for tenant_id, connection_id in route("routing_tokens", clock.now() + _TOKEN_AHEAD):
        doorbell.ring(doorbell.REFRESH_TOKEN, tenant_id, connection_id)
        rings += 1
    for tenant_id, connection_id in route("routing_probes", _MOST):
        doorbell.ring(doorbell.PROBE_CONNECTION, tenant_id, connection_id)
        rings += 1
    for tenant_id, endpoint_id in route("routing_hooks", clock.now() - _HOOKS_EVERY):
        doorbell.ring(doorbell.CHECK_HOOKS, tenant_id, endpoint_id)
        rings += 1
    quiet_since = clock.now() - timedelta(seconds=policy().alert_every_seconds)
    told = route("routing_alerts", quiet_since)
    for (tenant_id,) in sorted({*told, *route("routing_alert_deliveries", _MOST)}):
        doorbell.ring(doorbell.SEND_ALERTS, tenant_id)
        rings += 1
    return rings
