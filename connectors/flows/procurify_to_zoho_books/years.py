"""Fiscal years of a Zoho Books organisation: within one of them a vendor's number counts once.

The month in which they start enters as Zoho says it, a name or a number from 0 on; the year of a
day leaves, or nothing where the start is not known.
"""

from calendar import month_abbr, month_name
from datetime import date, timedelta
from typing import Any

# The organisation's word for the month, in its profile.
FISCAL_START = "fiscal_year_start_month"
_DAY = timedelta(days=1)
_MONTHS = {
    name.casefold(): month
    for names in (month_name, month_abbr)
    for month, name in enumerate(names)
    if name
}


def fiscal_year(day: date | None, start: Any) -> tuple[date, date] | None:
    """The first and the last day of the year that the day is in."""
    month = _month(start)
    if day is None or month is None or not date.min.year < day.year < date.max.year:
        return None
    year = day.year if day.month >= month else day.year - 1
    return date(year, month, 1), date(year + 1, month, 1) - _DAY


def same_year(one: date | None, other: date | None, start: Any) -> bool:
    """Whether two days are in one fiscal year; what is not known counts as the same."""
    years = fiscal_year(one, start), fiscal_year(other, start)
    return None in years or years[0] == years[1]


def _month(start: Any) -> int | None:
    text = str(start).strip().casefold()
    if text.isdecimal():
        return int(text) + 1 if int(text) < len(month_name) - 1 else None
    return _MONTHS.get(text)
