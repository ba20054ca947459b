"""Gives a test run its own PostgreSQL and Redis, its own keys and a port for the simulators.

pytest loads it before pytest-django reads the settings, which a conftest would be too late for.
Workers of a parallel run inherit the variables and start nothing.
"""

import atexit
import os
import shutil
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from config.embedded import embedded_services
from config.keys import demo_encryption_key, demo_secret_key

_REDIS_DATABASES = 16
_running = ExitStack()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _export_settings() -> None:
    """Nothing from the developer's own environment may decide what a test does."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["DEBUG"] = "true"
    os.environ["SECRET_KEY"] = demo_secret_key()
    os.environ["FIELD_ENCRYPTION_KEYS"] = ",".join(demo_encryption_key() for _ in range(2))
    os.environ["EMAIL_URL"] = "memorymail://"
    os.environ["DATABASE_POOL"] = "0"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["ENV_FILE"] = os.devnull


def _start_servers() -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    data = Path(tempfile.mkdtemp(prefix="ml-connector-tests-"))
    _running.callback(shutil.rmtree, data, ignore_errors=True)
    services = _running.enter_context(embedded_services(data, durable=False))
    os.environ.update(services.env)
    if services.postgres is not None:
        os.environ["TEST_ADMIN_DATABASE_URL"] = services.postgres.url("postgres")


def _redis_database(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def _choose_for_worker() -> None:
    """Each worker of a parallel run has its own Redis database, simulators and port."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    os.environ["REDIS_URL"] = _redis_database(os.environ["REDIS_URL"], number % _REDIS_DATABASES)
    os.environ["REDIS_KEY_PREFIX"] = f"test-{worker or 'main'}"
    os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{_free_port()}"


@pytest.hookimpl(tryfirst=True)  # or xdist's own answer would count
def pytest_xdist_auto_num_workers() -> int:
    """Twice the cores: a good part of the tests' time passes in servers and in waiting for them."""
    return min(2 * len(os.sched_getaffinity(0)), _REDIS_DATABASES - 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, or the last worker would still be at one when all others are done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


if "PYTEST_XDIST_WORKER" not in os.environ:
    _export_settings()
    _start_servers()
    atexit.register(_running.close)
_choose_for_worker()
