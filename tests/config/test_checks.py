"""The service refuses a demo's settings where DEBUG is off, in each command and each process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.checks import WARNING, CheckMessage, Tags, run_checks
from pytest_django import Settings

from config import keys
from config.checks import check_transport
from config.env import database_config
from tests.sampling import first_here

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def production() -> dict[str, str]:
    """An environment that passes."""
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": keys.secret_key(),
        "FIELD_ENCRYPTION_KEYS": keys.encryption_key(),
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"],
        "BASE_URL": "https://connector.example.com",
        "ALLOWED_HOSTS": "connector.example.com",
    }


def _manage(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _check(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return _manage(env, "manage.py", "check", "--deploy", "--fail-level", "WARNING")


def test_a_production_environment_passes(production: dict[str, str]) -> None:
    done = _check(production)
    assert done.returncode == 0, done.stderr


DEMO = {
    "SANDBOX_URL": "http://127.0.0.1:8090",
    "SECRET_KEY": keys.demo_secret_key(),
    "FIELD_ENCRYPTION_KEYS": keys.demo_encryption_key(),
    "BASE_URL": "http://connector.example.com",
}


def test_a_demos_environment_is_refused(production: dict[str, str]) -> None:
    done = _check(production | DEMO)
    assert done.returncode == 1
    for said in ("config.E001", "SECRET_KEY holds", "FIELD_ENCRYPTION_KEYS holds", "config.W001"):
        assert said in done.stderr
    for name in ("SANDBOX_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS"):
        assert DEMO[name] not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("SANDBOX_URL", DEMO["SANDBOX_URL"], "config.E001"),
        ("SECRET_KEY", DEMO["SECRET_KEY"], "config.E002"),
        ("SECRET_KEY", "short", "config.E002"),
        ("FIELD_ENCRYPTION_KEYS", [DEMO["FIELD_ENCRYPTION_KEYS"]], "config.E002"),
        (
            "FIELD_ENCRYPTION_KEYS",
            [keys.encryption_key(), keys.demo_encryption_key()],
            "config.E002",
        ),
        ("ALERT_LOOPBACK", True, "config.E008"),
        ("BASE_URL", DEMO["BASE_URL"], "config.W001"),
        ("STAFF_NEEDS_TWO_FACTOR", False, "config.W002"),
        ("ATTEMPT_DAYS", 89, "config.E007"),
        ("ALLOWED_HOSTS", ["connector.example.com", "*"], "config.E005"),
    ],
    # Keys are made afresh in every process, and the workers of a run must agree on names.
    ids=[
        "sandbox",
        "demo key",
        "short key",
        "demo encryption",
        "demo encryption behind",
        "alerts to this machine",
        "http",
        "no second factor",
        "bodies too young",
        "any host",
    ],
)
def test_each_demo_setting_alone_is_refused(
    settings: Settings, name: str, value: str | bool | int | list[str], error: str
) -> None:
    settings.DEBUG = False
    settings.SANDBOX_URL = ""
    settings.SECRET_KEY = keys.secret_key()
    settings.FIELD_ENCRYPTION_KEYS = [keys.encryption_key()]
    settings.BASE_URL = "https://connector.example.com"
    settings.ALLOWED_HOSTS = ["connector.example.com"]
    settings.STAFF_NEEDS_TWO_FACTOR = True
    assert _own_problems() == []
    setattr(settings, name, value)
    [problem] = _own_problems()
    assert problem.id == error
    assert problem.is_serious(WARNING)
    assert name in problem.msg


def _own_problems() -> list[CheckMessage]:
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return [problem for problem in found if str(problem.id).startswith("config.")]


LOCAL = {
    "DEBUG": "true",
    "SANDBOX_URL": "http://127.0.0.1:8090",
    "BASE_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "SECRET_KEY": keys.demo_secret_key(),
    "FIELD_ENCRYPTION_KEYS": keys.demo_encryption_key(),
}


def test_the_same_settings_are_fine_with_debug_on_this_machine(production: dict[str, str]) -> None:
    assert _manage(production | LOCAL, "manage.py", "check").returncode == 0


CLEAR = "postgresql://connector@db.example.com/connector"


@pytest.mark.parametrize(
    ("database", "redis", "refused"),
    [
        (CLEAR, "redis://localhost:6379/0", "DATABASE_URL leads to db.example.com"),
        (f"{CLEAR}?sslmode=prefer", "redis://[::1]:6379/0", "DATABASE_URL leads to"),
        (f"{CLEAR}?sslmode=verify-full", "redis://redis.example.com/0", "REDIS_URL leads to"),
        (f"{CLEAR}?sslmode=verify-full", "rediss://redis.example.com/0", ""),
        ("postgresql://connector@/x?host=/run/postgresql", "unix:///run/redis.sock?db=1", ""),
        ("postgresql://connector@127.0.0.1/x", "redis://127.0.0.1:6379/0", ""),
    ],
)
def test_other_machines_are_reached_with_tls_only(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    database: str,
    redis: str,
    refused: str,
) -> None:
    settings.REDIS_URL, settings.DEBUG = redis, False
    config = database_config(database, role="mlc_app", pool_size=0)
    monkeypatch.setitem(settings.DATABASES, "default", config)
    found = check_transport(None)
    assert [message.id for message in found] == (["config.E006"] if refused else [])
    assert refused in " ".join(str(message.msg) for message in found)


@pytest.mark.parametrize(
    ("address", "fine"),
    [("http://vault.example.com/x", False), ("https://vault.example.com/x", True), ("", True)],
)
def test_heads_of_the_audit_leave_with_tls_only(
    settings: Settings, address: str, fine: bool
) -> None:
    settings.AUDIT_HEADS_WEBHOOK, settings.DEBUG = address, False
    assert [message.id for message in check_transport(None)] == ([] if fine else ["config.E006"])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SANDBOX_URL", "", "SANDBOX_URL is not set"),
        ("SANDBOX_URL", "http://sandbox.example.com", "others reach sandbox.example.com"),
        ("BASE_URL", "https://connector.example.com", "others reach connector.example.com"),
        ("ALLOWED_HOSTS", ["localhost", "0.0.0.0"], "others reach 0.0.0.0"),  # noqa: S104 - refused
    ],
)
def test_debug_is_refused_where_others_come(
    settings: Settings, name: str, value: str | list[str], said: str
) -> None:
    settings.DEBUG = True
    settings.SANDBOX_URL = LOCAL["SANDBOX_URL"]
    settings.BASE_URL = LOCAL["BASE_URL"]
    settings.ALLOWED_HOSTS = LOCAL["ALLOWED_HOSTS"].split(",")
    assert _own_problems() == []
    setattr(settings, name, value)
    [problem] = _own_problems()
    assert problem.id == "config.E004"
    assert said in problem.msg


@pytest.mark.soak
def test_a_web_process_with_debug_and_real_hosts_does_not_start(
    production: dict[str, str],
) -> None:
    done = _manage(production | {"DEBUG": "true"}, "-c", "import config.wsgi")
    assert done.returncode != 0
    assert "config.E004" in done.stderr


def test_a_malformed_key_is_named_by_its_place_only(
    settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Fernet.generate_key().decode()
    monkeypatch.setattr(settings, "FIELD_ENCRYPTION_KEYS", [good, "not-a-key"])
    [problem] = [found for found in run_checks() if found.id == "config.E003"]
    assert "Entry 2" in problem.msg
    assert "not-a-key" not in str(problem)


@pytest.mark.soak
def test_the_web_server_refuses_too(production: dict[str, str]) -> None:
    done = _manage(production | {"SANDBOX_URL": "http://127.0.0.1:1"}, "-c", "import config.wsgi")
    assert done.returncode != 0
    assert "config.E001" in done.stderr


@pytest.mark.parametrize("kind", first_here("worker", "beat"))
def test_celery_refuses_too(production: dict[str, str], kind: str, tmp_path: Path) -> None:
    options = ("--pool", "solo") if kind == "worker" else ("--schedule", str(tmp_path / "beat"))
    command = ("-m", "celery", "-A", "config.celery", kind, *options)
    done = _manage(production | {"SANDBOX_URL": "http://127.0.0.1:1"}, *command)
    assert done.returncode != 0
    assert "config.E001" in done.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL"]
)
def test_a_missing_variable_is_named_with_the_way_out(
    production: dict[str, str], name: str
) -> None:
    del production[name]
    done = _check(production)
    assert done.returncode != 0
    said = done.stderr.splitlines()[-1]
    assert f"{name} is not set" in said
    assert "make demo" in said or "python -m config.keys" in said


def test_fresh_keys_are_no_demo_keys_and_differ() -> None:
    assert not keys.is_demo_key(keys.secret_key())
    assert not keys.is_demo_key(keys.encryption_key())
    assert keys.is_demo_key(keys.demo_secret_key())
    assert keys.is_demo_key(keys.demo_encryption_key())
    assert keys.secret_key() != keys.secret_key()
    Fernet(keys.demo_encryption_key())
