"""A data migration walks the tenants: the owner is bound by the policies like everybody."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from connectors.models import Integration, Link
from tenants.isolation import run_per_tenant
from tenants.models import Tenant
from tenants.roles import as_owner
from tenants.scope import platform_scope, tenant_scope
from tests.people import make_tenant
from tests.web.world import make_world


@pytest.mark.django_db(transaction=True)
def test_each_tenant_is_changed_in_its_own_scope():
    make_tenant("acme")
    make_tenant("zeta")
    seen: list[int] = []

    def rename(apps, schema_editor):
        model = apps.get_model("tenants", "Tenant")
        seen.append(model.objects.count())
        model.objects.update(name="renamed")

    with as_owner(), connection.schema_editor() as editor:
        run_per_tenant(rename)(apps, editor)
    assert seen == [1, 1]
    with platform_scope():
        assert set(Tenant.objects.values_list("name", flat=True)) == {"renamed"}


@pytest.mark.django_db(transaction=True)
def test_what_is_posted_keeps_the_options_that_were_in_force():
    """Links from before options were kept: nothing may move at their next touch."""
    migration = import_module("connectors.migrations.0009_options_of_links")
    world = make_world(make_tenant("acme").pk)
    with tenant_scope(world.tenant_id):
        Integration.objects.update(options={"bill_date": "invoice", "follow_closed": False})
        assert Link.objects.get().options == {}
    with as_owner(), connection.schema_editor() as editor:
        run_per_tenant(migration.keep_options)(apps, editor)
    with tenant_scope(world.tenant_id):
        assert Link.objects.get().options == {"bill_date": "invoice", "order_status": "open"}
