"""When an integration runs next: an interval, or a cron expression in the tenant's time zone.

Plain values enter and leave; a schedule that cannot be parsed says what is wrong with it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from connectors.core.errors import BadInputError

_FIELDS = 5


def check_cron(expression: str) -> None:
    """Raise BadInputError unless this is a five-field cron expression that ever comes true."""
    if len(expression.split()) != _FIELDS:
        raise BadInputError(
            f"“{expression}” is not a cron expression: write five fields, "
            "minute hour day month weekday, for example “30 6 * * 1-5”."
        )
    try:
        croniter(expression, datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))).get_next(datetime)
    except (CroniterError, ValueError, KeyError) as error:
        raise BadInputError(f"“{expression}” is not a cron expression: {error}") from None


def next_run(after: datetime, *, interval_minutes: int, cron: str, zone: ZoneInfo) -> datetime:
    """The next instant after ``after``; a cron schedule follows the zone's clock changes.

    Raises BadInputError for a cron expression that cannot be parsed.
    """
    if not cron:
        return after + timedelta(minutes=interval_minutes)
    return next(occurrences(after, cron, zone))


def occurrences(after: datetime, cron: str, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants after ``after`` at which a cron expression comes true, without end."""
    check_cron(cron)
    found = croniter(cron, after.astimezone(zone))
    while True:
        yield found.get_next(datetime)
