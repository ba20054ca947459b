"""Tells people by e-mail what happens at the door in their name, so that they notice a stranger.

The door only rings; a worker writes, so that no sign-in waits for a mail server.
"""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from audit.models import PlatformEvent
from audit.sign_in_log import to_tell
from connectors.engine import doorbell

# Action of the audit -> subject of the mail. A new sign-in has a text of its own.
SUBJECTS = {
    "sign_in.done": "A new sign-in to ml-connector",
    "passkey.added": "A passkey was added",
    "passkey.removed": "A passkey was removed",
    "two_factor.turned_on": "Two-factor authentication is on",
    "two_factor.turned_off": "Two-factor authentication is off",
    "two_factor.codes_renewed": "New recovery codes",
    "two_factor.recovered": "A recovery code was used",
    "two_factor.refused": "Somebody knows your password",
}
_WORDS = {
    "passkey.added": "a passkey was added to your account",
    "passkey.removed": "a passkey of your account was removed",
    "two_factor.turned_on": "an authenticator app was set up for your account",
    "two_factor.turned_off": "the authenticator app of your account was removed",
    "two_factor.codes_renewed": "new recovery codes were made; older ones no longer work",
    "two_factor.recovered": "a recovery code of your account was used in place of the app",
    "two_factor.refused": "somebody gave your password and then wrong codes, until they were "
    "refused for a while",
}


def listen() -> None:
    """Begin. Called once, when the applications are ready."""
    to_tell.connect(_ring)


def _ring(event: PlatformEvent, **rest: Any) -> None:
    # The worker must find the event.
    transaction.on_commit(lambda: doorbell.ring(doorbell.TELL_SIGN_IN, event.pk))


def send(event_id: int) -> None:
    """Write to the address that the person had when it happened."""
    event = PlatformEvent.objects.get(pk=event_id, action__in=SUBJECTS)
    address = event.subject.partition(" ")[2]
    words = _WORDS.get(event.action)
    context = {"event": event, "address": address, "base_url": settings.BASE_URL, "words": words}
    template = "emails/two_factor.txt" if words else "emails/sign_in.txt"
    send_mail(
        subject=SUBJECTS[event.action],
        message=render_to_string(template, context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[address],
    )
