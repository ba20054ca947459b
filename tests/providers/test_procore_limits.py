"""How hard Procore is used: by settings, by what its headers said, and per app and company."""

import time
from email.utils import formatdate

import pytest

from connectors.core.errors import BadInputError
from connectors.providers.procore.limits import limits, quota_subject, read_quota, spike_limit
from connectors.transport.governor import QuotaFacts


def headers(
    reset: float = 9, *, limit: str = "25", remaining: str = "7", ahead: float = 0
) -> dict[str, str]:
    """An answer whose clock is ahead of ours, with a reset that many seconds after its own time."""
    theirs = int(time.time() + ahead)
    return {
        "date": formatdate(theirs, usegmt=True),
        "x-rate-limit-limit": limit,
        "x-rate-limit-remaining": remaining,
        "x-rate-limit-reset": str(int(theirs + reset)),
    }


@pytest.mark.parametrize("ahead", [0, 600, -86_400])
def test_the_nearer_limit_is_read_by_procores_own_clock(ahead: float) -> None:
    assert read_quota(headers(ahead=ahead)) == QuotaFacts(
        limit=25, remaining=7, reset_seconds=9, short=True
    )


def test_without_a_date_our_own_clock_must_do() -> None:
    found = headers(3000)
    del found["date"]
    quota = read_quota(found)
    assert quota is not None
    assert 2900 < quota.reset_seconds <= 3000


@pytest.mark.parametrize("reset", [-5, 0, 4000, 10**9])
def test_a_reset_that_cannot_be_one_stops_nobody(reset: float) -> None:
    quota = read_quota(headers(reset))
    assert quota is not None
    assert quota.reset_seconds == 0


@pytest.mark.parametrize("name", ["limit", "remaining"])
def test_headers_that_are_not_whole_say_nothing(name: str) -> None:
    found = headers()
    assert read_quota({**found, f"x-rate-limit-{name}": "many"}) is None
    del found[f"x-rate-limit-{name}"]
    assert read_quota(found) is None
    assert read_quota({}) is None
    odd = read_quota({**headers(), "x-rate-limit-reset": "9" * 400})
    assert odd is not None
    assert odd.reset_seconds == 0


def test_the_spike_limit_is_learnt_from_a_short_window_only() -> None:
    assert spike_limit(read_quota(headers(9, limit="100"))) == 100
    assert spike_limit(read_quota(headers(1800, limit="600"))) is None
    assert spike_limit(read_quota(headers(0))) is None
    assert spike_limit(None) is None


def test_settings_come_before_what_was_learnt_and_that_before_the_example() -> None:
    found = limits({}, {})
    assert (found.per_10_seconds, found.per_minute, found.concurrency) == (25, 150, 4)
    assert (found.per_hour, found.per_day) == (None, None)
    assert limits({}, {"per_10_seconds": 100}).per_10_seconds == 100
    own = limits(
        {"per_10_seconds": "10", "per_hour": 600, "concurrency": 2}, {"per_10_seconds": 99}
    )
    assert (own.per_10_seconds, own.per_hour, own.per_day, own.concurrency) == (10, 600, 14_400, 2)
    with pytest.raises(BadInputError):
        limits({"per_hour": "-1"}, {})


def test_an_app_in_a_company_is_the_subject_and_its_id_is_not_shown() -> None:
    places = [
        ({"environment": environment, "company_id": company}, app)
        for environment in ("production", "sandbox")
        for company in ("1", "2")
        for app in ("app-1", "app-2")
    ]
    subjects = {quota_subject(settings, app) for settings, app in places}
    assert len(subjects) == len(places)
    assert not any("app-" in subject for subject in subjects)
    assert all(len(subject) <= 64 for subject in subjects)
