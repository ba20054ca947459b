"""Where a workspace's alerts go, and each message that was sent or is to be sent there."""

import uuid

from django.db import models
from encrypted_model_fields.fields import EncryptedTextField

from connectors.core import clock
from connectors.models.integration import EPOCH
from tenants.models import Member, TenantForeignKey, TenantOwned


class Topic(models.TextChoices):
    """What an alert can be about, most urgent first."""

    CONNECTIONS = "connections", "Connections that stopped"
    RUNS = "runs", "Runs that failed or are late"
    QUOTA = "quota", "Quotas that are used up"
    HELD = "held", "Documents that are held"
    DRIFT = "drift", "Posted documents that somebody changed at the target"
    MAPPINGS = "mappings", "Mappings that are missing"


def every_topic() -> list[str]:
    return list(Topic.values)


class AlertChannel(TenantOwned):
    """A place that alerts go to.

    ``own`` marks what a member has set for their own mail: it stands beside the workspace's
    channels. The sealed target holds ``url`` and ``secret``; ``host`` is what may be shown of it.
    ``failures`` counts tries that failed since the last one that did not.
    """

    class Kind(models.TextChoices):
        SLACK = "slack", "Slack or compatible"
        WEBHOOK = "webhook", "Signed webhook"
        EMAIL = "email", "E-mail to a member"

    class Pace(models.TextChoices):
        AT_ONCE = "at_once", "At once"
        DAILY = "daily", "Once a day"

    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=300)
    member = TenantForeignKey(
        Member, on_delete=models.CASCADE, null=True, blank=True, related_name="alert_channels"
    )
    own = models.BooleanField(default=False)
    secret_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    sealed_target = EncryptedTextField(default="", blank=True, editable=False)
    host = models.CharField(max_length=255, blank=True, default="")
    topics = models.JSONField(default=every_topic)
    pace = models.CharField(max_length=8, choices=Pace, default=Pace.AT_ONCE)
    hour = models.PositiveSmallIntegerField(default=8)
    enabled = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)
    off_words = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="alert_channel_name"),
            models.UniqueConstraint(fields=["tenant", "member"], name="one_channel_per_member"),
            models.CheckConstraint(condition=models.Q(hour__lte=23), name="alert_hour_of_a_day"),
            models.CheckConstraint(
                condition=~models.Q(kind="email") | models.Q(member__isnull=False),
                name="alert_mail_goes_to_a_member",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AlertDelivery(TenantOwned):
    """One message to one place, from when it was decided on until it arrived or was given up.

    ``channel`` is empty once the channel is removed, and for mail that owners and admins get
    ``by_default``. ``groups`` is what the message tells. A worker that sends it holds it until
    ``leased_until``; ``tries`` tells its outcome from that of a later worker.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "To be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"
        DROPPED = "dropped", "Not sent"

    channel = TenantForeignKey(
        AlertChannel, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    kind = models.CharField(max_length=8, choices=AlertChannel.Kind)
    to = models.CharField(max_length=255)
    by_default = models.BooleanField(default=False)
    staff_pages = models.BooleanField(default=False)
    test = models.BooleanField(default=False)
    message_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    subject = models.CharField(max_length=300)
    groups = models.JSONField(default=list)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(default=EPOCH)
    answer = models.PositiveSmallIntegerField(null=True, blank=True)
    words = models.TextField(blank=True, default="")
    at = models.DateTimeField(default=clock.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "next_at"],
                name="alert_delivery_pending",
                condition=models.Q(status="pending"),
            ),
            models.Index(fields=["tenant", "channel", "-at"], name="alert_delivery_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"
