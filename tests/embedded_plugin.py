"""Gives a test run its own PostgreSQL and Redis, its own keys and a port for the simulators.

pytest loads it before pytest-django reads the settings, which a conftest would be too late for.
Workers of a parallel run inherit the variables and start nothing.
"""

import atexit
import gc
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings

from config.embedded import embedded_services
from config.keys import demo_encryption_key, demo_secret_key

_TESTS = Path(__file__).parent
_REDIS_DATABASES = 16
# So many are made before rubbish is looked for; Python's own 700 are few for a test.
_NEW_OBJECTS = 10_000
_running = ExitStack()


def _free_port(number: int) -> int:
    """One that nobody listens at, of this worker's own thousand.

    Below those that the system lends to outgoing connections: it is used only later.
    """
    first = 15_000 + 1_000 * (number % _REDIS_DATABASES)
    while True:
        port = first + secrets.randbelow(1_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
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
    os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{_free_port(number)}"


@pytest.hookimpl(tryfirst=True)  # or xdist's own answer would count
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as cores: part of the tests' time passes in waiting for servers.

    With twice the cores, collecting and connecting once per worker cost more than that brings.
    """
    return min(len(os.sched_getaffinity(0)) * 3 // 2, _REDIS_DATABASES - 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Have all tests compiled before the workers start, where they never were.

    pytest rewrites their asserts, which takes longer than all else before the first test; every
    worker would do it for itself. What fails here fails again in the run, which then says why.
    """
    if sys.dont_write_bytecode or any(_TESTS.glob("__pycache__/conftest.*pytest*.pyc")):
        return
    files = sorted(_TESTS.rglob("test_*.py"), key=lambda file: -file.stat().st_size)
    at_once = len(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-n", "0", "-m", ""]
    compiling = [
        subprocess.Popen([*command, *files[number::at_once]], stdout=subprocess.DEVNULL)
        for number in range(at_once)
    ]
    for process in compiling:
        process.wait()


def pytest_configure() -> None:
    """Nobody guesses the passwords of tests; a proper hash of each takes longer than the rest."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, or the last worker would still be at one when all others are done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was loaded for all tests stays to the end: it need not be looked through for rubbish."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


if "PYTEST_XDIST_WORKER" not in os.environ:
    _export_settings()
    _start_servers()
    atexit.register(_running.close)
_choose_for_worker()
