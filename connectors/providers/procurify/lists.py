"""Lists of Procurify's API, in pages that shrink when the server is too slow for them.

Procurify suspends accounts whose calls time out, so a page that timed out is never asked for again
in its old size. The new size divides the old one: reading goes on at the very same row.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from connectors.core.errors import ErrorKind, ProviderError
from connectors.core.records import Page, Raw
from connectors.providers.procurify.errors import KEY
from connectors.transport.error_table import TIMED_OUT
from connectors.transport.pagination import PageGuard, linked_pages, pagination_of

Fetch = Callable[[Mapping[str, str]], Mapping[str, Any]]


class PageSize:
    """How many rows a client asks for at a time; what it learned stays for its later lists."""

    def __init__(self, size: int) -> None:
        self.size = size

    def shrink(self, from_size: int) -> int:
        """The largest proper divisor: half, where that is whole."""
        self.size = next(
            (size for size in range(from_size // 2, 0, -1) if from_size % size == 0), 1
        )
        return self.size


def pages(
    fetch: Fetch, params: Mapping[str, str], size: PageSize, row_key: Callable[[Raw], Hashable]
) -> Iterator[Page[Raw]]:
    """Every page of a list, to its stated end."""
    reader = _Reader(fetch, size)
    asked = {**params, "page": "1", "page_size": str(size.size)}
    return linked_pages(reader.read, asked, PageGuard(KEY, row_key))


class _Reader:
    """Reads one list; remembers the page size that the server really uses."""

    def __init__(self, fetch: Fetch, size: PageSize) -> None:
        self._fetch = fetch
        self._size = size
        self._stated: int | None = None

    def read(self, asked: dict[str, str]) -> tuple[dict[str, str], Mapping[str, Any] | None]:
        while True:
            try:
                body = self._fetch(asked)
            except ProviderError as error:
                if error.kind is ErrorKind.NOT_FOUND and asked["page"] != "1":
                    return asked, None
                if error.facts.code != TIMED_OUT or self._in_use(asked) == 1:
                    raise
                asked = self._smaller(asked)
                continue
            stated = pagination_of(body).get("page_size")
            self._stated = int(str(stated)) if str(stated).isdigit() else None
            return asked, body

    def _in_use(self, asked: Mapping[str, str]) -> int:
        return min(self._stated or int(asked["page_size"]), int(asked["page_size"]))

    def _smaller(self, asked: dict[str, str]) -> dict[str, str]:
        old = self._in_use(asked)
        before = (int(asked["page"]) - 1) * old
        new = self._size.shrink(old)
        return {**asked, "page": str(before // new + 1), "page_size": str(new)}
