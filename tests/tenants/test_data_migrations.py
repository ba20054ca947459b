"""A data migration walks the tenants: the owner is bound by the policies like everybody."""

import pytest
from django.apps import apps
from django.db import connection

from tenants.isolation import run_per_tenant
from tenants.models import Tenant
from tenants.roles import as_owner
from tenants.scope import platform_scope
from tests.people import make_tenant


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
