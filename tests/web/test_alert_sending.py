"""Alerts through channels: each told once to each place, tried again, and never lost."""

import datetime as dt
import threading
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connections

from audit.models import AuditEvent
from connectors.core import clock
from connectors.models import (
    AlertChannel,
    AlertDelivery,
    Connection,
    Document,
    MappingFailure,
)
from connectors.services import alert_outbox, alert_sending, alerts
from connectors.services.alert_channels import Choice
from connectors.services.alert_groups import line, notice
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.alerting import (
    DAILY,
    add,
    channel,
    mail_to,
    news_again,
    rows,
)
from tests.web.alerting import now as now
from tests.web.alerting import receiver as receiver
from tests.web.receiver import Receiver, verified
from tests.web.world import World


def test_slack_gets_a_text_with_links_to_the_workspace(world: World, receiver: Receiver) -> None:
    add(world, receiver)
    with tenant_scope(world.tenant_id):
        MappingFailure.objects.update(label="<!channel> & <https://evil.example|click>")
    assert alerts.send_due(world.tenant_id)
    [text] = receiver.texts()
    assert f"/w/acme/documents/{world.held.pk}/|Bill INV-52, Northwind" in text
    assert f"/w/acme/review/missing/{world.failure.pk}/|" in text
    assert "1,234.50 EUR: The lines add up" in text
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example¦click&gt;" in text
    assert "<!channel>" not in text
    assert "/admin/" not in text
    assert mail.outbox == [], "the channel takes the place of the mail"
    [row] = rows(world)
    assert (row.status, row.answer, row.tries, row.to) == ("sent", 200, 1, "127.0.0.1")


def test_a_signed_message_is_verified_by_its_receiver(world: World, receiver: Receiver) -> None:
    _, secret = add(world, receiver, "webhook")
    assert alerts.send_due(world.tenant_id)
    [(headers, body)] = receiver.got
    message = verified(secret, headers, body)
    assert message["type"] == "alert.raised"
    assert message["data"]["workspace"] == {"slug": "acme", "name": "Acme"}
    held, missing = message["data"]["groups"]
    assert (held["kind"], held["count"], held["amounts"]) == ("held", 1, {"EUR": "1234.50"})
    assert held["items"][0]["url"].endswith(f"/w/acme/documents/{world.held.pk}/")
    assert missing["items"][0]["title"] == "Northwind Traders Inc"
    assert headers["webhook-id"] == f"msg_{rows(world)[0].message_id.hex}"
    assert headers["content-type"] == "application/json"


def test_each_channel_gets_what_it_chose(world: World, receiver: Receiver, people: People) -> None:
    add(world, receiver, choice=Choice(topics=["mappings"], pace="at_once", hour=8))
    mail_to(world, people.viewer, Choice(topics=["drift"], pace="at_once", hour=8))
    assert alerts.send_due(world.tenant_id)
    [text] = receiver.texts()
    assert "Missing mapping" in text
    assert "INV-52" not in text
    assert mail.outbox == []
    news_again(world)
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(reason="drifted")
    assert alerts.send_due(world.tenant_id)
    [message] = mail.outbox
    assert message.to == [people.viewer.email]
    assert "was changed at the target" in message.body
    assert f"/w/acme/documents/{world.held.pk}/" in str(message.body)
    assert "Missing" not in message.body


def test_news_comes_grouped_at_most_once_an_hour(world: World, receiver: Receiver) -> None:
    add(world, receiver)
    assert alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        Document.objects.update(told="")
    assert not alerts.send_due(world.tenant_id)
    with tenant_scope(world.tenant_id):
        Connection.objects.filter(pk=world.target.pk).update(health="misconfigured")
    assert alerts.send_due(world.tenant_id)
    assert len(receiver.got) == 2
    assert "Zoho Books stopped" in receiver.texts()[1]


def test_a_day_becomes_one_message_at_the_hour_of_the_workspace(
    world: World, receiver: Receiver, now: Callable[[dt.timedelta], None]
) -> None:
    add(world, receiver, choice=DAILY)
    assert not alerts.send_due(world.tenant_id)
    now(dt.timedelta(hours=2))
    with tenant_scope(world.tenant_id):
        Connection.objects.filter(pk=world.target.pk).update(health="misconfigured")
        Document.objects.filter(pk=world.held.pk).update(told="")
    assert not alerts.send_due(world.tenant_id)
    [row] = rows(world)
    assert row.next_at == dt.datetime(2026, 11, 28, 8, 0, tzinfo=dt.UTC)
    now(dt.timedelta(hours=18))
    assert alerts.send_due(world.tenant_id)
    [text] = receiver.texts()
    assert text.startswith("*Today at Acme: Zoho Books stopped: misconfigured, and 2 more*")
    assert text.count("INV-52") == 1, "what came twice is told once"
    assert not alerts.send_due(world.tenant_id)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-27 06:59", "2026-11-27 07:00"),
        ("2026-11-27 07:00", "2026-11-28 07:00"),
        ("2026-03-28 23:00", "2026-03-29 06:00"),
        ("2026-10-24 22:30", "2026-10-25 07:00"),
    ],
)
def test_the_hour_is_that_of_the_zone_in_summer_and_winter(now: str, expected: str) -> None:
    at = alert_outbox.next_hour(
        8, ZoneInfo("Europe/Berlin"), dt.datetime.fromisoformat(f"{now}+00:00")
    )
    assert at.astimezone(dt.UTC) == dt.datetime.fromisoformat(f"{expected}+00:00")


def test_what_fails_is_tried_again_with_growing_pauses_and_given_up(
    world: World, receiver: Receiver, now: Callable[[dt.timedelta], None]
) -> None:
    add(world, receiver, "webhook")
    receiver.status = "500 Oh"
    assert not alerts.send_due(world.tenant_id)
    for tries, pause in enumerate(alert_outbox.WAITS, start=1):
        [row] = rows(world)
        assert (row.status, row.tries, row.answer) == ("pending", tries, 500)
        assert "answered 500" in row.words
        alerts.send_due(world.tenant_id)
        assert len(receiver.got) == tries, "not before its time"
        now(pause)
        alerts.send_due(world.tenant_id)
    [row] = rows(world)
    assert (row.status, row.tries) == ("failed", 6)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert channel(world).failures == 6


def test_what_arrives_at_a_later_try_is_sent(
    world: World, receiver: Receiver, now: Callable[[dt.timedelta], None]
) -> None:
    add(world, receiver)
    receiver.status = "503 Later"
    alerts.send_due(world.tenant_id)
    receiver.status = "204 No Content"
    now(dt.timedelta(minutes=1))
    assert alerts.send_due(world.tenant_id)
    [row] = rows(world)
    assert (row.status, row.answer, row.words) == ("sent", 204, "")
    assert channel(world).failures == 0


def test_a_worker_that_dies_loses_nothing(
    world: World,
    receiver: Receiver,
    now: Callable[[dt.timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(world, receiver, "webhook")

    def die(row: AlertDelivery) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(alert_sending, "send", die)
        with pytest.raises(SystemExit):
            alerts.send_due(world.tenant_id)
    assert receiver.got == []
    assert not alerts.send_due(world.tenant_id), "its lease still stands"
    now(dt.timedelta(minutes=4))
    assert alerts.send_due(world.tenant_id)
    assert len(receiver.got) == 1


def test_two_workers_send_a_message_once(world: World, receiver: Receiver) -> None:
    add(world, receiver)
    with tenant_scope(world.tenant_id):
        made = channel(world)
        group = notice("test", [line("x")])
        alert_outbox.put(made, [group], made.tenant, clock.now())
    first = alert_outbox.claim(world.tenant_id)
    assert first is not None
    assert alert_outbox.claim(world.tenant_id) is None
    assert alert_sending.send(first).arrived
    assert alert_outbox.claim(world.tenant_id) is None


def at_the_same_moment(work: Callable[[], object]) -> None:
    together = threading.Barrier(4)

    def run() -> None:
        try:
            together.wait(10)
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_workers_at_the_same_moment_tell_once(world: World, receiver: Receiver) -> None:
    add(world, receiver)
    at_the_same_moment(lambda: alerts.send_due(world.tenant_id))
    assert len(receiver.got) == 1
    assert [row.tries for row in rows(world)] == [1]


def test_workers_at_the_same_moment_claim_different_messages(
    world: World, receiver: Receiver
) -> None:
    add(world, receiver)
    with tenant_scope(world.tenant_id):
        made = channel(world)
        for _ in range(24):
            alert_outbox.put(made, [notice("test", [line("x")])], made.tenant, clock.now())
    claimed: list[int] = []

    def claim_all() -> None:
        while (row := alert_outbox.claim(world.tenant_id)) is not None:
            claimed.append(row.pk)

    at_the_same_moment(claim_all)
    assert sorted(claimed) == [row.pk for row in rows(world)]


def test_a_worker_that_wakes_up_late_changes_nothing(
    world: World, receiver: Receiver, now: Callable[[dt.timedelta], None]
) -> None:
    add(world, receiver)
    receiver.status = "500 Oh"
    with tenant_scope(world.tenant_id):
        made = channel(world)
        group = notice("test", [line("x")])
        alert_outbox.put(made, [group], made.tenant, clock.now())
    late = alert_outbox.claim(world.tenant_id)
    now(dt.timedelta(minutes=4))
    second = alert_outbox.claim(world.tenant_id)
    assert late is not None
    assert second is not None
    with tenant_scope(world.tenant_id):
        alert_outbox.failed(late, "No answer.", None, counts=True)
    [row] = rows(world)
    assert (row.status, row.words, row.leased_until) == ("pending", "", second.leased_until)
    with tenant_scope(world.tenant_id):
        alert_outbox.sent(second, 200)
    [row] = rows(world)
    assert (row.status, row.answer) == ("sent", 200)
    assert channel(world).failures == 0


def test_many_failures_switch_a_channel_off_and_owners_are_told(
    world: World, receiver: Receiver, people: People
) -> None:
    add(world, receiver)
    receiver.status = "404 Gone"
    with tenant_scope(world.tenant_id):
        AlertChannel.objects.update(failures=alert_outbox.MOST_FAILURES - 1)
    assert alerts.send_due(world.tenant_id), "the mail to the owners"
    row = channel(world)
    assert not row.enabled
    assert "there is nothing at this address" in row.off_words
    [message] = mail.outbox
    assert message.to == [people.owner.email]
    assert message.subject == "Alerts are not sent to #slack any more"
    assert "1 document is held" in message.body, "what did not arrive there"
    assert f"/w/acme/settings/alerts/{row.pk}/" in str(message.body)
    assert [one.status for one in rows(world)] == ["dropped", "sent"]
    with tenant_scope(world.tenant_id):
        assert AuditEvent.objects.filter(action="alert_channel.switched_off").count() == 1
    news_again(world)
    assert alerts.send_due(world.tenant_id)
    assert len(receiver.got) == 1
    assert len(mail.outbox) > 1, "the mail by default goes on"


def test_an_address_that_is_gone_for_good_switches_off_at_once(
    world: World, receiver: Receiver
) -> None:
    add(world, receiver)
    receiver.status = "410 Gone"
    alerts.send_due(world.tenant_id)
    assert not channel(world).enabled
