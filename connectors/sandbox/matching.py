"""Which requests a fault rule or a gate is about.

An incoming request is first reduced to a frozen value (provider, method, path, kind, body); a
match is then a plain comparison. Knows the sandbox's own URL layout and nothing of HTTP servers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREFIXES = {"/procurify/": "procurify", "/zoho/": "zoho_books", "/procore/": "procore"}
TOKEN_PATH = re.compile(r"/oauth/(v2/)?(token|auth|revoke)")
READ_METHODS = {"GET", "HEAD", "OPTIONS"}
KNOWN_KEYS = {"provider", "method", "path_regex", "body_regex", "write", "kind"}


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a rule may ask about a request. ``kind`` is read, write or token."""

    provider: str
    method: str
    path: str
    query: str
    kind: str
    body: str = field(default="", repr=False)


def describe(method: str, path: str, query: str, body: bytes = b"") -> Incoming:
    """Reduce a request to what rules look at."""
    provider = next((name for prefix, name in PREFIXES.items() if path.startswith(prefix)), "")
    text = body.decode(errors="replace")
    return Incoming(provider, method, path, query, _kind(method, path), text)


def _pattern(raw: Mapping[str, Any], name: str) -> re.Pattern[str] | None:
    text = raw.get(name)
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ValueError(f"{name} {text!r} is no regular expression: {error}.") from error


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
    body_regex: re.Pattern[str] | None = None
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
            path_regex=_pattern(raw, "path_regex"),
            body_regex=_pattern(raw, "body_regex"),
            write=raw.get("write"),
            kind=raw.get("kind"),
        )

    def covers(self, incoming: Incoming) -> bool:
        """Whether this request is meant; patterns are searched in path and query, and the body."""
        if self.provider is not None and incoming.provider != self.provider:
            return False
        if self.method is not None and incoming.method != self.method:
            return False
        if self.write is not None and (incoming.kind == "write") != self.write:
            return False
        if self.kind is not None and incoming.kind != self.kind:
            return False
        if self.body_regex is not None and self.body_regex.search(incoming.body) is None:
            return False
        target = f"{incoming.path}?{incoming.query}"
        return self.path_regex is None or self.path_regex.search(target) is not None
