"""System checks that refuse to run with settings only a demo or a test may have.

They read Django's settings and give errors that say what to change. Web and worker processes run
them at start too, as `config.wsgi` and Celery do, so that forgetting `manage.py check` is safe.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured

from config.keys import is_demo_key, is_encryption_key

_MIN_SECRET_LENGTH = 50
# As in the database's own guard, connectors/migrations/0028.
_LEAST_ATTEMPT_DAYS = 90
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Others let the server, or whoever stands between, choose to speak in clear.
_TLS_MODES = frozenset({"require", "verify-ca", "verify-full"})


def check_sandbox(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: a sandbox in place of the real providers, outside a demo."""
    if settings.DEBUG or not settings.SANDBOX_URL:
        return []
    return [
        Error(
            "SANDBOX_URL is set while DEBUG is off: every provider call would go to a simulator.",
            hint="Unset SANDBOX_URL, or set DEBUG=true where this is a demo or a test.",
            id="config.E001",
        )
    ]


def check_demo_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E002: keys that a demo made, or that were never changed, outside a demo."""
    if settings.DEBUG:
        return []
    used = {"SECRET_KEY": [settings.SECRET_KEY], "FIELD_ENCRYPTION_KEYS": _encryption_keys()}
    return [
        Error(
            f"{name} holds a key that a demo made, or one that is too short, while DEBUG is off.",
            hint="Run `python -m config.keys` for fresh keys. Credentials encrypted under a demo "
            "key must be entered again.",
            id="config.E002",
        )
        for name, keys in used.items()
        if any(_is_weak(name, key) for key in keys)
    ]


def check_encryption_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003: an entry of FIELD_ENCRYPTION_KEYS that is no key. The text itself is not shown."""
    return [
        Error(
            f"Entry {number} of FIELD_ENCRYPTION_KEYS is not 32 bytes in URL-safe base64.",
            hint="Run `python -m config.keys` and use the value it prints.",
            id="config.E003",
        )
        for number, key in enumerate(_encryption_keys(), start=1)
        if not is_encryption_key(key)
    ]


def check_debug(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004: DEBUG, which allows a demo's settings, where others reach the service."""
    if not settings.DEBUG:
        return []
    reachable = [host for host in _hosts_of_demo() if host not in _LOOPBACK]
    if settings.SANDBOX_URL and not reachable:
        return []
    why = f"others reach {', '.join(reachable)}" if reachable else "SANDBOX_URL is not set"
    return [
        Error(
            f"DEBUG is on, but {why}.",
            hint="Set DEBUG=false. Only a demo on this machine, with SANDBOX_URL and with "
            "ALLOWED_HOSTS, BASE_URL and SANDBOX_URL on localhost, may have it.",
            id="config.E004",
        )
    ]


def check_hosts(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E005: any name in ALLOWED_HOSTS: links in e-mails could be led elsewhere."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS holds *, which allows every name.",
            hint="List the names under which people reach the service.",
            id="config.E005",
        )
    ]


def check_transport(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E006: credentials and rows that would travel to another machine without TLS."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        return found
    database = settings.DATABASES["default"]
    mode = database.get("OPTIONS", {}).get("sslmode", "")
    if _is_elsewhere(database["HOST"]) and mode not in _TLS_MODES:
        found.append(
            Error(
                f"DATABASE_URL leads to {database['HOST']} without requiring TLS.",
                hint="Add ?sslmode=verify-full to DATABASE_URL, and sslrootcert where the server "
                "has a certificate of your own.",
                id="config.E006",
            )
        )
    redis = urlsplit(settings.REDIS_URL)
    if redis.scheme == "redis" and _is_elsewhere(redis.hostname or ""):
        found.append(
            Error(
                f"REDIS_URL leads to {redis.hostname} without TLS.",
                hint="Use rediss:// with a server that speaks TLS.",
                id="config.E006",
            )
        )
    webhook = urlsplit(settings.AUDIT_HEADS_WEBHOOK)
    if settings.AUDIT_HEADS_WEBHOOK and webhook.scheme != "https":
        found.append(
            Error(
                f"AUDIT_HEADS_WEBHOOK leads to {webhook.hostname} without TLS.",
                hint="Use an https:// address.",
                id="config.E006",
            )
        )
    return found


def check_retention(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E007: bodies of attempts that would go before anybody could miss them."""
    if settings.ATTEMPT_DAYS >= _LEAST_ATTEMPT_DAYS:
        return []
    return [
        Error(
            f"ATTEMPT_DAYS is {settings.ATTEMPT_DAYS}, less than {_LEAST_ATTEMPT_DAYS}.",
            hint="The database keeps what was sent so long in any case. Set a larger number.",
            id="config.E007",
        )
    ]


def check_loopback(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E008: members of workspaces could have this machine's own services called."""
    if settings.DEBUG or not settings.ALERT_LOOPBACK:
        return []
    return [
        Error(
            "ALERT_LOOPBACK is set while DEBUG is off: alerts could be sent to this machine.",
            hint="Unset ALERT_LOOPBACK, or set DEBUG=true where this is a demo or a test.",
            id="config.E008",
        )
    ]


def check_base_url(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001: consents and links in e-mails would leave without TLS."""
    if settings.DEBUG or urlsplit(settings.BASE_URL).scheme == "https":
        return []
    return [
        CheckWarning(
            "BASE_URL does not begin with https:// while DEBUG is off.",
            hint="Set BASE_URL to the address people use, such as https://connector.example.com.",
            id="config.W001",
        )
    ]


def check_two_factor(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """W002: one stolen password of staff would open every tenant."""
    if settings.DEBUG or settings.STAFF_NEEDS_TWO_FACTOR:
        return []
    return [
        CheckWarning(
            "STAFF_NEEDS_TWO_FACTOR is off: a password alone signs staff in.",
            hint="Unset it. Staff then set up an authenticator app when they next sign in.",
            id="config.W002",
        )
    ]


def register_all() -> None:
    """A demo's settings are refused by each command, not only by `check --deploy`."""
    for check in (
        check_sandbox,
        check_demo_keys,
        check_encryption_keys,
        check_debug,
        check_hosts,
        check_transport,
        check_retention,
        check_loopback,
    ):
        register(check, Tags.security)
    for check in (check_base_url, check_two_factor):
        register(check, Tags.security, deploy=True)


def refuse_unsafe_settings() -> None:
    """For processes that are no management command: raise where one would refuse to run."""
    problems = [found for found in run_checks(tags=[Tags.security]) if found.is_serious()]
    if problems:
        raise ImproperlyConfigured("\n".join(str(problem) for problem in problems))


def _hosts_of_demo() -> list[str]:
    addresses = [settings.BASE_URL, *filter(None, [settings.SANDBOX_URL])]
    named = [urlsplit(address).hostname or address for address in addresses]
    return [*(host.strip("[]") for host in settings.ALLOWED_HOSTS), *named]


def _is_elsewhere(host: str) -> bool:
    """Whether another machine answers there; a socket's folder and no name at all are this one."""
    return bool(host) and not host.startswith("/") and host not in _LOOPBACK


def _encryption_keys() -> list[str]:
    keys: list[str] = settings.FIELD_ENCRYPTION_KEYS
    return keys


def _is_weak(name: str, key: str) -> bool:
    too_short = name == "SECRET_KEY" and len(key) < _MIN_SECRET_LENGTH
    return too_short or is_demo_key(key)
