"""What old attempts have sent is emptied by age; nothing else of an attempt ever changes.

The running login may still change no attempt. It may ask the function, which works as the owner,
in the tenant of the open scope, and which the trigger keeps to what is surely not needed any more.
"""

from django.db import migrations, models
from psycopg import sql

from tenants.isolation import RoutingFunction
from tenants.roles import role_names
from tenants.scope import DELETED_SETTING, TENANT_SETTING

# Whatever the settings say, and whoever asks. ATTEMPT_DAYS may not be less.
LEAST_DAYS = 90

# An attempt after it, of the same part, has become the last one.
OLD = """
    a.at < {before} AND NOT (a.step ? 'emptied')
    AND EXISTS (SELECT 1 FROM connectors_outcome o WHERE o.attempt_id = a.id)
    AND EXISTS (
        SELECT 1 FROM connectors_attempt l
        WHERE l.document_id = a.document_id AND l.part = a.part AND l.id > a.id
    )
    AND NOT EXISTS (
        SELECT 1 FROM connectors_document d
        WHERE d.id = a.document_id AND d.open_attempt = a.id
    )
"""

OLD_ATTEMPTS = f"""
SELECT DISTINCT a.tenant_id FROM connectors_attempt a WHERE {OLD.format(before="before")}
"""

GUARD = """
CREATE FUNCTION attempt_changes() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user = {owner_name}
        AND current_setting({deleted}, true) <> ''
        AND current_setting({deleted}, true) = current_setting({setting}, true)
        AND (SELECT relforcerowsecurity FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE'
        AND to_jsonb(NEW) - 'plan' - 'step' = to_jsonb(OLD) - 'plan' - 'step'
        AND NEW.plan = '{{}}'
        AND NEW.step = jsonb_build_object(
            'emptied', true, 'creates', coalesce(OLD.step -> 'creates', 'false'))
        AND EXISTS (
            SELECT 1 FROM connectors_attempt a WHERE a.id = OLD.id AND {old}
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or removed (% refused)', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER append_only ON connectors_attempt;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON connectors_attempt
    FOR EACH ROW EXECUTE FUNCTION attempt_changes();
ALTER TABLE connectors_attempt ENABLE ALWAYS TRIGGER append_only;

CREATE FUNCTION empty_old_attempts(before timestamptz, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
WITH old AS (
    SELECT a.id FROM connectors_attempt a
    WHERE {asked}
    ORDER BY a.id LIMIT most FOR UPDATE SKIP LOCKED
), emptied AS (
    UPDATE connectors_attempt a SET plan = '{{}}', step = jsonb_build_object(
        'emptied', true, 'creates', coalesce(a.step -> 'creates', 'false'))
    FROM old WHERE a.id = old.id
    RETURNING 1
)
SELECT count(*)::integer FROM emptied
$$;
REVOKE ALL ON FUNCTION empty_old_attempts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION empty_old_attempts TO {app};
"""

UNDO = """
DROP FUNCTION empty_old_attempts;
DROP TRIGGER append_only ON connectors_attempt;
DROP FUNCTION attempt_changes;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON connectors_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changes();
ALTER TABLE connectors_attempt ENABLE ALWAYS TRIGGER append_only;
"""


def guard(apps, schema_editor):
    at_least = f"clock_timestamp() - interval '{LEAST_DAYS} days'"
    roles = role_names()
    statement = sql.SQL(GUARD).format(
        owner_name=sql.Literal(roles.owner),
        app=sql.Identifier(roles.app),
        deleted=sql.Literal(DELETED_SETTING),
        setting=sql.Literal(TENANT_SETTING),
        old=sql.SQL(OLD.format(before=at_least)),
        asked=sql.SQL(OLD.format(before=f"least(before, {at_least})")),
    )
    schema_editor.execute(statement.as_string(), params=None)


def unguard(apps, schema_editor):
    schema_editor.execute(UNDO, params=None)


class Migration(migrations.Migration):
    dependencies = [("connectors", "0027_unopened_secret")]

    operations = [
        migrations.AddIndex(
            "Attempt",
            models.Index(
                fields=["tenant", "at"],
                name="attempt_with_body",
                condition=~models.Q(step__has_key="emptied"),
            ),
        ),
        migrations.RunPython(guard, unguard),
        RoutingFunction("routing_old_attempts", OLD_ATTEMPTS),
    ]
