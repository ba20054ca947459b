"""Reads the rows of a list one by one: one that cannot be read costs no other its reading.

Pages of raw rows enter; pages of sightings or of typed rows leave. An unreadable row is never
dropped: a sighting says what is wrong with it, a page of typed rows tells of it in words.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from connectors.core.days import instant_text
from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.core.reading import Fields
from connectors.core.records import UNDATED, UNNAMED, Page, Raw, Sighting, Window

Row = TypeVar("Row")


def typed_rows(
    pages: Iterable[Page[Raw]], read: Callable[[Raw], Row | None]
) -> Iterator[Page[Row]]:
    """Rows as ``read`` gives them; it returns None for those that are not meant."""
    for page in pages:
        rows, unreadable = [], []
        for raw in page.rows:
            try:
                row = read(raw)
            except BadInputError as error:
                unreadable.append(str(error))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                # A shape that nobody thought of.
                unreadable.append(
                    f"A row has an unknown shape ({type(error).__name__}): {raw!r:.80}"
                )
            else:
                if row is not None:
                    rows.append(row)
        yield Page(rows=rows, number=page.number, count=page.count, unreadable=tuple(unreadable))


def sightings(
    pages: Iterable[Page[Raw]],
    window: Window,
    read: Callable[[Fields], Sighting | None],
    *,
    facet: str,
    what: str,
) -> Iterator[Page[Sighting]]:
    """Rows as sightings, without those outside the window.

    A provider may ignore a filter, so every row is checked again. ``read`` returns None for rows
    that speak of no record; ``what`` is what people call such a row.
    """
    for page in pages:
        found = (_sighting(raw, read, facet, what) for raw in page.rows)
        rows = [row for row in found if row is not None and _inside(row, window)]
        yield Page(rows=rows, number=page.number, count=page.count)


def version_of(row: Fields, name: str) -> str:
    """When the row was changed. One without a readable time is known by what it says instead, so
    that it is looked at when it is new or different, rather than lost.
    """
    try:
        instant = row.instant(name)
    except BadInputError:
        instant = None
    return instant_text(instant) if instant else UNDATED + fingerprint(row.raw)


def nameless(row: Fields, names: str) -> BadInputError:
    """The error for a row that says of no record what it is."""
    return BadInputError(f"{row.what} has no {names}: {dict(row.raw)!r:.200}")


def _sighting(
    raw: Raw, read: Callable[[Fields], Sighting | None], facet: str, what: str
) -> Sighting | None:
    try:
        return read(Fields(raw, what))
    except BadInputError as error:
        key = f"{UNNAMED}{facet}:{fingerprint(raw)}"
        return Sighting(key=key, facet=facet, version="", problem=str(error))


def _inside(row: Sighting, window: Window) -> bool:
    if not row.version or row.version.startswith(UNDATED):
        return True
    since = instant_text(window.since) if window.since else ""
    return since <= row.version <= instant_text(window.until)
