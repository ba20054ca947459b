"""The JSON spelling of numbers, days and times as Procurify writes them.

Decimal strings from the store enter; strings of a fixed scale, JSON floats and ISO times leave.
It knows no resource.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext

CENT = Decimal("0.01")


def scaled(value: str | int | Decimal | None, places: int) -> str | None:
    """A decimal string with exactly `places` decimals, the form of every amount on a PO."""
    if value is None:
        return None
    with localcontext() as context:
        context.prec = 40
        return str(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def number(value: str | int | Decimal | None) -> float | None:
    """A JSON float, the form of bill totals; two decimals survive the conversion exactly."""
    return None if value is None else float(Decimal(str(value)))


def utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_moment(text: str) -> datetime:
    """An ISO date-time; one without an offset is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def local_day(text: str, offset_hours: int) -> date:
    """The calendar day of a moment in the tenant's zone: what date-only filters compare."""
    return parse_moment(text).astimezone(timezone(timedelta(hours=offset_hours))).date()


def derived_uuid(*parts: object) -> str:
    """A stable UUID, so that the same seed gives the same ids on every machine."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "procurify:" + ":".join(str(part) for part in parts)))
