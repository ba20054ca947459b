"""A tenant's enabled flow, how far each of its streams has been read, and who works on it now."""

from datetime import UTC, datetime

from django.db import models

from connectors.core import clock
from connectors.models.connection import Connection
from tenants.models import TenantForeignKey, TenantOwned

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Integration(TenantOwned):
    """Two connections, a flow, a schedule and options.

    The schedule is an interval in minutes or, where ``cron`` is set, a cron expression in the
    tenant's time zone. ``next_run_at`` is when the dispatcher starts the next scheduled run.
    In ``shadow`` it makes dry runs by its schedule, and posts nothing while it is not enabled.
    ``reads_after`` is set while nothing may be posted before a reading that begins later than it.
    """

    flow = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    source = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="as_source")
    target = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="as_target")
    enabled = models.BooleanField(default=True)
    shadow = models.BooleanField(default=False)
    interval_minutes = models.PositiveIntegerField(default=15)
    cron = models.CharField(max_length=120, blank=True, default="")
    options = models.JSONField(default=dict, blank=True)
    history_start = models.DateField(null=True, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    reads_after = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="integration_name"),
            models.CheckConstraint(
                condition=models.Q(interval_minutes__gte=1), name="integration_interval"
            ),
            models.CheckConstraint(
                condition=models.Q(enabled=False) | models.Q(shadow=False),
                name="integration_live_or_shadow",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"],
                name="integration_next_run",
                condition=models.Q(next_run_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StreamState(TenantOwned):
    """How far one stream of an integration has been read for certain.

    ``cursor`` moves only when a window has been read to its end; ``swept_at`` is the end of the
    last full sweep, ``sweep`` its number, which documents seen by it carry.
    """

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="streams")
    stream = models.CharField(max_length=40)
    cursor = models.DateTimeField(null=True, blank=True)
    sweep = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration", "stream"], name="one_stream_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of integration {self.integration_id}"


class WorkSlot(TenantOwned):
    """A place for one worker at an integration's documents, so that no tenant takes every worker.

    A slot is leased with a fencing number; ``leased_until`` in the past means free, in the
    future either busy or told to come back then.
    """

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    fence = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(default=EPOCH)
    rung_at = models.DateTimeField(default=EPOCH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "integration", "number"], name="one_slot"),
        ]
        indexes = [models.Index(fields=["leased_until"], name="slot_free")]

    def __str__(self) -> str:
        return f"slot {self.number} of integration {self.integration_id}"
