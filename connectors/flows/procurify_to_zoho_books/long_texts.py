"""Names the texts that Zoho Books found too long: its refusal tells the field, but not the line.

The refusal and the body that was sent enter; the same refusal leaves, with the places in its hint.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.core.errors import ProviderError

_TOO_LONG = "15"
_LIMIT = re.compile(r"less than ([\d,]+) characters")
_LINES = "line_items"


def naming_places(error: ProviderError, body: Mapping[str, Any]) -> ProviderError:
    """The error, which says in which line or field the text is and how long it is."""
    limit = _LIMIT.search(error.facts.message)
    if error.facts.code != _TOO_LONG or limit is None:
        return error
    texts = list(_longer(body, int(limit[1].replace(",", ""))))
    # Zoho Books names a field in its own words; where none of ours is called so, all are told.
    named = [text for text in texts if text.field in error.facts.message.lower()]
    if not texts:
        return error
    places = "; ".join(str(text) for text in (named or texts)[:3])
    hint = f"Too long: {places}. {error.facts.hint}"
    return type(error)(replace(error.facts, hint=hint))


@dataclass(frozen=True, slots=True)
class _Text:
    place: str
    field: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.place}{self.field} “{self.text[:40].rstrip()}…” ({len(self.text)} characters)"
        )


def _longer(body: Mapping[str, Any], limit: int) -> Iterator[_Text]:
    for number, line in enumerate(body.get(_LINES, ()), start=1):
        yield from _texts(f"line {number}, ", line, limit)
    yield from _texts("", body, limit)


def _texts(place: str, fields: Mapping[str, Any], limit: int) -> Iterator[_Text]:
    for name, value in fields.items():
        if isinstance(value, str) and len(value) >= limit:
            yield _Text(place, name.replace("_", " "), value)
