"""The system checks: what a model must not do is said before anything is migrated."""

from typing import Any
from unittest.mock import Mock

import pytest
from django.apps import AppConfig, apps
from django.db import models
from django.test.utils import isolate_apps

from tenants.checks import check_login_role, check_tenant_models
from tenants.models import Tenant, TenantForeignKey, TenantOneToOneField, TenantOwned


def messages(*made: type[models.Model]) -> set[str | None]:
    config = Mock(spec=AppConfig, get_models=lambda: made)
    return {message.id for message in check_tenant_models([config])}


def declare(name: str, base: type[models.Model], **fields: models.Field) -> type[models.Model]:
    meta = type("Meta", (), {"app_label": "tenants"})
    return type(name, (base,), {"__module__": __name__, "Meta": meta, **fields})


@isolate_apps("tenants")
def test_a_tenant_without_the_base_is_an_error():
    loose = declare("Loose", models.Model, tenant=models.ForeignKey(Tenant, models.CASCADE))
    assert messages(loose) == {"tenants.E002"}


@isolate_apps("tenants")
def test_a_plain_key_between_tenant_tables_is_an_error():
    parent = declare("Parent", TenantOwned)
    child = declare("Child", TenantOwned, parent=models.ForeignKey(parent, models.CASCADE))
    many = declare("Many", TenantOwned, parents=models.ManyToManyField(parent))
    good = declare(
        "Good",
        TenantOwned,
        parent=TenantForeignKey(parent, models.CASCADE),
        twin=TenantOneToOneField("self", models.CASCADE),
    )
    assert messages(parent, child) == {"tenants.E003"}
    assert messages(many) == {"tenants.E003"}
    assert messages(parent, good) == set()


@isolate_apps("tenants")
def test_a_tenant_key_needs_two_tenant_tables():
    shared = declare("Shared", models.Model)
    child = declare("Child", TenantOwned, shared=TenantForeignKey(shared, models.CASCADE))
    field: Any = child._meta.get_field("shared")
    errors = [message.id for message in field.check()]
    assert errors == ["tenants.E001"]


@isolate_apps("tenants")
def test_a_tenant_key_leaves_its_constraint_to_the_composite_one():
    child = declare("Child", TenantOwned, parent=TenantForeignKey("self", models.CASCADE))
    field: Any = child._meta.get_field("parent")
    assert field.db_constraint is False
    _, path, _, kwargs = field.deconstruct()
    assert path == "tenants.models.owned.TenantForeignKey"
    assert "db_constraint" not in kwargs


def test_our_own_models_pass():
    assert check_tenant_models() == []
    assert apps.is_installed("tenants")


@pytest.mark.django_db
def test_our_login_passes():
    assert check_login_role(["default"]) == []
