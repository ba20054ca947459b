"""A record as a page shows it, and the changes that a person asked for.

Simulators make the first from their stores and get the second; neither knows HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

LONGEST = 500
DIGITS = 12
MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Field:
    """An input: text, day or amount."""

    name: str
    label: str
    value: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a document; ``key`` names it in forms, ``total`` is only shown."""

    key: str
    fields: tuple[Field, ...]
    total: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """Something that a person may do to it as it stands."""

    name: str
    label: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One record. ``seen`` changes whenever the record does."""

    provider: str
    kind: str
    title: str
    status: str
    seen: str
    facts: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()
    lines: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The values that differ from what the page showed."""

    head: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.head or self.lines)


class Desk(Protocol):
    """What people do at one provider. Raises LookupError where there is no such record."""

    def page(self, account: str, kind: str, key: str) -> Page:
        """The record as it stands."""

    def save(self, account: str, kind: str, key: str, changes: Changes) -> None:
        """Change values of it."""

    def press(self, account: str, kind: str, key: str, button: str) -> None:
        """Do what one of the page's buttons says."""


def read_changes(page: Page, sent: Mapping[str, Any]) -> Changes:
    """What a form changes of a page. Names that the page has no input for count for nothing."""
    head = _changed(page.fields, sent, "")
    lines = {line.key: _changed(line.fields, sent, f"line.{line.key}.") for line in page.lines}
    return Changes(head, {key: values for key, values in lines.items() if values})


def _changed(fields: tuple[Field, ...], sent: Mapping[str, Any], prefix: str) -> dict[str, str]:
    found = {}
    for one in fields:
        text = sent.get(prefix + one.name)
        if isinstance(text, str) and text.strip() != one.value.strip():
            found[one.name] = _checked(one, text.strip())
    return found


def _checked(one: Field, text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"{one.label}: enter {LONGEST} characters at most.")
    if any(ord(letter) < 32 and letter not in "\r\n\t" for letter in text):
        raise ValueError(f"{one.label}: leave out control characters.")
    if one.kind == "day":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValueError(f"{one.label}: enter a date such as 2026-08-31.") from None
    if one.kind == "amount":
        return _amount(one, text)
    return text


def _amount(one: Field, text: str) -> str:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** DIGITS:
        raise ValueError(f"{one.label}: enter a number such as 1240.50.")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        raise ValueError(f"{one.label}: enter six decimals at most.")
    return format(number, "f")
