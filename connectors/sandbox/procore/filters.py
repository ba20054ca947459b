"""``filters[...]`` of list requests, in every spelling that the documents or clients use.

A query and what a list can filter by enter; the records that pass leave. Filters that a list does
not know are ignored. A single origin id is documented; which list of them is understood is the
option procore_origin_lists: "bracketed" (the default), "repeated", "none" (a list finds nothing) or
"refused" (400).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from connectors.sandbox.procore.errors import malformed
from connectors.sandbox.procore.table import Record

NAME = re.compile(r"filters\[(\w+)\](\[\])?")
DELETED = ("only", "with")


class Filters:
    """What a request filters by, by name."""

    def __init__(self, url: URL, options: Mapping[str, Any]) -> None:
        self._given: dict[str, list[str]] = {}
        lists = str(options.get("procore_origin_lists", "bracketed"))
        for key, value in url.query.items():
            found = NAME.fullmatch(key)
            if found:
                name, repeated = found[1], bool(found[2])
                values = _origins(value, repeated, lists) if name == "origin_id" else _split(value)
                self._given.setdefault(name, []).extend(values)

    def values(self, name: str) -> list[str]:
        """The values of one filter; none when it was not sent."""
        return self._given.get(name, [])

    def text(self, name: str) -> str:
        values = self.values(name)
        return values[0] if values else ""

    def apply(
        self, rows: Iterable[Record], equal: Sequence[str] = (), spans: Sequence[str] = ()
    ) -> list[Record]:
        """The rows that pass: equal to one of the values, or within a span of time."""
        found = list(rows)
        for name in equal:
            wanted = set(self.values(name))
            if wanted:
                found = [row for row in found if _text(row.get(name)) in wanted]
        for name in spans:
            if self.values(name):
                low, high = _span(name, self.text(name))
                found = [row for row in found if low <= _moment(row[name]) <= high]
        return found

    def without_deleted(self, rows: Iterable[Record]) -> list[Record]:
        """Deleted records are left out unless asked for."""
        wanted = self.text("include_deleted")
        if wanted == "with":
            return list(rows)
        return [row for row in rows if bool(row.get("deleted_at")) == (wanted == "only")]


def sort(url: URL, rows: Sequence[Record], names: Sequence[str]) -> list[Record]:
    """In the order of ``sort``: names by comma, each with "-" for the other way round."""
    found = list(rows)
    for wanted in reversed(url.query.get("sort", "").split(",")):
        name = wanted.removeprefix("-")
        if name in names:
            found.sort(key=lambda row: _text(row.get(name)).casefold(), reverse=wanted[:1] == "-")
    return found


def _split(value: str) -> list[str]:
    """A value may be a list in brackets, as in ``[1,2]``."""
    if value.startswith("[") and value.endswith("]"):
        return [part.strip().strip('"') for part in value[1:-1].split(",") if part.strip()]
    return [value]


def _origins(value: str, repeated: bool, lists: str) -> list[str]:
    """Origin ids as this account reads them; what it does not understand is no record's."""
    bracketed = not repeated and value.startswith("[")
    if not repeated and not bracketed:
        return [value]
    if lists == "refused":
        raise malformed(origin_id="must be a string")
    if lists != ("repeated" if repeated else "bracketed"):
        return [f"[{value}]"]
    return [value] if repeated else _split(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _span(name: str, text: str) -> tuple[datetime, datetime]:
    low, dots, high = text.strip('"').partition("...")
    if not dots:
        raise malformed(**{name: "must be a range of two dates with three dots between them"})
    try:
        return _moment(low), _moment(high)
    except ValueError:
        raise malformed(**{name: "is not a valid range of dates"}) from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
