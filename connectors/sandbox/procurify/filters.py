"""Query parameters that Procurify publishes as filters, turned into predicates over records.

A request's query and a resource's filter table enter; predicates leave, or a `FilterError` that
names the parameter. Parameters not in the table are ignored silently, exactly as the real API does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from connectors.sandbox.procurify.formats import local_day, parse_moment
from connectors.sandbox.procurify.table import Predicate, Row

Reader = Callable[[Row], Any]


class FilterError(ValueError):
    """A published filter was given a value that cannot be read."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True)
class Filters:
    """What one resource can be filtered by; ranges are `name_0` and `name_1`.

    Both ends are inclusive, unless the account is one where neither is.
    """

    days: Mapping[str, Reader] = field(default_factory=dict)
    moments: Mapping[str, Reader] = field(default_factory=dict)
    values: Mapping[str, Reader] = field(default_factory=dict)
    lists: Mapping[str, Reader] = field(default_factory=dict)
    contains: Mapping[str, Reader] = field(default_factory=dict)

    def predicates(
        self, query: Mapping[str, str], offset_hours: int, *, exclusive: bool = False
    ) -> list[Predicate]:
        found: list[Predicate] = []
        for name, reader in self.days.items():
            found += _day_range(query, name, reader, offset_hours, exclusive)
        for name, reader in self.moments.items():
            found += _moment_range(query, name, reader, exclusive)
        for name, reader in self.values.items():
            if query.get(name):
                found.append(_equals(reader, query[name]))
        for name, reader in self.lists.items():
            if query.get(name):
                found.append(_one_of(reader, query[name]))
        for name, reader in self.contains.items():
            if query.get(name):
                found.append(_contains(reader, query[name]))
        return found

    def names(self) -> set[str]:
        ranges = {f"{name}_{end}" for name in [*self.days, *self.moments] for end in (0, 1)}
        return ranges | set(self.values) | set(self.lists) | set(self.contains)


def _day_range(
    query: Mapping[str, str], name: str, reader: Reader, offset_hours: int, exclusive: bool
) -> list[Predicate]:
    first = _parsed_day(query, f"{name}_0")
    last = _parsed_day(query, f"{name}_1")
    if first is None and last is None:
        return []

    def within(row: Row) -> bool:
        text = reader(row)
        if not text:
            return False
        day = local_day(text, offset_hours)
        if exclusive and day in (first, last):
            return False
        return (first is None or day >= first) and (last is None or day <= last)

    return [within]


def _moment_range(
    query: Mapping[str, str], name: str, reader: Reader, exclusive: bool
) -> list[Predicate]:
    first = _parsed_moment(query, f"{name}_0")
    last = _parsed_moment(query, f"{name}_1")
    if first is None and last is None:
        return []

    def within(row: Row) -> bool:
        text = reader(row)
        if not text:
            return False
        moment = parse_moment(text)
        if exclusive and moment in (first, last):
            return False
        return (first is None or moment >= first) and (last is None or moment <= last)

    return [within]


def _equals(reader: Reader, wanted: str) -> Predicate:
    return lambda row: str(reader(row)).casefold() == wanted.casefold()


def _one_of(reader: Reader, wanted: str) -> Predicate:
    values = {part.strip() for part in wanted.split(",")}
    return lambda row: str(reader(row)) in values


def _contains(reader: Reader, wanted: str) -> Predicate:
    return lambda row: wanted.casefold() in str(reader(row) or "").casefold()


def _parsed_day(query: Mapping[str, str], parameter: str) -> date | None:
    text = query.get(parameter)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FilterError(parameter, "Enter a valid date.") from None


def _parsed_moment(query: Mapping[str, str], parameter: str) -> datetime | None:
    text = query.get(parameter)
    if not text:
        return None
    try:
        return parse_moment(text)
    except ValueError:
        raise FilterError(parameter, "Enter a valid date/time.") from None
