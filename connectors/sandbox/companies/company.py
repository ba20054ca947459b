"""What a company is to the sandbox: starting states, later edits, and the books it must end in.

Builders make it; the world loads and plays it. It has no behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Company:
    """`expected` has one entry before any act and one after each; `acts` are lists of edits.

    A provider that the company does not use has an empty starting state.
    """

    name: str
    zoho_books: dict[str, Any]
    connect: dict[str, Any]
    expected: list[dict[str, Any]]
    acts: list[list[dict[str, Any]]]
    procurify: dict[str, Any] = field(default_factory=dict)
    procore: dict[str, Any] = field(default_factory=dict)
