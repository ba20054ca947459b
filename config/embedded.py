"""PostgreSQL and Redis for one machine, for as long as a block runs.

Takes a data folder; gives the environment variables that the rest of the service reads. A part
whose variable is set already is left alone, so that real servers always win.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded_postgres import EmbeddedPostgres
from config.embedded_redis import EmbeddedRedis
from config.folders import FolderLock, private_folder, socket_folder
from tenants.roles import Login, ensure_roles

DATABASE = "connector"
LOGIN = "connector"
OWNER_LOGIN = "connector_owner"


@dataclass
class EmbeddedServices:
    """What was started, and the variables that lead there."""

    env: dict[str, str] = field(default_factory=dict)
    postgres: EmbeddedPostgres | None = None
    redis: EmbeddedRedis | None = None

    def pids(self) -> dict[str, int]:
        """The process numbers of the servers that run."""
        found = {
            "postgres": self.postgres.pid if self.postgres else None,
            "redis": self.redis.pid if self.redis else None,
        }
        return {name: pid for name, pid in found.items() if pid is not None}


@contextmanager
def embedded_services(
    data: Path,
    *,
    durable: bool = True,
    fresh: bool = False,
    given: Mapping[str, str] | None = None,
) -> Iterator[EmbeddedServices]:
    """Start what `given` (the process environment, unless told) does not name, and end it after.

    `durable=False` is for tests: quicker, safe against a killed process, not against power loss.
    `fresh` begins with an empty database and an empty Redis of ours; real servers keep everything.
    """
    given = os.environ if given is None else given
    services = EmbeddedServices()
    with ExitStack() as ending:
        # Passable, because PostgreSQL under root runs as another user; its own part is private.
        lock = FolderLock(private_folder(data, mode=0o711))
        ending.callback(lock.release)
        sockets = socket_folder(data)
        ending.callback(shutil.rmtree, sockets, ignore_errors=True)
        if not given.get("DATABASE_URL"):
            services.postgres = EmbeddedPostgres(data, sockets, durable=durable)
            _start_postgres(services.postgres, ending, durable=durable, fresh=fresh)
            services.env["DATABASE_URL"] = services.postgres.url(DATABASE, LOGIN)
            services.env["DATABASE_OWNER_URL"] = services.postgres.url(DATABASE, OWNER_LOGIN)
        if not given.get("REDIS_URL"):
            services.redis = EmbeddedRedis(data, sockets, durable=durable)
            ending.callback(services.redis.stop)
            services.redis.start(fresh=fresh)
            services.env["REDIS_URL"] = services.redis.url()
        yield services


def _start_postgres(
    postgres: EmbeddedPostgres, ending: ExitStack, *, durable: bool, fresh: bool
) -> None:
    """Start it and set it up as a production server is set up, by the same code."""
    ending.callback(postgres.stop)
    postgres.start()
    if fresh:
        _drop_database(postgres)
    ensure_roles(
        postgres.url("postgres"),
        login=Login(LOGIN),
        owner_login=Login(OWNER_LOGIN),
        database=DATABASE,
        # Test runs make a database each, and nothing durable is ever kept in theirs.
        allow_create_database=not durable,
    )


def _drop_database(postgres: EmbeddedPostgres) -> None:
    """The roles stay: `ensure_roles` brings them in line, and others may own nothing of theirs."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
        )
