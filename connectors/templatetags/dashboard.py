"""How values look on the members' pages: icons, states, money and moments.

Plain values enter, safe HTML leaves. Nothing here reads the database.
"""

from datetime import date, datetime, tzinfo
from decimal import Decimal

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from audit.actors import shown_name
from connectors.core import clock
from connectors.core.money import minor_digits
from connectors.core.states import State
from connectors.dashboard import names
from connectors.models import Mapping
from connectors.pages.style import base_first, date_text
from connectors.services.mapping_list import HOW
from tenants.staff.shown import duration, relative

register = template.Library()
# A state looks like the one of the style sheet that is named here.
_LOOKS = {State.NOT_APPLICABLE: "dismissed"}
register.filter("base_first", base_first)
register.filter("initials", names.initials)
register.filter("reason_name", names.reason_name)
register.filter("kind_name", names.kind_name)
register.filter("provider_name", names.provider_name)
_DAY_LENGTH = len("2026-11-27")
_NOTHING = mark_safe('<span class="quiet">–</span>')


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A picture of the sprite; with a label where no text says the same."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"/></svg>',
        mark_safe(spoken),  # noqa: S308 - a constant, or escaped just now
        static("dashboard/icons.svg"),
        name,
    )


@register.simple_tag
def state(value: str) -> SafeString:
    """A document's state as a word, an icon and a colour."""
    look = _LOOKS.get(State(value), value)
    return format_html(
        '<span class="state state-{}">{}<span class="state-word">{}</span></span>',
        look,
        icon(look),
        names.state_name(value),
    )


@register.simple_tag
def amount(number: Decimal | None, currency: str) -> SafeString:
    """An amount to its currency's cents, negative ones in brackets."""
    if number is None:
        return _NOTHING
    text = amount_digits(number, currency)
    shown = format_html('<span class="number{}">{}</span>', " negative" * (number < 0), text)
    return format_html('{}<abbr class="currency">{}</abbr>', shown, currency)


def amount_digits(number: Decimal, currency: str) -> str:
    """“1,240.50”; “(80.00)” where it is negative. Finer digits than the cents are not hidden."""
    digits = minor_digits(currency)
    finer = -int(number.normalize().as_tuple().exponent)
    text = f"{abs(number):,.{max(digits, finer)}f}"
    return f"({text})" if number < 0 else text


@register.filter
def digits(number: Decimal | None, currency: str) -> SafeString | str:
    """An amount or a price without its currency, for columns of one currency."""
    return _NOTHING if number is None else amount_digits(number, currency)


@register.filter
def quantity(number: Decimal | int | None) -> SafeString | str:
    """“1,040” or “2.5”: no more decimals than it has."""
    return _NOTHING if number is None else f"{Decimal(number).normalize():,f}"


@register.filter
def day_words(text: str) -> str:
    """“2026-08-06” is “6 August 2026”; any other text stays."""
    try:
        day = date.fromisoformat(text) if len(text) == _DAY_LENGTH else None
    except ValueError:
        day = None
    return f"{day.day} {day:%B %Y}" if day else text


@register.filter
def mapped_by(mapping: Mapping) -> str:
    """Who or what made a mapping: “dana@acme.example”, “Match”, “Import”."""
    if mapping.origin == Mapping.Origin.PERSON and mapping.actor:
        return shown_name(mapping.actor)
    return HOW[Mapping.Origin(mapping.origin)]


@register.filter
def ago(moment: datetime | str | None, zone: tzinfo) -> SafeString:
    """“3 min ago”, with the exact time of the workspace's zone for who wants it.

    Of a thing that is not there, such as the last run of a new integration, Django gives “”.
    """
    if not isinstance(moment, datetime):
        return _NOTHING
    local = moment.astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{date_text(local, 'DATE_FORMAT')}, {local:%H:%M:%S %Z}",
        relative(moment, clock.now()),
    )


@register.filter
def month_name(text: str) -> str:
    """“2026-11” is “November 2026”."""
    return date_text(date.fromisoformat(f"{text}-01"), "YEAR_MONTH_FORMAT")


@register.filter
def day(value: date | datetime | str | None) -> str:
    """“27 Nov 2026”, as the workspace's locale writes it."""
    return date_text(value, "DATE_FORMAT") if isinstance(value, date) else ""


@register.filter
def day_of_month(value: date) -> str:
    """“27 November”, as the locale writes it."""
    return date_text(value, "MONTH_DAY_FORMAT")


@register.filter
def since(moment: datetime) -> str:
    """“6 d”: how long ago."""
    return duration(clock.now() - moment)


@register.filter
def at(moment: datetime | str | None, zone: tzinfo) -> SafeString:
    """“27 November, 09:12” as the locale writes it, with the year where it is another one."""
    if not isinstance(moment, datetime):
        return _NOTHING
    local, today = moment.astimezone(zone), clock.now().astimezone(zone)
    written = "MONTH_DAY_FORMAT" if local.year == today.year else "DATE_FORMAT"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        f"{date_text(local, written)}, {local:%H:%M}",
    )
