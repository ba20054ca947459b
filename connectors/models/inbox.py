"""Where webhooks arrive: the endpoint of a connection, and every delivery that was let in."""

import uuid

from django.db import models
from encrypted_model_fields.fields import EncryptedTextField

from connectors.core import clock
from connectors.models.connection import Connection
from connectors.models.integration import EPOCH
from tenants.models import TenantForeignKey, TenantOwned


class WebhookEndpoint(TenantOwned):
    """A connection's address for webhooks.

    ``token`` is the unguessable part of its path, the sealed secret proves a delivery. ``hooks`` is
    what the provider's package remembers of the hooks it made. Refused deliveries leave a count
    and the last reason, nothing else. ``unopened_at`` is since when no key opens the secret.
    """

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="endpoints")
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    secret_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    sealed_secret = EncryptedTextField(default="", blank=True, editable=False)
    hooks = models.JSONField(default=dict, blank=True)
    hooks_words = models.TextField(blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    refused = models.PositiveBigIntegerField(default=0)
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_words = models.TextField(blank=True, default="")
    unopened_at = models.DateTimeField(null=True, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "connection"], name="one_endpoint"),
        ]

    def __str__(self) -> str:
        return f"webhooks of connection {self.connection_id}"


class InboxEvent(TenantOwned):
    """One hint of a delivery, waiting to be followed or done.

    Hints about one record are followed by one reading that begins after the latest of them.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "pending"
        DONE = "done", "followed"
        IGNORED = "ignored", "nothing to follow"

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="inbox")
    event_id = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001 - NULLs differ
    resource = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    within = models.CharField(max_length=120, blank=True, default="")
    action = models.CharField(max_length=40, blank=True, default="")
    source = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    words = models.TextField(blank=True, default="")
    tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=EPOCH)
    received_at = models.DateTimeField(default=clock.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connection", "event_id", "resource", "key"],
                name="one_inbox_event",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "connection", "next_at"],
                name="inbox_pending",
                condition=models.Q(status="pending"),
            ),
            models.Index(fields=["tenant", "connection", "resource", "key"], name="inbox_record"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.key} {self.action}".strip()
