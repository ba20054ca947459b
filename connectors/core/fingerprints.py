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
from typing import Any

from connectors.core.money import plain


def to_plain(value: Any) -> Any:
    """Turn records and payloads into JSON-ready data; decimals become their shortest text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((to_plain(item) for item in value), key=repr)
    return _scalar(value)


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
