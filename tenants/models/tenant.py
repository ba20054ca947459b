"""The tenant: one isolated customer of the service."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models

from connectors.core.currencies import CODES
from tenants.locales import DEFAULT, LOCALES


def validate_time_zone(name: str) -> None:
    """Refuse anything but an IANA time zone such as ``Europe/Berlin``."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        # Unknown, malformed, and a folder of the zone database ("America"), in this order.
        raise ValidationError(
            f"{name!r} is no IANA time zone: write it like Europe/Berlin or America/Chicago."
        ) from error


class Tenant(models.Model):
    """An isolated customer. Its own row is visible in its own scope only."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    locale = models.CharField(max_length=16, default=DEFAULT)
    base_currency = models.CharField(max_length=3, blank=True)
    alert_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.locale not in dict(LOCALES):
            raise ValidationError({"locale": "Choose one of the locales in the list."})
        if self.base_currency and self.base_currency not in CODES:
            raise ValidationError({"base_currency": "Choose a currency code of ISO 4217."})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
