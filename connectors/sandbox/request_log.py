"""What was asked of the sandbox and what it answered.

One row per request, numbered at arrival, with totals that outlive trimmed rows; tests count calls
from it ("the sandbox answered no 429"). Secrets that travel in a query are masked.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from connectors.sandbox.matching import Incoming

# Handlers leave here what identifies the record that a request is about.
KEY: web.RequestKey[dict[str, str]] = web.RequestKey("key", dict)
SECRET_PARAMS = re.compile(r"\b(client_secret|refresh_token|code|token)=[^&]+")
KEPT_ROWS = 200_000


@dataclass(slots=True)
class Row:
    """One request. ``status`` 0: no answer left; None: still under way."""

    n: int
    at: str
    provider: str
    method: str
    path: str
    kind: str
    status: int | None = None
    fault: str = ""
    seconds: float = 0.0
    key: dict[str, str] = field(default_factory=dict)


class RequestLog:
    """Rows in order of arrival, and counts by provider, kind, status and route."""

    def __init__(self) -> None:
        self._number = 0
        self._rows: deque[Row] = deque(maxlen=KEPT_ROWS)
        self._totals: dict[str, Counter[str]] = {}

    def arrive(self, incoming: Incoming, at: str) -> Row:
        """Write the row down before anything is done for it."""
        self._number += 1
        query = SECRET_PARAMS.sub(r"\1=***", incoming.query)
        path = f"{incoming.path}?{query}" if query else incoming.path
        row = Row(self._number, at, incoming.provider, incoming.method, path, incoming.kind)
        self._rows.append(row)
        self._totals.setdefault(row.provider, Counter())[f"kind:{row.kind}"] += 1
        return row

    def finish(self, row: Row, status: int, seconds: float) -> None:
        """Add the answer to the row and to the totals."""
        row.status = status
        row.seconds = round(seconds, 4)
        self._totals.setdefault(row.provider, Counter())[f"status:{status}"] += 1

    def rows(self, provider: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Rows numbered above ``since``, oldest first."""
        return [
            asdict(row)
            for row in self._rows
            if row.n > since and (provider is None or row.provider == provider)
        ]

    def totals(self) -> dict[str, dict[str, Any]]:
        """Per provider: requests in all, by kind and by status."""
        answer: dict[str, dict[str, Any]] = {}
        for provider, counts in self._totals.items():
            by_kind = _part(counts, "kind:")
            answer[provider] = {
                "requests": sum(by_kind.values()),
                "by_kind": by_kind,
                "by_status": _part(counts, "status:"),
            }
        return answer

    @property
    def last(self) -> int:
        """The number of the newest row."""
        return self._number

    def clear(self) -> None:
        """Forget rows and totals; numbering goes on, so that "since" stays meaningful."""
        self._rows.clear()
        self._totals.clear()


def _part(counts: Counter[str], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): number
        for name, number in sorted(counts.items())
        if name.startswith(prefix)
    }
