"""A tenant's authorised account at a provider, its sealed credentials, and its current token.

Sealed columns hold envelopes (see ``sealed``); nothing here talks to a provider.
"""

import uuid

from django.db import models
from encrypted_model_fields.fields import EncryptedTextField

from connectors.core import clock
from tenants.models import TenantForeignKey, TenantOwned


class Health(models.TextChoices):
    """What is known of a connection's use, in the words of its page."""

    NEW = "new", "not tested yet"
    READY = "ready", "ready"
    NEEDS_AUTHORISATION = "needs_authorisation", "needs re-authorisation"
    SUSPENDED = "suspended", "suspended by the provider"
    MISCONFIGURED = "misconfigured", "misconfigured"


class Connection(TenantOwned):
    """One account at one provider. ``settings`` are open (region, ids), credentials are sealed.

    ``profile`` is what the provider said of the organisation or company; ``secret_id`` names
    this row inside its envelopes, so that a ciphertext moved elsewhere is refused.
    ``resting_until`` is until when its provider takes no more calls, ``resting_words`` why;
    ``rest_told_until`` is the end of the rest that people were told of last.
    ``asked`` is the one-time number of a link with which somebody without an account here may
    authorise it, until ``asked_until``.
    ``confirmed`` marks whose account the provider has shown us; see ``engine.sessions``.
    """

    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    settings = models.JSONField(default=dict, blank=True)
    profile = models.JSONField(default=dict, blank=True)
    secret_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    sealed_credentials = EncryptedTextField(default="", blank=True, editable=False)
    confirmed = models.CharField(max_length=64, default="", blank=True, editable=False)
    asked = models.CharField(max_length=43, default="", blank=True, editable=False)
    asked_until = models.DateTimeField(null=True, blank=True, editable=False)
    health = models.CharField(max_length=24, choices=Health, default=Health.NEW)
    health_words = models.TextField(blank=True, default="")
    health_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)
    probe_failures = models.PositiveIntegerField(default=0)
    resting_until = models.DateTimeField(null=True, blank=True)
    resting_words = models.TextField(blank=True, default="")
    rest_told_until = models.DateTimeField(null=True, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="connection_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def usable(self) -> bool:
        return self.health in (Health.NEW, Health.READY)


class ConnectionToken(TenantOwned):
    """The access token in use, and the lease under which at most one worker refreshes it.

    ``version`` rises with every stored token, ``fence`` with every lease.
    """

    connection = TenantForeignKey(Connection, on_delete=models.CASCADE, related_name="tokens")
    secret_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    sealed_token = EncryptedTextField(default="", blank=True, editable=False)
    expires_at = models.DateTimeField(null=True)
    version = models.BigIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "connection"], name="one_token"),
        ]

    def __str__(self) -> str:
        return f"token {self.version} of connection {self.connection_id}"


class QuotaDay(models.Model):
    """Calls made in a day under one quota subject; several connections may share the subject.

    Global on purpose: it holds a hash and a number, nothing that belongs to a tenant.
    """

    subject = models.CharField(max_length=64)
    day = models.DateField()
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "day"], name="quota_subject_day"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.day}: {self.used}"
