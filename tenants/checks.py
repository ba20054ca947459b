"""System checks for the wall between tenants: on the models, and on the login that connects.

They read Django's models and the database's catalogue, and leave messages that say what to change.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error
from django.db import connections, models

from tenants.roles import role_names


def check_tenant_models(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every table with a tenant is TenantOwned, and keys between such tables include the tenant."""
    found: list[CheckMessage] = []
    for config in app_configs or apps.get_app_configs():
        for model in config.get_models():
            found += [*_unowned_tenant_fields(model), *_keys_without_tenant(model)]
    return found


def check_login_role(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The login is neither superuser nor above row-level security, nor is the role it takes.

    And it cannot become the owner, who may drop the guards of tables.
    """
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT rolname FROM pg_roles WHERE rolname IN (session_user, current_user) "
                "AND (rolsuper OR rolbypassrls)"
            )
            found += [_too_strong(alias, name) for (name,) in cursor.fetchall()]
            owner = role_names().owner
            cursor.execute(
                "SELECT session_user FROM pg_roles WHERE rolname = %s "
                "AND pg_has_role(session_user, oid, 'MEMBER')",
                [owner],
            )
            found += [_may_own(alias, name, owner) for (name,) in cursor.fetchall()]
    return found


def is_tenant_owned(model: type[models.Model]) -> bool:
    """Say whether the model's base is TenantOwned (not merely whether it has a tenant)."""
    # This module is loaded before any model may be.
    return issubclass(model, vars(apps.get_app_config("tenants").models_module)["TenantOwned"])


def _unowned_tenant_fields(model: type[models.Model]) -> Iterator[CheckMessage]:
    if is_tenant_owned(model):
        return
    for field in model._meta.local_fields:
        related = field.related_model
        if isinstance(related, type) and related._meta.label == "tenants.Tenant":
            yield Error(
                f"{model._meta.label}.{field.name} names a tenant; the model is not TenantOwned.",
                hint="Derive it from tenants.models.TenantOwned.",
                obj=model,
                id="tenants.E002",
            )


def _keys_without_tenant(model: type[models.Model]) -> Iterator[CheckMessage]:
    if not is_tenant_owned(model):
        return
    fields = [*model._meta.local_fields, *model._meta.local_many_to_many]
    for field in fields:
        related = field.related_model
        points_inside = isinstance(related, type) and is_tenant_owned(related)
        if points_inside and getattr(field, "db_constraint", True):
            yield Error(
                f"{model._meta.label}.{field.name} joins tenant-owned tables without the tenant.",
                hint="Use TenantForeignKey or TenantOneToOneField (many-to-many: a through model).",
                obj=field,
                id="tenants.E003",
            )


def _too_strong(alias: str, role: str) -> CheckMessage:
    return Error(
        f"The database {alias!r} is used as {role!r}, which row-level security does not bind.",
        hint="Run `manage.py setup_database` and connect with the login it creates.",
        id="tenants.E004",
    )


def _may_own(alias: str, login: str, owner: str) -> CheckMessage:
    return Error(
        f"The login {login!r} of the database {alias!r} can become {owner!r}, who owns the tables.",
        hint="Name another login in DATABASE_OWNER_URL and run `manage.py setup_database`, which "
        "takes the owner's role away from this one.",
        id="tenants.E005",
    )
