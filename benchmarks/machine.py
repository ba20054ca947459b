"""What else the machine does meanwhile: figures of a shared one say little without it.

Nothing enters but what Linux tells of its processes; seconds of CPU leave.
"""

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of CPU used so far, by this process with all below it and by everybody."""

    ours: float
    everybodys: float

    @classmethod
    def now(cls) -> "Usage":
        return cls(_ours(), _everybodys())

    def since(self, before: "Usage") -> "Usage":
        return Usage(self.ours - before.ours, self.everybodys - before.everybodys)

    def words(self, seconds: float) -> str:
        """How many of the processors were taken by whom."""
        ours, others = self.ours / seconds, max(0.0, self.everybodys - self.ours) / seconds
        cores = os.cpu_count() or 1
        return f"of {cores} processors this took {ours:.2f} and other programs took {others:.2f}"


def _ours() -> float:
    children, used = defaultdict(list), {}
    for path in _PROC.iterdir():
        if path.name.isdigit() and (fields := _fields(path)):
            children[int(fields[1])].append(int(path.name))
            # User and system time, and that of children which have ended.
            used[int(path.name)] = sum(map(int, fields[11:15])) / _TICKS
    found, left = 0.0, [os.getpid()]
    while left:
        process = left.pop()
        found += used.get(process, 0.0)
        left += children[process]
    return found


def _fields(process: Path) -> list[str]:
    """What stands after the name, which may hold anything; nothing for one that has ended."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _everybodys() -> float:
    """Without what was idle, or waited for a disk."""
    first = (_PROC / "stat").read_text().partition("\n")[0]
    user, nice, system, _, _, irq, softirq, stolen = map(int, first.split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / _TICKS
