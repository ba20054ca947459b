"""The database roles of the service, and how a process takes one of them.

Two logins connect, and inherit nothing from the roles that they are members of. The one that runs
takes *app* (reads and writes rows, owns nothing) or *platform* (staff pages, reads only); the one
that migrates takes *owner*, which no running process can become. The connection option
``-c role=…`` chooses. Imported by settings: it must not need Django set up.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from tenants.limits import MIGRATING, RUNNING, Limits, limit_login, limit_options

DEFAULT_PREFIX = "mlc"
_ROLE_OPTION = re.compile(r"-c\s*role=\S+")
# Serialises set-up runs of several processes on one server; any fixed number does.
_SETUP_LOCK = 5_214_007
# The first one in which a login can be a member of a role without inheriting what it may do.
OLDEST_POSTGRESQL = 16


@dataclass(frozen=True)
class RoleNames:
    owner: str
    app: str
    platform: str

    @classmethod
    def with_prefix(cls, prefix: str) -> "RoleNames":
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", prefix):
            raise ImproperlyConfigured(
                f"DATABASE_ROLE_PREFIX is {prefix!r}: use lower-case letters, digits and _ only."
            )
        return cls(owner=f"{prefix}_owner", app=f"{prefix}_app", platform=f"{prefix}_platform")


def role_names() -> RoleNames:
    """Return the names of the roles under the configured prefix."""
    return RoleNames.with_prefix(getattr(settings, "DATABASE_ROLE_PREFIX", DEFAULT_PREFIX))


def refuse_old_server(version: int) -> None:
    """Raise for a server that is too old; ``version`` as libpq says it, such as 150004."""
    if version < OLDEST_POSTGRESQL * 10_000:
        raise ImproperlyConfigured(
            f"This is PostgreSQL {version // 10_000}. PostgreSQL {OLDEST_POSTGRESQL} is the oldest "
            "that is served: older ones cannot keep the service's roles apart. Use a newer server."
        )


def refuse_old_connection(connection: Any, **kwargs: Any) -> None:
    """For the signal that Django sends after each connect: it costs no query."""
    if connection.vendor == "postgresql":
        refuse_old_server(connection.connection.info.server_version)


def connection_options(role: str, options: str = "") -> str:
    """Return libpq ``options`` that take ``role`` on connecting, other options kept."""
    rest = _ROLE_OPTION.sub("", options).strip()
    return f"-c role={role} {rest}".strip()


@dataclass(frozen=True)
class Login:
    name: str
    password: str = ""

    @classmethod
    def from_url(cls, url: str) -> "Login":
        parts = urlsplit(url)
        return cls(unquote(parts.username or ""), unquote(parts.password or ""))


def owner_login() -> Login:
    """The login that migrates; ImproperlyConfigured where none, or the running one, is named."""
    login = Login.from_url(settings.DATABASE_OWNER_URL)
    if not login.name:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL is not set. Set it for this command to the address of the login "
            "that migrates, such as postgresql://connector_owner:secret@host/name."
        )
    if login.name == Login.from_url(settings.DATABASE_URL).name:
        raise ImproperlyConfigured(
            f"DATABASE_OWNER_URL names {login.name!r}, as DATABASE_URL does. Name another login: "
            "what runs the service must not be able to change its tables."
        )
    return login


@contextmanager
def as_owner(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run the body on a new connection of the owner's login and role: for migrations and set-up.

    The server and the database are those of the settings.
    """
    connection = connections[alias]
    before: dict[str, Any] = connection.settings_dict["OPTIONS"]
    limited = limit_options(settings.DATABASE_LIMITS_MIGRATING, before.get("options", ""))
    options = connection_options(role_names().owner, limited)
    if before.get("options") == options:
        yield
        return
    if connection.in_atomic_block:
        raise RuntimeError("as_owner() reconnects, so it cannot be used inside a transaction.")
    running = Login(connection.settings_dict["USER"], connection.settings_dict["PASSWORD"])
    _reconnect_with(connection, owner_login(), {**before, "options": options})
    try:
        yield
    finally:
        _reconnect_with(connection, running, before)


def _reconnect_with(connection: Any, login: Login, options: dict[str, Any]) -> None:
    """Close, so that the next query connects anew.

    The settings dictionary itself must stay the same object: Django's test set-up writes the test
    database's name into it.
    """
    connection.close()
    if options.get("pool"):
        connection.close_pool()
    connection.settings_dict.update(USER=login.name, PASSWORD=login.password, OPTIONS=options)


def prepare_database(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Give the app and platform roles their privileges on all tables the owner will create here.

    Runs as the owner before every migration; safe to repeat.
    """
    names = role_names()
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        database = sql.Identifier(cursor.fetchone()[0])
        for statement in _PREPARE:
            cursor.execute(
                sql.SQL(statement).format(
                    database=database,
                    app=sql.Identifier(names.app),
                    platform=sql.Identifier(names.platform),
                )
            )


_PREPARE = (
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {app}, {platform}",
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"
    ),
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {platform}",
    "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
)


def ensure_roles(
    admin_conninfo: str,
    *,
    login: Login,
    owner_login: Login,
    database: str,
    prefix: str = DEFAULT_PREFIX,
    allow_create_database: bool = False,
    running: Limits = RUNNING,
    migrating: Limits = MIGRATING,
) -> RoleNames:
    """Create the roles, both logins and the database, or bring them in line. Safe to repeat.

    ``admin_conninfo`` names a role that may create roles and databases; ``login`` runs the service,
    ``owner_login`` migrates. ``allow_create_database`` lets the owner create further databases,
    which test runs need. ``running`` and ``migrating`` limit what connects with either login.
    ImproperlyConfigured for a server that is too old, or a login that would stand above row-level
    security.
    """
    names = RoleNames.with_prefix(prefix)
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        refuse_old_server(admin.info.server_version)
        admin.execute("SELECT pg_advisory_lock(%s)", [_SETUP_LOCK])
        _ensure_group_roles(admin, names, allow_create_database=allow_create_database)
        _ensure_login(admin, login, (names.app, names.platform))
        _ensure_login(admin, owner_login, (names.owner, names.platform))
        limit_login(admin, login.name, running)
        limit_login(admin, owner_login.name, migrating)
        # Servers that were set up when one login did everything.
        _revoke_role(admin, names.owner, login.name)
        _ensure_database(admin, names, (login, owner_login), database)
    return names


def _ensure_group_roles(
    admin: psycopg.Connection[Any], names: RoleNames, *, allow_create_database: bool
) -> None:
    plain = "NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEROLE"
    create = "CREATEDB" if allow_create_database else "NOCREATEDB"
    _ensure_role(admin, names.owner, f"{plain} {create}")
    _ensure_role(admin, names.app, f"{plain} NOCREATEDB")
    _ensure_role(admin, names.platform, f"{plain} NOCREATEDB")
    # The routing functions belong to the platform role, and only a member may hand them over.
    _grant_role(admin, names.platform, names.owner)


def _ensure_login(admin: psycopg.Connection[Any], login: Login, roles: Sequence[str]) -> None:
    strong = admin.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %s AND (rolsuper OR rolbypassrls)", [login.name]
    ).fetchone()
    if strong:
        raise ImproperlyConfigured(
            f"The login role {login.name!r} is a superuser or bypasses row-level security, so "
            "nothing would keep tenants apart. Name an ordinary login; setup_database makes it."
        )
    _ensure_role(admin, login.name, "LOGIN NOINHERIT NOCREATEROLE NOCREATEDB")
    if login.password:
        admin.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(login.name), sql.Literal(login.password)
            )
        )
    for role in roles:
        _grant_role(admin, role, login.name)


def _ensure_database(
    admin: psycopg.Connection[Any], names: RoleNames, logins: Sequence[Login], database: str
) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(names.owner)
    _let_admin_act_for(admin, names.owner)
    exists = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    statement = "ALTER DATABASE {} OWNER TO {}" if exists else "CREATE DATABASE {} OWNER {}"
    admin.execute(sql.SQL(statement).format(name, owner))
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    who = sql.SQL(", ").join(sql.Identifier(login.name) for login in logins)
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, who))


def _let_admin_act_for(admin: psycopg.Connection[Any], role: str) -> None:
    """Let an administrator who is no superuser (a hosted server) give things to ``role``."""
    if admin.info.parameter_status("is_superuser") != "on":
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def _ensure_role(admin: psycopg.Connection[Any], role: str, attributes: str) -> None:
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    if admin.info.parameter_status("is_superuser") != "on":
        # Naming these, even to deny them, is a superuser's privilege; off is the default.
        attributes = attributes.replace(" NOSUPERUSER NOBYPASSRLS", "")
    admin.execute(sql.SQL(f"{verb} ROLE {{}} {attributes}").format(sql.Identifier(role)))


def _grant_role(admin: psycopg.Connection[Any], role: str, member: str) -> None:
    """Let ``member`` take ``role`` without holding its privileges (or its policies) meanwhile."""
    admin.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
            sql.Identifier(role), sql.Identifier(member)
        )
    )


def _revoke_role(admin: psycopg.Connection[Any], role: str, member: str) -> None:
    admin.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(role), sql.Identifier(member)))
