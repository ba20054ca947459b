"""Reading values out of a request body the way Zoho does: lenient in form, strict in meaning.

Raw JSON values enter, text, Decimals, dates and booleans leave, or a refusal that names the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.zoho_books.errors import invalid, too_long

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def text(body: Mapping[str, Any], name: str, default: str = "", limit: int = 0) -> str:
    """A text; numbers become text, containers are refused."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, dict | list | bool):
        raise invalid(name)
    found = str(value)
    if limit and len(found) > limit:
        raise too_long(name, limit)
    return found


def number(body: Mapping[str, Any], name: str, default: Decimal) -> Decimal:
    """An amount, sent as number or as numeric text."""
    value = body.get(name)
    if value is None or value == "":
        return default
    return decimal(value, name)


def decimal(value: Any, name: str) -> Decimal:
    """One raw value as an exact number."""
    if isinstance(value, bool | dict | list):
        raise invalid(name)
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise invalid(name) from error
    if not found.is_finite():
        raise invalid(name)
    return found


def flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    """A boolean, sent as such or as "true" / "false"."""
    value = body.get(name)
    if value is None or value == "":
        return default
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise invalid(name)


def day(body: Mapping[str, Any], name: str, default: str = "") -> str:
    """A calendar day yyyy-mm-dd, kept as text."""
    value = body.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise invalid(name)
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise invalid(name) from error
    return value


def rows(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; empty when not sent."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise invalid(name)
    return value


def ids(body: Mapping[str, Any], name: str) -> list[str]:
    """A list of ids, as list or as comma separated text."""
    value = body.get(name)
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or any(isinstance(part, dict | list) for part in value):
        raise invalid(name)
    return [str(part) for part in value]


def moment(value: str, name: str) -> datetime:
    """A timestamp with offset, as lists and filters carry it."""
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as error:
        raise invalid(name) from error
