"""Sealed columns: an envelope that names its table, row and field, and the one way to open it.

The field library hands back the ciphertext when a key is wrong and cannot tell a value that was
moved from another row; opening here refuses both. Plaintext never leaves by any other door.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.apps import apps
from django.db import models
from encrypted_model_fields.fields import EncryptedMixin

from connectors.core.errors import ConnectorError


class SealError(ConnectorError):
    """A sealed value cannot be opened: wrong key, or a value that belongs to another row."""


class Sealable(Protocol):
    """A row with an identity that its envelopes carry."""

    secret_id: UUID
    _meta: ClassVar[Any]


def seal(row: Sealable, field: str, content: Mapping[str, Any]) -> None:
    """Put content into the row's sealed field; saving the row encrypts it."""
    envelope = {"at": _place(row, field), "content": dict(content)}
    setattr(row, field, json.dumps(envelope))


def open_sealed(row: Sealable, field: str) -> dict[str, Any]:
    """The content of a sealed field; empty for a field that was never sealed.

    Raises SealError for a value that no key opens or that was sealed for another place.
    """
    text = getattr(row, field)
    if not text:
        return {}
    try:
        envelope = json.loads(text)
    except ValueError:
        raise SealError(
            f"{_place(row, field)} cannot be decrypted: the key that sealed it is missing from "
            "FIELD_ENCRYPTION_KEYS. Put the key back, or enter the credentials again."
        ) from None
    if not isinstance(envelope, dict) or envelope.get("at") != _place(row, field):
        raise SealError(f"{_place(row, field)} holds a value that was sealed for another place.")
    content: dict[str, Any] = envelope["content"]
    return content


def sealed_fields(model: type[models.Model]) -> list[str]:
    """The names of a model's encrypted fields, whatever they are called."""
    return [f.name for f in model._meta.concrete_fields if isinstance(f, EncryptedMixin)]


def sealed_models() -> list[type[models.Model]]:
    """Every model with such a field, found among all that are installed."""
    return [model for model in apps.get_models() if sealed_fields(model)]


def _place(row: Sealable, field: str) -> str:
    return f"{row._meta.db_table}/{row.secret_id}/{field}"
