"""What may be asked before a scope exists is a closed list, and its answers are ids only."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from tenants.models import Role
from tenants.roles import role_names
from tenants.routing import ROUTING_FUNCTIONS, route
from tenants.scope import tenant_scope
from tenants.services import add_member
from tests.people import ACTOR, make_tenant, make_user

# Works as the owner, whom the policies bind to the open tenant: tests/services/
# test_emptied_attempts.py tries what it lets go of.
OF_THE_OWNER = {("empty_old_attempts", "before timestamp with time zone, most integer")}
every_function = pytest.mark.parametrize("name", sorted(ROUTING_FUNCTIONS))


def fetch(query: str, *arguments: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def test_no_other_function_looks_past_the_wall(db):
    """Every function that runs with somebody else's rights is in the list, and the list exists."""
    found = fetch(
        "SELECT proname, pg_get_function_identity_arguments(oid) FROM pg_proc "
        "WHERE prosecdef AND pronamespace NOT IN "
        "('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    )
    listed = {(each.name, each.arguments) for each in ROUTING_FUNCTIONS.values()}
    known = {(name, canonical_arguments(arguments)) for name, arguments in listed}
    assert {(name, arguments) for name, arguments in found} == known | OF_THE_OWNER


def canonical_arguments(arguments: str) -> str:
    """Write the arguments' types as PostgreSQL does: ``timestamptz`` has a longer name there."""
    parts = [part.split(None, 1) for part in arguments.split(",") if part.strip()]
    return ", ".join(f"{name} {type_name(kind)}" for name, kind in parts)


def type_name(kind: str) -> str:
    return fetch("SELECT format_type(%s::regtype, NULL)", kind)[0][0]


@every_function
def test_a_routing_function_returns_ids_only(name, db):
    result = fetch("SELECT pg_get_function_result(oid) FROM pg_proc WHERE proname = %s", name)
    columns = ROUTING_FUNCTIONS[name].returns
    assert result == [(f"TABLE({', '.join(f'{column} bigint' for column in columns)})",)]
    assert all(column.endswith("_id") for column in columns)


@every_function
def test_a_routing_function_runs_as_the_platform_for_the_app_alone(name, db):
    names = role_names()
    [(owner, settings, grantees)] = fetch(
        "SELECT pg_get_userbyid(proowner), proconfig, "
        "ARRAY(SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END::text "
        "      FROM aclexplode(proacl) ORDER BY 1) FROM pg_proc WHERE proname = %s",
        name,
    )
    assert owner == names.platform
    assert settings == ["search_path=public, pg_temp"]
    assert grantees == sorted([names.app, names.platform])


@every_function
def test_the_app_cannot_replace_a_routing_function(name, transactional_db):
    arguments = ROUTING_FUNCTIONS[name].arguments
    for statement in (
        f"ALTER FUNCTION {name} SECURITY INVOKER",
        f"CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        refused = pytest.raises(ProgrammingError, match=r"must be owner|permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_memberships_are_found_without_a_scope_and_name_no_one_else():
    anna, bert = make_user("anna"), make_user("bert")
    acme, zeta = make_tenant("acme", anna), make_tenant("zeta", bert)
    add_member(tenant_id=zeta.pk, user=anna, role=Role.VIEWER, actor=ACTOR)
    assert route("routing_memberships", anna.pk) == [(acme.pk,), (zeta.pk,)]
    assert route("routing_memberships", bert.pk) == [(zeta.pk,)]
    assert route("routing_memberships", 0) == []
    with tenant_scope(acme.pk):
        assert route("routing_memberships", bert.pk) == [(zeta.pk,)]


def test_a_function_outside_the_list_is_not_called():
    with pytest.raises(LookupError, match="closed on purpose"):
        route("pg_sleep", 1)


def test_a_wrong_number_of_arguments_is_named():
    with pytest.raises(TypeError, match="got 0 arguments"):
        route("routing_memberships")
