"""The lines of a payload as people read them: name, text, quantity, price and amount."""

from collections.abc import Mapping
from typing import Any

_LINE = ("description", "name", "quantity", "rate", "unit_cost", "amount", "total")


def posted_lines(payload: Mapping[str, Any]) -> list[dict[str, str]]:
    """What each line is posted with; flows name the price by their target's word."""
    return [_line(line) for line in payload.get("lines", ())]


def _line(line: Mapping[str, Any]) -> dict[str, str]:
    given = {name: str(line[name]) for name in _LINE if line.get(name) not in (None, "")}
    return {
        "name": given.get("name", ""),
        "text": given.get("description", ""),
        "quantity": given.get("quantity", ""),
        "price": given.get("rate") or given.get("unit_cost", ""),
        "amount": given.get("amount") or given.get("total", ""),
    }
