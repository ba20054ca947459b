"""Messages that wait to be sent: written down with the news they tell, claimed, and settled.

A claim is a lease. A worker that dies leaves its message to the next one; the id stays the same,
so that a receiver can tell a repeated message. All but `claim` run inside the tenant's scope.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from audit.services import Event, record
from connectors.core import clock
from connectors.models import AlertChannel, AlertDelivery
from connectors.services import alert_readers, alert_words
from connectors.services.alert_groups import Group, line, merged, notice
from connectors.services.alert_words import Reader
from tenants.models import Tenant
from tenants.scope import tenant_scope

# Longer than the slowest sending: until then nobody else takes the message.
_LEASE = timedelta(minutes=3)
# The pauses before each further try; after the last try the message is given up.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
# So many tries in a row that failed, over several hours and messages, switch a channel off.
MOST_FAILURES = 12
GONE = 410
# A message with which so many workers have died is given up.
_MOST_TRIES = 10
_KEPT = timedelta(days=90)
_Status = AlertDelivery.Status


def put(channel: AlertChannel, groups: list[Group], tenant: Tenant, now: datetime) -> None:
    """Leave a message for the channel; what comes in a day goes into one where it wants that."""
    daily = channel.pace == AlertChannel.Pace.DAILY
    if daily and _added_to_digest(channel, groups, tenant, now):
        return
    AlertDelivery.objects.create(
        channel=channel,
        kind=channel.kind,
        to=address_of(channel),
        subject=_subject(channel, groups, tenant),
        groups=groups,
        at=now,
        next_at=next_hour(channel.hour, tenant.zone, now) if daily else now,
    )


def put_by_default(address: str, groups: list[Group], reader: Reader) -> None:
    """Leave a mail for somebody who reads without a channel."""
    AlertDelivery.objects.create(
        kind=AlertChannel.Kind.EMAIL,
        to=address,
        by_default=True,
        staff_pages=reader is Reader.STAFF,
        subject=alert_words.subject(groups),
        groups=groups,
        next_at=clock.now(),
    )


def claimed_test(channel: AlertChannel, subject: str, groups: list[Group]) -> AlertDelivery:
    """A message that its maker sends at once, by itself."""
    now = clock.now()
    made = AlertDelivery.objects.create(
        channel=channel,
        kind=channel.kind,
        to=address_of(channel),
        test=True,
        subject=subject,
        groups=groups,
        at=now,
        next_at=now,
        tries=1,
        leased_until=now + _LEASE,
    )
    return AlertDelivery.objects.select_related("tenant", "channel__member__user").get(pk=made.pk)


def address_of(channel: AlertChannel) -> str:
    """What may be shown of where it leads."""
    return channel.member.user.email if channel.member else channel.host


def next_hour(hour: int, zone: ZoneInfo, now: datetime) -> datetime:
    """When it is that hour next, by the clocks of the zone."""
    day = now.astimezone(zone).date()
    at = datetime.combine(day, time(hour), tzinfo=zone)
    return at if at > now else datetime.combine(day + timedelta(days=1), time(hour), tzinfo=zone)


def claim(tenant_id: int) -> AlertDelivery | None:
    """The message that has waited longest, which nobody else sends until the lease ends."""
    with tenant_scope(tenant_id):
        now = clock.now()
        _drop(Q(channel=None, by_default=False), "The channel was removed.")
        worn = Q(tries__gte=_MOST_TRIES, leased_until__lte=now)
        _drop(worn, "Nobody could send it to its end.")
        row = (
            AlertDelivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(status=_Status.PENDING, next_at__lte=now, leased_until__lte=now)
            .order_by("next_at", "pk")
            .select_related("tenant", "channel__member__user")
            .first()
        )
        if row is None:
            return None
        row.tries += 1
        row.leased_until = now + _LEASE
        row.save(update_fields=["tries", "leased_until"])
        return row


def sent(row: AlertDelivery, answer: int | None) -> None:
    """It arrived; the channel works."""
    if _settle(row, status=_Status.SENT, answer=answer, words="", done_at=clock.now()):
        AlertChannel.objects.filter(deliveries=row).update(failures=0)


def failed(row: AlertDelivery, words: str, answer: int | None, *, counts: bool) -> None:
    """It did not arrive: tried again later, or given up. ``counts`` against the channel."""
    now = clock.now()
    if row.tries > len(WAITS) or row.test:
        settled = _settle(row, status=_Status.FAILED, answer=answer, words=words, done_at=now)
    else:
        later = now + WAITS[row.tries - 1]
        settled = _settle(row, answer=answer, words=words, next_at=later)
    channel = row.channel
    if not (settled and counts and channel) or row.test:
        return
    AlertChannel.objects.filter(pk=channel.pk).update(failures=F("failures") + 1)
    channel.refresh_from_db(fields=["failures", "enabled"])
    if channel.enabled and (channel.failures >= MOST_FAILURES or answer == GONE):
        _switch_off(channel, row.tenant, words)


def dropped(row: AlertDelivery, words: str) -> None:
    """It is not to be sent any more."""
    _settle(row, status=_Status.DROPPED, words=words, done_at=clock.now())


def drop_pending(channel: AlertChannel, words: str) -> list[AlertDelivery]:
    """Give up what waits for the channel; returns it."""
    rows = list(AlertDelivery.objects.filter(channel=channel, status=_Status.PENDING))
    _drop(Q(pk__in=[row.pk for row in rows]), words)
    return rows


def move_digest(channel: AlertChannel, tenant: Tenant) -> None:
    """Send what is gathered at the channel's present hour, or now where it waits no more."""
    now = clock.now()
    daily = channel.pace == AlertChannel.Pace.DAILY
    at = next_hour(channel.hour, tenant.zone, now) if daily else now
    _gathering(channel, now).update(next_at=at)


def forget_old() -> None:
    """Delete messages that were done long ago."""
    old = AlertDelivery.objects.exclude(status=_Status.PENDING)
    old.filter(done_at__lt=clock.now() - _KEPT).delete()


def _gathering(channel: AlertChannel, now: datetime) -> QuerySet[AlertDelivery]:
    return AlertDelivery.objects.filter(
        channel=channel, status=_Status.PENDING, tries=0, test=False, next_at__gt=now
    )


def _added_to_digest(
    channel: AlertChannel, groups: list[Group], tenant: Tenant, now: datetime
) -> bool:
    row = _gathering(channel, now).select_for_update().first()
    if row is None:
        return False
    row.groups = merged(row.groups, groups)
    row.subject = _subject(channel, row.groups, tenant)
    row.save(update_fields=["groups", "subject"])
    return True


def _subject(channel: AlertChannel, groups: list[Group], tenant: Tenant) -> str:
    if channel.pace == AlertChannel.Pace.DAILY:
        return alert_words.daily_subject(groups, tenant.name)
    return alert_words.subject(groups)


def _settle(row: AlertDelivery, **outcome: object) -> bool:
    """Write the outcome down, unless another worker has taken the message since."""
    mine = AlertDelivery.objects.filter(pk=row.pk, status=_Status.PENDING, tries=row.tries)
    return bool(mine.update(leased_until=clock.now(), **outcome))


def _drop(which: Q, words: str) -> None:
    AlertDelivery.objects.filter(which, status=_Status.PENDING).update(
        status=_Status.DROPPED, words=words, done_at=clock.now()
    )


def _switch_off(channel: AlertChannel, tenant: Tenant, words: str) -> None:
    """Stop sending there, and tell the owners by mail what did not arrive."""
    AlertChannel.objects.filter(pk=channel.pk).update(enabled=False, off_words=words)
    lost = drop_pending(channel, "The channel was switched off after many failures.")
    page = f"/w/{tenant.slug}/settings/alerts/{channel.pk}/"
    lines = [line(channel.name, text=words, member=page, staff=page)]
    lines += [line(row.subject, text=f"{row.at:%Y-%m-%d %H:%M} UTC") for row in lost]
    for address, reader in alert_readers.owners().items():
        put_by_default(address, [notice("off", lines)], reader)
    record(
        Event(
            action="alert_channel.switched_off",
            actor="system:worker",
            target_kind="alert channel",
            target_id=str(channel.pk),
            target_number=channel.name,
            details={"words": words, "not_sent": len(lost)},
        )
    )
