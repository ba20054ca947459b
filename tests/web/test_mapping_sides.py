"""Members see both systems' lists side by side, and confirm what only looks the same."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from connectors.models import Mapping
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.test_admin_alignment import lists
from tests.web.world import World

__all__ = ["lists"]


def look(client: Client, world: World, **asked: str) -> str:
    given = {"integration": str(world.integration.pk), "kind": "vendor", **asked}
    page = client.get("/w/acme/mappings/side-by-side/", given).content.decode()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.usefixtures("lists")
def test_every_standing_is_shown_and_filtered(client: Client, people: People, world: World) -> None:
    client.force_login(people.viewer)
    page = look(client, world)
    for words in ("Gone from Zoho Books (1)", "Renamed (1)", "Only in Procurify (1)"):
        assert words in page
    assert "Beta Beta Renamed Renamed" in page
    assert "Alpha" not in look(client, world, standing="renamed")
    assert "Alpha" in look(client, world, q="alph")
    assert "Confirm" not in page
    assert client.get("/w/acme/mappings/side-by-side/?kind=x").status_code == 302
    asked = {"integration": str(world.integration.pk), "kind": "tax"}
    others = client.get("/w/acme/mappings/", asked)
    assert "side-by-side/?integration=" in others.content.decode()


def test_operators_confirm_what_looks_the_same(
    client: Client, people: People, world: World
) -> None:
    with tenant_scope(world.tenant_id):
        row = Mapping.objects.get(origin="automatic")
    given: dict[str, Any] = {
        "integration": world.integration.pk,
        "kind": "vendor",
        "source": row.source_key,
    }
    client.force_login(people.viewer)
    assert client.post("/w/acme/mappings/side-by-side/confirm/", given).status_code == 403
    client.force_login(people.operator)
    answer: Any = client.post("/w/acme/mappings/side-by-side/confirm/", given, follow=True)
    assert "Confirmed." in answer.content.decode()
    with tenant_scope(world.tenant_id):
        row.refresh_from_db()
        assert row.origin == "person"
        assert AuditEvent.objects.filter(action__startswith="mapping.").exists()
