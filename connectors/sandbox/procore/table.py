"""One kind of Procore record: by id, by ``origin_id``, and as lists see it.

Records are replaced, never changed in place, so that a list may go on showing the older version for
``visibility_delay`` seconds. Look-ups by id and uniqueness of ``origin_id`` always see the newest.
Deleted records stay, with their ``deleted_at``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.clock import Clock

Record = dict[str, Any]


@dataclass(slots=True)
class Entry:
    """The newest version, when it was saved, and the one that lists may still be showing."""

    record: Record
    saved: float
    older: Record | None = None


class Table:
    """Records of one kind, in order of their making. ``group`` is what they are often asked by."""

    def __init__(self, clock: Clock, options: Mapping[str, Any], group: str = "") -> None:
        self._clock = clock
        self._options = options
        self._group = group
        self._entries: dict[int, Entry] = {}
        self._origins: dict[str, dict[int, None]] = {}
        self._groups: dict[int, dict[int, None]] = {}

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, record: Record, *, seen: bool = False) -> Record:
        """Store a new version; ``seen`` shows it in lists at once."""
        record_id = record["id"]
        before = self._entries.get(record_id)
        older = None if before is None else self._visible(before)
        if before is not None:
            self._unindex(before.record)
        saved = 0.0 if seen else self._clock.now().timestamp()
        self._entries[record_id] = Entry(record, saved, older)
        if record.get("origin_id"):
            self._origins.setdefault(record["origin_id"], {})[record_id] = None
        if self._group:
            self._groups.setdefault(record[self._group], {})[record_id] = None
        return record

    def remove(self, record_id: int) -> Record:
        """Forget a record for good."""
        record = self._entries.pop(record_id).record
        self._unindex(record)
        return record

    def get(self, record_id: int) -> Record | None:
        """The newest version, unless deleted."""
        entry = self._entries.get(record_id)
        return None if entry is None or entry.record.get("deleted_at") else entry.record

    def need(self, record_id: int) -> Record:
        """The newest version, deleted or not, where it must be there."""
        return self._entries[record_id].record

    def by_origin(self, origin_id: str, *, deleted: bool = False) -> Record | None:
        """The record that carries an origin id, among the live or the deleted ones."""
        for record_id in self._origins.get(origin_id, ()):
            record = self._entries[record_id].record
            if bool(record.get("deleted_at")) == deleted:
                return record
        return None

    def of(self, group_id: int) -> list[Record]:
        """Newest versions of one group, without deleted ones."""
        records = (self._entries[one].record for one in self._groups.get(group_id, ()))
        return [record for record in records if not record.get("deleted_at")]

    def records(self) -> list[Record]:
        """Newest versions of all records, deleted ones included."""
        return [entry.record for entry in self._entries.values()]

    def find(self, test: Callable[[Record], bool]) -> Record | None:
        """The first live record that passes a test."""
        live = (one for one in self.records() if not one.get("deleted_at"))
        return next((one for one in live if test(one)), None)

    def listed(self, group_id: int | None = None) -> Iterator[Record]:
        """What lists show, deleted ones included, which the list's own filter settles."""
        wanted = self._entries if group_id is None else self._groups.get(group_id, {})
        for record_id in list(wanted):
            record = self._visible(self._entries[record_id])
            if record is not None:
                yield record

    def _visible(self, entry: Entry) -> Record | None:
        delay = float(self._options.get("visibility_delay", 0))
        if delay and entry.saved + delay > self._clock.now().timestamp():
            return entry.older
        return entry.record

    def _unindex(self, record: Record) -> None:
        if record.get("origin_id"):
            self._origins.get(record["origin_id"], {}).pop(record["id"], None)
        if self._group:
            self._groups.get(record[self._group], {}).pop(record["id"], None)


def stamp_of(seconds: float) -> str:
    """A moment given in seconds since 1970, as Procore prints it."""
    return stamp(datetime.fromtimestamp(seconds, UTC))


def stamp(moment: datetime) -> str:
    """A moment as Procore prints it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
