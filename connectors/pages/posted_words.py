"""What a page says of a posted document: what was compared with the other side, and when.

A document with its links enters, a sentence leaves; it never claims more than was seen.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.core.states import Over
from connectors.models import Document, Link
from tenants.staff import shown


def posted_words(document: Document, links: Sequence[Link], there: str) -> SafeString:
    """“Posted to Zoho Books; totals matched 22:24.”"""
    standing = [link for link in links if link.status not in set(Over)]
    parts = f" as {len(standing)} records" if len(standing) > 1 else ""
    zone = document.tenant.zone
    found = format_html("Posted to {}{}; {}.", there, parts, _matched(standing, zone))
    accepted = "; ".join(
        f"{field} {theirs}" for link in standing for field, theirs in link.adopted.items()
    )
    if accepted:
        found = format_html("{} Accepted as changed there: {}.", found, accepted)
    if document.wants_look:
        found = format_html("{} It is compared with {} again by the next run.", found, there)
    return found


def _matched(links: Sequence[Link], zone: ZoneInfo) -> SafeString:
    """What was compared of all parts, at the time of the one that was compared first."""
    compared = [_compared(link) for link in links]
    moments = [moment for moment, _ in compared if moment is not None]
    if not links or len(moments) < len(links):
        return format_html("{}", "no total was compared")
    whole = all(everything for _, everything in compared)
    what = "everything that we posted matched" if whole else "totals matched"
    return format_html("{} {}", what, shown.time_of_day(min(moments), zone))


def _compared(link: Link) -> tuple[datetime | None, bool]:
    """When the record was last seen to agree, and whether in everything."""
    if link.matched_at is not None:
        return link.matched_at, link.matched == Link.Matched.EVERYTHING
    # Posted before this was kept: every answer's total was compared.
    return (link.confirmed_at if link.total is not None else None), False
