"""How long a statement, a wait for a lock and an idle transaction may last, per login.

The login's role holds them for whatever connects with it; the service's own connections name them
as options as well, so that one process may be given others. Imported by settings: no Django needed.
"""

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

_OPTION = re.compile(r"-c\s*(?:statement_timeout|lock_timeout)=\S+")


@dataclass(frozen=True)
class Limits:
    """Seconds; 0 is no limit."""

    statement: float
    lock: float
    idle_in_transaction: float

    def settings(self) -> dict[str, str]:
        """As PostgreSQL names and writes them."""
        seconds = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle_in_transaction,
        }
        return {name: f"{round(value * 1000)}ms" for name, value in seconds.items()}


RUNNING = Limits(statement=30, lock=10, idle_in_transaction=60)
# A migration may take as long as it needs. But whoever waits for a table behind a long reader has
# everybody else wait behind himself: it rather fails soon, and is started again.
MIGRATING = Limits(statement=0, lock=5, idle_in_transaction=60)


def limit_options(limits: Limits, options: str = "") -> str:
    """Return libpq ``options`` with these limits of statements and locks in place of others.

    How long a transaction may stand idle is left to who connects: claims depend on it.
    """
    rest = _OPTION.sub("", options).strip()
    named = limits.settings()
    wanted = " ".join(f"-c {name}={named[name]}" for name in ("statement_timeout", "lock_timeout"))
    return " ".join(f"{rest} {wanted}".split())


def limit_login(admin: psycopg.Connection[Any], login: str, limits: Limits) -> None:
    """Make them the login's own. It could lift them itself: they stop accidents, not thieves."""
    for name, value in limits.settings().items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        admin.execute(
            statement.format(sql.Identifier(login), sql.Identifier(name), sql.Literal(value))
        )
