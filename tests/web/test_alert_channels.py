"""The pages of the channels for alerts: who may do what, what is shown, and what is refused."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection as database
from django.test import Client

from audit.models import AuditEvent
from connectors.core import clock
from connectors.models import AlertChannel, AlertDelivery, Topic, open_sealed
from connectors.services import alert_channels, alerts, keys
from tenants.models import Role
from tenants.scope import tenant_scope
from tests.people import ACTOR, People
from tests.web.alerting import receiver as receiver
from tests.web.receiver import Receiver, verified
from tests.web.world import World

pytestmark = pytest.mark.usefixtures("world")
GIVEN = {"topics": Topic.values, "pace": "at_once", "hour": "8"}


@pytest.fixture
def admin(client: Client, people: People) -> Client:
    client.force_login(people.admin)
    session = client.session
    session["session_confirmed"] = clock.now().timestamp()
    session.save()
    return client


def post(client: Client, path: str, given: dict[str, Any] | None = None) -> Any:
    return client.post(f"/w/acme/settings/alerts/{path}", given or {})


def text_of(client: Client, path: str = "") -> str:
    answer = client.get(f"/w/acme/settings/alerts/{path}")
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def said(client: Client, answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return str(client.get(answer["Location"]).content.decode())


def channels(world: World) -> list[AlertChannel]:
    with tenant_scope(world.tenant_id):
        return list(AlertChannel.objects.select_related("member").order_by("pk"))


def secret_in(page: str) -> str:
    return page.partition('value="whsec_')[2].partition('"')[0]


def test_an_admin_adds_a_webhook_and_tests_it(
    admin: Client, world: World, receiver: Receiver
) -> None:
    added = post(admin, "new/webhook/", {**GIVEN, "name": "Hook", "url": receiver.url})
    page = added.content.decode()
    assert "it is not shown again" in page
    secret = f"whsec_{secret_in(page)}"
    [row] = channels(world)
    with tenant_scope(world.tenant_id):
        target = open_sealed(row, "sealed_target")
    assert target == {"url": receiver.url, "secret": secret}
    result = said(admin, post(admin, f"{row.pk}/test/"))
    assert "The test arrived; the answer was 200." in result
    [(headers, body)] = receiver.got
    assert verified(secret, headers, body)["type"] == "alert.test"
    for path in ("", f"{row.pk}/", f"{row.pk}/edit/", "log/"):
        shown = text_of(admin, path)
        assert secret_in(shown) == ""
        assert "/hook" not in shown, "the address may hold a secret"
    assert "Test of an alert" in text_of(admin, "log/")


def test_a_test_that_fails_says_why_at_once(
    admin: Client, world: World, receiver: Receiver
) -> None:
    post(admin, "new/slack/", {**GIVEN, "name": "#ap", "url": receiver.url})
    receiver.status = "403 Forbidden"
    [row] = channels(world)
    result = said(admin, post(admin, f"{row.pk}/test/"))
    assert "The test did not arrive." in result
    assert "answered 403: it refuses us" in result
    with tenant_scope(world.tenant_id):
        assert AlertDelivery.objects.get().status == "failed"
        assert AlertChannel.objects.get().failures == 0, "a test does not count"


def test_tests_are_bounded(admin: Client, world: World, receiver: Receiver) -> None:
    post(admin, "new/slack/", {**GIVEN, "name": "#ap", "url": receiver.url})
    [row] = channels(world)
    with tenant_scope(world.tenant_id):
        for _ in range(alert_channels.MOST_TESTS):
            AlertDelivery.objects.create(kind="slack", to="x", subject="x", test=True)
    assert "Wait an hour" in said(admin, post(admin, f"{row.pk}/test/"))
    assert receiver.got == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"url": "http://hooks.example.com/x"}, "must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "not public"),
        ({"url": "https://localhost/"}, "no host name"),
        ({"url": "https://a:b@hooks.example.com/"}, "user name"),
        ({"url": "https://hooks.example.com:22/"}, "Port 22"),
        ({"url": ""}, "required"),
        ({"url": "https://hooks.example.com/" + "x" * 2_000}, "at most 1000 characters"),
        ({"name": ""}, "required"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"topics": []}, "at least one topic"),
        ({"topics": ["everything"]}, "Select a valid choice"),
        ({"pace": "often"}, "Select a valid choice"),
        ({"hour": "24"}, "Select a valid choice"),
        ({"hour": "eight"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    admin: Client, world: World, given: dict[str, Any], problem: str
) -> None:
    usual = {**GIVEN, "name": "Hook", "url": "https://hooks.example.com/x"}
    page = post(admin, "new/webhook/", {**usual, **given})
    assert page.status_code == 200
    assert problem in page.content.decode()
    assert channels(world) == []


def test_names_are_taken_once_and_channels_are_bounded(admin: Client, world: World) -> None:
    given = {**GIVEN, "name": "Hook", "url": "https://hooks.example.com/x"}
    post(admin, "new/webhook/", given)
    assert "called Hook already" in post(admin, "new/webhook/", given).content.decode()
    with tenant_scope(world.tenant_id):
        for number in range(alert_channels.MOST - 1):
            AlertChannel.objects.create(kind="slack", name=f"#{number}", host="a.example.com")
    again = post(admin, "new/slack/", {**given, "name": "One more"})
    assert "20 channels at most" in again.content.decode()


def test_an_edit_keeps_the_address_that_is_left_empty(
    admin: Client, world: World, receiver: Receiver
) -> None:
    post(admin, "new/webhook/", {**GIVEN, "name": "Hook", "url": receiver.url})
    [row] = channels(world)
    given = {"topics": ["held"], "pace": "daily", "hour": "17", "name": "Books", "url": ""}
    assert "Saved." in said(admin, post(admin, f"{row.pk}/edit/", given))
    [changed] = channels(world)
    assert (changed.name, changed.topics, changed.pace, changed.hour) == (
        "Books",
        ["held"],
        "daily",
        17,
    )
    with tenant_scope(world.tenant_id):
        before = open_sealed(changed, "sealed_target")
    assert before["url"] == receiver.url
    said(admin, post(admin, f"{row.pk}/edit/", {**given, "url": "https://hooks.example.com/y"}))
    with tenant_scope(world.tenant_id):
        after = open_sealed(AlertChannel.objects.get(), "sealed_target")
    assert after == {"url": "https://hooks.example.com/y", "secret": before["secret"]}


def test_a_new_secret_replaces_the_old_one(admin: Client, world: World, receiver: Receiver) -> None:
    old = secret_in(
        post(admin, "new/webhook/", {**GIVEN, "name": "H", "url": receiver.url}).content.decode()
    )
    [row] = channels(world)
    new = secret_in(post(admin, f"{row.pk}/secret/").content.decode())
    assert new
    assert new != old
    post(admin, f"{row.pk}/test/")
    verified(f"whsec_{new}", *receiver.got[0])


def test_a_channel_is_switched_off_on_and_removed(
    admin: Client, world: World, receiver: Receiver
) -> None:
    post(admin, "new/slack/", {**GIVEN, "name": "#ap", "url": receiver.url})
    [row] = channels(world)
    assert "switched off" in said(admin, post(admin, f"{row.pk}/switch/", {"on": "no"}))
    assert not channels(world)[0].enabled
    assert "The test arrived" in said(admin, post(admin, f"{row.pk}/test/"))
    assert "switched on" in said(admin, post(admin, f"{row.pk}/switch/", {"on": "yes"}))
    assert "is removed" in said(admin, post(admin, f"{row.pk}/remove/"))
    assert channels(world) == []
    assert "Test of an alert" in text_of(admin, "log/")
    with tenant_scope(world.tenant_id):
        found = AuditEvent.objects.filter(action__startswith="alert_channel.")
        assert [event.action.partition(".")[2] for event in found.order_by("sequence")] == [
            *("added", "switched_off", "tested", "switched_on", "removed"),
        ]


def test_mail_goes_to_members_only(admin: Client, people: People, world: World) -> None:
    page = text_of(admin, "new/email/")
    assert people.viewer.email in page
    assert people.outsider.email not in page
    refused = post(admin, "new/email/", {**GIVEN, "member": people.outsider.pk})
    assert "Select a valid choice" in refused.content.decode()
    post(admin, "new/email/", {**GIVEN, "member": people.viewer.pk})
    [row] = channels(world)
    assert "The mail server took the test" in said(admin, post(admin, f"{row.pk}/test/"))
    assert mail.outbox[0].to == [people.viewer.email]
    assert people.viewer.email not in text_of(admin, "new/email/"), "has mail already"


def test_a_member_chooses_their_own_mail(client: Client, people: People, world: World) -> None:
    client.force_login(people.viewer)
    given = {**GIVEN, "wanted": "yes", "topics": ["held", "quota"], "pace": "daily"}
    assert "You get mail once a day at 08:00" in said(client, post(client, "own/", given))
    [row] = channels(world)
    assert (row.own, row.enabled, row.topics) == (True, True, ["quota", "held"])
    assert "You get no mail" in said(client, post(client, "own/", {**given, "wanted": "no"}))
    assert not channels(world)[0].enabled
    said(client, post(client, "own/forget/"))
    assert channels(world) == []


def test_nobody_manages_the_own_mail_of_others(admin: Client, people: People, world: World) -> None:
    alert_channels.set_own(
        tenant_id=world.tenant_id,
        user=people.viewer,
        wanted=True,
        choice=alert_channels.Choice(topics=["held"], pace="at_once", hour=8),
        actor=ACTOR,
    )
    [row] = channels(world)
    for path in ("", "edit/"):
        assert admin.get(f"/w/acme/settings/alerts/{row.pk}/{path}").status_code == 404
    for path in ("edit/", "test/", "switch/", "remove/", "secret/"):
        assert post(admin, f"{row.pk}/{path}", GIVEN).status_code == 404, path
    assert channels(world)[0].enabled
    assert "Own mail of" not in text_of(admin)


def test_the_log_shows_no_own_mail_of_others(client: Client, people: People, world: World) -> None:
    choice = alert_channels.Choice(topics=["held"], pace="at_once", hour=8)
    for person in (people.viewer, people.operator):
        alert_channels.set_own(
            tenant_id=world.tenant_id, user=person, wanted=True, choice=choice, actor=ACTOR
        )
    alerts.send_due(world.tenant_id)
    alert_channels.forget_own(tenant_id=world.tenant_id, user=people.operator, actor=ACTOR)
    client.force_login(people.viewer)
    log = text_of(client, "log/")
    assert people.viewer.email in log
    assert people.operator.email not in log
    assert people.owner.email in log, "the mail by default"


def test_what_an_admin_set_for_a_member_the_member_may_change(
    admin: Client, people: People, world: World
) -> None:
    post(admin, "new/email/", {**GIVEN, "member": people.viewer.pk})
    admin.force_login(people.viewer)
    post(admin, "own/", {**GIVEN, "wanted": "no"})
    [row] = channels(world)
    assert (row.own, row.enabled) == (False, False)
    post(admin, "own/forget/")
    assert len(channels(world)) == 1, "the workspace's channel stays"


def test_secrets_want_the_password_of_just_now(client: Client, people: People) -> None:
    client.force_login(people.owner)
    session = client.session
    session["session_confirmed"] = 0.0
    session.save()
    for path in ("new/slack/", "new/webhook/", "new/email/"):
        assert client.get(f"/w/acme/settings/alerts/{path}")["Location"].startswith("/confirm/")
        assert post(client, path, GIVEN)["Location"].startswith("/confirm/")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_others_only_look(
    client: Client, people: People, world: World, receiver: Receiver, role: Role
) -> None:
    row, _ = alert_channels.add_webhook(
        tenant_id=world.tenant_id,
        kind="slack",
        name="#ap",
        url=receiver.url,
        choice=alert_channels.Choice(topics=["held"], pace="at_once", hour=8),
        actor=ACTOR,
    )
    client.force_login(people.of_role(role))
    assert "#ap" in text_of(client)
    assert "Send a test" not in text_of(client, f"{row.pk}/")
    for path in ("test/", "switch/", "remove/", "secret/", "edit/"):
        assert post(client, f"{row.pk}/{path}").status_code == 403
    assert post(client, "new/slack/", GIVEN).status_code == 403
    assert receiver.got == []


def test_channels_of_another_workspace_are_not_there(
    admin: Client, people: People, world: World, other_world: World, receiver: Receiver
) -> None:
    theirs, _ = alert_channels.add_webhook(
        tenant_id=other_world.tenant_id,
        kind="webhook",
        name="Theirs",
        url=receiver.url,
        choice=alert_channels.Choice(topics=["held"], pace="at_once", hour=8),
        actor=ACTOR,
    )
    assert "Theirs" not in text_of(admin)
    assert admin.get(f"/w/acme/settings/alerts/{theirs.pk}/").status_code == 404
    for path in ("edit/", "test/", "switch/", "remove/", "secret/"):
        assert post(admin, f"{theirs.pk}/{path}", GIVEN).status_code == 404, path
    assert receiver.got == []
    assert len(channels(other_world)) == 1


def test_a_rotation_of_keys_takes_the_addresses_along(
    world: World, receiver: Receiver, settings: Any
) -> None:
    row, secret = alert_channels.add_webhook(
        tenant_id=world.tenant_id,
        kind="webhook",
        name="Hook",
        url=receiver.url,
        choice=alert_channels.Choice(topics=["held"], pace="at_once", hour=8),
        actor=ACTOR,
    )
    with tenant_scope(world.tenant_id), database.cursor() as cursor:
        cursor.execute("SELECT sealed_target FROM connectors_alertchannel")
        [(stored,)] = cursor.fetchall()
    assert receiver.url not in stored
    fresh = Fernet.generate_key().decode()
    both = [fresh, *settings.FIELD_ENCRYPTION_KEYS]
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEY = both
    counts = keys.rotate_all(actor=ACTOR)["connectors_alertchannel.sealed_target"]
    assert counts[keys.ROTATED] == 1
    with tenant_scope(world.tenant_id):
        assert open_sealed(AlertChannel.objects.get(pk=row.pk), "sealed_target") == {
            "url": receiver.url,
            "secret": secret,
        }
