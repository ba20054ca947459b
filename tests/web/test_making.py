"""A vendor that the target lacks is made from Review, only where the option allows it."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from connectors.models import Document, Integration, MappingFailure
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.world import World


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


def page(client: Client, world: World) -> str:
    return str(client.get(f"/w/acme/review/missing/{world.failure.pk}/").content.decode())


def create(client: Client, world: World) -> str:
    answer: Any = client.post(f"/w/acme/review/missing/{world.failure.pk}/create/", follow=True)
    return str(answer.content.decode())


def allow(world: World) -> None:
    with tenant_scope(world.tenant_id):
        Integration.objects.update(options={"create_vendors": "needed"}, enabled=True)


def vendor(world: World, state: str, reason: str, words: str) -> Document:
    with tenant_scope(world.tenant_id):
        row = Document.objects.create(
            integration=world.integration, stream="vendor", key=world.failure.source_key
        )
        Document.objects.filter(pk=row.pk).update(state="delivering")
        Document.objects.filter(pk=row.pk).update(state=state, reason=reason, words=words)
    return row


def test_nothing_is_made_without_the_option(operator: Client, world: World) -> None:
    assert "Create in Zoho Books" not in page(operator, world)
    assert "creates no vendor" in create(operator, world)
    allow(world)
    assert "Create in Zoho Books" in page(operator, world)
    assert "in a moment" in create(operator, world)
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=world.waiting.pk).wants_read


def test_a_refused_one_says_why_and_is_tried_again(operator: Client, world: World) -> None:
    allow(world)
    row = vendor(world, "held", "refused", "Zoho Books refused: the name is too long.")
    assert "the name is too long" in page(operator, world)
    assert "in a moment" in create(operator, world)
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=row.pk).state == "due"
        assert MappingFailure.objects.get(pk=world.failure.pk).status == "open"
        assert AuditEvent.objects.filter(action="document.replayed", document_id=row.pk).exists()


def test_one_of_that_name_is_left_to_a_person(operator: Client, world: World) -> None:
    allow(world)
    row = vendor(world, "held", "duplicate_suspected", "There is a vendor of that name already.")
    text = page(operator, world)
    assert "of that name already" in text
    assert "Create in Zoho Books" not in text
    assert "cannot be created" in create(operator, world)
    with tenant_scope(world.tenant_id):
        assert Document.objects.get(pk=row.pk).state == "held"


def test_viewers_make_nothing(client: Client, people: People, world: World) -> None:
    allow(world)
    client.force_login(people.viewer)
    assert "Create in Zoho Books" not in page(client, world)
    answer = client.post(f"/w/acme/review/missing/{world.failure.pk}/create/")
    assert answer.status_code == 403
