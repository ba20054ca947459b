"""Tells a tenant by e-mail what waits for people: one message for all news, throttled.

People who can open the staff pages get links to them; the others learn whom to ask.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from connectors.core import clock
from connectors.engine.policy import policy
from connectors.models import Alert
from connectors.services import news as to_tell
from connectors.services.news import News
from tenants.models import Member, Role, Tenant, User
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
_LONGEST_SUBJECT = 200


def send_due(tenant_id: int) -> bool:
    """Send one e-mail about everything not told yet; returns whether one was sent."""
    now = clock.now()
    with tenant_scope(tenant_id):
        # Locked: two workers would each find that nothing has been sent lately.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        news = to_tell.take(now, urgent_only=_sent_lately(now))
        recipients = {**(_staff() if news.unopened else {}), **_recipients(tenant)}
    if not news:
        return False
    sent = False
    try:
        sent = _send(tenant, recipients, news, now)
    except (SMTPException, OSError):
        logger.exception("an alert could not be sent; it will be tried again")
    finally:
        # Whatever went wrong, news that was not told is news still.
        if not sent:
            with tenant_scope(tenant_id):
                to_tell.give_back(news)
    return sent


def _sent_lately(now: datetime) -> bool:
    quiet_since = now - timedelta(seconds=policy().alert_every_seconds)
    return Alert.objects.filter(at__gt=quiet_since).exists()


def _recipients(tenant: Tenant) -> dict[str, bool]:
    """Addresses, and whether the staff pages open for whoever reads there."""
    if tenant.alert_email:
        reader = User.objects.filter(email=tenant.alert_email.lower(), is_active=True).first()
        return {tenant.alert_email: reader is not None and reader.is_staff}
    owners = Member.objects.filter(role__in=[Role.OWNER, Role.ADMIN]).select_related("user")
    return {owner.user.email: owner.user.is_staff for owner in owners if owner.user.is_active}


def _staff() -> dict[str, bool]:
    """Superusers: a key is missing, which nobody of the tenant can put back."""
    people = User.objects.filter(is_superuser=True, is_staff=True, is_active=True)
    return {person.email: True for person in people}


def _send(tenant: Tenant, recipients: dict[str, bool], news: News, now: datetime) -> bool:
    """One e-mail to those with links, one to those without; False where there is nobody."""
    if not recipients:
        logger.warning("tenant %s has nobody to write to", tenant.pk)
        return False
    subject = " ".join(_subject(news).split())[:_LONGEST_SUBJECT]
    body = ""
    for links in sorted(set(recipients.values())):
        context = {
            "tenant": tenant,
            "news": news,
            "links": links,
            "base_url": settings.BASE_URL,
        }
        body = render_to_string("emails/alert.txt", context)
        send_mail(
            subject=subject,
            message=body,
            html_message=render_to_string("emails/alert.html", context),
            from_email=settings.DEFAULT_FROM_EMAIL,
            recipient_list=[address for address, opens in recipients.items() if opens is links],
        )
    with tenant_scope(tenant.pk):
        Alert.objects.create(at=now, subject=subject, body=body, recipients=len(recipients))
    return True


def _subject(news: News) -> str:
    """The worst of it: what stopped or is locked, what fails, what is held, what is missing."""
    if news.connections:
        stopped = news.connections[0]
        return f"{stopped.name} stopped: {stopped.get_health_display()}"
    if news.unopened:
        return f"{news.unopened[0].connection.name}: no key opens the secret of its webhooks"
    if news.runs:
        return f"{news.runs[0].integration.name} could not finish its run"
    held = [document for reason in news.held for document in reason.documents]
    if held:
        return "1 document is held" if len(held) == 1 else f"{len(held)} documents are held"
    if len(news.failures) == 1:
        return f"Missing mapping: {news.failures[0].label}"
    return f"{len(news.failures)} missing mappings hold up documents"
