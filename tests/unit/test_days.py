"""Business days: the source's own day in the source's own offset, whatever day it is in UTC."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.days import business_day, instant_text, optional_day, parse_instant
from connectors.core.errors import BadInputError

INSTANTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31))
OFFSETS = st.integers(min_value=-12 * 60, max_value=14 * 60)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T23:30:00-08:00", date(2026, 1, 31)),
        ("2026-02-01T00:15:00+14:00", date(2026, 2, 1)),
        ("2026-01-31T23:59:59.999999Z", date(2026, 1, 31)),
        ("2026-06-09T13:33:42-0400", date(2026, 6, 9)),
        (" 2026-03-01 ", date(2026, 3, 1)),
    ],
)
def test_the_day_is_the_one_that_the_source_would_print(text: str, day: date) -> None:
    assert business_day(text) == day


@given(at=INSTANTS, minutes=OFFSETS)
def test_no_offset_moves_the_day(at: datetime, minutes: int) -> None:
    local = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert business_day(local.isoformat()) == at.date()


def test_a_source_that_writes_utc_can_be_read_in_its_zone() -> None:
    assert business_day("2026-02-01T07:30:00Z", zone="America/Vancouver") == date(2026, 1, 31)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30T00:00:00Z", "31/01/2026"])
def test_what_is_no_date_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(BadInputError, match="not a date"):
        business_day(text)


def test_absent_days_are_none() -> None:
    assert optional_day(None) is None
    assert optional_day("") is None
    assert optional_day("2026-01-02") == date(2026, 1, 2)


@given(first=INSTANTS, second=INSTANTS, minutes=OFFSETS)
def test_instant_texts_compare_like_instants(
    first: datetime, second: datetime, minutes: int
) -> None:
    one = first.replace(tzinfo=UTC)
    two = second.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert (instant_text(one) < instant_text(two)) == (one < two)
    assert parse_instant(instant_text(two)) == two
