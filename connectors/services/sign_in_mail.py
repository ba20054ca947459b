"""Tells people by e-mail when somebody signs in as them from a place that is new.

The door only rings; a worker writes, so that no sign-in waits for a mail server.
"""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from audit.models import PlatformEvent
from audit.sign_in_log import new_place
from connectors.engine import doorbell


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    new_place.connect(_ring)


def _ring(event: PlatformEvent, **rest: Any) -> None:
    doorbell.ring(doorbell.TELL_SIGN_IN, event.pk)


def send(event_id: int) -> None:
    """Write to the address that the person had when they signed in."""
    event = PlatformEvent.objects.get(pk=event_id, action="sign_in.done")
    address = event.subject.partition(" ")[2]
    context = {"event": event, "address": address, "base_url": settings.BASE_URL}
    send_mail(
        subject="A new sign-in to ml-connector",
        message=render_to_string("emails/sign_in.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[address],
    )
