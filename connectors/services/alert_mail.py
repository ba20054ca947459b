"""Writes an alert as an e-mail: text and HTML, with links to the pages that its reader can open."""

from email.utils import parseaddr
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from connectors.services import alert_words
from connectors.services.alert_groups import Group
from connectors.services.alert_words import Reader
from tenants.models import Tenant


class Written(NamedTuple):
    """Both forms of a message."""

    text: str
    html: str


def write(groups: list[Group], tenant: Tenant, reader: Reader) -> Written:
    """The message for a reader of that kind."""
    own = reverse("dashboard:own-alerts", args=[tenant.slug])
    pages = {
        Reader.STAFF: reverse("admin:index"),
        Reader.MEMBER: reverse("dashboard:review", args=[tenant.slug]),
    }
    context = {
        "sections": alert_words.sections(groups, tenant.name, reader),
        "overview": f"{settings.BASE_URL}{pages[reader]}" if reader in pages else "",
        "choose": f"{settings.BASE_URL}{own}" if reader is Reader.MEMBER else "",
    }
    return Written(
        render_to_string("emails/alert.txt", context),
        render_to_string("emails/alert.html", context),
    )


def send(subject: str, written: Written, to: str, message_id: UUID) -> None:
    """Send to one address; the same message has the same id when it is sent once more."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    message = EmailMultiAlternatives(
        subject=subject,
        body=written.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={"Message-ID": f"<{message_id.hex}@{domain}>"},
    )
    message.attach_alternative(written.html, "text/html")
    message.send()
