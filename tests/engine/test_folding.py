"""Numbers that were stored with their dashes are found by those without, of every tenant."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from connectors.models import Document, ReferenceState, TargetRecord
from tenants.isolation import run_per_tenant
from tenants.roles import as_owner
from tests.engine.tiny.fixtures import MakeWorld
from tests.engine.tiny.flow import PARENTS


def test_stored_numbers_lose_their_dashes_and_heads_are_read_again(new_world: MakeWorld) -> None:
    fold = import_module("connectors.migrations.0007_fold_dashes").fold_dashes
    worlds = [new_world(), new_world()]
    for world in worlds:
        world.source.put(PARENTS, "p1")
        world.read()
        with world.scope():
            Document.objects.update(twin_number="inv-7\u2013a")
            TargetRecord.objects.create(
                connection=world.job().target, kind=PARENTS, target_id="T9", twin_number="a-1"
            )
            ReferenceState.objects.create(
                connection=world.job().target, kind="index:bill", since="2026-01-01"
            )
    with as_owner(), connection.schema_editor() as editor:
        run_per_tenant(fold)(apps, editor)
    for world in worlds:
        with world.scope():
            assert Document.objects.get().twin_number == "inv7a"
            assert TargetRecord.objects.get(target_id="T9").twin_number == "a1"
            assert ReferenceState.objects.get(kind="index:bill").since == ""
