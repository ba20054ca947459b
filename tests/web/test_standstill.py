"""Pages of what stands still say why, until when, and what is kept waiting."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from connectors.core import clock
from connectors.core.states import State
from connectors.models import Connection, Document, InboxEvent, Integration
from connectors.services.standstill import sentences
from tenants.scope import tenant_scope
from tests.web.world import World


def rest(world: World) -> str:
    """Its target takes no calls until tomorrow; returns the time as pages say it."""
    until = clock.now() + timedelta(hours=10)
    with tenant_scope(world.tenant_id):
        row = Connection.objects.select_related("tenant").get(pk=world.target.pk)
        row.resting_until, row.resting_words = until, "the calls for today are used up"
        row.save()
        return f"{until.astimezone(row.tenant.zone):%Y-%m-%d %H:%M %Z}"


def page(staff: Client, model: str, pk: int) -> str:
    return staff.get(reverse(f"admin:connectors_{model}_change", args=[pk])).content.decode()


def test_a_rest_is_on_the_pages_of_integration_and_connection(staff: Client, world: World) -> None:
    until = rest(world)
    for model, pk in (("integration", world.integration.pk), ("connection", world.target.pk)):
        text = page(staff, model, pk)
        assert f"rests until {until}: the calls for today are used up." in text
        assert "the source is read again before anything is posted" in text
    assert "rests until" not in page(staff, "connection", world.source.pk)


def test_a_rest_that_is_over_is_not_shown(staff: Client, world: World) -> None:
    rest(world)
    with tenant_scope(world.tenant_id):
        Connection.objects.update(resting_until=clock.now() - timedelta(seconds=1))
    assert "rests until" not in page(staff, "integration", world.integration.pk)


@pytest.mark.parametrize("documents", [0, 1, 2])
def test_a_pause_says_what_is_kept_waiting(staff: Client, world: World, documents: int) -> None:
    with tenant_scope(world.tenant_id):
        Integration.objects.update(enabled=False)
        InboxEvent.objects.all().delete()
        for key in range(documents):
            Document.objects.create(integration=world.integration, stream="bill", key=f"new{key}")
        due = Document.objects.filter(state=State.DUE).count()
        integration = Integration.objects.select_related("source", "target").get()
        [words] = sentences(integration)
    assert words.startswith("Paused: nothing is posted until somebody resumes it.")
    if due:
        assert f"{due} document{'' if due == 1 else 's'} to be posted" in words
    assert words in page(staff, "integration", integration.pk)
