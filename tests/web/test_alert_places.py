"""Who gets alerts, who does not any more, and what only channels are told."""

import datetime as dt
import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection as database

from connectors.core import clock
from connectors.models import (
    Alert,
    AlertDelivery,
    Connection,
    Document,
    MappingFailure,
    Run,
)
from connectors.services import alert_channels, alert_mail, alerts
from tenants.models import User
from tenants.routing import route
from tenants.scope import tenant_scope
from tenants.services import remove_member
from tests.people import ACTOR, People
from tests.web.alerting import (
    DAILY,
    NOON,
    add,
    channel,
    mail_to,
    news_again,
    rows,
    set_own,
)
from tests.web.alerting import now as now
from tests.web.alerting import receiver as receiver
from tests.web.receiver import Receiver
from tests.web.world import World


def test_a_redirect_is_a_failure_that_says_so(world: World, receiver: Receiver) -> None:
    add(world, receiver)
    receiver.status = "302 Found"
    alerts.send_due(world.tenant_id)
    assert "leads elsewhere" in rows(world)[0].words


def test_a_name_that_leads_inside_later_gets_nothing(
    world: World, receiver: Receiver, settings: Any
) -> None:
    add(world, receiver)
    settings.ALERT_LOOPBACK = False
    alerts.send_due(world.tenant_id)
    assert receiver.got == []
    [row] = rows(world)
    assert row.status == "pending"
    assert "https" in row.words


def test_what_waits_for_a_removed_channel_is_not_sent(
    world: World, receiver: Receiver, people: People
) -> None:
    mail_to(world, people.viewer, DAILY)
    add(world, receiver, choice=DAILY)
    alerts.send_due(world.tenant_id)
    remove_member(tenant_id=world.tenant_id, user=people.viewer, actor=ACTOR)
    alert_channels.remove(tenant_id=world.tenant_id, pk=channel(world).pk, actor=ACTOR)
    with tenant_scope(world.tenant_id):
        AlertDelivery.objects.update(next_at=NOON)
    alerts.send_due(world.tenant_id)
    assert {row.status for row in rows(world)} == {"dropped"}
    assert not [message for message in mail.outbox if people.viewer.email in message.to]


def test_who_cannot_sign_in_any_more_gets_no_mail(world: World, people: People) -> None:
    mail_to(world, people.viewer)
    User.objects.filter(pk=people.viewer.pk).update(is_active=False)
    alerts.send_due(world.tenant_id)
    assert mail.outbox == []
    assert rows(world)[0].status == "dropped"


def test_own_mail_stands_beside_the_mail_by_default(world: World, people: People) -> None:
    set_own(world, people.viewer)
    set_own(world, people.admin, wanted=False)
    assert alerts.send_due(world.tenant_id)
    told = {address for message in mail.outbox for address in message.to}
    assert told == {people.viewer.email, people.owner.email}
    assert len(mail.outbox) == 2


def test_a_mail_server_that_is_away_loses_nothing(
    world: World,
    people: People,
    now: Callable[[dt.timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mail_to(world, people.owner)

    def refuse(*_: object) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr(alert_mail, "send", refuse)
        assert not alerts.send_due(world.tenant_id)
    assert channel(world).failures == 0, "not the member's fault"
    now(dt.timedelta(minutes=1))
    assert alerts.send_due(world.tenant_id)
    [message] = mail.outbox
    assert message.to == [people.owner.email]
    assert f"{rows(world)[0].message_id.hex}@" in str(message.extra_headers["Message-ID"])


def test_late_runs_and_quotas_are_told_to_channels_once(world: World, receiver: Receiver) -> None:
    hour = dt.timedelta(hours=1)
    with tenant_scope(world.tenant_id):
        MappingFailure.objects.update(status="resolved")
        Document.objects.filter(state="held").update(told="total_differs")
        Run.objects.create(
            integration=world.integration,
            trigger="schedule",
            status="running",
            queued_at=clock.now() - 2 * hour,
        )
    quiet = clock.now() - hour
    assert (world.tenant_id,) not in route("routing_alerts", quiet)
    assert not alerts.send_due(world.tenant_id)
    add(world, receiver)
    assert (world.tenant_id,) in route("routing_alerts", quiet)
    assert alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        Alert.objects.all().delete()
    assert (world.tenant_id,) not in route("routing_alerts", quiet)
    assert not alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        Connection.objects.filter(pk=world.source.pk).update(
            resting_until=clock.now() + hour, resting_words="The quota of the day is used up"
        )
    assert (world.tenant_id,) in route("routing_alerts", quiet)
    assert alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        Alert.objects.all().delete()
    assert not alerts.send_due(world.tenant_id)
    late, quota = receiver.texts()
    assert "Main Street purchasing is late" in late
    assert "The quota of the day is used up" in quota


def test_messages_that_are_due_ring_for_their_tenant(
    world: World, other_world: World, receiver: Receiver
) -> None:
    add(world, receiver)
    receiver.status = "500 Oh"
    assert route("routing_alert_deliveries", 10) == []
    alerts.send_due(world.tenant_id)
    assert route("routing_alert_deliveries", 10) == []
    with tenant_scope(world.tenant_id):
        AlertDelivery.objects.update(next_at=clock.now() - dt.timedelta(seconds=1))
    assert route("routing_alert_deliveries", 10) == [(world.tenant_id,)]


def test_a_message_that_kills_its_workers_is_given_up(world: World, receiver: Receiver) -> None:
    add(world, receiver, choice=DAILY)
    alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        AlertDelivery.objects.update(tries=10, next_at=clock.now())
    alerts.send_due(world.tenant_id)
    assert receiver.got == []
    assert rows(world)[0].status == "dropped"


def test_a_key_that_is_missing_is_not_the_receivers_fault(world: World, receiver: Receiver) -> None:
    add(world, receiver)
    with tenant_scope(world.tenant_id), database.cursor() as cursor:
        other = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
        cursor.execute("UPDATE connectors_alertchannel SET sealed_target = %s", [other])
    alerts.send_due(world.tenant_id)
    assert "FIELD_ENCRYPTION_KEYS" in rows(world)[0].words
    assert channel(world).failures == 0


def test_old_messages_are_forgotten(
    world: World, receiver: Receiver, now: Callable[[dt.timedelta], None]
) -> None:
    add(world, receiver)
    alerts.send_due(world.tenant_id)
    now(dt.timedelta(days=91))
    news_again(world)
    alerts.send_due(world.tenant_id)
    assert len(rows(world)) == 1
