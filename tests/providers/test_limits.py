"""What each provider allows: by plan, by settings, and under whose name it is counted."""

from typing import Any

import pytest

from connectors.core.errors import BadInputError
from connectors.providers.procurify import limits as procurify
from connectors.providers.zoho_books import limits as zoho


@pytest.mark.parametrize(
    ("plan", "per_day", "concurrency"),
    [
        ("FREE", 1000, 5),
        ("STANDARD", 2000, 10),
        ("PROFESSIONAL", 5000, 10),
        ("Premium", 10_000, 10),
        ("ELITE", 10_000, 10),
        ("ULTIMATE", 10_000, 10),
        ("", 1000, 5),
        ("TRIAL", 1000, 5),
    ],
)
def test_zohos_plans(plan: str, per_day: int, concurrency: int) -> None:
    found = zoho.limits({}, {"plan_name": plan, "time_zone": "America/Vancouver"})
    assert (found.per_minute, found.per_day, found.concurrency) == (100, per_day, concurrency)
    assert found.day_zone == "America/Vancouver"


def test_before_the_plan_of_zoho_is_read_no_daily_limit_is_known() -> None:
    """Another connection may have used more today than the smallest plan has."""
    found = zoho.limits({}, {})
    assert (found.per_day, found.concurrency) == (None, 5)
    assert zoho.limits({}, {"plan_name": ""}).per_day == 1_000
    assert zoho.limits({"per_day": 300}, {}).per_day == 300


def test_settings_come_before_the_plan_and_odd_zones_are_utc() -> None:
    settings = {"per_minute": "40", "per_day": 500, "concurrency": "2"}
    found = zoho.limits(settings, {"plan_name": "ELITE", "time_zone": "PST"})
    assert (found.per_minute, found.per_day, found.concurrency) == (40, 500, 2)
    assert found.day_zone == "UTC"
    with pytest.raises(BadInputError):
        zoho.limits({"per_day": "-1"}, {})


@pytest.mark.parametrize("module", [zoho, procurify])
def test_two_accounts_never_share_a_subject(module: Any) -> None:
    places = [
        {"region": "us", "organization_id": "1", "subdomain": "a"},
        {"region": "eu", "organization_id": "2", "subdomain": "b"},
    ]
    assert len({module.quota_subject(place) for place in places}) == 2


def test_procurify_is_used_politely() -> None:
    found = procurify.limits({}, {})
    assert (found.per_minute, found.per_second, found.concurrency) == (120, 2, 2)
    assert found.per_day is None
    assert 60 / found.interval < 120
    quick = procurify.limits({"per_minute": 600, "concurrency": 5, "per_day": 9}, {})
    assert (quick.per_second, quick.concurrency, quick.per_day) == (10, 5, 9)


def test_zohos_headers_are_read_where_they_are_whole() -> None:
    headers = {
        "x-rate-limit-limit": "1000",
        "x-rate-limit-remaining": "7",
        "x-rate-limit-reset": "60",
    }
    quota = zoho.read_quota(headers)
    assert quota is not None
    assert (quota.limit, quota.remaining, quota.reset_seconds) == (1000, 7, 60)
    assert zoho.read_quota({**headers, "x-rate-limit-reset": "soon"}) is None
    assert zoho.read_quota({}) is None
