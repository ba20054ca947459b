"""Answers of the Procurify API: single objects, pages of a list, and errors in their DRF spelling.

Records and a request enter, aiohttp responses leave. What a record looks like is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from connectors.sandbox.procurify.filters import FilterError, Filters
from connectors.sandbox.procurify.options import Options
from connectors.sandbox.procurify.table import Row, Table

Shape = Callable[[Row], Any]
DEFAULT_PAGE_SIZE = 10
DEFAULT_MAX_PAGE_SIZE = 100
FOREIGN_HOST = "http://app.procurify.example"


def detail(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"detail": text}, status=status, headers=headers)


def not_found() -> web.Response:
    return detail(404, "Not found.")


def invalid(field: str, message: str) -> web.Response:
    return web.json_response({field: [message]}, status=400)


def single(data: Any, metadata: dict[str, Any] | None = None, status: int = 200) -> web.Response:
    return web.json_response({"data": data, "metadata": metadata or {}}, status=status)


@dataclass(frozen=True)
class Listed:
    """A list request after filtering: all matching records, and the page that was asked for."""

    rows: list[Row]
    page: int
    page_size: int
    query: Hashable

    @property
    def num_pages(self) -> int:
        return max(1, -(-len(self.rows) // self.page_size))

    @property
    def page_rows(self) -> list[Row]:
        start = (self.page - 1) * self.page_size
        return self.rows[start : start + self.page_size]


def filtered(
    request: web.Request,
    table: Table,
    filters: Filters,
    *,
    options: Options,
    offset_hours: int,
    extra: tuple[str, ...] = (),
    keep: Callable[[Row], bool] | None = None,
) -> Listed:
    """The records that a list request means. `extra` names what else `keep` depends on."""
    # Names of filters that this account does not know, and so ignores like any other name.
    unknown = tuple(options.get("ignored_filters", ()))
    query = {name: value for name, value in request.query.items() if not name.startswith(unknown)}
    predicates = filters.predicates(
        query, offset_hours, exclusive=bool(options.get("exclusive_ends"))
    )
    if keep is not None:
        predicates.append(keep)
    known = sorted((name, query[name]) for name in filters.names() if name in query)
    meant = (request.match_info.route.name, tuple(known), extra)
    rows = table.select(
        meant,
        predicates,
        options.get("order", "descending"),
        int(options.get("seed", 0)),
    )
    largest = int(options.get("max_page_size", DEFAULT_MAX_PAGE_SIZE))
    wanted = _positive(query.get("page_size"), int(options.get("page_size", DEFAULT_PAGE_SIZE)))
    return Listed(rows, _page_number(query.get("page")), min(wanted, largest), meant)


def listing(
    request: web.Request,
    listed: Listed,
    shape: Shape,
    *,
    options: Options,
    metadata: dict[str, Any] | None = None,
) -> web.Response:
    """One page in the usual envelope; a page past the end is a 404, as DRF has it."""
    if listed.page < 1 or listed.page > listed.num_pages:
        return detail(404, "Invalid page.")
    pagination = {
        "count": len(listed.rows),
        "next": _page_url(request, listed, listed.page + 1, options),
        "previous": _page_url(request, listed, listed.page - 1, options),
        "page_size": listed.page_size,
        "num_pages": listed.num_pages,
        "current_page": listed.page,
    }
    data = [shape(row) for row in listed.page_rows]
    body = {"data": data, "metadata": {**(metadata or {}), "pagination": pagination}}
    return web.json_response(body)


def filter_error(error: FilterError) -> web.Response:
    return invalid(error.parameter, str(error))


def _page_url(request: web.Request, listed: Listed, page: int, options: Options) -> str | None:
    """An absolute URL, or by option one on another host, which a published sample shows."""
    if not 1 <= page <= listed.num_pages:
        return None
    url = request.url.update_query(page=str(page))
    if options.get("foreign_next"):
        return f"{FOREIGN_HOST}{url.path_qs}"
    return str(url)


def _page_number(text: str | None) -> int:
    """The page asked for; 0, which no list has, for anything that is no page number."""
    if text is None or text == "":
        return 1
    return int(text) if text.isdigit() else 0


def _positive(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() and int(text) > 0 else default
