"""The audit's tables: the events, which are only ever added, and each chain's head.

Events enter from ``services`` alone. The models know how they are hashed, and nothing of what
they speak of.
"""

from typing import Any

from django.db import models

from audit import chain
from tenants.models import TenantOwned

# Names that the hash covers and an export shows, as they are in the table.
TEXT_FIELDS = (
    "actor",
    "action",
    "source_kind",
    "source_id",
    "source_number",
    "target_kind",
    "target_id",
    "target_number",
)
ID_FIELDS = ("integration_id", "run_id", "document_id")


class AuditEvent(TenantOwned):
    """A statement of who or what did what to which record.

    Ids are plain numbers: an event outlives what it speaks of.
    """

    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    integration_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True)
    document_id = models.BigIntegerField(null=True)
    source_kind = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=200, blank=True)
    source_number = models.CharField(max_length=200, blank=True)
    target_kind = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=200, blank=True)
    target_number = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("sequence",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "sequence"), name="audit_event_in_order"),
        )
        indexes = (
            models.Index(fields=("tenant", "at"), name="audit_event_by_time"),
            models.Index(
                fields=("tenant", "document_id"),
                condition=models.Q(document_id__isnull=False),
                name="audit_event_by_document",
            ),
            models.Index(
                fields=("tenant", "source_kind", "source_id", "sequence"),
                condition=models.Q(document_id__isnull=True),
                name="audit_event_by_source",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.source_number or self.target_number}".strip()

    def content(self) -> dict[str, Any]:
        """Return what an export shows: everything the hash covers, and the hash."""
        texts = {name: getattr(self, name) for name in TEXT_FIELDS}
        ids = {name: getattr(self, name) for name in ID_FIELDS}
        return {
            "tenant": self.tenant_id,
            "sequence": self.sequence,
            "at": chain.moment(self.at),
            **texts,
            **ids,
            "details": self.details,
            "previous_hash": self.previous_hash,
            "hash": self.hash,
        }

    def seal(self, head: chain.Head) -> chain.Head:
        """Append this event to the chain that ends in ``head``; return the new head."""
        self.sequence = head.sequence + 1
        self.previous_hash = head.hash
        self.hash = chain.event_hash(self.content())
        return chain.Head(self.sequence, self.hash)


class AuditHead(TenantOwned):
    """The end of a tenant's chain: what makes a removed tail visible."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=chain.GENESIS)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant",), name="audit_head_once_per_tenant"),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"


class PlatformEvent(models.Model):
    """A statement of who did what to a person, a group or a tenant as a whole; of no tenant."""

    sequence = models.BigIntegerField(unique=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    subject = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("sequence",)

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.subject}".strip()

    def content(self) -> dict[str, Any]:
        """Return what an export shows: everything the hash covers, and the hash."""
        return {
            "tenant": None,
            "sequence": self.sequence,
            "at": chain.moment(self.at),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "details": self.details,
            "previous_hash": self.previous_hash,
            "hash": self.hash,
        }

    def seal(self, head: chain.Head) -> chain.Head:
        """Append this event to the chain that ends in ``head``; return the new head."""
        self.sequence = head.sequence + 1
        self.previous_hash = head.hash
        self.hash = chain.event_hash(self.content())
        return chain.Head(self.sequence, self.hash)


class PlatformHead(models.Model):
    """The end of the platform's chain. One row."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=chain.GENESIS)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"
