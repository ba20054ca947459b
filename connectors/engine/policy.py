"""The engine's times and sizes in one place, overridable through the setting ``ENGINE``.

Everything is in seconds unless its name says otherwise. The relations that promises rest on are
checked once, when the values are first read.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long and how many; see each group."""

    # A claim must outlive the write it covers, and be found abandoned within 30 s.
    claim_seconds: float = 20
    write_seconds: float = 12
    # The second empty look at the target comes this long after the write's deadline.
    settle_seconds: float = 30
    first_look_seconds: float = 1
    # One task's share of time; the rest is handed back to the queue.
    slice_seconds: float = 20
    run_lease_seconds: float = 40
    claim_batch: int = 20
    # What has been read is stored after so many, or after so long: a kill loses it, with its calls.
    read_batch: int = 100
    store_seconds: float = 2
    # After so many failed readings people are told; until then the run waits for the record.
    read_tries: int = 5
    slots: int = 4
    # Whoever is told to wait longer rests, with everything of the connection.
    rest_seconds: float = 60
    # Source timestamps may become visible late and clocks differ: windows overlap by this much.
    overlap_seconds: float = 600
    passes: int = 5
    sweep_every_seconds: float = 86_400
    retry_first_seconds: float = 5
    retry_most_seconds: float = 900
    alert_every_seconds: float = 3_600

    def check(self) -> "Policy":
        if self.write_seconds + 5 > self.claim_seconds:
            raise ImproperlyConfigured(
                "ENGINE: claim_seconds must exceed write_seconds by 5 or more."
            )
        if self.claim_seconds > 25:
            raise ImproperlyConfigured("ENGINE: claim_seconds above 25 breaks the 30 s recovery.")
        return self

    def retry_in(self, tries: int) -> timedelta:
        """The pause before try number ``tries + 1``: doubling, capped."""
        seconds = self.retry_first_seconds * 2 ** min(tries, 20)
        return timedelta(seconds=min(seconds, self.retry_most_seconds))


@lru_cache(maxsize=1)
def policy() -> Policy:
    """The policy in force."""
    return replace(Policy(), **getattr(settings, "ENGINE", {})).check()
