"""Files and functions stay of a size that can be read in one go."""

import statistics

import pytest

from tests.architecture.source import EVERYTHING, PRODUCT, length, sources

# All files of Python are read once, by one worker.
pytestmark = pytest.mark.xdist_group("sources")

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 14


def test_no_file_is_too_long() -> None:
    too_long = [
        f"{source.name} has {source.lines} lines: split it by noun"
        for source in sources(*EVERYTHING)
        if source.lines > LONGEST_FILE
    ]
    assert not too_long


def test_no_function_is_too_long() -> None:
    too_long = [
        f"{source.name}:{function.lineno} {function.name} has {length(function)} lines"
        for source in sources(*EVERYTHING)
        for function in source.functions()
        if length(function) > LONGEST_FUNCTION
    ]
    assert not too_long


def test_most_functions_are_short() -> None:
    found = [length(f) for source in sources(*PRODUCT) for f in source.functions()]
    assert statistics.median(found) <= MEDIAN_FUNCTION
