"""Cached master data of a connection, cached heads of target records, and the tenant's mappings.

With these in the database a mapping costs no API call. Rows are written by the engine's
reference refresh and by people; nothing here decides anything.
"""

from django.db import models

from connectors.core import clock
from connectors.models.connection import Connection
from connectors.models.integration import EPOCH, Integration
from tenants.models import TenantForeignKey, TenantOwned


class ReferenceItem(TenantOwned):
    """One vendor, account, tax … as a connection's provider last listed it.

    ``gone`` says that a whole reading did not list it any more: deleted, or merged into another.
    """

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    number = models.CharField(max_length=120, blank=True, default="")
    active = models.BooleanField(default=True)
    gone = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connection", "kind", "key"], name="one_reference_item"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()


class ReferenceState(TenantOwned):
    """When a kind of master data (or an index of target records) was last read, and up to what.

    ``whole_at`` is when a list that is read by its changes was last read to its end. ``trouble``
    says why it could not be read at the last try, ``unreadable`` what of it could not.
    """

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="readings")
    kind = models.CharField(max_length=60)
    read_at = models.DateTimeField(null=True, blank=True)
    whole_at = models.DateTimeField(null=True, blank=True)
    since = models.CharField(max_length=40, blank=True, default="")
    trouble = models.TextField(blank=True, default="")
    unreadable = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connection", "kind"], name="one_reference_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of connection {self.connection_id}"


class TargetRecord(TenantOwned):
    """The head of a record at the target, ours or typed by hand: who holds a number already."""

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="heads")
    kind = models.CharField(max_length=40)
    target_id = models.CharField(max_length=80)
    number = models.CharField(max_length=120, blank=True, default="")
    twin_number = models.CharField(max_length=120, blank=True, default="")
    reference = models.CharField(max_length=120, blank=True, default="")
    vendor_key = models.CharField(max_length=80, blank=True, default="")
    status = models.CharField(max_length=40, blank=True, default="")
    total = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    day = models.CharField(max_length=10, blank=True, default="")
    # What a document's part must be called to stand for it, where its kind has several.
    part = models.CharField(max_length=80, blank=True, default="")
    modified = models.CharField(max_length=40, blank=True, default="")
    # When it was last listed, or looked at: what was not for long may have been deleted.
    seen_at = models.DateTimeField(default=EPOCH)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connection", "kind", "target_id"], name="one_target_record"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "connection", "kind", "twin_number"], name="target_record_twin"
            ),
            models.Index(
                fields=["tenant", "connection", "kind", "reference"], name="target_record_mark"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Mapping(TenantOwned):
    """This source vendor, account, tax … is that target one, for one integration."""

    class Origin(models.TextChoices):
        AUTOMATIC = "automatic", "linked automatically, by what looks the same"
        EXTERNAL_ID = "external_id", "linked automatically, by an id"
        PERSON = "person", "chosen by a person"
        IMPORT = "import", "imported"

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="mappings")
    kind = models.CharField(max_length=40)
    source_key = models.CharField(max_length=200)
    target_key = models.CharField(max_length=120)
    origin = models.CharField(max_length=12, choices=Origin)
    evidence = models.CharField(max_length=300, blank=True, default="")
    actor = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration", "kind", "source_key"], name="one_mapping"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_key} -> {self.target_key}"


class UnlinkedPair(TenantOwned):
    """A pair that a person took apart: it is never linked again without one."""

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    source_key = models.CharField(max_length=200)
    target_key = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration", "kind", "source_key", "target_key"],
                name="one_unlinked_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_key} -/- {self.target_key}"


class MappingFailure(TenantOwned):
    """One missing or invalid mapping, with all the documents that wait for it.

    ``freed`` are the ids of the documents that waited when it was resolved.
    """

    class Status(models.TextChoices):
        OPEN = "open", "open"
        RESOLVED = "resolved", "resolved"

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="failures")
    kind = models.CharField(max_length=40)
    source_key = models.CharField(max_length=200)
    label = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True, default="")
    freed = models.JSONField(default=list, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration", "kind", "source_key"], name="one_mapping_failure"
            ),
        ]

    def __str__(self) -> str:
        return self.label
