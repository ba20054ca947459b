"""Tells a tenant what waits for people: through its channels, or by one throttled e-mail.

Staff get links to the staff pages, members to their workspace's; others learn whom to ask.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from connectors.core import clock
from connectors.engine.policy import policy
from connectors.models import Alert, AlertChannel
from connectors.services import alert_mail, alert_outbox, alert_readers, alert_sending, alert_words
from connectors.services import news as to_tell
from connectors.services.alert_groups import BY_DEFAULT, Group, about, groups_of
from connectors.services.alert_words import Reader
from connectors.services.news import News
from tenants.models import Tenant
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


def send_due(tenant_id: int) -> bool:
    """Tell everything that was not told yet, and send what is due; returns whether any was sent.

    Without a channel one e-mail goes out. With channels a message for each is written down in the
    transaction that takes the news, and sent after it: nothing is lost and nothing is told twice.
    """
    with tenant_scope(tenant_id):
        # Locked: two workers would each find that nothing has been sent lately.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        has_channels = AlertChannel.objects.exists()
        if has_channels:
            _write_down(tenant, clock.now())
    sent = False if has_channels else _tell_by_default(tenant_id)
    return bool(alert_sending.send_pending(tenant_id)) or sent


def _write_down(tenant: Tenant, now: datetime) -> None:
    """Take the news and leave a message for each place that wants to know; inside the scope."""
    channels = list(
        AlertChannel.objects.filter(enabled=True).select_related("member__user").order_by("pk")
    )
    wanted = {topic for channel in channels for topic in channel.topics}
    defaults = alert_readers.by_default(tenant)
    if not (channels or defaults):
        return
    news = to_tell.take(now, urgent_only=_sent_lately(now), also=wanted)
    groups = groups_of(news, tenant)
    if not groups:
        return
    places = 0
    for channel in channels:
        chosen = about(groups, channel.topics)
        if chosen:
            alert_outbox.put(channel, chosen, tenant, now)
            places += 1
    readers = {address: (reader, _usual(groups)) for address, reader in defaults.items()}
    if news.unopened:
        unopened = [group for group in groups if group["kind"] == "unopened"]
        readers = dict.fromkeys(alert_readers.superusers(), (Reader.STAFF, unopened)) | readers
    for address, (reader, chosen) in readers.items():
        if chosen:
            alert_outbox.put_by_default(address, chosen, reader)
            places += 1
    body = alert_mail.write(groups, tenant, Reader.NOBODY).text
    Alert.objects.create(at=now, subject=alert_words.subject(groups), body=body, recipients=places)


def _usual(groups: list[Group]) -> list[Group]:
    return [group for group in groups if group["kind"] in BY_DEFAULT]


def _tell_by_default(tenant_id: int) -> bool:
    """Send one e-mail about everything not told yet; returns whether one was sent."""
    now = clock.now()
    with tenant_scope(tenant_id):
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        news = to_tell.take(now, urgent_only=_sent_lately(now))
        groups = groups_of(news, tenant)
        superusers = alert_readers.superusers() if news.unopened else []
        recipients = dict.fromkeys(superusers, Reader.STAFF) | alert_readers.by_default(tenant)
    if not groups:
        return False
    sent = False
    try:
        sent = _send(tenant, recipients, groups, now)
    except (SMTPException, OSError):
        logger.exception("an alert could not be sent; it will be tried again")
    finally:
        # Whatever went wrong, news that was not told is news still.
        if not sent:
            _give_back(tenant_id, news)
    return sent


def _give_back(tenant_id: int, news: News) -> None:
    with tenant_scope(tenant_id):
        to_tell.give_back(news)


def _sent_lately(now: datetime) -> bool:
    quiet_since = now - timedelta(seconds=policy().alert_every_seconds)
    return Alert.objects.filter(at__gt=quiet_since).exists()


def _send(
    tenant: Tenant, recipients: dict[str, Reader], groups: list[Group], now: datetime
) -> bool:
    """One e-mail to those with the same links; False where there is nobody."""
    if not recipients:
        logger.warning("tenant %s has nobody to write to", tenant.pk)
        return False
    subject, body = alert_words.subject(groups), ""
    for reader in sorted(set(recipients.values())):
        body, html = alert_mail.write(groups, tenant, reader)
        send_mail(
            subject=subject,
            message=body,
            html_message=html,
            from_email=settings.DEFAULT_FROM_EMAIL,
            recipient_list=[address for address, one in recipients.items() if one is reader],
        )
    with tenant_scope(tenant.pk):
        Alert.objects.create(at=now, subject=subject, body=body, recipients=len(recipients))
    return True
