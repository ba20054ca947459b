"""Plays companies until every boundary of a list was struck: what each brings depends on timing.

A fast machine may do in one batch what a slow one does in several, and never come by some boundary.
The books of each company are judged, and the strikes of all add up.
"""

import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tests.e2e.conftest import Struck
from tests.e2e.crashes import BOTH, Crashes, say

MOST_COMPANIES = 4


def strike_all(
    title: str,
    company: Struck,
    size: Mapping[str, Any],
    play: Callable[[Crashes], None],
    missing: Callable[[Crashes], list[str]],
) -> Crashes:
    """Play one company after the other until nothing is missing; gives the last one's strikes."""
    crashes = company(**size)
    for number in range(1, MOST_COMPANIES + 1):
        play(crashes)
        crashes.count_outcomes()
        say(f"{title}, company {number}", crashes)
        left = missing(crashes)
        if not left:
            return crashes
        sys.stdout.write(f"  not struck yet: {', '.join(left)}\n")
        before, crashes = crashes, company(**size)
        crashes.take_up(before)
        crashes.strike_again(*(what.partition(": ")[2] for what in left))
    raise AssertionError(f"{MOST_COMPANIES} companies never came by {', '.join(missing(crashes))}")


def requests_missing(crashes: Crashes, kinds: Collection[str]) -> list[str]:
    """Which of these requests were not struck before and after they were done."""
    return [
        f"request, {phase}: {what}"
        for what in sorted(kinds)
        for phase in BOTH
        if not crashes.requests_struck(phase, what)
    ]


def commits_missing(crashes: Crashes, kinds: Collection[str], *, least: int = 1) -> list[str]:
    """Which of these commits were struck less often, before or after they were done."""
    return [
        f"commit, {phase}: {what}"
        for what in sorted(kinds)
        for phase in BOTH
        if crashes.commits_struck(phase, what) < least
    ]
