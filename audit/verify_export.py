"""Verify an export of the audit. Needs Python 3.9 or newer and nothing else; give it to an auditor.

    python verify_export.py export.jsonl [--head HASH]

Each line of the export is an event, written in one way only. Its hash covers everything else in
the line, the hash of the event before included, so that nothing can be changed, added, removed or
reordered within the file unnoticed. Whether lines are missing *at the end* shows only against the
hash of the last event, as the service prints it (``manage.py verify_audit``): pass it as --head.

This file repeats the rules on purpose instead of importing them: a second reading of the same
rules is what makes it a check.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

GENESIS = "0" * 64


class BrokenError(Exception):
    """The export is not what was written; the message names the first place where that shows."""


def canonical(event: dict[str, Any]) -> str:
    """Return the one way to write an event."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def hash_of(event: dict[str, Any]) -> str:
    """Return what the hash of an event must be."""
    covered = {name: value for name, value in event.items() if name != "hash"}
    return hashlib.sha256(canonical(covered).encode("ascii")).hexdigest()


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def read(line: str, number: int) -> dict[str, Any]:
    """Return the event on a line."""
    try:
        event = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BrokenError(f"line {number} is no JSON: {error}") from None
    if not isinstance(event, dict):
        raise BrokenError(f"line {number} is not an event")
    # Other programs may read a doubled key or another spelling differently from this one.
    if line != canonical(event) + "\n":
        raise BrokenError(f"line {number} is not written as the service writes it")
    absent = {"tenant", "sequence", "previous_hash", "hash"} - set(event)
    if absent:
        raise BrokenError(f"line {number} has no {', '.join(sorted(absent))}")
    return event


def verify(lines: "Iterable[str]") -> "tuple[int, str]":
    """Return the number of events and the hash of the last one, or raise BrokenError."""
    count, head, tenant = 0, GENESIS, None
    for number, line in enumerate(lines, start=1):
        event, due = read(line, number), count + 1
        if event["sequence"] != due:
            raise BrokenError(f"line {number}: event {due} expected, found {event['sequence']!r}")
        if count and event["tenant"] != tenant:
            raise BrokenError(f"line {number}: event {due} belongs to another tenant")
        if event["previous_hash"] != head:
            raise BrokenError(f"line {number}: event {due} does not follow from the one before")
        if event["hash"] != hash_of(event):
            raise BrokenError(f"line {number}: event {due} was changed")
        count, head, tenant = due, event["hash"], event["tenant"]
    if not count:
        raise BrokenError("the file holds no event")
    return count, head


def main(arguments: "list[str] | None" = None) -> int:
    """Print the verdict; return 0 if the export is whole, 1 if it is broken."""
    parser = argparse.ArgumentParser(description="Verify an export of the audit.")
    parser.add_argument("export", type=Path, help="the file that export_audit wrote")
    parser.add_argument("--head", help="the hash that the last event must have")
    options = parser.parse_args(arguments)
    try:
        with options.export.open(encoding="ascii", newline="\n") as lines:
            count, head = verify(lines)
        if options.head and head != options.head:
            raise BrokenError(f"event {count} is not the expected last one: lines are missing")
    except (BrokenError, UnicodeDecodeError) as error:
        print(f"BROKEN: {error}")  # noqa: T201 - a script for a person
        return 1
    print(f"OK: {count} events, head {head}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
