"""What tests of the pages of mappings share: addresses, rows of master data, and what is mapped."""

from typing import Any

from django.test import Client

from connectors.models import Mapping, ReferenceItem
from tenants.scope import tenant_scope
from tests.web.world import NOW, World


def place(world: World, kind: str = "vendor") -> str:
    return f"integration={world.integration.pk}&kind={kind}"


def get(client: Client, path: str) -> str:
    answer = client.get(f"/w/acme/{path}")
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def item(world: World, side: str, key: str, name: str, **fields: Any) -> None:
    with tenant_scope(world.tenant_id):
        ReferenceItem.objects.create(
            connection=world.source if side == "source" else world.target,
            **{"kind": "vendor", "key": key, "name": name, "seen_at": NOW, **fields},
        )


def mapped(world: World) -> dict[str, str]:
    with tenant_scope(world.tenant_id):
        return dict(Mapping.objects.values_list("source_key", "target_key"))


def export(client: Client, world: World, query: str = "") -> str:
    answer = client.get(f"/w/acme/mappings/export/?{place(world)}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())
