"""Sealed columns open at their own place and under their keys only, and nobody else sees inside."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import encrypted_model_fields.fields as library
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection as database
from pytest_django import Settings

from audit.services import export_tenant
from connectors.engine.tokens import DatabaseTokenStore
from connectors.models import (
    Connection,
    ConnectionToken,
    SealError,
    WebhookEndpoint,
    open_sealed,
    seal,
    sealed_fields,
    sealed_models,
)
from connectors.services import connections, keys
from connectors.transport.tokens import NewToken
from tenants.models import User
from tests.engine.tiny.world import Worker, World

SECRET = "hush-secret-1"
TOKEN = "hush-token-1"
ANNA = "user:1"
UseKeys = Callable[..., None]


def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def use_keys(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> UseKeys:
    """As after a restart with these keys in the settings, the newest first."""

    def use(*chosen: str) -> None:
        settings.FIELD_ENCRYPTION_KEYS = list(chosen)
        settings.FIELD_ENCRYPTION_KEY = list(chosen)
        monkeypatch.setattr(library, "CRYPTER", library.get_crypter())

    return use


@pytest.fixture
def sealed(world: World, use_keys: UseKeys) -> World:
    """Both connections have credentials, one has a token; all under the key "old"."""
    use_keys(OLD)
    with world.scope():
        for row in Connection.objects.all():
            seal(row, "sealed_credentials", {"client_id": "us", "client_secret": SECRET})
            row.save()
    store = DatabaseTokenStore(target(world))
    fence = store.lease(10)
    assert fence is not None
    assert store.save(fence, new_token(TOKEN))
    store.release(fence)
    return world


OLD, NEW = key(), key()


def target(world: World) -> Connection:
    with world.scope():
        return Connection.objects.get(provider="tiny_target")


def new_token(name: str) -> NewToken:
    return NewToken(access_token=name, expires_at=datetime.now(UTC) + timedelta(hours=1))


def secret_of(world: World, provider: str = "tiny_target") -> str:
    with world.scope():
        row = Connection.objects.get(provider=provider)
        return str(open_sealed(row, "sealed_credentials")["client_secret"])


def stored(world: World, table: str, column: str) -> list[str]:
    with world.scope(), database.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


# --- envelopes --------------------------------------------------------------------------------


def test_what_is_stored_shows_nothing(sealed: World) -> None:
    everything = stored(sealed, "connectors_connection", "sealed_credentials")
    everything += stored(sealed, "connectors_connectiontoken", "sealed_token")
    assert len(everything) == 3
    assert not any(secret in text for text in everything for secret in (SECRET, TOKEN))
    assert secret_of(sealed) == SECRET


def test_a_ciphertext_moved_to_another_row_is_refused(sealed: World) -> None:
    sealed.rewrite(
        "connectors_connection c",
        "sealed_credentials = (SELECT o.sealed_credentials FROM connectors_connection o "
        "WHERE o.id <> c.id AND o.tenant_id = c.tenant_id)",
    )
    for provider in ("tiny_source", "tiny_target"):
        with pytest.raises(SealError, match="sealed for another place") as caught:
            secret_of(sealed, provider)
        assert SECRET not in str(caught.value)


def test_a_ciphertext_moved_to_another_column_is_refused(sealed: World) -> None:
    sealed.rewrite(
        "connectors_connectiontoken t",
        "sealed_token = (SELECT o.sealed_credentials FROM connectors_connection o "
        "WHERE o.id = t.connection_id)",
    )
    with pytest.raises(SealError, match="sealed for another place"):
        DatabaseTokenStore(target(sealed)).load()


def test_a_key_that_is_missing_is_said_to_be(sealed: World, use_keys: UseKeys) -> None:
    """The library alone hands the ciphertext back as if it were the value."""
    use_keys(NEW)
    with sealed.scope():
        assert Connection.objects.get(provider="tiny_target").sealed_credentials
    with pytest.raises(SealError, match="FIELD_ENCRYPTION_KEYS") as caught:
        secret_of(sealed)
    assert "gAAAA" not in str(caught.value)


def test_a_field_that_was_never_sealed_is_empty(world: World) -> None:
    with world.scope():
        row = Connection.objects.get(provider="tiny_target")
        assert open_sealed(row, "sealed_credentials") == {}


# --- rotation ---------------------------------------------------------------------------------


def rotated_now() -> int:
    return sum(counts[keys.ROTATED] for counts in keys.rotate_all(actor=ANNA).values())


def test_a_rotation_brings_all_under_the_new_key_and_a_second_one_does_nothing(
    sealed: World, use_keys: UseKeys
) -> None:
    use_keys(NEW, OLD)
    assert rotated_now() >= 3
    again = stored(sealed, "connectors_connection", "sealed_credentials")
    assert rotated_now() == 0
    assert stored(sealed, "connectors_connection", "sealed_credentials") == again
    use_keys(NEW)
    assert secret_of(sealed) == SECRET
    loaded = DatabaseTokenStore(target(sealed)).load()
    assert loaded is not None
    assert loaded.access_token == TOKEN
    rotated = sealed.events("credentials.rotated")[0]
    assert (rotated.actor, rotated.details["rotated"]) == (ANNA, 3)


def test_webhook_secrets_come_under_the_new_key(sealed: World, use_keys: UseKeys) -> None:
    with sealed.scope():
        endpoint = WebhookEndpoint(tenant=sealed.tenant, connection=target(sealed))
        seal(endpoint, "sealed_secret", {"secret": SECRET})
        endpoint.save()
    use_keys(NEW, OLD)
    counts = keys.rotate_all(actor=ANNA)["connectors_webhookendpoint.sealed_secret"]
    assert counts == {keys.ROTATED: 1}
    use_keys(NEW)
    with sealed.scope():
        again = WebhookEndpoint.objects.get(pk=endpoint.pk)
        assert open_sealed(again, "sealed_secret") == {"secret": SECRET}


def test_second_factors_come_under_the_new_key(sealed: World, use_keys: UseKeys) -> None:
    person = User.objects.create_user("kim@example.com")
    TOTP.activate(person, "ABCDEFGH")
    codes = RecoveryCodes.activate(person).generate_codes()
    use_keys(NEW, OLD)
    assert keys.rotate_all(actor=ANNA)["mfa_authenticator.data"] == {keys.ROTATED: 2}
    use_keys(NEW)
    app = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert decrypt(app.data["secret"]) == "ABCDEFGH"
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert kept.wrap().generate_codes() == codes
    assert keys.rotate_all(actor=ANNA)["mfa_authenticator.data"] == {keys.CURRENT: 2}
    use_keys(OLD)
    assert keys.rotate_all(actor=ANNA)["mfa_authenticator.data"] == {keys.UNREADABLE: 2}


def test_every_encrypted_column_is_rotated_and_carries_the_name_of_its_row() -> None:
    """A new model with one is found by itself; its envelopes need a ``secret_id``."""
    every = {
        model._meta.label: [
            f.name for f in model._meta.get_fields() if "Encrypted" in type(f).__name__
        ]
        for model in apps.get_models()
    }
    expected = {label: fields for label, fields in every.items() if fields}
    assert {model._meta.label: sealed_fields(model) for model in sealed_models()} == expected
    for model in sealed_models():
        assert getattr(model._meta.get_field("secret_id"), "unique", False), model
        assert all(name.startswith("sealed_") for name in sealed_fields(model))


def test_what_no_key_opens_is_left_alone_and_told(
    sealed: World, use_keys: UseKeys, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(sealed, "connectors_connection", "sealed_credentials")
    use_keys(NEW)
    with pytest.raises(CommandError, match="open under no key"):
        call_command("rotate_credentials")
    assert stored(sealed, "connectors_connection", "sealed_credentials") == before
    use_keys(OLD)
    assert secret_of(sealed) == SECRET
    assert SECRET not in capsys.readouterr().out


@pytest.mark.parametrize("change", ["token", "credentials"])
def test_a_change_between_reading_and_writing_is_not_overwritten(
    sealed: World, use_keys: UseKeys, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    use_keys(NEW, OLD)
    opens, done = keys._opens, list[bool]()
    with sealed.scope():
        row: Any = Connection.objects.get(provider="tiny_source")
        if change == "token":
            row = ConnectionToken.objects.get()

    def come_between(*args: Any) -> bool:
        if args[:2] == (type(row), row.pk) and not done:
            done.append(True)
            Worker(lambda: refresh(sealed) if change == "token" else reconnect(sealed)).end()
        return opens(*args)

    monkeypatch.setattr(keys, "_opens", come_between)
    keys.rotate_all(actor=ANNA)
    assert done
    use_keys(NEW)
    if change == "token":
        loaded = DatabaseTokenStore(target(sealed)).load()
        assert loaded is not None
        assert loaded.access_token == "hush-token-2"
    else:
        assert secret_of(sealed, "tiny_source") == "hush-secret-2"
    assert secret_of(sealed) == SECRET


def refresh(world: World, name: str = "hush-token-2") -> None:
    store = DatabaseTokenStore(target(world))
    fence = store.lease(10)
    assert fence is not None
    assert store.save(fence, new_token(name))
    store.release(fence)


def reconnect(world: World) -> None:
    with world.scope():
        row = Connection.objects.get(provider="tiny_source")
    connections.change(
        row,
        spec=world.resolved.source,
        actor=ANNA,
        credentials={"client_secret": "hush-secret-2", "client_id": ""},
    )


def test_rotations_beside_refreshes_lose_nothing(sealed: World, use_keys: UseKeys) -> None:
    use_keys(NEW, OLD)

    def refresh_often() -> None:
        for number in range(15):
            refresh(sealed, f"hush-token-{number}")

    workers = [Worker(refresh_often)]
    workers += [Worker(lambda: keys.rotate_all(actor=ANNA)) for _ in range(2)]
    for worker in workers:
        worker.end()
    use_keys(NEW)
    loaded = DatabaseTokenStore(target(sealed)).load()
    assert loaded is not None
    assert (loaded.access_token, loaded.version) == ("hush-token-14", 16)
    assert secret_of(sealed) == SECRET


# --- nowhere to be seen -----------------------------------------------------------------------


def test_no_secret_is_seen_in_logs_trail_or_words(
    sealed: World, use_keys: UseKeys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    use_keys(NEW, OLD)
    keys.rotate_all(actor=ANNA)
    refresh(sealed)
    reconnect(sealed)
    DatabaseTokenStore(target(sealed)).revoked(0, "gone")
    trail = str(list(export_tenant(sealed.tenant.pk)))
    row = target(sealed)
    with sealed.scope():
        token = ConnectionToken.objects.get(connection=row)
    shown = [repr(row), str(row), repr(token), str(token), repr(new_token(TOKEN))]
    shown.append(repr(DatabaseTokenStore(row).load()))
    for text in (trail, caplog.text, *shown):
        assert "hush" not in text
    assert sealed.events("connection.changed")[0].details["secrets_replaced"] == ["client_secret"]
