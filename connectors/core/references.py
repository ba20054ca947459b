"""Master data of one side (vendors, accounts, taxes, currencies) and what links it to the other.

Providers' rows enter as reference rows; links between the two sides leave, each with its evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def plural(kind: str) -> str:
    """What people call several of a kind: tax becomes taxes, period_lock period locks."""
    word = kind.replace("_", " ")
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("x", "s")) else f"{word}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """One vendor, account, tax … of one side; ``attributes`` holds what evidence is drawn from.

    ``number`` is what people call it by beside its name (an account's code, say).
    """

    kind: str
    key: str
    name: str
    number: str = ""
    active: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class MappingKey:
    """What a mapping is looked up by: a kind and the source's key."""

    kind: str
    source_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMapping:
    """Something that must be mapped before a document can post, in words a person knows it by."""

    key: MappingKey
    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticLink:
    """A link that may be made without asking, and why.

    ``proven`` by an id that one side keeps of the other. A name or number that is the same on both
    sides is enough to post to, but not to write over what is there.
    """

    kind: str
    source_key: str
    target_key: str
    evidence: str
    proven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A target that a person may choose for something missing: score 0-100 and named evidence."""

    target_key: str
    target_name: str
    score: int
    evidence: tuple[str, ...]
