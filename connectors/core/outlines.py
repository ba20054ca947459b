"""A document in outline, so that people can lay both sides beside each other.

A flow reads a source record, and a payload as posted, into the same few fields and columns; what
is called alike on both sides is shown in one row. Names of mapped things are looked up elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from connectors.core.records import Record
from connectors.core.references import MappingKey

VENDOR = "Vendor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A vendor, an account or a tax by its own side's key, with what that side calls it.

    ``kind`` and ``key`` name a row of that side's master data. Of a source, ``looked_up`` are the
    mappings that may lead to the target, the first that exists counts.
    """

    kind: str
    key: str
    label: str = ""
    looked_up: tuple[MappingKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value of the header: a text, or something that is mapped.

    One that is not ``compared`` may be spelled otherwise on the other side.
    """

    label: str
    text: str = ""
    named: Named | None = None
    compared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. ``of`` is the source's line that it belongs to: one may give several at the target.

    ``words`` is how differences that somebody made at the target name it.
    """

    of: str
    key: str = ""
    name: str = ""
    text: str = ""
    account: Named | None = None
    tax: Named | None = None
    project: Named | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One side of a document. ``meant`` are a source's lines as they would be posted.

    ``trouble`` says why these cannot be told.
    """

    fields: tuple[Field, ...] = ()
    lines: tuple[Line, ...] = ()
    meant: tuple[Line, ...] = ()
    total: Decimal | None = None
    currency: str = ""
    trouble: str = ""


class Outlines(Protocol):
    """How a flow reads both sides. ``options`` are those of the integration."""

    def source(self, stream: str, record: Record, options: Mapping[str, Any]) -> Outline: ...

    def posted(self, kind: str, payload: Mapping[str, Any]) -> Outline: ...
