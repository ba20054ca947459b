"""Every try of every delivery step, and what became of it; both append-only.

An attempt is committed before its call leaves, its outcome right after; an attempt without an
outcome is a write whose fate only the target knows.
"""

from django.db import models

from connectors.core import clock
from connectors.models.document import Document
from tenants.models import TenantForeignKey, TenantOwned


class Attempt(TenantOwned):
    """The intent: what is about to be sent for which part, until when at the latest.

    ``plan`` is the part's plan as JSON (payload, totals, reference) and ``step`` the one step. Both
    are emptied by age once a later attempt has been made; whether it ``creates`` stays known.
    Documents that leave in one call share ``batch``.
    """

    document = TenantForeignKey(Document, on_delete=models.PROTECT, related_name="attempts")
    run_id = models.BigIntegerField(null=True, blank=True)
    part = models.CharField(max_length=80, blank=True, default="")
    action = models.CharField(max_length=40)
    reference = models.CharField(max_length=120)
    plan = models.JSONField(default=dict)
    step = models.JSONField(default=dict)
    version = models.CharField(max_length=80, blank=True, default="")
    fingerprint = models.CharField(max_length=32, blank=True, default="")
    fence = models.BigIntegerField()
    deadline = models.DateTimeField()
    batch = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["tenant", "reference"], name="attempt_reference"),
            models.Index(
                fields=["tenant", "at"],
                name="attempt_with_body",
                condition=~models.Q(step__has_key="emptied"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.reference}"

    @property
    def emptied(self) -> bool:
        return bool(self.step.get("emptied"))


class Outcome(TenantOwned):
    """What is known of an attempt, by its answer or by a later look at the target."""

    class Result(models.TextChoices):
        DONE = "done", "done"
        REFUSED = "refused", "refused"
        NOT_SENT = "not_sent", "not sent"
        UNKNOWN = "unknown", "unknown"
        FOUND = "found", "found at the target"
        ABSENT = "absent", "not found at the target"
        CONFLICT = "conflict", "something else stands there"
        LATE = "late", "answered after its claim had ended"

    attempt = TenantForeignKey(Attempt, on_delete=models.PROTECT, related_name="outcomes")
    result = models.CharField(max_length=10, choices=Result)
    words = models.TextField(blank=True, default="")
    error_kind = models.CharField(max_length=20, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=40, blank=True, default="")
    target = models.JSONField(default=dict)
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.result
