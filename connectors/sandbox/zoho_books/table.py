"""One kind of record of one organization: by id, by index, and as lists show it.

Records are never changed in place: a new version replaces the old one, so that a list may go on
showing the old one for ``visibility_delay`` seconds, as Zoho's search does. Look-ups by id and
uniqueness checks see the newest version at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from connectors.sandbox.clock import Clock

Record = dict[str, Any]
Keys = Callable[[Record], Iterable[Any]]


class Version(NamedTuple):
    """A record as it stood from one moment on. ``saved`` is what visibility counts from."""

    record: Record
    created: datetime
    modified: datetime
    saved: float


@dataclass(slots=True)
class Entry:
    """The newest version, and the one that lists may still be showing."""

    current: Version
    older: Version | None = None


class Table:
    """Records of one kind. ``indexes`` maps an index name to the keys of a record."""

    def __init__(
        self,
        id_field: str,
        clock: Clock,
        options: Mapping[str, Any],
        indexes: Mapping[str, Keys] | None = None,
    ) -> None:
        self.id_field = id_field
        self._clock = clock
        self._options = options
        self._keys = dict(indexes or {})
        self._entries: dict[str, Entry] = {}
        self._indexes: dict[str, dict[Any, dict[str, None]]] = {name: {} for name in self._keys}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._entries

    def put(self, record: Record, created: datetime, modified: datetime, *, seen: bool) -> Record:
        """Store a new version; ``seen`` makes it visible to lists at once."""
        record_id = record[self.id_field]
        saved = 0.0 if seen else self._clock.now().timestamp()
        entry = self._entries.get(record_id)
        older = None if entry is None else self._visible(entry)
        if entry is not None:
            self._unindex(entry.current.record)
        self._entries[record_id] = Entry(Version(record, created, modified, saved), older)
        for name, keys in self._keys.items():
            for key in keys(record):
                self._indexes[name].setdefault(key, {})[record_id] = None
        return record

    def remove(self, record_id: str) -> None:
        """Forget a record."""
        entry = self._entries.pop(record_id)
        self._unindex(entry.current.record)

    def get(self, record_id: str) -> Record | None:
        """The newest version by id."""
        entry = self._entries.get(record_id)
        return None if entry is None else entry.current.record

    def need(self, record_id: str) -> Record:
        """The newest version by id, where it must be there."""
        return self._entries[record_id].current.record

    def version(self, record_id: str) -> Version:
        """The newest version with its times."""
        return self._entries[record_id].current

    def find(self, index: str, key: Any) -> list[str]:
        """Ids under an index key, newest versions, oldest first."""
        return list(self._indexes[index].get(key, ()))

    def indexed(self, name: str) -> bool:
        """Whether there is an index of that name."""
        return name in self._keys

    def records(self) -> list[Record]:
        """Every record's newest version."""
        return [entry.current.record for entry in self._entries.values()]

    def visible(self, record_ids: Iterable[str] | None = None) -> Iterator[Version]:
        """What lists and filtered look-ups see, of all records or of the given ids."""
        if record_ids is None:
            entries: Iterable[Entry] = self._entries.values()
        else:
            entries = (self._entries[record_id] for record_id in record_ids)
        for entry in entries:
            version = self._visible(entry)
            if version is not None:
                yield version

    def _visible(self, entry: Entry) -> Version | None:
        delay = float(self._options.get("visibility_delay", 0))
        if delay and entry.current.saved + delay > self._clock.now().timestamp():
            return entry.older
        return entry.current

    def _unindex(self, record: Record) -> None:
        for name, keys in self._keys.items():
            for key in keys(record):
                holders = self._indexes[name].get(key)
                if holders is not None:
                    holders.pop(record[self.id_field], None)
                    if not holders:
                        del self._indexes[name][key]
