"""Reading values out of request bodies: what may be sent for a field, and the refusal if not.

Raw JSON values enter; text, Decimals, days and ids leave, or a refusal that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.procore.errors import invalid

# No document of Procore tells a limit: this is what its framework gives to short texts.
LONGEST = 255


def text(sent: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """A text, or null."""
    if name not in sent:
        return default
    value = sent[name]
    if isinstance(value, dict | list | bool):
        raise invalid(**{name: "is invalid"})
    return None if value is None else str(value)


def limited(sent: Mapping[str, Any], name: str, most: int, default: Any = None) -> Any:
    """A text of so many characters at most; 0 for no limit."""
    value = text(sent, name, default)
    if most and value is not None and len(value) > most and value != default:
        raise invalid(**{name: f"is too long (maximum is {most} characters)"})
    return value


def short(options: Mapping[str, Any], sent: Mapping[str, Any], name: str, default: Any) -> Any:
    """A text of a column that ends somewhere, as names and numbers do."""
    return limited(sent, name, int(options.get("procore_longest_text", LONGEST)), default)


def flag(sent: Mapping[str, Any], name: str, default: Any = False) -> Any:
    value = sent.get(name, default)
    if value not in (True, False, None):
        raise invalid(**{name: "is invalid"})
    return value


def number(sent: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """An amount or a quantity, sent as text or as a number."""
    if name not in sent:
        return default
    value = sent[name]
    if value is None:
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise invalid(**{name: "is not a number"}) from None
    if isinstance(value, bool) or not found.is_finite():
        raise invalid(**{name: "is not a number"})
    return found


def key(sent: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """The id of another record, or null."""
    if name not in sent:
        return default
    value = sent[name]
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdigit():
        raise invalid(**{name: "is invalid"})
    return int(value)


def day(sent: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """A calendar day as text, or null."""
    value = text(sent, name, default)
    if not value:
        return None
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise invalid(**{name: "is not a valid date"}) from None


def choice(sent: Mapping[str, Any], name: str, among: tuple[str, ...], default: str) -> str:
    value = str(text(sent, name) or default)
    if value not in among:
        raise invalid(**{name: "is not included in the list"})
    return value
