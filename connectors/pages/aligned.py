"""Rows of two lists set side by side: chosen by a text or a standing, and said in words.

The alignment use case gives the rows; staff and members see the same ones.
"""

from collections.abc import Sequence

from connectors.core.alignment import Aligned, Standing
from connectors.models import Integration


def says(standing: Standing, integration: Integration) -> str:
    """A standing in words that name the sides."""
    words = {
        Standing.BROKEN: f"gone from {integration.target.name}",
        Standing.INACTIVE: "inactive",
        Standing.RENAMED: "renamed",
        Standing.ONLY_SOURCE: f"only in {integration.source.name}",
        Standing.ONLY_TARGET: f"only in {integration.target.name}",
        Standing.MATCHED: "matched",
    }
    return words[standing]


def wanted(row: Aligned, standing: str, text: str) -> bool:
    """Whether it stands so, and its names, numbers or keys contain the text."""
    if standing and row.standing != standing:
        return False
    return not text or any(text.casefold() in each.casefold() for each in _texts(row))


def _texts(row: Aligned) -> Sequence[str]:
    sides = [side for side in (row.source, row.target) if side is not None]
    names = [text for side in sides for text in (side.name, side.number)]
    return [*names, row.source_key, row.target_key]
