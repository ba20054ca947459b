"""Keeps `make test` quick where one test is tried for many kinds of faults."""

from typing import Any

import pytest


def first_here(*kinds: object) -> list[Any]:
    """The first kind is tried in every run, the others in `make crash`."""
    return [kinds[0], *(pytest.param(kind, marks=pytest.mark.crash) for kind in kinds[1:])]
