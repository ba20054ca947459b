"""Staff pages of webhooks: addresses, secrets that are shown once, hooks, and the inbox."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from connectors import registry
from connectors.core.errors import BadInputError
from connectors.models import Connection, InboxEvent, Integration, WebhookEndpoint, open_sealed
from connectors.services import connections, webhooks
from connectors.transport.webhooks import Delivery, RefusedDeliveryError, WebhookSpec
from tenants.models import User
from tenants.scope import tenant_scope
from tests.people import ACTOR, People
from tests.web.world import SECRETS, World

SECRET = re.compile(r"\b[0-9a-f]{48}\b")


def page(name: str, *args: object) -> str:
    return reverse(f"admin:connectors_{name}", args=args)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def secret_of(world: World, pk: int) -> str:
    with tenant_scope(world.tenant_id):
        return str(open_sealed(WebhookEndpoint.objects.get(pk=pk), webhooks.SEALED)["secret"])


def audited(world: World, action: str) -> list[str]:
    with tenant_scope(world.tenant_id):
        return list(AuditEvent.objects.filter(action=action).values_list("actor", flat=True))


def procore(world: World) -> Connection:
    """A connection of a provider whose hooks the service keeps by itself."""
    return connections.create(
        tenant_id=world.tenant_id,
        spec=registry.provider("procore"),
        name="Procore",
        settings={"environment": "production", "company_id": "42"},
        credentials={"client_id": "an-id", "client_secret": SECRETS[0]},
        actor=ACTOR,
    )


# --- addresses ------------------------------------------------------------------------------------


def test_the_page_says_what_to_enter_at_the_provider(staff: Client, world: World) -> None:
    text = text_of(staff.get(page("webhookendpoint_change", world.endpoint.pk)))
    assert f"/webhooks/zoho_books/{world.endpoint.token}/" in text
    assert "Workflow Rules" in text
    assert "The signature is missing or wrong." in text
    assert "purchaseorder 77001" in text
    assert "Check hooks now" not in text, "a person keeps these"
    listed = text_of(staff.get(page("webhookendpoint_changelist")))
    assert "set up by hand" in listed
    assert str(world.endpoint.token) not in listed


def test_a_new_secret_is_shown_once(staff: Client, world: World, clerk: User) -> None:
    url = page("webhookendpoint_secret", world.endpoint.pk)
    assert staff.get(url).status_code == 302, "a link makes none"
    assert secret_of(world, world.endpoint.pk) == SECRETS[4]
    answer = staff.post(url)
    fresh = secret_of(world, world.endpoint.pk)
    assert fresh != SECRETS[4]
    assert SECRET.findall(text_of(answer)) == [fresh]
    assert "no-store" in answer["Cache-Control"]
    assert fresh not in text_of(staff.get(page("webhookendpoint_change", world.endpoint.pk)))
    assert audited(world, "webhooks.secret_renewed") == [f"user:{clerk.pk} {clerk.email}"]
    with tenant_scope(world.tenant_id):
        details = [str(row) for row in AuditEvent.objects.values_list("details", flat=True)]
    assert not any(fresh in row for row in details)


def test_the_old_secret_stops_working(world: World) -> None:
    spec = registry.provider("zoho_books").webhooks
    assert spec is not None
    delivery = Delivery(query=(), headers={}, content_type="application/json", body=b"{}")
    webhooks.renew_secret(world.tenant_id, world.endpoint.pk, actor=ACTOR)
    with pytest.raises(RefusedDeliveryError):
        webhooks.take_in(world.endpoint.token, delivery, registry.provider, "zoho_books")


def test_an_address_is_opened_by_hand_with_its_secret(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        WebhookEndpoint.objects.all().delete()
    url = page("webhookendpoint_add")
    assert f'value="{world.source.pk}"' not in text_of(staff.get(url)), "Procurify sends none"
    answer = staff.post(url, {"connection": world.target.pk})
    with tenant_scope(world.tenant_id):
        made = WebhookEndpoint.objects.get()
    assert SECRET.findall(text_of(answer)) == [secret_of(world, made.pk)]
    assert len(audited(world, "webhooks.opened")) == 2
    again = staff.post(url, {"connection": world.target.pk})
    assert "not one of the available choices" in text_of(again)
    assert not SECRET.search(text_of(again))
    listed = text_of(staff.get(page("connection_change", world.target.pk)))
    assert page("webhookendpoint_change", made.pk) in listed


def test_of_two_who_open_one_the_second_is_told(world: World) -> None:
    with pytest.raises(BadInputError, match="has an address already"):
        webhooks.open_by_hand(world.target, actor=ACTOR)


def test_where_the_service_tells_the_provider_nobody_sees_the_secret(
    staff: Client, world: World
) -> None:
    answer = staff.post(page("webhookendpoint_add"), {"connection": procore(world).pk})
    assert not SECRET.search(text_of(answer))
    assert "nobody has to enter it" in text_of(answer)
    assert "Check hooks now" in text_of(answer)


# --- hooks ----------------------------------------------------------------------------------------


@pytest.fixture
def hooked(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[WebhookEndpoint, list[str]]:
    """Procore's endpoint over a provider that keeps its hooks in this process."""
    told: list[str] = []

    def ensure(client: Any, address: str, secret: str, remembered: Any) -> dict[str, Any]:
        told.append(address)
        if len(told) > 1:
            raise BadInputError("The app may not manage webhooks.")
        return {"hook_id": "h-1"}

    spec = registry.provider("procore")
    kept = WebhookSpec(read=lambda *_: (), ensure=ensure, remove=lambda *_: None)
    fake = replace(spec, webhooks=kept, open=lambda context: None)
    real = registry.provider
    monkeypatch.setattr(registry, "provider", lambda key: fake if key == spec.key else real(key))
    connection = procore(world)
    with tenant_scope(world.tenant_id):
        Integration.objects.filter(pk=world.integration.pk).update(target=connection)
    return webhooks.open_endpoint(connection, actor=ACTOR), told


def test_hooks_are_checked_now(
    staff: Client, hooked: tuple[WebhookEndpoint, list[str]], world: World
) -> None:
    endpoint, told = hooked
    url, shown = (page(f"webhookendpoint_{n}", endpoint.pk) for n in ("check", "change"))
    assert "not checked yet" in text_of(staff.get(shown))
    staff.get(url)
    assert told == [], "a link checks nothing"
    staff.post(url)
    assert len(told) == 1
    assert told[0].endswith(f"/webhooks/procore/{endpoint.token}/")
    text = text_of(staff.get(shown))
    assert "the hooks are as they should be" in text
    assert "in order" in text
    assert "h-1" in text
    staff.post(url)
    text = text_of(staff.get(shown))
    assert "not in order" in text
    assert text.count("The app may not manage webhooks.") == 2, "at the page and as an answer"


def test_hooks_that_a_person_keeps_cannot_be_checked(staff: Client, world: World) -> None:
    staff.post(page("webhookendpoint_check", world.endpoint.pk))
    text = text_of(staff.get(page("webhookendpoint_change", world.endpoint.pk)))
    assert "A person keeps these hooks" in text


# --- inbox ----------------------------------------------------------------------------------------


def test_the_inbox_is_searched_and_filtered(
    staff: Client, world: World, other_world: World
) -> None:
    with tenant_scope(world.tenant_id):
        InboxEvent.objects.create(connection=world.target, resource="contact", key="9999")
    url = page("inboxevent_changelist")

    def found(**query: Any) -> list[str]:
        rows = staff.get(url, query).context["cl"].result_list
        return sorted(f"{row.tenant_id == world.tenant_id} {row.key}" for row in rows)

    assert found() == ["False 77001", "True 77001", "True 9999"]
    assert found(q="9999") == ["True 9999"]
    assert found(q="ev-1") == ["False 77001", "True 77001"]
    assert found(connection__id__exact=world.target.pk) == ["True 77001", "True 9999"]
    assert found(resource="contact") == ["True 9999"]
    assert found(status__exact="done") == ["False 77001", "True 77001"]


def test_an_event_shows_what_came_of_it(staff: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        InboxEvent.objects.filter(pk=world.event.pk).update(
            connection=world.source, key=world.posted.key
        )
    text = text_of(staff.get(page("inboxevent_change", world.event.pk)))
    assert page("document_change", world.posted.pk) in text
    assert "ev-1" in text


def test_events_are_followed_again(
    staff: Client, world: World, other_world: World, clerk: User
) -> None:
    chosen = {"action": "follow_chosen", "_selected_action": [world.event.pk], "index": "0"}
    assert staff.post(page("inboxevent_changelist"), chosen).status_code == 302
    with tenant_scope(world.tenant_id):
        assert InboxEvent.objects.get().status == "pending"
    with tenant_scope(other_world.tenant_id):
        assert InboxEvent.objects.get().status == "done", "not chosen"
    one = page("inboxevent_follow", other_world.event.pk)
    staff.get(one)
    with tenant_scope(other_world.tenant_id):
        assert InboxEvent.objects.get().status == "done", "a link follows nothing"
    staff.post(one)
    with tenant_scope(other_world.tenant_id):
        assert InboxEvent.objects.get().status == "pending"
    assert audited(world, "inbox.replayed") == [f"user:{clerk.pk} {clerk.email}"]


# --- who may --------------------------------------------------------------------------------------


def addresses(world: World) -> list[str]:
    return [
        page("webhookendpoint_changelist"),
        page("webhookendpoint_add"),
        page("webhookendpoint_change", world.endpoint.pk),
        page("webhookendpoint_secret", world.endpoint.pk),
        page("webhookendpoint_check", world.endpoint.pk),
        page("inboxevent_changelist"),
        page("inboxevent_change", world.event.pk),
        page("inboxevent_follow", world.event.pk),
        page("document_restore", world.held.pk),
        page("document_adopt", world.held.pk),
        page("integration_alignments"),
        page("integration_alignment", world.integration.pk),
    ]


def test_members_outsiders_and_nobody_are_sent_away(
    client: Client, world: World, people: People
) -> None:
    for person in (None, people.owner, people.viewer, people.outsider):
        if person is not None:
            client.force_login(person)
        for url in addresses(world):
            for answer in (client.get(url), client.post(url)):
                assert answer.status_code == 302, (person, url)
                assert answer["Location"].startswith("/admin/login/"), (person, url)
    assert secret_of(world, world.endpoint.pk) == SECRETS[4]


def test_who_may_only_look_changes_nothing(client: Client, world: World, people: People) -> None:
    helper = people.viewer
    helper.is_staff = True
    helper.save()
    helper.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(helper)
    text = text_of(client.get(page("webhookendpoint_change", world.endpoint.pk)))
    assert "Refused" in text
    assert "New secret" not in text
    assert str(world.endpoint.token) not in text, "whoever cannot use the address need not see it"
    assert "Follow again" not in text_of(client.get(page("inboxevent_change", world.event.pk)))
    for url in addresses(world):
        if url.endswith(("/secret/", "/check/", "/follow/", "/add/", "/restore/", "/adopt/")):
            assert client.post(url).status_code == 403, url
    assert secret_of(world, world.endpoint.pk) == SECRETS[4]
