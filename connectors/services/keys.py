"""Re-encrypts sealed columns under the newest key, while the service runs.

Works row by row with a compare-and-swap on the stored ciphertext, so that a refresh or a person's
change that comes in between is never overwritten: that row is simply read and tried again. Secrets
of second factors stand inside a column of allauth's, and are done under a lock of their row.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection as database
from django.db import models, transaction
from encrypted_model_fields.fields import decrypt_str, encrypt_str

from audit import platform
from audit.services import Event, record
from connectors.models import SealError, open_sealed, sealed_fields, sealed_models
from tenants.scope import tenant_scope
from tenants.services import tenant_ids

ROTATED, CURRENT, UNREADABLE = "rotated", "current", "unreadable"
_TRIES = 20
_FACTORS = "mfa_authenticator.data"
# What allauth encrypts of an authenticator app, and of recovery codes.
_IN_FACTORS = frozenset({"secret", "seed"})


def rotate_all(*, actor: str) -> dict[str, Counter[str]]:
    """Bring every sealed value under the first key; returns counts by column and what happened.

    ``unreadable`` values are left as they are: no key opens them.
    """
    columns: dict[str, Counter[str]] = {
        _column(model, field): Counter()
        for model in sealed_models()
        for field in sealed_fields(model)
    }
    for tenant_id in tenant_ids():
        counts = Counter({ROTATED: 0, CURRENT: 0, UNREADABLE: 0})
        for model, pk, field in _places(tenant_id):
            what = _rotate(tenant_id, model, pk, field)
            counts[what] += 1
            columns[_column(model, field)][what] += 1
        _audit(tenant_id, actor, counts)
    return {**columns, _FACTORS: _rotate_factors(actor)}


def _column(model: type[models.Model], field: str) -> str:
    return f"{model._meta.db_table}.{field}"


def _places(tenant_id: int) -> Iterator[tuple[type[models.Model], int, str]]:
    for model in sealed_models():
        with tenant_scope(tenant_id):
            ids = list(model._default_manager.values_list("pk", flat=True))
        for pk in ids:
            for field in sealed_fields(model):
                yield model, pk, field


def _rotate(tenant_id: int, model: type[models.Model], pk: int, field: str) -> str:
    for _ in range(_TRIES):
        with tenant_scope(tenant_id):
            stored = _ciphertext(model, pk, field)
            if stored is None or _is_current(stored):
                return CURRENT
            if not _opens(model, pk, field):
                return UNREADABLE
            fresh = encrypt_str(decrypt_str(stored))
            if _swap(model, pk, field, stored, fresh.decode()):
                return ROTATED
    raise SealError(f"{model._meta.db_table} {pk} changes too often to rotate; run it again.")


def _rotate_factors(actor: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            for name in _IN_FACTORS & (row.data if row else {}).keys():
                what, row.data[name] = _renewed(row.data[name])
                counts[what] += 1
                Authenticator.objects.filter(pk=pk).update(data=row.data)
    if counts.total():
        platform.record("credentials.rotated", _FACTORS, actor=actor, details=dict(counts))
    return counts


def _renewed(stored: str) -> tuple[str, str]:
    if _is_current(stored):
        return CURRENT, stored
    try:
        return ROTATED, encrypt_str(decrypt_str(stored)).decode()
    except InvalidToken:
        return UNREADABLE, stored


def _ciphertext(model: type[models.Model], pk: int, field: str) -> str | None:
    """The column as stored: reading it through the model would decrypt it."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {field} FROM {model._meta.db_table} WHERE id = %s", [pk])  # noqa: S608
        row = cursor.fetchone()
    return row[0] or None if row else None


def _swap(model: type[models.Model], pk: int, field: str, old: str, new: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} SET {field} = %s WHERE id = %s AND {field} = %s",  # noqa: S608
            [new, pk, old],
        )
        return bool(cursor.rowcount == 1)


def _is_current(stored: str) -> bool:
    newest = settings.FIELD_ENCRYPTION_KEYS[0]
    try:
        Fernet(newest).decrypt(stored.encode())
    except InvalidToken:
        return False
    return True


def _opens(model: type[models.Model], pk: int, field: str) -> bool:
    try:
        row: Any = model._default_manager.get(pk=pk)
        open_sealed(row, field)
    except SealError:
        return False
    return True


def _audit(tenant_id: int, actor: str, counts: Counter[str]) -> None:
    if not counts.total():
        return
    with tenant_scope(tenant_id):
        record(Event(action="credentials.rotated", actor=actor, details=dict(counts)))
