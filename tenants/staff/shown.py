"""How values look on staff pages: badges, money, moments, links, JSON.

Plain values enter, safe HTML leaves. Nothing here reads the database.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from connectors.core import clock
from connectors.core.money import Money
from connectors.core.redaction import redact

NOTHING = mark_safe('<span class="staff-nothing">–</span>')
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_SOON = timedelta(seconds=2)


def badge(text: object, tone: str = "neutral") -> SafeString:
    """A word in a coloured frame; tones: good, busy, warn, bad, neutral."""
    return format_html('<span class="staff-badge staff-{}">{}</span>', tone, text)


def money(amount: Decimal | None, currency: str) -> SafeString:
    """An amount with its currency, aligned right and never wrapped."""
    if amount is None:
        return NOTHING
    return format_html('<span class="staff-money">{}</span>', amount_text(amount, currency))


def amount_text(amount: Decimal, currency: str) -> str:
    """“1,234.50 EUR”, for where no markup goes."""
    return str(Money(amount, currency)) if currency else f"{amount:,}"


def plain(word: str) -> str:
    """A name of code as people write it: ``not_applicable`` becomes “not applicable”."""
    return word.replace("_", " ")


def when(moment: datetime | None) -> SafeString:
    """How long ago, or in how long; the exact moment on hover."""
    if moment is None:
        return NOTHING
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S %Z}",
        relative(moment, clock.now()),
    )


def time_of_day(moment: datetime, zone: ZoneInfo) -> SafeString:
    """The time of day in this zone, with the day where that is not today; the zone on hover."""
    local, today = moment.astimezone(zone), clock.now().astimezone(zone).date()
    text = f"{local:%H:%M}"
    if local.date() != today:
        year = "" if local.year == today.year else f" {local.year}"
        text = f"on {local.day} {local:%B}{year} at {text}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S} {zone.key}",
        text,
    )


def relative(moment: datetime, now: datetime) -> str:
    """“3 min ago”, “in 2 h”, “now”."""
    distance = now - moment
    if abs(distance) < _SOON:
        return "now"
    text = duration(abs(distance))
    return f"{text} ago" if distance > timedelta() else f"in {text}"


def duration(length: timedelta) -> str:
    """The largest unit that fits, as people say it."""
    seconds = int(length.total_seconds())
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def outside_link(url: str, text: object) -> SafeString:
    """A link into a provider's own web application, in a window of its own."""
    if not url.startswith(("https://", "http://")):
        return text_of(text)
    return format_html(
        '<a class="staff-link" href="{}" target="_blank" rel="noopener noreferrer">{} ↗</a>',
        url,
        text,
    )


def hinted(text: object, hint: str) -> SafeString:
    """A text with more on hover."""
    return format_html('<span title="{}">{}</span>', hint, text)


def wrapped(text: str) -> SafeString:
    """A text that may take several lines in a list, so that the other columns stay in sight."""
    return format_html('<span class="staff-wrapped">{}</span>', text)


def text_of(value: object) -> SafeString:
    return NOTHING if value in (None, "") else format_html("{}", value)


def words(text: str, most: int = 120) -> SafeString:
    """A sentence cut to a list's width, whole on hover."""
    if not text:
        return NOTHING
    if len(text) <= most:
        return format_html("{}", text)
    return format_html('<span title="{}">{}…</span>', text, text[: most - 1].rstrip())


def pretty_json(value: Any) -> SafeString:
    """JSON as people read it, secrets taken out whatever it is."""
    if value in (None, "", {}, []):
        return NOTHING
    text = json.dumps(redact(value), indent=2, ensure_ascii=False, sort_keys=False, default=str)
    return format_html('<pre class="staff-json">{}</pre>', text)


def sums(amounts: Mapping[str, Decimal]) -> SafeString:
    """Totals of several currencies, one beside the other."""
    shown = [money(amount, currency) for currency, amount in sorted(amounts.items())]
    return mark_safe(" + ".join(shown)) if shown else NOTHING  # noqa: S308 - parts are safe
