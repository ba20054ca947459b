"""Tells a tenant by e-mail what waits for people: one message for all news, throttled.

The news is marked as told before the message leaves and unmarked when it could not leave, so that
two workers never tell it twice and a broken mail server loses none of it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import timezone

from connectors.core.money import Money
from connectors.engine.policy import policy
from connectors.models import Connection, Health, MappingFailure
from connectors.services.mapping import waiting_amounts
from tenants.models import Member, Role, Tenant
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
_STOPPED = [Health.NEEDS_AUTHORISATION, Health.SUSPENDED, Health.MISCONFIGURED]


def send_due(tenant_id: int) -> bool:
    """Send one e-mail about everything not told yet; returns whether one was sent."""
    now = timezone.now()
    with tenant_scope(tenant_id):
        tenant = Tenant.objects.get(pk=tenant_id)
        failures = _take_failures(now)
        connections = _take_connections(now)
        recipients = _recipients(tenant)
    if not failures and not connections:
        return False
    if not recipients:
        logger.warning("tenant %s has nobody to write to", tenant_id)
        _give_back(tenant_id, failures, connections)
        return False
    sent = False
    try:
        _send(tenant, recipients, failures, connections)
        sent = True
    except (SMTPException, OSError):
        logger.exception("an alert could not be sent; it will be tried again")
    finally:
        # Whatever went wrong, news that was not told is news still.
        if not sent:
            _give_back(tenant_id, failures, connections)
    return sent


def _take_failures(now: datetime) -> list[MappingFailure]:
    quiet_since = now - timedelta(seconds=policy().alert_every_seconds)
    if MappingFailure.objects.filter(alerted_at__gt=quiet_since).exists():
        return []
    rows = list(
        MappingFailure.objects.select_for_update().filter(
            status=MappingFailure.Status.OPEN, alerted_at=None
        )
    )
    ids = [row.pk for row in rows]
    MappingFailure.objects.filter(pk__in=ids).update(alerted_at=now)
    failures: list[Any] = list(
        MappingFailure.objects.filter(pk__in=ids)
        .select_related("integration")
        .annotate(documents=Count("waits"))
        .order_by("-documents", "label")
    )
    amounts = waiting_amounts(ids)
    for failure in failures:
        # Never one sum over several currencies.
        waiting = sorted(amounts.get(failure.pk, {}).items())
        failure.amounts = " + ".join(str(Money(amount, currency)) for currency, amount in waiting)
    return failures


def _take_connections(now: datetime) -> list[Connection]:
    rows = list(Connection.objects.select_for_update().filter(health__in=_STOPPED, alerted_at=None))
    Connection.objects.filter(pk__in=[row.pk for row in rows]).update(alerted_at=now)
    return rows


def _recipients(tenant: Tenant) -> list[str]:
    if tenant.alert_email:
        return [tenant.alert_email]
    owners = Member.objects.filter(role__in=[Role.OWNER, Role.ADMIN]).select_related("user")
    return [member.user.email for member in owners if member.user.is_active]


def _send(
    tenant: Tenant,
    recipients: list[str],
    failures: Sequence[MappingFailure],
    connections: Sequence[Connection],
) -> None:
    context = {
        "tenant": tenant,
        "failures": failures,
        "connections": connections,
        "base_url": settings.BASE_URL,
    }
    send_mail(
        subject=_subject(failures, connections),
        message=render_to_string("emails/alert.txt", context),
        html_message=render_to_string("emails/alert.html", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=recipients,
    )


def _subject(failures: Sequence[MappingFailure], connections: Sequence[Connection]) -> str:
    if connections:
        return f"{connections[0].name} stopped: {connections[0].get_health_display()}"
    if len(failures) == 1:
        return f"Missing mapping: {failures[0].label}"
    return f"{len(failures)} missing mappings hold up documents"


def _give_back(
    tenant_id: int, failures: Sequence[MappingFailure], connections: Sequence[Connection]
) -> None:
    with tenant_scope(tenant_id):
        MappingFailure.objects.filter(pk__in=[f.pk for f in failures]).update(alerted_at=None)
        Connection.objects.filter(pk__in=[c.pk for c in connections]).update(alerted_at=None)
