"""No tenant sees or touches another: generated over every tenant-owned model, present and future.

A new model needs nothing here. It fails until it is TenantOwned and a migration of its app ends
with ``IsolateTenantTables()``. Rows are committed for real, as the app role, like the service
does.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core import checks
from django.db import IntegrityError, ProgrammingError, connection, models, transaction

from tenants.checks import check_tenant_models
from tenants.isolation import PLATFORM_POLICY, TENANT_POLICY, tenant_column
from tenants.models import TenantForeignKey, TenantOneToOneField, TenantOwned
from tenants.roles import role_names
from tenants.scope import platform_scope, tenant_scope
from tests.people import make_tenant
from tests.row_factory import make_row

OWNED = [model for model in apps.get_models() if issubclass(model, TenantOwned)]
WALLED = [model for model in apps.get_models() if tenant_column(model)]
KEYS = [
    (model, field)
    for model in OWNED
    for field in model._meta.local_fields
    if isinstance(field, TenantForeignKey | TenantOneToOneField)
]
# Unique over all tenants on purpose: these say nothing about anybody's data.
PUBLIC_NAMES = {("tenants.Tenant", ("slug",))}


def label(value: Any) -> str:
    return str(value._meta.label_lower if hasattr(value, "_meta") else value)


every_walled_model = pytest.mark.parametrize("model", WALLED, ids=label)
every_owned_model = pytest.mark.parametrize("model", OWNED, ids=label)


@pytest.fixture
def acme(transactional_db: None) -> int:
    return make_tenant("acme").pk


@pytest.fixture
def zeta(transactional_db: None) -> int:
    return make_tenant("zeta").pk


def fetch(query: str, *arguments: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def refused(statement: str) -> str:
    """Run a statement that must fail; return what the database said."""
    with (
        pytest.raises(ProgrammingError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return str(caught.value)


def changed_by(statement: str) -> int:
    """Count the rows a statement changes; none where the role may not even try (append-only)."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount
    except ProgrammingError as error:
        if "permission denied" in str(error):
            return 0
        raise


def of_tenant(model: type[models.Model], tenant_id: int) -> models.QuerySet:
    return model._base_manager.filter(**{str(tenant_column(model)): tenant_id})


def row_of(model: type[models.Model], tenant_id: int) -> models.Model:
    """Return one of the tenant's rows; some are there already, and of some there is only one."""
    return of_tenant(model, tenant_id).first() or make_row(model)


def test_there_is_something_to_protect():
    assert {"tenants.Tenant", "tenants.Member", "audit.AuditEvent"} <= {
        m._meta.label for m in WALLED
    }


@every_walled_model
def test_a_row_is_seen_in_its_own_scope_only(model, acme, zeta):
    with tenant_scope(acme):
        row = row_of(model, acme)
    rows = model._base_manager.filter(pk=row.pk)
    assert rows.count() == 0, "seen without a scope"
    with tenant_scope(zeta):
        assert rows.count() == 0, "seen by another tenant"
    with tenant_scope(acme):
        assert rows.count() == 1
    with platform_scope():
        assert rows.count() == 1, "not seen by the platform role"


@every_walled_model
def test_a_row_is_not_changed_or_removed_by_others(model, acme, zeta):
    with tenant_scope(acme):
        pk = row_of(model, acme).pk
    table, column = model._meta.db_table, tenant_column(model)

    def attack() -> None:
        for statement in (
            f"UPDATE {table} SET {column} = {column} WHERE id = {pk}",
            f"DELETE FROM {table} WHERE id = {pk}",
        ):
            assert changed_by(statement) == 0, statement

    attack()
    with tenant_scope(zeta):
        attack()
    with tenant_scope(acme):
        assert model._base_manager.filter(pk=pk).exists()


@every_owned_model
def test_a_row_for_another_tenant_is_refused(model, acme, zeta):
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(zeta):
        insert_as(model, acme)
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        insert_as(model, acme)


def insert_as(model: type[models.Model], tenant_id: int) -> None:
    """Insert a row with nothing in it but its tenant: the policy speaks before any constraint."""
    columns = {
        field.column: field.get_db_prep_save(_raw_value(field), connection)
        for field in model._meta.concrete_fields
        if not field.primary_key
    }
    columns["tenant_id"] = tenant_id
    places = ", ".join(["%s"] * len(columns))
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({places})",
            list(columns.values()),
        )


def _raw_value(field: models.Field) -> object:
    if isinstance(field, models.ForeignKey):
        return 1
    return field.get_default() if field.has_default() else None


@every_owned_model
def test_a_row_cannot_be_handed_to_another_tenant(model, acme, zeta):
    with tenant_scope(acme):
        pk = row_of(model, acme).pk
    with pytest.raises(ProgrammingError) as caught, tenant_scope(acme):
        model._base_manager.filter(pk=pk).update(tenant_id=zeta)
    assert "row-level security" in str(caught.value) or "permission denied" in str(caught.value)


@pytest.mark.parametrize(("model", "field"), KEYS, ids=label)
def test_a_key_cannot_point_into_another_tenant(model, field, acme, zeta):
    """PostgreSQL checks keys without row-level security: the key itself names the tenant."""
    with tenant_scope(acme):
        theirs = make_row(field.related_model)
    with pytest.raises(IntegrityError, match="same_tenant_fk"), tenant_scope(zeta):
        make_row(model, **{field.attname: theirs.pk})


@every_walled_model
def test_the_wall_stands_and_the_app_role_cannot_move_it(model, transactional_db):
    table, app = model._meta.db_table, role_names().app
    assert fetch(
        "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class "
        "WHERE oid = %s::regclass",
        table,
    ) == [(True, True, role_names().owner)]
    assert policies_of(table) == {
        (TENANT_POLICY, ("public",), "ALL"),
        (PLATFORM_POLICY, (role_names().platform,), "SELECT"),
    }
    for statement in (
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"DROP POLICY {TENANT_POLICY} ON {table}",
        f"CREATE POLICY mine ON {table} USING (true)",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"DROP TABLE {table}",
    ):
        assert "must be owner" in refused(statement)
    assert "permission denied" in refused(f"TRUNCATE {table} CASCADE")
    assert fetch("SELECT has_table_privilege(%s, %s, 'TRIGGER, REFERENCES')", app, table) == [
        (False,)
    ]


def policies_of(table: str) -> set[tuple[str, tuple[str, ...], str]]:
    rows = fetch("SELECT policyname, roles, cmd FROM pg_policies WHERE tablename = %s", table)
    return {(name, tuple(roles), command) for name, roles, command in rows}


def test_every_table_with_a_tenant_column_is_walled(db):
    """Also tables that no model describes."""
    open_tables = fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') "
        "AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert open_tables == []


def test_views_do_not_look_past_the_wall(db):
    """A view reads as its owner unless it says otherwise, and would show every tenant's rows."""
    assert fetch("SELECT viewname FROM pg_views WHERE schemaname = 'public'") == []
    assert fetch("SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'") == []


def test_models_pass_the_systems_own_checks():
    assert [m for m in check_tenant_models() if m.level >= checks.ERROR] == []


@every_walled_model
def test_unique_values_do_not_tell_tenants_about_each_other(model):
    """A unique constraint over all tenants answers: somebody else has this already."""
    telling = [
        fields
        for fields in unique_sets(model)
        if not any(is_private(model._meta.get_field(name)) for name in fields)
        and (model._meta.label, fields) not in PUBLIC_NAMES
    ]
    assert telling == [], "put the tenant into these unique constraints"


def unique_sets(model: type[models.Model]) -> list[tuple[str, ...]]:
    single = [(f.name,) for f in model._meta.local_fields if f.unique and not f.primary_key]
    constraints = [
        tuple(c.fields) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)
    ]
    return single + constraints


def is_private(field: models.Field) -> bool:
    belongs = isinstance(field, TenantForeignKey | TenantOneToOneField | models.UUIDField)
    return belongs or field.name == "tenant"


def test_the_roles_are_as_weak_as_promised(db):
    names = role_names()
    rows = fetch(
        "SELECT rolname FROM pg_roles WHERE (rolname IN (%s, %s, %s, session_user)) "
        "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolinherit)",
        names.owner,
        names.app,
        names.platform,
    )
    assert rows == []
    assert fetch("SELECT current_user::text") == [(names.app,)]
    assert fetch(
        "SELECT rolcanlogin OR rolcreatedb FROM pg_roles WHERE rolname = %s", names.app
    ) == [(False,)]


@pytest.mark.parametrize("role", ["app", "platform"])
def test_app_and_platform_own_nothing_they_could_change(role, db):
    name = getattr(role_names(), role)
    assert fetch("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = %s", name) == []
    assert fetch("SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s", name) == []
    assert (
        fetch("SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = %s", name) == []
    )
    assert fetch(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE'), "
        "has_database_privilege(%s, current_database(), 'CREATE, TEMPORARY')",
        name,
        name,
    ) == [(False, False)]


def test_the_platform_role_only_reads(db):
    writable = fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
        "AND relnamespace = 'public'::regnamespace AND has_table_privilege("
        "%s, oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')",
        role_names().platform,
    )
    assert writable == []


def test_the_app_role_may_truncate_nothing(db):
    assert (
        fetch(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
            "AND relnamespace = 'public'::regnamespace "
            "AND has_table_privilege(%s, oid, 'TRUNCATE, REFERENCES, TRIGGER')",
            role_names().app,
        )
        == []
    )


@pytest.mark.parametrize(
    "make",
    [lambda: "CREATE TABLE mine (id int)", lambda: "CREATE TEMPORARY TABLE mine (id int)"],
    ids=["table", "temporary table"],
)
def test_the_app_role_cannot_make_tables(make: Callable[[], str], transactional_db):
    assert "permission denied" in refused(make())
