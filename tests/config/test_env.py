"""Addresses in the forms that each library wants, and errors that name the variable."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import broker_url, database_config, required_list
from config.local_keys import local_keys
from tenants.limits import Limits


@pytest.mark.parametrize(
    ("given", "celery"),
    [
        ("redis://host:6379/3", "redis://host:6379/3"),
        ("rediss://:word@host/0", "rediss://:word@host/0"),
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
    ],
)
def test_celery_gets_its_own_form_of_a_socket(given: str, celery: str) -> None:
    assert broker_url(given) == celery


def test_a_socket_folder_becomes_the_host() -> None:
    url = "postgresql://login@/connector?host=%2Frun%2Fpg"
    config = database_config(url, role="mlc_app", pool_size=0)
    assert (config["HOST"], config["NAME"], config["USER"]) == ("/run/pg", "connector", "login")
    assert config["OPTIONS"]["options"].startswith("-c role=mlc_app ")


def test_a_transaction_of_a_paused_process_ends_before_claims_do_unless_the_address_says() -> None:
    plain = database_config("postgresql://login@host/db", role="mlc_app", pool_size=0)
    assert "-c idle_in_transaction_session_timeout=15s " in plain["OPTIONS"]["options"]
    url = "postgresql://login@host/db?options=-c%20idle_in_transaction_session_timeout%3D2s"
    given = database_config(url, role="mlc_app", pool_size=0)
    assert given["OPTIONS"]["options"].endswith("-c idle_in_transaction_session_timeout=2s")


def test_statements_and_locks_have_a_limit_which_an_address_may_change() -> None:
    limits = Limits(statement=8, lock=2.5, idle_in_transaction=60)
    url = "postgresql://login@host/db?options=-c%20lock_timeout%3D1s"
    config = database_config(url, role="mlc_app", pool_size=0, limits=limits)
    assert config["OPTIONS"]["options"].endswith(
        "-c statement_timeout=8000ms -c lock_timeout=2500ms -c lock_timeout=1s"
    )


def test_a_pool_is_asked_for_by_its_size() -> None:
    config = database_config("postgresql://login@host/db", role="mlc_app", pool_size=9)
    assert config["OPTIONS"]["pool"]["max_size"] == 9
    assert config["CONN_MAX_AGE"] == 0


def test_other_databases_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        database_config("sqlite:///db.sqlite3", role="mlc_app", pool_size=0)


def test_a_list_ignores_spaces_and_empty_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_LIST", " a, b,,")
    assert required_list("SOME_LIST", "") == ["a", "b"]


def test_demo_keys_are_made_once_and_only_their_user_reads_them(tmp_path: Path) -> None:
    first = local_keys(tmp_path)
    assert local_keys(tmp_path) == first
    assert set(first) == {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS"}
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
