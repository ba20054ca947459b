"""Which requests a fault rule or a gate is about.

An incoming request is first reduced to a small frozen value (provider, method, path, kind); a
match is then a plain comparison. Knows the sandbox's own URL layout and nothing of HTTP servers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIXES = {"/procurify/": "procurify", "/zoho/": "zoho_books", "/procore/": "procore"}
TOKEN_PATH = re.compile(r"/oauth/(v2/)?(token|auth|revoke)")
READ_METHODS = {"GET", "HEAD", "OPTIONS"}
KNOWN_KEYS = {"provider", "method", "path_regex", "write", "kind"}


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a rule may ask about a request. ``kind`` is read, write or token."""

    provider: str
    method: str
    path: str
    query: str
    kind: str


def describe(method: str, path: str, query: str) -> Incoming:
    """Reduce a request line to what rules look at."""
    provider = next((name for prefix, name in PREFIXES.items() if path.startswith(prefix)), "")
    return Incoming(provider, method, path, query, _kind(method, path))


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ValueError(f"path_regex {text!r} is no regular expression: {error}.") from error


def _kind(method: str, path: str) -> str:
    if TOKEN_PATH.search(path):
        return "token"
    return "read" if method in READ_METHODS else "write"


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on requests; what is not given does not matter."""

    provider: str | None = None
    method: str | None = None
    path_regex: re.Pattern[str] | None = None
    write: bool | None = None
    kind: str | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Match:
        """Build a match from JSON; an unknown key is an error, not a silent match-all."""
        unknown = set(raw) - KNOWN_KEYS
        if unknown:
            raise ValueError(f"Unknown match keys {sorted(unknown)}; known: {sorted(KNOWN_KEYS)}.")
        return cls(
            provider=raw.get("provider"),
            method=raw["method"].upper() if raw.get("method") else None,
            path_regex=_pattern(raw.get("path_regex")),
            write=raw.get("write"),
            kind=raw.get("kind"),
        )

    def covers(self, incoming: Incoming) -> bool:
        """Whether this request is meant. The pattern is searched in path and query."""
        if self.provider is not None and incoming.provider != self.provider:
            return False
        if self.method is not None and incoming.method != self.method:
            return False
        if self.write is not None and (incoming.kind == "write") != self.write:
            return False
        if self.kind is not None and incoming.kind != self.kind:
            return False
        target = f"{incoming.path}?{incoming.query}"
        return self.path_regex is None or self.path_regex.search(target) is not None
