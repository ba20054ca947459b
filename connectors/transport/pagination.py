"""Reads lists page by page and never stops early without saying so.

A function that fetches one page enters, pages of rows leave. A page that repeats the one before, a
list that does not advance, or one that ends before its own count is an error, because a list that
was silently cut would look like deleted records.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.reading import is_true
from connectors.core.records import Page, Raw
from connectors.transport.wire import Reply

MAX_PAGES = 5000
# A list may filter after it has cut its pages; one that goes on without rows has no end.
MAX_EMPTY_PAGES = 3
# Under this name stands a row that is no object.
NO_OBJECT = "not an object"
_NEXT_LINK = re.compile(r"<([^<>]{0,8000}+)>[^,<]{0,200};\s{0,8}rel=\"?next\"?", re.IGNORECASE)

Params = Mapping[str, str]
FetchLinked = Callable[[dict[str, str]], tuple[dict[str, str], Mapping[str, Any] | None]]


class PaginationError(ProviderError):
    """A list contradicts itself; reading it again from the start may help."""

    def __init__(self, provider: str, words: str) -> None:
        super().__init__(
            ErrorFacts(
                kind=ErrorKind.TRANSIENT,
                message=f"A list could not be read to its end: {words}.",
                hint="Nothing to do: it is read again from the start by itself.",
                provider=provider,
            )
        )


class PageGuard:
    """Sees every page of one list and raises at the first that cannot be right."""

    def __init__(
        self, provider: str, row_key: Callable[[Raw], Hashable], max_pages: int = MAX_PAGES
    ) -> None:
        self._provider = provider
        self._row_key = row_key
        self._max_pages = max_pages
        self._previous: frozenset[Hashable] = frozenset()
        self._pages = 0
        self._empty = 0
        self.seen = 0

    def repeats(self, rows: Sequence[Raw]) -> bool:
        """Whether these are the rows of the page before."""
        return bool(rows) and frozenset(map(self._key_of, rows)) == self._previous

    def _key_of(self, row: Raw) -> Hashable:
        """Rows without an id are told apart by all that they say."""
        key = self._row_key(row)
        return repr(row) if key == "" else key

    def check(self, rows: Sequence[Raw]) -> None:
        self._pages += 1
        if self._pages > self._max_pages:
            raise PaginationError(self._provider, f"more than {self._max_pages} pages")
        self._empty = 0 if rows else self._empty + 1
        if self._empty > MAX_EMPTY_PAGES:
            raise PaginationError(self._provider, f"{self._empty} pages in a row hold nothing")
        keys = frozenset(map(self._key_of, rows))
        if keys and keys == self._previous:
            raise PaginationError(self._provider, "a page repeats the one before")
        self._previous = keys
        self.seen += len(rows)

    def fail(self, words: str) -> PaginationError:
        return PaginationError(self._provider, words)

    def end(self, count: int | None) -> None:
        """The list says that it is over: its count must agree."""
        if count is not None and self.seen < count:
            raise self.fail(f"it ended after {self.seen} of {count} rows")


def flagged_pages(
    fetch: Callable[[int], Mapping[str, Any]], rows_key: str, guard: PageGuard
) -> Iterator[Page[Raw]]:
    """Lists whose ``page_context`` says whether there is more (Zoho)."""
    number = 1
    while True:
        body = fetch(number)
        rows = _rows(body.get(rows_key), guard)
        told = body.get("page_context")
        context = told if isinstance(told, Mapping) else {}
        if context.get("page") not in (None, "", number, str(number)):
            raise guard.fail(f"page {number} was asked for, page {context['page']} came")
        guard.check(rows)
        yield Page(rows=rows, number=number)
        if not is_true(context.get("has_more_page")):
            return
        number += 1


def linked_pages(fetch: FetchLinked, params: Params, guard: PageGuard) -> Iterator[Page[Raw]]:
    """Lists whose ``pagination`` links to the next page (Procurify).

    Of the link only the query is used: its host may be wrong. ``fetch`` may ask for other pages
    than it was told to (smaller ones), so it says what it asked; its body is None where there is
    no such page.
    """
    asked, count = dict(params), None
    while True:
        asked, body = fetch(asked)
        if body is None:
            guard.end(count)
            return
        number = _whole(asked.get("page")) or 1
        rows = _rows(body.get("data"), guard)
        about = pagination_of(body)
        count = _whole(about.get("count"))
        came = _whole(about.get("current_page"))
        if came not in (None, number):
            raise guard.fail(f"page {number} was asked for, page {came} came")
        guard.check(rows)
        yield Page(rows=rows, number=number, count=count)
        following = _next_query(about, number)
        if following is None:
            guard.end(count)
            return
        if _whole(following.get("page")) not in (None, number + 1) or not following:
            raise guard.fail(f"after page {number} it links to page {following.get('page')}")
        asked = {**asked, **following}


def header_pages(
    fetch: Callable[[int], Reply], per_page: int, guard: PageGuard
) -> Iterator[Page[Raw]]:
    """Bare lists whose ``Link`` and ``Total`` headers tell of more (Procore).

    Not every list pages, and one that does not sends no such header: a full first page is then
    followed by a second look, which finds nothing or the same rows again. A total that shrinks in
    between would hide the row that moved up, so the largest one must be reached.
    """
    number, total = 1, None
    while True:
        reply = fetch(number)
        rows = _rows(reply.body, guard)
        silent = "link" not in reply.headers and "total" not in reply.headers
        if silent and number == 2 and guard.repeats(rows):
            return
        guard.check(rows)
        stated = _whole(reply.headers.get("total"))
        total = stated if total is None else max(total, stated or 0)
        yield Page(rows=rows, number=number, count=total)
        following = _linked_page(reply.headers.get("link", ""))
        if following not in (None, number + 1):
            raise guard.fail(f"after page {number} it links to page {following}")
        full = silent and len(rows) >= (_whole(reply.headers.get("per-page")) or per_page)
        if following is None and not full:
            guard.end(total)
            return
        number += 1


def _linked_page(link: str) -> int | None:
    """The number of the next page; of its address nothing else is used. 0 is no number at all."""
    found = _NEXT_LINK.search(link)
    if found is None:
        return None
    return _whole(dict(parse_qsl(urlsplit(found[1]).query)).get("page")) or 0


def pagination_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pagination block, under ``metadata`` or at the top."""
    metadata = body.get("metadata")
    inner = metadata.get("pagination") if isinstance(metadata, Mapping) else None
    found = inner or body.get("pagination")
    return found if isinstance(found, Mapping) else {}


def _next_query(about: Mapping[str, Any], number: int) -> dict[str, str] | None:
    link = about.get("next")
    last = _whole(about.get("num_pages"))
    if not link or (last is not None and number >= last):
        return None
    return dict(parse_qsl(urlsplit(str(link)).query))


def _rows(value: Any, guard: PageGuard) -> list[Raw]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise guard.fail("a page holds no rows")
    # One that is no object is shown as a row that names no record, not taken for the end of all.
    return [row if isinstance(row, Mapping) else {NO_OBJECT: row} for row in value]


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
