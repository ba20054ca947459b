"""Table files: no spreadsheet runs anything out of them, and what was written is read back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.table_files import harmless, meant, written


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+x", "'+x"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("-80.50", "-80.50"),
        ("+5", "+5"),
        ("'quoted", "'quoted"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_formulas_become_texts_and_numbers_stay(text: str, cell: str) -> None:
    assert harmless(text) == cell
    assert meant(cell) == text


@given(st.text(alphabet="'=+-@\t\r\n1.;,\"aü"))
def test_every_text_comes_back(text: str) -> None:
    assert meant(harmless(text)) == text
    file = written([["x", text]])
    [row] = csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""))
    assert meant(row[1]) == text
