"""Counts and latencies of deliveries by provider, as the control door shows them.

The queue reports what it does; totals and percentiles leave. Rows of single deliveries are kept up
to a limit, counts without one.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any

from connectors.sandbox.deliveries.delivery import Delivery

KEPT = 50_000
NAMES = (
    "made",
    "lost",
    "duplicated",
    "delayed",
    "sent",
    "answered",
    "refused",
    "unanswered",
    "retried",
    "failed",
    "discarded",
)
PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


class Tally:
    """What has happened so far."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._seconds: dict[str, deque[float]] = {}
        self._kept: deque[Delivery] = deque(maxlen=KEPT)

    def count(self, provider: str, name: str) -> None:
        self._counts.setdefault(provider, Counter())[name] += 1

    def keep(self, delivery: Delivery) -> None:
        """Remember a delivery for the rows, where it stays up to date by itself."""
        self._kept.append(delivery)

    def took(self, provider: str, seconds: float) -> None:
        """Real seconds until an answer came."""
        self._seconds.setdefault(provider, deque(maxlen=KEPT)).append(seconds)

    def kept(self) -> Iterable[Delivery]:
        return tuple(self._kept)

    def pending(self) -> int:
        """How many are still to be delivered or given up."""
        return sum(_pending(counts) for counts in self._counts.values())

    def summary(self) -> dict[str, Any]:
        """By provider: counts, what is still pending, and the seconds that answers took."""
        return {
            provider: {
                **{name: counts[name] for name in NAMES},
                "pending": _pending(counts),
                "answer_seconds": percentiles(self._seconds.get(provider, ())),
            }
            for provider, counts in sorted(self._counts.items())
        }


def _pending(counts: Counter[str]) -> int:
    # A delivery ends with its first good answer, so that these never overlap.
    ended = counts["lost"] + counts["answered"] + counts["failed"] + counts["discarded"]
    return counts["made"] + counts["duplicated"] - ended


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and the largest; empty without values."""
    ordered: Sequence[float] = sorted(values)
    if not ordered:
        return {}
    last = len(ordered) - 1
    found = {name: ordered[round(share * last)] for name, share in PERCENTILES.items()}
    return {name: round(value, 4) for name, value in (found | {"max": ordered[-1]}).items()}
