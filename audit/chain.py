"""The arithmetic of the chain: what an event's hash covers, and how a row of events is verified.

Events enter as plain dictionaries and hashes leave. Standard library only, no database: the same
functions seal an event and verify it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

GENESIS = "0" * 64


class ChainBrokenError(Exception):
    """The events do not follow from one another; the message names the first that does not."""


@dataclass(frozen=True)
class Head:
    """The end of a chain: how many events it has, and the hash of the last one."""

    sequence: int = 0
    hash: str = GENESIS


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the one way to write an event's content, whatever order its keys came in."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def event_hash(content: Mapping[str, Any]) -> str:
    """Return the hash over everything in the event but the hash itself."""
    covered = {key: value for key, value in content.items() if key != "hash"}
    return hashlib.sha256(canonical(covered)).hexdigest()


def plain(value: Any) -> Any:
    """Return ``value`` in the only types whose JSON survives a database round trip unchanged.

    Anything else becomes text, floats too (databases and programs write those differently):
    recording what happened must never be what fails.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        # PostgreSQL's JSON has neither the zero character nor half a surrogate pair.
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):  # datetime is one too
        return moment(value) if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        return [plain(item) for item in value]
    return plain(str(value))


def moment(value: datetime) -> str:
    """Return an instant in UTC to the microsecond, always the same length."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def follow(head: Head, content: Mapping[str, Any]) -> Head:
    """Return the head after one more event, or raise if that event does not follow."""
    sequence = content["sequence"]
    if sequence != head.sequence + 1:
        raise ChainBrokenError(f"event {head.sequence + 1} is missing; event {sequence} comes next")
    if content["previous_hash"] != head.hash:
        raise ChainBrokenError(f"event {sequence} does not follow from event {head.sequence}")
    if content["hash"] != event_hash(content):
        raise ChainBrokenError(f"event {sequence} was changed after it was written")
    return Head(sequence, content["hash"])


def verify(events: Iterable[Mapping[str, Any]], start: Head = Head()) -> Head:
    """Follow all events from ``start`` and return the head they lead to."""
    head = start
    for content in events:
        head = follow(head, content)
    return head
