"""One webhook delivery: where it goes, what it carries, and what has become of it.

A plain value that the queue moves along. Only addresses of this machine are allowed, so that no
example data ever leaves it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

WAITING, RETRYING, SENDING = "waiting", "retrying", "sending"
DELIVERED, FAILED, DISCARDED, LOST = "delivered", "failed", "discarded", "lost"


@dataclass(slots=True)
class Delivery:
    """``event`` names what it tells of, ``source`` which hook or rule made it."""

    provider: str
    url: str
    body: bytes
    headers: dict[str, str] = field(repr=False)
    event: str
    source: str = ""
    number: int = 0
    copy_of: int | None = None
    made: float = 0.0
    due: float = 0.0
    started: float = 0.0
    finished: float = 0.0
    attempts: int = 0
    status: int | None = None
    state: str = WAITING
    problem: str = ""
    answer_seconds: list[float] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """What the control door shows; times are seconds of the simulated clock since 1970."""
        return {
            "n": self.number,
            "provider": self.provider,
            "event": self.event,
            "source": self.source,
            "copy_of": self.copy_of,
            "state": self.state,
            "attempts": self.attempts,
            "status": self.status,
            "problem": self.problem,
            "made": self.made,
            "started": self.started or None,
            "finished": self.finished or None,
            "answer_seconds": self.answer_seconds,
        }


def require_loopback(url: str) -> str:
    """The address, if it is one of this machine; a clear refusal otherwise."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _is_loopback(host):
        raise ValueError(
            f"The sandbox delivers only to 127.0.0.1, ::1 and localhost, not to {url!r}."
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
