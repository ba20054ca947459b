"""Lists: filters, sort and pages, driven by a table of what each list honours.

Like the real API, a list ignores parameters that it does not know, and a filtered look-up is a
list too: it sees what search has caught up with, not what was written a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from connectors.sandbox.zoho_books.envelope import SUCCESS, respond
from connectors.sandbox.zoho_books.errors import invalid
from connectors.sandbox.zoho_books.fields import decimal, moment
from connectors.sandbox.zoho_books.state import Organization
from connectors.sandbox.zoho_books.table import Record, Version

PER_PAGE = 200
# Indexes kept for uniqueness, under keys that are not what a filter compares.
FOLDED = ("contact_name",)
# Filters that look at what a record shows rather than at what it stores.
VIEWED = ("status", "filter_by")
Test = Callable[[Record], bool]
View = Callable[[Organization, Record], Record]


@dataclass(frozen=True)
class ListSpec:
    """What one list can do.

    ``view`` adds what a record shows but does not store (a status that follows from the day), and
    ``row`` makes the list row of it. Views are made where a filter asks and rows for the page
    alone, which keeps a list over many thousand records cheap. ``by_index`` names filters that
    only an index can answer.
    """

    kind: str
    key: str
    report_name: str
    row: View
    default_sort: str
    view: View = lambda org, record: record
    default_order: str = "A"
    texts: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    by_index: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    modified_filter: bool = False
    sortable: bool = True
    ordered: bool = True
    default_filter: str = "Status.All"
    filters: Mapping[str, Test] = field(default_factory=dict)
    per_page: int = PER_PAGE


def answer_list(org: Organization, spec: ListSpec, query: Mapping[str, str]) -> web.Response:
    """One page of a list."""
    page, per_page = _page(query, "page", 1), _page(query, "per_page", spec.per_page)
    per_page = min(per_page, max(PER_PAGE, spec.per_page))
    found = matching(org, spec, query)
    column, order = _sort(spec, query)
    ordered = sorted(found, key=_sort_key(column), reverse=order == "D")
    start = (page - 1) * per_page
    context = {
        "page": page,
        "per_page": per_page,
        "has_more_page": len(ordered) > start + per_page,
        "report_name": spec.report_name,
    }
    if spec.sortable:
        context |= {
            "applied_filter": query.get("filter_by", spec.default_filter),
            "custom_fields": [],
            "sort_column": column,
            "sort_order": order,
        }
    page_of = ordered[start : start + per_page]
    rows = [spec.row(org, spec.view(org, version.record)) for version in page_of]
    return respond({**SUCCESS, spec.key: rows, "page_context": context})


def matching(org: Organization, spec: ListSpec, query: Mapping[str, str]) -> list[Version]:
    """All visible versions that the filters let through."""
    tests = list(_tests(spec, query))
    since = _since(org, spec, query)
    shown = any(query.get(name) for name in VIEWED)
    found = []
    for version in org[spec.kind].visible(_candidates(org, spec, query)):
        if since is not None and not since(version.modified):
            continue
        record = spec.view(org, version.record) if shown else version.record
        if all(test(record) for test in tests):
            found.append(version)
    return found


def _candidates(
    org: Organization, spec: ListSpec, query: Mapping[str, str]
) -> Iterable[str] | None:
    """Ids from an index where an exact filter has one; otherwise everything."""
    table = org[spec.kind]
    for name in (*spec.by_index, *spec.texts, *spec.exact):
        if query.get(name) and table.indexed(name) and name not in FOLDED:
            return table.find(name, query[name])
    return None


def _tests(spec: ListSpec, query: Mapping[str, str]) -> Iterable[Test]:
    for name, value in query.items():
        if not value:
            continue
        if name == "filter_by":
            yield _filter_by(spec, value)
        elif name == "search_text":
            yield _search(spec, value.casefold())
        else:
            test = _text(spec, name, value) or _day(spec, name, value) or _amount(spec, name, value)
            if test is not None:
                yield test


def _filter_by(spec: ListSpec, value: str) -> Test:
    if value not in spec.filters:
        raise invalid("filter_by")
    return spec.filters[value]


def _search(spec: ListSpec, needle: str) -> Test:
    return lambda row: any(needle in str(row.get(name, "")).casefold() for name in spec.searched)


def _text(spec: ListSpec, name: str, value: str) -> Test | None:
    if name in spec.texts or name in spec.exact:
        return lambda row: str(row.get(name, "")) == value
    base, _, operator = name.rpartition("_")
    if base.endswith("_starts") and operator == "with":
        base, operator = base.removesuffix("_starts"), "startswith"
    if base not in spec.texts:
        return None
    folded = value.casefold()
    if operator == "startswith":
        return lambda row: str(row.get(base, "")).casefold().startswith(folded)
    if operator == "contains":
        return lambda row: folded in str(row.get(base, "")).casefold()
    return None


def _day(spec: ListSpec, name: str, value: str) -> Test | None:
    if name in spec.days:
        return lambda row: row[name] == value
    base, _, operator = name.rpartition("_")
    if base not in spec.days:
        return None
    tests: dict[str, Test] = {
        "start": lambda row: row[base] >= value,
        "end": lambda row: row[base] <= value,
        "before": lambda row: row[base] < value,
        "after": lambda row: row[base] > value,
    }
    return tests.get(operator)


def _amount(spec: ListSpec, name: str, value: str) -> Test | None:
    for base in spec.amounts:
        operator = name.removeprefix(base)
        if operator == name or operator not in AMOUNT_TESTS:
            continue
        limit, test = decimal(value, name), AMOUNT_TESTS[operator]
        return lambda row: test(row[base], limit)
    return None


AMOUNT_TESTS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "": lambda amount, limit: amount == limit,
    "_less_than": lambda amount, limit: amount < limit,
    "_less_equals": lambda amount, limit: amount <= limit,
    "_greater_than": lambda amount, limit: amount > limit,
    "_greater_equals": lambda amount, limit: amount >= limit,
}


def _since(
    org: Organization, spec: ListSpec, query: Mapping[str, str]
) -> Callable[[datetime], bool] | None:
    """The ``last_modified_time`` filter; whether it includes its own second is an option."""
    raw = query.get("last_modified_time")
    if not raw or not spec.modified_filter:
        return None
    limit = moment(raw, "last_modified_time")
    if not org.options.get("zoho_modified_inclusive", False):
        limit += timedelta(seconds=1)
    return lambda modified: modified >= limit


def _sort(spec: ListSpec, query: Mapping[str, str]) -> tuple[str, str]:
    column = query.get("sort_column") or spec.default_sort
    if column not in (*spec.sorts, spec.default_sort):
        raise invalid("sort_column")
    order = query.get("sort_order") if spec.ordered else None
    if order is None:
        chosen = column == spec.default_sort or not spec.ordered
        return column, spec.default_order if chosen else "A"
    if order not in ("A", "D"):
        raise invalid("sort_order")
    return column, order


def _sort_key(column: str) -> Callable[[Version], Any]:
    if column == "last_modified_time":
        return lambda version: version.modified
    if column == "created_time":
        return lambda version: version.created
    return lambda version: _comparable(version.record.get(column, ""))


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _page(query: Mapping[str, str], name: str, default: int) -> int:
    raw = query.get(name)
    if not raw:
        return default
    if not raw.isdigit() or int(raw) < 1:
        raise invalid(name)
    return int(raw)
