"""A webhook secret that no key opens: deliveries are turned away, staff are told once, in words."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from connectors import registry
from connectors.models import (
    Alert,
    Document,
    MappingFailure,
    WebhookEndpoint,
    open_sealed,
    seal,
)
from connectors.services import alerts, webhooks
from tenants.routing import route
from tenants.scope import tenant_scope
from tests.people import ACTOR
from tests.web.world import World


@pytest.fixture
def endpoint(world: World) -> WebhookEndpoint:
    """Its secret is sealed by a key that is gone; nothing else is news."""
    with tenant_scope(world.tenant_id):
        MappingFailure.objects.update(status="resolved")
        Document.objects.filter(state="held").update(told="total_differs")
    lose_the_key(world.endpoint)
    return world.endpoint


def tenant_of(endpoint: WebhookEndpoint) -> int:
    assert endpoint.tenant_id is not None
    return endpoint.tenant_id


def lose_the_key(endpoint: WebhookEndpoint) -> None:
    with tenant_scope(tenant_of(endpoint)), database.cursor() as cursor:
        other = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
        cursor.execute("UPDATE connectors_webhookendpoint SET sealed_secret = %s", [other])


def put_the_key_back(endpoint: WebhookEndpoint) -> None:
    with tenant_scope(tenant_of(endpoint)):
        row = WebhookEndpoint.objects.get(pk=endpoint.pk)
        seal(row, webhooks.SEALED, {"secret": "s" * 48})
        row.save(update_fields=[webhooks.SEALED])


def deliver(endpoint: WebhookEndpoint) -> int:
    path = f"/webhooks/{endpoint.connection.provider}/{endpoint.token}/"
    return Client().post(path, b"{}", content_type="application/json").status_code


def told(endpoint: WebhookEndpoint) -> list[Any]:
    """What is sent now, whenever the last message was."""
    with tenant_scope(tenant_of(endpoint)):
        Alert.objects.all().delete()
    mail.outbox.clear()
    alerts.send_due(tenant_of(endpoint))
    return list(mail.outbox)


def test_staff_are_told_once_what_to_do(endpoint: WebhookEndpoint, clerk) -> None:
    assert {deliver(endpoint) for _ in range(3)} == {503}
    messages = told(endpoint)
    staff = [message for message in messages if clerk.email in message.to]
    assert len(staff) == 1
    subject, body = staff[0].subject, staff[0].body
    assert subject == "Zoho Books: no key opens the secret of its webhooks"
    assert "put the missing key back into FIELD_ENCRYPTION_KEYS" in body
    assert "renew the secret" in body
    assert f"/admin/connectors/webhookendpoint/{endpoint.pk}/change/" in body
    assert "FIELD_ENCRYPTION_KEYS" in str(staff[0].alternatives[0][0])
    assert deliver(endpoint) == 503
    assert told(endpoint) == [], "told already"


def test_who_has_no_staff_pages_gets_no_link(endpoint: WebhookEndpoint, clerk) -> None:
    deliver(endpoint)
    others = [message for message in told(endpoint) if clerk.email not in message.to]
    assert others
    assert all("/admin/" not in message.body for message in others)


def test_it_is_news_again_after_it_opened(endpoint: WebhookEndpoint, clerk) -> None:
    deliver(endpoint)
    assert told(endpoint)
    put_the_key_back(endpoint)
    assert deliver(endpoint) == 401, "unsigned, and judged again"
    assert told(endpoint) == []
    lose_the_key(endpoint)
    deliver(endpoint)
    assert told(endpoint)


def test_a_renewed_secret_ends_it(endpoint: WebhookEndpoint, clerk) -> None:
    deliver(endpoint)
    webhooks.renew_secret(tenant_of(endpoint), endpoint.pk, actor=ACTOR)
    assert told(endpoint) == []
    with tenant_scope(tenant_of(endpoint)):
        row = WebhookEndpoint.objects.get(pk=endpoint.pk)
        assert (row.unopened_at, row.alerted_at) == (None, None)
        assert open_sealed(row, webhooks.SEALED)["secret"]


def test_the_daily_look_finds_it_without_a_delivery(endpoint: WebhookEndpoint, clerk) -> None:
    words = webhooks.keep_hooks(tenant_of(endpoint), endpoint.pk, registry.provider)
    assert "FIELD_ENCRYPTION_KEYS" in words
    assert told(endpoint)


@pytest.mark.django_db(transaction=True)
def test_the_clock_rings_for_it(endpoint: WebhookEndpoint) -> None:
    assert tenant_of(endpoint) not in [row[0] for row in route("routing_alerts", timezone.now())]
    deliver(endpoint)
    assert tenant_of(endpoint) in [row[0] for row in route("routing_alerts", timezone.now())]


def test_what_could_not_be_sent_is_news_still(
    endpoint: WebhookEndpoint, clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(endpoint)

    def refuse(**_: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "send_mail", refuse)
        assert told(endpoint) == []
    assert told(endpoint)
