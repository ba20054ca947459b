"""Setting a server up: repeatable, refusing what would undo row-level security."""

import os
import select
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.signals import connection_created
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenants.checks import check_login_role
from tenants.limits import MIGRATING, RUNNING, Limits, limit_options
from tenants.roles import (
    Login,
    RoleNames,
    as_owner,
    connection_options,
    ensure_roles,
    refuse_old_connection,
    refuse_old_server,
)
from tests.timing import PATIENCE

# Roles belong to the whole server, which all workers of a run share.
PREFIX = f"trial_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
LOGIN, DATABASE = f"{PREFIX}_login", f"{PREFIX}_database"
MIGRATES = f"{PREFIX}_migrates"


@pytest.fixture
def admin() -> Iterator[str]:
    """An administrator's address of the test server; what a test made there is removed again."""
    address = os.environ.get("ADMIN_DATABASE_URL") or make_conninfo(
        host=connection.settings_dict["HOST"], user="postgres", dbname="postgres"
    )
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        pytest.skip("Set ADMIN_DATABASE_URL to try setting up a server.")
    yield address
    names = RoleNames.with_prefix(PREFIX)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(DATABASE)))
        for role in (LOGIN, MIGRATES, names.owner, names.app, names.platform):
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def set_up(
    admin: str, login: str = LOGIN, running: Limits = RUNNING, migrating: Limits = MIGRATING
) -> RoleNames:
    return ensure_roles(
        admin,
        login=Login(login),
        owner_login=Login(MIGRATES),
        database=DATABASE,
        prefix=PREFIX,
        running=running,
        migrating=migrating,
    )


def connected_as(admin: str, login: str, role: str = "") -> psycopg.Connection[Any]:
    host = psycopg.conninfo.conninfo_to_dict(admin).get("host")
    address = make_conninfo(admin, user=login, dbname=DATABASE, **({"host": host} if host else {}))
    return psycopg.connect(address, options=connection_options(role) if role else "")


def rows(admin: str, query: str, *arguments: object) -> list[tuple]:
    with psycopg.connect(admin) as server:
        return server.execute(query, arguments).fetchall()


def test_set_up_may_be_repeated(admin):
    names = set_up(admin)
    assert set_up(admin) == names
    assert rows(
        admin,
        "SELECT rolname, rolcanlogin FROM pg_roles WHERE starts_with(rolname, %s) "
        "AND NOT (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolinherit) "
        "ORDER BY 1",
        f"{PREFIX}_",
    ) == [
        (names.app, False),
        (LOGIN, True),
        (MIGRATES, True),
        (names.owner, False),
        (names.platform, False),
    ]
    owner = rows(
        admin, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", DATABASE
    )
    assert owner == [(names.owner,)]


def test_set_up_brings_a_changed_role_back_in_line(admin):
    names = set_up(admin)
    with psycopg.connect(admin) as server:
        server.execute(f"ALTER ROLE {names.app} BYPASSRLS LOGIN INHERIT")
        server.execute(f"GRANT {names.platform} TO {LOGIN} WITH INHERIT TRUE")
    set_up(admin)
    flags = rows(
        admin,
        "SELECT rolbypassrls, rolcanlogin, rolinherit FROM pg_roles WHERE rolname = %s",
        names.app,
    )
    assert flags == [(False, False, False)]
    inherited = rows(
        admin,
        "SELECT 1 FROM pg_auth_members WHERE member = %s::regrole AND inherit_option",
        LOGIN,
    )
    assert inherited == []


def test_the_login_holds_nothing_until_it_takes_a_role(admin):
    names = set_up(admin)
    with connected_as(admin, MIGRATES, names.owner) as owner:
        owner.execute("CREATE TABLE thing (id int)")
    with connected_as(admin, LOGIN) as bare, pytest.raises(psycopg.errors.InsufficientPrivilege):
        bare.execute("SELECT * FROM thing")


@pytest.mark.parametrize("role", ["owner", "login that migrates"])
def test_what_runs_the_service_cannot_become_the_owner(admin, role):
    names = set_up(admin)
    wanted = names.owner if role == "owner" else MIGRATES
    with connected_as(admin, LOGIN, names.app) as running:
        for statement in ("SET ROLE {}", "SET SESSION AUTHORIZATION {}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), running.transaction():
                running.execute(sql.SQL(statement).format(sql.Identifier(wanted)))
    with pytest.raises(psycopg.OperationalError, match="permission denied to set role"):
        connected_as(admin, LOGIN, names.owner)


def test_set_up_takes_the_owners_role_from_a_login_that_had_it(admin):
    names = set_up(admin)
    with psycopg.connect(admin) as server:
        server.execute(f"GRANT {names.owner} TO {LOGIN} WITH INHERIT FALSE, SET TRUE")
    set_up(admin)
    with pytest.raises(psycopg.OperationalError, match="permission denied to set role"):
        connected_as(admin, LOGIN, names.owner)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "DATABASE_OWNER_URL is not set"),
        ("postgresql://connector@/x", "Name another login"),
    ],
)
def test_migrating_needs_a_login_of_its_own(settings, url, said):
    settings.DATABASE_URL, settings.DATABASE_OWNER_URL = "postgresql://connector@/x", url
    with pytest.raises(ImproperlyConfigured, match=said):
        as_owner().__enter__()


def test_a_login_is_read_from_its_address():
    login = Login.from_url("postgresql://own%40er:se%2Fcret@host/name")
    assert login == Login("own@er", "se/cret")


@pytest.mark.django_db(transaction=True)
def test_a_login_that_can_become_the_owner_is_an_error(settings):
    connection.close()
    assert check_login_role(["default"]) == []
    with as_owner():
        assert [message.id for message in check_login_role(["default"])] == ["tenants.E005"]


def test_a_superuser_is_refused_as_login(admin):
    with pytest.raises(ImproperlyConfigured, match="superuser"):
        set_up(admin, login="postgres")


@pytest.mark.parametrize("prefix", ["", "Mlc", "mlc-app", "1mlc", "a; DROP"])
def test_a_prefix_is_a_plain_name(prefix):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_ROLE_PREFIX"):
        RoleNames.with_prefix(prefix)


def test_the_role_option_replaces_another_and_keeps_the_rest():
    assert connection_options("a") == "-c role=a"
    assert connection_options("b", "-c statement_timeout=5s -c role=a") == (
        "-c role=b -c statement_timeout=5s"
    )


def test_the_command_asks_for_the_administrators_address(monkeypatch):
    monkeypatch.delenv("ADMIN_DATABASE_URL", raising=False)
    with pytest.raises(CommandError, match="Set ADMIN_DATABASE_URL"):
        call_command("setup_database")


def test_the_command_prepares_the_database_of_the_settings(admin, monkeypatch, capsys):
    monkeypatch.setenv("ADMIN_DATABASE_URL", admin)
    monkeypatch.setitem(connection.settings_dict, "NAME", DATABASE)
    monkeypatch.setitem(connection.settings_dict, "USER", LOGIN)
    monkeypatch.setattr("django.conf.settings.DATABASE_ROLE_PREFIX", PREFIX)
    monkeypatch.setattr("django.conf.settings.DATABASE_OWNER_URL", f"postgresql://{MIGRATES}@/x")
    call_command("setup_database")
    assert f"{LOGIN} runs the service, {MIGRATES} migrates" in capsys.readouterr().out
    assert rows(admin, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE) == [(1,)]


@pytest.mark.django_db(transaction=True)
def test_a_login_above_the_policies_is_an_error(admin, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "USER", "postgres")
    try:
        assert "tenants.E004" in [message.id for message in check_login_role(["default"])]
    finally:
        connection.close()


def test_an_old_server_is_refused_in_words():
    refuse_old_server(160_000)
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL 16 is the oldest that is served"):
        refuse_old_server(150_017)


def test_every_connection_to_an_old_server_is_refused(db, monkeypatch):
    monkeypatch.setattr("tenants.roles.OLDEST_POSTGRESQL", 99)
    assert refuse_old_connection in [ref() for _, ref, *_ in connection_created.receivers]
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL 99 is the oldest"):
        connection_created.send(sender=type(connection), connection=connection)


def test_set_up_refuses_an_old_server_before_it_changes_anything(admin, monkeypatch):
    monkeypatch.setattr("tenants.roles.OLDEST_POSTGRESQL", 99)
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL 99 is the oldest"):
        set_up(admin)
    assert rows(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", LOGIN) == []


# --- time limits ---------------------------------------------------------------------------------

TINY = Limits(statement=0.05, lock=0.02, idle_in_transaction=0.05)
SHOW = (
    "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
    "current_setting('idle_in_transaction_session_timeout')"
)


def test_whoever_connects_as_a_login_is_bound_by_its_limits(admin):
    names = set_up(admin)
    with connected_as(admin, LOGIN, names.app) as running:
        assert running.execute(SHOW).fetchone() == ("30s", "10s", "1min")
    with connected_as(admin, MIGRATES, names.owner) as migrating:
        assert migrating.execute(SHOW).fetchone() == ("0", "5s", "1min")


def test_set_up_again_brings_other_limits(admin):
    set_up(admin, running=TINY)
    with connected_as(admin, LOGIN) as running:
        assert running.execute(SHOW).fetchone() == ("50ms", "20ms", "50ms")
    set_up(admin)
    with connected_as(admin, LOGIN) as running:
        assert running.execute(SHOW).fetchone() == ("30s", "10s", "1min")


def test_a_long_statement_and_an_idle_transaction_are_cut_off(admin):
    names = set_up(admin, running=TINY)
    with connected_as(admin, LOGIN, names.app) as running:
        with pytest.raises(psycopg.errors.QueryCanceled):
            running.execute("SELECT pg_sleep(60)")
        running.rollback()
        running.execute("SELECT 1")
        assert select.select([running.pgconn.socket], [], [], PATIENCE)[0], "it is still there"
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            running.execute("SELECT 1")


def test_a_migration_does_not_queue_behind_a_reader(admin):
    """It would keep everybody else waiting: it gives up, and the others read on."""
    names = set_up(admin, migrating=replace(MIGRATING, lock=0.02))
    with connected_as(admin, MIGRATES, names.owner) as owner:
        owner.execute("CREATE TABLE thing (id int)")
        owner.execute(f"GRANT USAGE ON SCHEMA public TO {names.app}")
        owner.execute(f"GRANT SELECT ON thing TO {names.app}")
    with connected_as(admin, LOGIN, names.app) as reader:
        reader.execute("SELECT * FROM thing")
        with (
            connected_as(admin, MIGRATES, names.owner) as owner,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            owner.execute("ALTER TABLE thing ADD COLUMN name text")
        with connected_as(admin, LOGIN, names.app) as other:
            other.execute("SELECT * FROM thing")


@pytest.mark.django_db(transaction=True)
def test_the_service_s_own_connections_ask_for_the_limits_and_migrations_for_theirs():
    connection.close()
    assert shown() == ["30s", "10s", "15s"], "a paused worker lets go before its claims end"
    with as_owner():
        assert shown() == ["0", "5s", "15s"]
        with as_owner():
            assert shown() == ["0", "5s", "15s"]


def shown() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(SHOW)
        return list(cursor.fetchone())


def test_limits_replace_others_and_keep_the_rest():
    given = "-c role=a -c statement_timeout=5s -c idle_in_transaction_session_timeout=2s"
    once = limit_options(RUNNING, given)
    assert once == (
        "-c role=a -c idle_in_transaction_session_timeout=2s "
        "-c statement_timeout=30000ms -c lock_timeout=10000ms"
    )
    assert limit_options(RUNNING, once) == once
