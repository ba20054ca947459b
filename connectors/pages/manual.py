"""The project's own documents in docs/ as HTML: a closed list of names, rendered once each.

Raw HTML inside a document is shown as text. Links between documents lead to their pages here; links
to files of the code are left out.
"""

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

_NAME = re.compile(r"[a-z][a-z-]{0,60}")
_LINK = re.compile(r"([a-z][a-z-]{0,60})\.md(#[-\w]{0,120})?")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Manual:
    """A document: its title, its HTML, and its headings with their anchors."""

    name: str
    title: str
    html: str
    headings: tuple[tuple[str, str], ...]


def find(name: str) -> Manual | None:
    """The document of that name. The name is looked up in a list and never joined to a path."""
    path = _files().get(name)
    return _render(name, path) if path else None


@lru_cache(maxsize=1)
def titles() -> tuple[tuple[str, str], ...]:
    """Name and title of all documents, by title."""
    found = ((name, _title(path.read_text("utf-8"))) for name, path in _files().items())
    return tuple(sorted(found, key=lambda pair: pair[1].casefold()))


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    folder = Path(settings.BASE_DIR) / "docs"
    return {path.stem: path for path in folder.glob("*.md") if _NAME.fullmatch(path.stem)}


def _title(text: str) -> str:
    return text.split("\n", 1)[0].lstrip("# ").strip()


@lru_cache(maxsize=64)
def _render(name: str, path: Path) -> Manual:
    text = path.read_text("utf-8")
    tokens = _MARKDOWN.parse(text)
    headings: list[tuple[str, str]] = []
    for token, inside in itertools.pairwise(tokens):
        if token.type == "heading_open":
            anchor = slugify(inside.content)
            token.attrSet("id", anchor)
            if token.tag == "h2":
                headings.append((anchor, inside.content.replace("`", "")))
        _mend_links(token.children or [])
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # What scrolls must be reached with the keyboard.
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>')
    return Manual(name, _title(text), html.replace("</table>", "</table></div>"), tuple(headings))


def _mend_links(tokens: list[Token]) -> None:
    for token in tokens:
        address = str(token.attrs.get("href", ""))
        if token.type != "link_open" or address.startswith(("#", "https://")):
            continue
        found = _LINK.fullmatch(address)
        if found and found[1] in _files():
            token.attrSet("href", reverse("manual", args=[found[1]]) + (found[2] or ""))
        else:
            del token.attrs["href"]
