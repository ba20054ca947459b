"""The buttons of a document's page: one for each way out that its state has, and no other.

A document with what its page knows of it enters, buttons leave. Which ways out there are is said in
``core.exits`` alone; here stands only how each one looks and where it leads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from connectors.core.exits import Exit, exits
from connectors.core.states import Reason, State
from connectors.models import Document, Wait
from connectors.services import seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """``posts`` acts at once, the others lead to a page; ``away`` to one of a provider."""

    way: Exit
    text: str
    url: str
    icon: str = ""
    hint: str = ""
    posts: bool = False
    away: bool = False

    @property
    def style(self) -> str:
        return "primary" if self.way in (Exit.REPLAY, Exit.RESTORE) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a document's record is at both sides, and what it waits for."""

    source: tuple[str, str] = ("", "")
    target: tuple[str, str] = ("", "")
    waits: Sequence[Wait] = ()


def buttons(document: Document, *, kept: bool, places: Places) -> list[Button]:
    """In the order in which people look for them; what comes by itself has none.

    The source's own page is offered always: people look there whatever the state is.
    """
    reason = Reason(document.reason) if document.reason else None
    ways = exits(State(document.state), reason, kept=kept) | {Exit.SOURCE}
    return [button for way in _ORDER if way in ways for button in _drawn(way, document, places)]


def _drawn(way: Exit, document: Document, places: Places) -> list[Button]:
    if way in _PAGES:
        name, text = _PAGES[way]
        if way is Exit.ANEW:
            text = f"{anew_words(document)} …"
        query = urlencode({"seen": seen.digest(document)})
        return [Button(way=way, text=text, url=f"{_url(name, document)}?{query}")]
    if way in _POSTED:
        name, text, icon, hint = _POSTED[way]
        url = _url(name, document)
        return [Button(way=way, text=text, url=url, icon=icon, hint=hint, posts=True)]
    if way is Exit.MAP:
        return _to_map(document, places.waits)
    if way is Exit.OPTION:
        url = reverse("admin:connectors_integration_edit", args=[document.integration_id])
        return [Button(way=way, text="Change an option …", url=url)]
    name, url = {Exit.SOURCE: places.source, Exit.TARGET: places.target}.get(way, ("", ""))
    return [Button(way=way, text=f"Open in {name} ↗", url=url, away=True)] if url else []


def _to_map(document: Document, waits: Sequence[Wait]) -> list[Button]:
    """To each thing that is missing; to all mappings where none is: a code may have no budget."""
    if not waits:
        query = urlencode({"integration__id__exact": document.integration_id})
        url = f"{reverse('admin:connectors_mapping_changelist')}?{query}"
        return [Button(way=Exit.MAP, text="Mappings …", url=url)]
    return [
        Button(
            way=Exit.MAP,
            text=f"Map {wait.failure.label} …",
            url=reverse("admin:connectors_mappingfailure_change", args=[wait.failure_id]),
        )
        for wait in waits
    ]


def anew_words(document: Document) -> str:
    """What it is called here to post it once more."""
    if document.state == State.POSTED:
        return "Deleted there: post it anew"
    words = {
        str(Reason.REOPENED): "Post a successor",
        str(Reason.NUMBER_USED): "Post it under another number",
    }
    return words.get(document.reason, "Post it anew")


def _url(name: str, document: Document) -> str:
    return reverse(f"admin:connectors_document_{name}", args=[document.pk])


_ORDER = (
    Exit.REPLAY,
    Exit.RESTORE,
    Exit.ADOPT,
    Exit.MAP,
    Exit.ANEW,
    Exit.LINK,
    Exit.OPTION,
    Exit.DISMISS,
    Exit.SOURCE,
    Exit.TARGET,
)
_PAGES = {
    Exit.DISMISS: ("dismiss", "Dismiss …"),
    Exit.LINK: ("link", "Link to existing record …"),
    Exit.ANEW: ("anew", ""),
}
_POSTED = {
    Exit.REPLAY: (
        "replay",
        "Replay",
        "replay",
        "Read it at the source, decide again, and compare what was posted",
    ),
    Exit.RESTORE: ("restore", "Restore ours", "undo", "Post our values again"),
    Exit.ADOPT: (
        "adopt",
        "Adopt theirs",
        "check",
        "Let the target's values stand; the source is not changed",
    ),
}
