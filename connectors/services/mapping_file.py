"""Reads a table file of mappings: UTF-8 with or without its mark, commas or semicolons.

Bytes enter, lines of texts leave; a file that cannot be read is refused with the line to look at.
"""

import base64
import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from connectors.core.errors import BadInputError
from connectors.core.storable import storable_text
from connectors.core.table_files import meant
from connectors.services.mapping_list import HEADING, MOST_LINES

MOST_BYTES = 900_000
_SOURCE, _TARGET = HEADING[0:3], HEADING[3:6]


@dataclass(frozen=True, slots=True)
class Named:
    """How a line names a record of one side: by its id, or else by name and code."""

    key: str
    name: str
    code: str

    def __str__(self) -> str:
        return self.name or self.code or self.key

    def __bool__(self) -> bool:
        return any((self.key, self.name, self.code))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, by the number that an editor shows."""

    number: int
    source: Named
    target: Named


def read(content: bytes) -> list[Line]:
    """The lines below the heading; empty ones are left out."""
    if len(content) > MOST_BYTES:
        raise BadInputError(
            f"The file has {len(content):,} bytes. At most {MOST_BYTES:,} are read: split it."
        )
    rows = _rows(_text(content))
    _, heading = next(rows, (1, []))
    places = {" ".join(cell.split()).casefold(): at for at, cell in enumerate(heading)}
    columns = {name: places.get(name.casefold()) for name in (*_SOURCE, *_TARGET)}
    for side in (_SOURCE, _TARGET):
        if all(columns[name] is None for name in side):
            raise BadInputError(
                f"Line 1 names no column “{side[0]}”, “{side[1]}” or “{side[2]}”. Export the "
                "mappings and keep the first line of that file."
            )
    lines = []
    for number, row in rows:
        cells = {
            name: meant(row[at]) if at is not None and at < len(row) else ""
            for name, at in columns.items()
        }
        line = Line(number, _named(cells, _SOURCE), _named(cells, _TARGET))
        if line.source or line.target:
            lines.append(line)
        if len(lines) > MOST_LINES:
            raise BadInputError(
                f"The file has more than {MOST_LINES:,} lines. Split it, with the first line in "
                "each part."
            )
    if not lines:
        raise BadInputError("The file has no line below its first one. Nothing to import.")
    return lines


def packed(content: bytes) -> str:
    """The file as a text that a form carries from its dry run to the import."""
    return base64.b64encode(zlib.compress(content)).decode("ascii")


def unpacked(text: str) -> bytes:
    """The file out of such a text; BadInputError for what is none, or too large."""
    try:
        content = zlib.decompressobj().decompress(base64.b64decode(text), MOST_BYTES + 1)
    except (ValueError, zlib.error) as error:
        raise BadInputError("The file was not sent along. Choose it once more.") from error
    return content


def _named(cells: dict[str, str], side: Sequence[str]) -> Named:
    key, name, code = (cells[column] for column in side)
    return Named(key if key.strip() else "", plain_text(name), plain_text(code))


def plain_text(text: str) -> str:
    """A name or code as it is compared: white space does not count."""
    return " ".join(text.split())


def _text(content: bytes) -> str:
    try:
        return storable_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInputError(
            f"Line {line} is not in UTF-8. Save the file as “CSV UTF-8”, then import it again."
        ) from error


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins in; quoted cells may have several lines."""
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for row in reader:
            yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise BadInputError(
            f"Line {number} cannot be read ({error}). Check its quotation marks."
        ) from error
