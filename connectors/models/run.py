"""One execution of an integration: why it started, what it counted, how it ended."""

from django.db import models

from connectors.core import clock
from connectors.models.integration import EPOCH, Integration
from tenants.models import TenantForeignKey, TenantOwned


class Run(TenantOwned):
    """At most one run of an integration runs and one waits, by two partial unique constraints.

    ``fence`` and ``leased_until`` guard its steps as claims guard documents: a paused worker
    that wakes up finds its number outdated and writes nothing. A ``dry`` one posts nothing: it
    foresees what would become of each document. ``reads_from`` is when its reading
    began, which is later than its start where it had to begin once more. ``late_told_at`` is when
    people were told that it takes long.
    """

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "schedule"
        PERSON = "person", "a person"
        COMMAND = "command", "a command"
        WEBHOOK = "webhook", "a webhook"

    class Status(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        FAILED = "failed", "failed"

    class Phase(models.TextChoices):
        REFERENCES = "references", "reading master data"
        EXTRACT = "extract", "reading the source"
        DELIVER = "deliver", "posting"
        DONE = "done", "done"

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger)
    actor = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    phase = models.CharField(max_length=12, choices=Phase, default=Phase.REFERENCES)
    sweep = models.BooleanField(default=False)
    dry = models.BooleanField(default=False)
    counts = models.JSONField(default=dict, blank=True)
    calls = models.JSONField(default=dict, blank=True)
    words = models.TextField(blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField(default=clock.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    reads_from = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True)
    late_told_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(default=EPOCH)
    fence = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(default=EPOCH)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration"],
                condition=models.Q(status="running"),
                name="one_running_run",
            ),
            models.UniqueConstraint(
                fields=["tenant", "integration"],
                condition=models.Q(status="queued"),
                name="one_queued_run",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="run_unfinished",
                condition=models.Q(status__in=["queued", "running"]),
            ),
            models.Index(
                fields=["tenant"],
                name="run_failed_untold",
                condition=models.Q(status="failed", alerted_at=None),
            ),
        ]

    @property
    def finished(self) -> bool:
        """Whether it has ended, well or not."""
        return self.status in (self.Status.FINISHED, self.Status.FAILED)

    def __str__(self) -> str:
        return f"run {self.pk}"
