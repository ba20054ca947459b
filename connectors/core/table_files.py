"""Table files (CSV): written so that spreadsheets read them right and run nothing out of them.

Rows of texts enter, a file leaves; what was written can be read back to the same texts.
"""

import csv
import re
from collections.abc import Iterable
from io import StringIO
from typing import Any

# With this in front spreadsheets read the letters of every language.
MARK = "\ufeff"
# With one of these in front a spreadsheet takes a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]\d+(\.\d+)?\Z")


def written(rows: Iterable[Iterable[Any]]) -> str:
    """The whole file, as UTF-8 text with its mark."""
    file = StringIO()
    file.write(MARK)
    csv.writer(file).writerows([harmless(str(cell)) for cell in row] for row in rows)
    return file.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; numbers keep their sign."""
    return f"'{text}" if _is_formula(text) and not _NUMBER.match(text) else text


def meant(cell: str) -> str:
    """The text that was made harmless."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(text: str) -> bool:
    """With quotes in front as well, so that a text which has them comes back with them."""
    return text.lstrip("'").startswith(_FORMULA)
