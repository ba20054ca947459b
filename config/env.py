"""Reads the environment: text in, typed values out, or an error that says which variable to set.

It knows the forms that addresses of PostgreSQL and Redis take for the different libraries, and
nothing about what the settings are used for.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from tenants.limits import RUNNING, Limits, limit_options
from tenants.roles import connection_options

BASE_DIR = Path(__file__).resolve().parent.parent

# A worker that is paused in the middle of a transaction holds its row locks; so that others can
# recover its documents within the promised 30 s, the server ends such a transaction before that.
_LET_GO = "-c idle_in_transaction_session_timeout=15s"

env = environ.Env()
# What the process was given wins over the file.
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))


def required(name: str, what_to_do: str) -> str:
    """The variable's text, or an error that tells how to make one."""
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {what_to_do}")
    return value


def required_list(name: str, what_to_do: str) -> list[str]:
    """A comma-separated variable that must have at least one entry."""
    return [part for part in (p.strip() for p in required(name, what_to_do).split(",")) if part]


def database_config(
    url: str, *, role: str, pool_size: int, limits: Limits = RUNNING
) -> dict[str, Any]:
    """Django's database dictionary for `url`, acting as `role` from the first statement on.

    A socket folder is given as `?host=/folder`, the form libpq also takes; Django wants it in HOST.
    A pool of 0 means a connection per thread that Django closes after each request or task.
    """
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must be a postgresql:// address.")
    options = config.setdefault("OPTIONS", {})
    if "host" in options:
        config["HOST"] = unquote(options.pop("host"))
    # The later one counts: whatever the address says goes before ours.
    given = f"{limit_options(limits, _LET_GO)} {options.get('options', '')}"
    options["options"] = connection_options(role, given)
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    config.update({"ATOMIC_REQUESTS": False, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False})
    return config


def broker_url(redis_url: str) -> str:
    """Celery's form of a Redis address: sockets are `redis+socket://`, the rest is unchanged."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    query = dict(parse_qsl(parts.query))
    host = quote(parts.path)
    return f"redis+socket://{host}?{urlencode({'virtual_host': query.get('db', '0')})}"
