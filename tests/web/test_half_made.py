"""Connections that nobody has authorised yet, and what stands on them: every page and button.

Each answers in words that say what to do first; none of them breaks.
"""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors import registry
from connectors.engine.job import load_job
from connectors.engine.runs import advance, lease_run
from connectors.models import Connection, Integration, Run, WebhookEndpoint
from connectors.services import connections, integrations
from tenants.scope import tenant_scope
from tests.contract.test_urls import METHODS, ROUTES
from tests.people import ACTOR, People

# The settings that a form asks for; everything else comes with the consent or the test.
LEAST: dict[str, dict[str, str]] = {
    "procurify": {"subdomain": "acme"},
    "zoho_books": {"accounts_region": "eu"},
    "procore": {"environment": "production"},
}
BUTTONS = ("run", "sweep", "pause", "resume")


@pytest.fixture
def half_made(people: People, settings: Any) -> dict[str, Connection]:
    """One connection of each provider, with nothing behind it that answers."""
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    return {
        spec.key: connections.create(
            tenant_id=people.tenant.pk,
            spec=spec,
            name=f"{spec.title}, new",
            settings=LEAST[spec.key],
            credentials={
                field.name: "something" for field in spec.credential_fields if field.required
            },
            actor=ACTOR,
        )
        for spec in registry.PROVIDERS
    }


@pytest.fixture
def joined(half_made: dict[str, Connection], people: People) -> list[Integration]:
    """An integration of each flow between them."""
    return [
        integrations.create(
            tenant_id=people.tenant.pk,
            resolved=registry.resolve(flow.key),
            name=flow.title,
            source=half_made[flow.source],
            target=half_made[flow.target],
            actor=ACTOR,
            enabled=True,
        )
        for flow in registry.FLOWS
    ]


def endpoints(tenant_id: Any) -> list[WebhookEndpoint]:
    """The addresses that the integrations have opened."""
    with tenant_scope(tenant_id):
        found = list(WebhookEndpoint.objects.all())
    assert found
    return found


def addresses(kind: str, pk: int) -> list[str]:
    """Every address of the staff pages that is about a row of this kind."""
    places = [route for route in ROUTES if f"connectors/{kind}/" in route and "<" in route]
    assert places, kind
    found = []
    for route in places:
        filled = "/" + route.replace("<path:object_id>", str(pk)).replace("<int:pk>", str(pk))
        found += [filled.replace("<slug:button>", button) for button in BUTTONS]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("provider", [spec.key for spec in registry.PROVIDERS])
def test_testing_it_says_what_is_missing(
    staff: Client, half_made: dict[str, Connection], provider: str
) -> None:
    connection = half_made[provider]
    url = reverse("admin:connectors_connection_test", args=[connection.pk])
    text = staff.post(url).content.decode()
    assert "does not work yet" in text
    if registry.provider(provider).consent is not None:
        assert "has not been authorised yet. Press “Authorise”" in text
        assert reverse("authorise", args=[connection.tenant_id, connection.pk]) in text
    with tenant_scope(connection.tenant_id):
        row = Connection.objects.get(pk=connection.pk)
    assert row.health_words, "its own page says the same"


def test_every_page_and_button_of_a_half_made_connection_answers(
    staff: Client, half_made: dict[str, Connection], joined: list[Integration]
) -> None:
    rows = [
        *(("connection", row.pk) for row in half_made.values()),
        *(("webhookendpoint", row.pk) for row in endpoints(joined[0].tenant_id)),
        *(("integration", row.pk) for row in joined),
    ]
    for kind, pk in rows:
        for url in addresses(kind, pk):
            for method in METHODS[:2]:
                answer = getattr(staff, method)(url, {"code": "x", "offer": "1", "reason": "r"})
                assert answer.status_code < 500, f"{method} {url}"


def test_its_authorisation_can_be_started(staff: Client, half_made: dict[str, Connection]) -> None:
    for connection in half_made.values():
        answer = staff.get(reverse("authorise", args=[connection.tenant_id, connection.pk]))
        assert answer.status_code == 302


@pytest.mark.parametrize("at", range(len(registry.FLOWS)))
def test_a_run_over_it_ends_and_says_why(joined: list[Integration], at: int) -> None:
    integration: Any = joined[at]
    queued = integrations.run_now(integration, actor=ACTOR)
    with tenant_scope(integration.tenant_id):
        run = lease_run(queued.pk)
    assert run is not None
    advance(load_job(integration.tenant_id, integration.pk, registry.resolve), run)
    with tenant_scope(integration.tenant_id):
        run = Run.objects.get(pk=queued.pk)
    assert run.words
    assert "KeyError" not in run.words
