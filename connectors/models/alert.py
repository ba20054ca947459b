"""Every time a tenant was told what waits for people: proof of what was said, and when."""

from django.db import models

from tenants.models import TenantOwned


class Alert(TenantOwned):
    """One e-mail, or one message to each channel; ``recipients`` is how many, ``body`` the text."""

    at = models.DateTimeField()
    subject = models.CharField(max_length=300)
    body = models.TextField()
    recipients = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "-at"], name="alert_latest")]

    def __str__(self) -> str:
        return self.subject
