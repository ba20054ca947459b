"""What a benchmark says of its samples: quantiles of latencies, and medians with their range.

Seconds and rates enter, numbers and table rows leave. Knows nothing of what was measured.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("Nothing was measured.")
    if not 0 < share <= 1:
        raise ValueError(f"A share lies above 0 and is at most 1, not {share}.")
    return ordered[math.ceil(share * len(ordered)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """The quantiles of one series, in milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    slowest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latencies":
        p50, p90, p99, slowest = (1000 * quantile(seconds, share) for share in (0.5, 0.9, 0.99, 1))
        return cls(count=len(seconds), p50=p50, p90=p90, p99=p99, slowest=slowest)

    def row(self, name: str) -> str:
        figures = (self.p50, self.p90, self.p99, self.slowest)
        return f"  {name:<34}{self.count:>7}" + "".join(f"{ms:>9.1f}" for ms in figures)


LATENCY_HEAD = f"  {'milliseconds':<34}{'count':>7}{'p50':>9}{'p90':>9}{'p99':>9}{'max':>9}"


def per_second(instants: Iterable[float], begin: float, end: float) -> list[int]:
    """How many of these instants fall into each whole second of the clock between the two."""
    counts = Counter(math.floor(instant) for instant in instants)
    return [counts[second] for second in range(math.ceil(begin), math.floor(end))]


def spread(values: Sequence[float], unit: str = "", digits: int = 0) -> str:
    """Median and range of a few rounds."""
    middle, low, high = (f"{one:,.{digits}f}" for one in (median(values), min(values), max(values)))
    return f"{middle}{unit} ({low} to {high})"
