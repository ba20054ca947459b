"""Keeps `make test` quick where one test is tried for many kinds of faults."""

from typing import Any

import pytest


def first_here(*kinds: object) -> list[Any]:
    """The first kind is tried in every run, the others in `make crash`."""
    return [kinds[0], *(pytest.param(kind, marks=pytest.mark.crash) for kind in kinds[1:])]


def sample(*cases: tuple[Any, ...], every: int) -> list[Any]:
    """One of so many cases is tried in every run, the others in `make soak`."""
    return [
        pytest.param(*case, marks=[pytest.mark.soak] if number % every else [])
        for number, case in enumerate(cases)
    ]
