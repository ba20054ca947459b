"""Tolerant reading of a provider's JSON: every field may be absent, null, a number or its text.

A raw object and a name for it enter; typed values leave, or a BadInputError that says which field
of which record cannot be read. Knows no provider; unknown fields are simply not asked for.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.core.days import business_day, parse_instant
from connectors.core.errors import BadInputError
from connectors.core.money import ZERO, optional_decimal, parse_decimal
from connectors.core.records import Raw


def is_true(value: Any, default: bool = False) -> bool:
    """A yes or no in any spelling (true, "true", 1); ``default`` stands for an absent one."""
    if value is None or value == "":
        return default
    if isinstance(value, str):
        return value.strip().casefold() in ("true", "1", "yes")
    return bool(value)


def plain_text(value: Any) -> str:
    """A text or number as text; empty for anything else, which names nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return str(value).strip()


class Fields:
    """One JSON object, read field by field. ``what`` names the record in errors."""

    __slots__ = ("raw", "what")

    def __init__(self, raw: Raw, what: str) -> None:
        if not isinstance(raw, Mapping):
            raise BadInputError(f"{what} is not a JSON object: {raw!r:.80}")
        self.raw = raw
        self.what = what

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        value = self.raw.get(name)
        if isinstance(value, str):
            return value.strip()
        if value is None:
            return default
        if isinstance(value, Mapping | list | bool):
            raise self.unreadable(name, "is not a text")
        return str(value)

    def required_text(self, name: str) -> str:
        return self.text(name) or self._missing(name)

    def number(self, name: str) -> Decimal:
        return parse_decimal(self.raw.get(name), what=f"{name} of {self.what}")

    def amount(self, name: str) -> Decimal:
        """A number that counts as nothing where it is absent."""
        return self.optional_number(name) or ZERO

    def optional_number(self, name: str) -> Decimal | None:
        return optional_decimal(self.raw.get(name), what=f"{name} of {self.what}")

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number, in any spelling (2, "2", 2.0); ``default`` stands for an absent one."""
        if default is not None and name not in self:
            return default
        number = self.number(name)
        if number != number.to_integral_value():
            raise self.unreadable(name, "is not a whole number")
        return int(number)

    def flag(self, name: str, default: bool = False) -> bool:
        return is_true(self.raw.get(name), default)

    def day(self, name: str) -> date | None:
        """The day that the source itself would print for this date or date-time."""
        text = self.text(name)
        try:
            return business_day(text) if text else None
        except BadInputError:
            raise self.unreadable(name, "is not a date") from None

    def instant(self, name: str) -> datetime | None:
        text = self.text(name)
        try:
            return parse_instant(text) if text else None
        except BadInputError:
            raise self.unreadable(name, "is not a date and time") from None

    def object(self, name: str) -> "Fields | None":
        """The object of that name; None where it is absent or only an id stands there."""
        value = self.raw.get(name)
        return Fields(value, f"{name} of {self.what}") if isinstance(value, Mapping) else None

    def objects(self, name: str) -> "list[Fields]":
        value = self.raw.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list | tuple):
            raise self.unreadable(name, "is not a list")
        return [Fields(row, f"{name} {at} of {self.what}") for at, row in enumerate(value, 1)]

    def id_of(self, name: str, key: str = "id") -> str:
        """The id behind a reference, which may be an object or the bare id; empty where absent."""
        found = self.object(name)
        return found.text(key) if found else self.text(name)

    def unreadable(self, name: str, problem: str) -> BadInputError:
        value: Any = self.raw.get(name)
        return BadInputError(f"{name} of {self.what} {problem}: {value!r:.80}")

    def _missing(self, name: str) -> str:
        raise BadInputError(f"{name} of {self.what} is missing")
