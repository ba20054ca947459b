"""What people type to find a document, as conditions: anything its links say, or its amount."""

import re
from decimal import Decimal

from django.db.models import Q

from connectors.models import Link

_LONGEST = 120
# “1,240.50”, “1240.5”, “-80”: a point before the cents, commas between thousands.
_AMOUNT = re.compile(r"-?(\d{1,3}(,\d{3})+|\d{1,15})(\.\d{1,6})?")


def by_link(term: str) -> Q:
    """The number, the id or our reference at the target."""
    said = Q(target_number__icontains=term) | Q(target_id=term) | Q(reference__iexact=term)
    return Q(pk__in=Link.objects.filter(said).order_by().values("document"))


def by_amount(term: str) -> Q:
    """The total to the cent, whatever the currency; nothing for what is no amount."""
    if not _AMOUNT.fullmatch(term):
        return Q(pk__in=[])
    return Q(total=Decimal(term.replace(",", "")))


def readable(term: str) -> str:
    """The term without what PostgreSQL cannot take, and no longer than any number is."""
    return term.replace("\x00", "").strip()[:_LONGEST]
