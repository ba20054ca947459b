"""A source system in this process: records by stream, lists in pages, details by key.

Tests change its records as people would; ``between_pages`` lets them do so while a list is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.core.days import instant_text
from connectors.core.errors import ErrorFacts, ErrorKind, ProviderError
from connectors.core.records import Page, Raw, Sighting, Window
from connectors.transport.guard import refuse_inside_transaction

KEY = "tiny_source"


@dataclass
class TinySource:
    """Lists its records oldest first, as they stand when a page is asked for."""

    page_size: int = 50
    between_pages: Callable[[int], None] = lambda page: None
    on_read: Callable[[str], None] = lambda key: None
    on_list: Callable[[str], None] = lambda stream: None
    streams: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    odd: list[Sighting] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    states_count: bool = True
    _clock: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def put(self, stream: str, key: str, **values: Any) -> None:
        """Add a record, or change it: either way it gets a new modification time."""
        self._clock += timedelta(minutes=30)
        rows = self.streams.setdefault(stream, {})
        known = {"number": key.upper(), "party": "Acme", "total": "10.00", "status": "approved"}
        row = {**known, **rows.pop(key, {}), **values, "id": key}
        rows[key] = {**row, "version": instant_text(self._clock)}

    def delete(self, stream: str, key: str) -> None:
        del self.streams[stream][key]

    def listing(self, stream: str) -> Callable[[Any, Window], Iterator[Page[Sighting]]]:
        """A list of the stream in the order of modification, by page number."""

        def pages(_: Any, window: Window) -> Iterator[Page[Sighting]]:
            self.lists.append(stream)
            self.on_list(stream)
            number = 1
            while True:
                refuse_inside_transaction()
                rows = self._within(stream, window)
                start = (number - 1) * self.page_size
                some = rows[start : start + self.page_size]
                count = len(rows) if self.states_count else None
                shown = [_sighting(row) for row in some]
                odd = self.odd if number == 1 and stream == "parents" else []
                yield Page(rows=[*shown, *odd], number=number, count=count)
                if start + self.page_size >= len(rows):
                    return
                self.between_pages(number)
                number += 1

        return pages

    def read(self, stream: str) -> Callable[[Any, str, str], Raw]:
        def one(_: Any, key: str, locator: str) -> Raw:
            refuse_inside_transaction()
            self.on_read(key)
            self.reads.append(key)
            try:
                return dict(self.streams[stream][key])
            except KeyError:
                raise ProviderError(
                    ErrorFacts(kind=ErrorKind.NOT_FOUND, message=f"no {key}", provider=KEY)
                ) from None

        return one

    def _within(self, stream: str, window: Window) -> list[dict[str, Any]]:
        since = instant_text(window.since) if window.since else ""
        return [r for r in self.streams.get(stream, {}).values() if r["version"] >= since]


def _sighting(row: dict[str, Any]) -> Sighting:
    return Sighting(key=row["id"], facet="head", version=row["version"], number=row["number"])
