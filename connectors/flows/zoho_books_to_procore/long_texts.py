"""Texts that may be longer than Procore takes: titles and lines are shortened, numbers are held.

Procore publishes no limits. They are options of the integration, learned from Procore's refusal:
it is passed on with the line or field that it is about, and with the option to set.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.core.decisions import Held, LinkState
from connectors.core.errors import ProviderError
from connectors.core.flow import Context
from connectors.core.states import Reason
from connectors.flows.zoho_books_to_procore import options
from connectors.flows.zoho_books_to_procore.parts import Part

_TOO_LONG = re.compile(
    r"too long|"
    r"(?:maximum|at most|no more than|longer than|up to|less than|exceed)[^.;]{0,200}\d char",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"(\d[\d,]{0,15}) char", re.IGNORECASE)
_SHOWN = 40
# What is shortened by option; a header's own description is ours and short.
_OPTIONS = {"title": options.TITLE_LIMIT, "description": options.LINE_LIMIT}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text as it is sent, and the limit that it was shortened to; 0 for a whole one."""

    text: str
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Texts:
    """Makes the texts of one commitment fit. What Procore has of ``link`` stays as it is there
    while the whole text is the same, whatever the limits are now.
    """

    title_limit: int
    line_limit: int
    link: LinkState | None = None

    def title(self, text: str) -> Fitted:
        posted = self.link.payload if self.link is not None else {}
        taken = Fitted(str(posted.get("title", "")), posted.get("title_limit", 0))
        return _fitted(text, self.title_limit, taken)

    def line(self, key: str, text: str) -> Fitted:
        return _fitted(text, self.line_limit, self._lines().get(key, Fitted("")))

    def _lines(self) -> dict[str, Fitted]:
        """The lines that Procore has, by our key; one without its id there was not taken."""
        if self.link is None:
            return {}
        return {
            str(row["key"]): Fitted(str(row["description"]), row.get("text_limit", 0))
            for row in self.link.payload.get("lines", ())
            if str(row["key"]) in self.link.lines
        }


def texts_of(link: LinkState | None, context: Context) -> Texts:
    return Texts(
        options.number(context, options.TITLE_LIMIT),
        options.number(context, options.LINE_LIMIT),
        link,
    )


def _fitted(text: str, limit: int, taken: Fitted) -> Fitted:
    if taken.text == _shortened(text, taken.limit):
        return taken
    shown = _shortened(text, limit)
    return Fitted(shown, limit if shown != text else 0)


def _shortened(text: str, limit: int) -> str:
    """The whole text stays in the document's source record."""
    return text if not limit or len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def number_too_long(
    parts: Sequence[Part], links: Mapping[str, LinkState], context: Context
) -> Held | None:
    """A number is not shortened, or nobody would find it again. One that Procore has is fine."""
    limit = options.number(context, options.NUMBER_LIMIT)
    for part in parts:
        link = links.get(part.project_id)
        there = link is not None and link.target_number == part.number
        if limit and len(part.number) > limit and not there:
            return Held(
                reason=Reason.REFUSED,
                words=f"The commitment number {part.number[:20]}… has {len(part.number)} "
                f"characters; Procore takes {limit}. Shorten the order's number in Zoho Books, or "
                "dismiss this document.",
            )
    return None


def naming_fields(error: ProviderError, row: Mapping[str, Any]) -> ProviderError:
    """The refusal of a header, which names the texts that were too long and the way out."""
    said = error.facts.message
    if not is_too_long(error):
        return error
    texts = {name: str(row[name]) for name in ("number", "title", "description") if row.get(name)}
    named = [name for name in texts if name in said.lower()] or list(texts)
    limit = _LIMIT.search(said)
    least = int(limit[1].replace(",", "")) if limit else 0
    long = [name for name in named if len(texts[name]) > least]
    if not long:
        return error
    places = "; ".join(f"{name} {quoted(texts[name])}" for name in long)
    hint = f"Too long: {places}. {way_out(long[0])}"
    return type(error)(replace(error.facts, hint=hint))


def is_too_long(error: ProviderError) -> bool:
    """Whether Procore refused a text for its length, by its own words."""
    return _TOO_LONG.search(error.facts.message) is not None


def way_out(name: str) -> str:
    """What a person does about a text that was too long."""
    option = _OPTIONS.get(name)
    if option is None:
        return "Shorten it in Zoho Books, or dismiss this document."
    return (
        f"Enter Procore's limit under “{option.label}” in the options, and longer ones are "
        "shortened; or shorten it in Zoho Books."
    )


def quoted(text: str) -> str:
    """The beginning of a text and how long it is."""
    shown = f"{text[:_SHOWN].rstrip()}…" if len(text) > _SHOWN else text
    return f"“{shown}” ({len(text)} characters)"
