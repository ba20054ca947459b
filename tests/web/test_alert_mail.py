"""The one e-mail about what waits for people: readable as text, with links, each currency apart."""

from decimal import Decimal

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from connectors.models import Connection, Document, MappingFailure, Wait
from connectors.services import alerts
from tenants.scope import tenant_scope
from tests.web.world import World


@pytest.fixture
def two_currencies(world: World) -> World:
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(
            currency="JPY", total=Decimal(8000), state="due"
        )
        Wait.objects.create(document=world.held, failure=world.failure)
    return world


def html_of(message: object) -> str:
    assert isinstance(message, EmailMultiAlternatives)
    return str(message.alternatives[0][0])


def test_a_missing_mapping_is_told_once(two_currencies: World) -> None:
    world = two_currencies
    assert alerts.send_due(world.tenant_id)
    assert not alerts.send_due(world.tenant_id)
    (message,) = mail.outbox
    assert message.subject == "Missing mapping: Northwind Traders Inc"
    link = f"{settings.BASE_URL}/admin/connectors/mappingfailure/{world.failure.pk}/change/"
    assert link in message.body
    assert "2 documents, 1,234.50 EUR + 8,000 JPY" in message.body
    html = html_of(message)
    assert link in html
    assert "<script" not in html


def test_a_stopped_connection_says_why(world: World) -> None:
    with tenant_scope(world.tenant_id):
        MappingFailure.objects.update(status="resolved")
        Connection.objects.filter(pk=world.target.pk).update(
            health="needs_authorisation", health_words="Zoho's owner took the access <back>."
        )
    assert alerts.send_due(world.tenant_id)
    (message,) = mail.outbox
    assert message.subject == "Zoho Books stopped: needs re-authorisation"
    assert "took the access <back>." in message.body, "plain text is not escaped"
    assert "took the access &lt;back&gt;." in html_of(message)
    assert f"/admin/connectors/connection/{world.target.pk}/change/" in message.body
