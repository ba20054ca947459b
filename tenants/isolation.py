"""Migration operations that build the wall between tenants in the database.

They read the models of the migration at hand and leave policies, composite keys, triggers and
routing functions behind; none of them changes Django's own picture of the tables.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import truncate_name
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from psycopg import sql

from tenants.models.owned import TenantForeignKey, TenantOneToOneField
from tenants.roles import role_names
from tenants.routing import create_function_sql
from tenants.scope import DELETED_SETTING, TENANT_SETTING, platform_scope, tenant_scope

TENANT_POLICY = "tenant_isolation"
PLATFORM_POLICY = "platform_read"
APPEND_ONLY_TRIGGER = "append_only"
KEPT_TRIGGER = "kept"
_NAME_LENGTH = 63

_POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY {tenant_policy} ON {table}
    USING ({column} = NULLIF(current_setting({setting}, true), '')::bigint)
    WITH CHECK ({column} = NULLIF(current_setting({setting}, true), '')::bigint);
CREATE POLICY {platform_policy} ON {table} FOR SELECT TO {platform} USING (true);
REVOKE ALL ON {table} FROM PUBLIC, {app}, {platform};
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app};
GRANT SELECT ON {table} TO {platform};
"""

# Rows of one tenant may go with the tenant: for the owner's role alone, in the scope of the tenant
# that it has named, and where a policy keeps it to that tenant's rows.
_REFUSING_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_changes() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user = {owner_name}
        AND current_setting({deleted}, true) <> ''
        AND current_setting({deleted}, true) = current_setting({setting}, true)
        AND (SELECT relforcerowsecurity FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or removed (% refused)', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

_REFUSE_CHANGES = """
CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger};
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {app};
"""

_REFUSE_TRUNCATE = """
CREATE TRIGGER {trigger} BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes();
"""

_ALLOW_CHANGES = """
DROP TRIGGER {trigger} ON {table};
GRANT UPDATE, DELETE ON {table} TO {app};
"""


class _SchemaOnly(Operation):
    """An operation on the database alone."""

    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave Django's picture of the tables as it is."""


class IsolateTenantTables(_SchemaOnly):
    """Put every tenant-owned table of the app behind row-level security, and tie their keys.

    Without names, all of them; tables and keys that are done already are left alone, so each later
    migration that adds a table or a ``TenantForeignKey`` simply ends with this operation again.
    """

    def __init__(self, *model_names: str) -> None:
        self.model_names = tuple(name.lower() for name in model_names)

    def describe(self) -> str:
        return "Isolate tenant-owned tables of " + (", ".join(self.model_names) or "the app")

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        owned = list(self._tenant_models(app_label, to_state.apps))
        for model in owned:
            _isolate(schema_editor, model)
        for model in owned:
            for field in model._meta.local_fields:
                if isinstance(field, TenantForeignKey | TenantOneToOneField):
                    _tie(schema_editor, model, field)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Nothing to undo: dropping a table or a column drops its policies and keys with it."""

    def _tenant_models(self, app_label: str, apps: Apps) -> Iterator[type[models.Model]]:
        for model in apps.get_app_config(app_label).get_models():
            wanted = not self.model_names or model._meta.model_name in self.model_names
            if wanted and tenant_column(model):
                yield model


class AppendOnly(_SchemaOnly):
    """Make a table append-only: by privilege for the app role, by trigger for everybody."""

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def describe(self) -> str:
        return f"Make {self.model_name} append-only"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        _run(
            schema_editor,
            _REFUSING_FUNCTION + _REFUSE_CHANGES,
            table=table,
            trigger=APPEND_ONLY_TRIGGER,
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        _run(schema_editor, _ALLOW_CHANGES, table=table, trigger=APPEND_ONLY_TRIGGER)


class LetTenantsBeDeleted(_SchemaOnly):
    """Replace the function that refuses changes by the one that knows of deleted tenants."""

    def describe(self) -> str:
        return "Let the owner delete all rows of one tenant"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _run(schema_editor, _REFUSING_FUNCTION)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Nothing to undo: the function of before refuses what nothing asks for."""


class RefuseTruncate(_SchemaOnly):
    """Refuse to empty a table at one stroke, to the owner too; row triggers do not see that."""

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def describe(self) -> str:
        return f"Refuse to truncate {self.model_name}"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        _run(schema_editor, _REFUSE_TRUNCATE, table=table, trigger=KEPT_TRIGGER)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        _run(schema_editor, "DROP TRIGGER {trigger} ON {table}", table=table, trigger=KEPT_TRIGGER)


class RoutingFunction(_SchemaOnly):
    """Create one of the functions that ``tenants.routing`` lists, from the query it runs.

    The query runs as the platform role and so sees every tenant; the columns it may return are ids,
    as declared in the list. Repeating the operation in a later migration replaces the function.
    """

    def __init__(self, name: str, query: str) -> None:
        self.name = name
        self.query = query

    def describe(self) -> str:
        return f"Create the routing function {self.name}"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _run(schema_editor, create_function_sql(self.name, self.query), function=self.name)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        _run(schema_editor, "DROP FUNCTION IF EXISTS {function}", function=self.name)


def run_per_tenant(
    code: Callable[[Apps, BaseDatabaseSchemaEditor], None],
) -> Callable[[Apps, BaseDatabaseSchemaEditor], None]:
    """Wrap the function of a ``RunPython`` so that it runs once in each tenant's scope.

    The owner is bound by the policies too: a data migration without a scope would change nothing.
    """

    def run(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        with platform_scope():
            ids = list(apps.get_model("tenants", "Tenant").objects.values_list("pk", flat=True))
        for tenant_id in ids:
            with tenant_scope(tenant_id):
                code(apps, schema_editor)

    return run


def per_tenant(code: Callable[[Apps, BaseDatabaseSchemaEditor], None]) -> migrations.RunPython:
    """Return the data migration that runs ``code`` in each tenant's scope."""
    return migrations.RunPython(run_per_tenant(code), migrations.RunPython.noop, elidable=True)


def tenant_column(model: type[models.Model]) -> str | None:
    """Return the column that says whose row it is, or None for a table of no tenant."""
    if model._meta.label_lower == "tenants.tenant":
        return "id"
    for field in model._meta.local_fields:
        if field.name == "tenant" and field.related_model is not None:
            return field.column
    return None


def _isolate(schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
    table = model._meta.db_table
    if _exists(schema_editor, "pg_policies", tablename=table, policyname=TENANT_POLICY):
        return
    column = tenant_column(model)
    _run(
        schema_editor,
        _POLICIES,
        table=table,
        column=column,
        tenant_policy=TENANT_POLICY,
        platform_policy=PLATFORM_POLICY,
    )
    if column != "id":
        _run(
            schema_editor,
            "ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({column}, {key})",
            table=table,
            name=truncate_name(f"{table}_of_tenant_uniq", _NAME_LENGTH, 8),
            column=column,
            key=model._meta.pk.column,
        )


def _tie(
    schema_editor: BaseDatabaseSchemaEditor,
    model: type[models.Model],
    field: models.ForeignKey[Any],
) -> None:
    """Add the key (tenant_id, x_id) -> (tenant_id, id), checked at commit like Django's own."""
    table, target = model._meta.db_table, field.remote_field.model._meta
    name = truncate_name(f"{table}_{field.column}_same_tenant_fk", _NAME_LENGTH, 8)
    if _exists(schema_editor, "pg_constraint", conname=name):
        return
    _run(
        schema_editor,
        "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column}) "
        "REFERENCES {target} (tenant_id, {key}) DEFERRABLE INITIALLY DEFERRED",
        table=table,
        name=name,
        column=field.column,
        target=target.db_table,
        key=target.pk.column,
    )


def _exists(schema_editor: BaseDatabaseSchemaEditor, catalog: str, **values: str) -> bool:
    where = " AND ".join(f"{column} = %s" for column in values)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {catalog} WHERE {where}", list(values.values()))  # noqa: S608
        return cursor.fetchone() is not None


def _run(schema_editor: BaseDatabaseSchemaEditor, statement: str, **names: str | None) -> None:
    roles = role_names()
    identifiers = {"app": roles.app, "platform": roles.platform, **names}
    query = sql.SQL(statement).format(
        setting=sql.Literal(TENANT_SETTING),
        deleted=sql.Literal(DELETED_SETTING),
        owner_name=sql.Literal(roles.owner),
        **{key: sql.Identifier(str(name)) for key, name in identifiers.items()},
    )
    schema_editor.execute(query.as_string(), params=None)
