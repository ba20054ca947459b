"""When an integration runs next, in the tenant's own zone and through its clock changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.core.errors import BadInputError
from connectors.engine.schedule import check_cron, next_run

PACIFIC = ZoneInfo("America/Los_Angeles")
KOLKATA = ZoneInfo("Asia/Kolkata")


def following(cron: str, after: str, zone: ZoneInfo, runs: int) -> list[str]:
    at, found = datetime.fromisoformat(after), []
    for _ in range(runs):
        at = next_run(at, interval_minutes=15, cron=cron, zone=zone)
        found.append(at.astimezone(UTC).strftime("%m-%d %H:%M"))
    return found


def test_an_interval_counts_from_now() -> None:
    now = datetime(2026, 5, 1, 12, 7, tzinfo=UTC)
    assert next_run(now, interval_minutes=15, cron="", zone=PACIFIC) == now.replace(minute=22)


@pytest.mark.parametrize(
    ("cron", "after", "zone", "expected"),
    [
        # Six in the morning stays six in the morning when the clocks change.
        ("0 6 * * *", "2026-03-06T20:00Z", PACIFIC, ["03-07 14:00", "03-08 13:00", "03-09 13:00"]),
        ("0 6 * * *", "2026-10-30T20:00Z", PACIFIC, ["10-31 13:00", "11-01 14:00", "11-02 14:00"]),
        # 02:30 does not exist on 8 March: it runs when the clocks have moved, and not twice.
        ("30 2 * * *", "2026-03-07T12:00Z", PACIFIC, ["03-08 10:00", "03-09 09:30"]),
        # The hour that comes twice on 1 November is two hours for an hourly schedule.
        ("0 * * * *", "2026-11-01T07:30Z", PACIFIC, ["11-01 08:00", "11-01 09:00", "11-01 10:00"]),
        # Working days are those of the tenant: Monday begins on Sunday in UTC.
        ("0 2 * * 1-5", "2026-05-08T12:00Z", KOLKATA, ["05-10 20:30", "05-11 20:30"]),
    ],
)
def test_cron_follows_the_tenants_clock(
    cron: str, after: str, zone: ZoneInfo, expected: list[str]
) -> None:
    assert following(cron, after, zone, len(expected)) == expected


@pytest.mark.parametrize(
    "cron",
    ["every day", "61 * * * *", "* * * *", "* * * * * *", "0 0 31 2 *", "@daily", "a b c d e"],
)
def test_a_cron_that_cannot_be_read_is_refused_in_words(cron: str) -> None:
    with pytest.raises(BadInputError, match="is not a cron expression"):
        check_cron(cron)
    with pytest.raises(BadInputError, match="is not a cron expression"):
        next_run(datetime(2026, 1, 1, tzinfo=UTC), interval_minutes=15, cron=cron, zone=PACIFIC)
