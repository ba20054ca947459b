"""How a workspace wants its pages written: the locale of dates, and the currency that comes first.

A page opens its workspace's style. The filters of templates read it, as Django's read a language.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import translation
from django.utils.formats import date_format

from tenants.locales import DEFAULT


@dataclass(frozen=True, slots=True)
class Style:
    """A workspace's choices."""

    locale: str = DEFAULT
    base_currency: str = ""


_PLAIN = Style()
_style: ContextVar[Style] = ContextVar("style", default=_PLAIN)


@contextmanager
def written_as(style: Style) -> Iterator[None]:
    """Write pages in this style until the block ends."""
    token = _style.set(style)
    try:
        yield
    finally:
        _style.reset(token)


def date_text(value: date | datetime, name: str) -> str:
    """A date in one of Django's formats, such as MONTH_DAY_FORMAT, as the locale writes it."""
    with translation.override(_style.get().locale):
        return date_format(value, name)


def base_first(amounts: Mapping[str, Decimal] | str) -> list[tuple[str, Decimal]]:
    """Sums by currency: the base currency first, the others in the order they came in.

    Of sums that are not there Django gives “”.
    """
    if isinstance(amounts, str):
        return []
    base = _style.get().base_currency
    return sorted(amounts.items(), key=lambda pair: pair[0] != base)
