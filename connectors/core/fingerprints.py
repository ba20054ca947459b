"""Fingerprints: one short hash that changes exactly when what we would post changes.

Plain data enters (dataclasses, mappings, decimals, dates), a hex digest leaves; the order of
mapping keys and the spelling of a decimal (1.5 or 1.50) make no difference.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from connectors.core.money import plain

# Nearly everything in a record; asked for first, since this runs for every field of every record.
_PLAIN = frozenset({str, int, bool, type(None)})


def to_plain(value: Any) -> Any:
    """Turn records and payloads into JSON-ready data; decimals become their shortest text."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is Decimal:
        return plain(value)
    if names := _field_names(kind):
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, dict | Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((to_plain(item) for item in value), key=repr)
    return _scalar(value)


@lru_cache(maxsize=256)
def _field_names(kind: type) -> tuple[str, ...]:
    """What instances of a data class hold; nothing for other types."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value


def canonical_json(value: Any) -> str:
    """One spelling for equal data."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical spelling, 32 hex digits of it."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:32]
