"""How much money waits for what is missing: by currency, and an order and its bill counted once.

Ids of mapping failures enter, amounts leave; `weight()` is the same as an expression to sort by.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import (
    Case,
    DecimalField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from connectors.core.money import ODD_DIGITS
from connectors.models import Dependency, Document, Wait

_USUAL_DIGITS = 2
_AMOUNT = DecimalField(max_digits=30, decimal_places=6)


def waiting_amounts(failure_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """How much money waits for each failure, by currency; inside a scope, in one query."""
    found: defaultdict[int, dict[str, Decimal]] = defaultdict(dict)
    rows = (
        _counted()
        .filter(failure__in=failure_ids)
        .values_list("failure", "document__currency")
        .annotate(amount=Sum("document__total"))
    )
    for failure, currency, amount in rows:
        found[failure][currency] = amount
    return dict(found)


def together(failure_ids: Sequence[int]) -> tuple[int, dict[str, Decimal]]:
    """How many documents wait for any of these, and for how much money; each counted once."""
    waiting = Wait.objects.filter(failure__in=failure_ids).order_by().values("document")
    documents = Document.objects.filter(pk__in=waiting).order_by()
    its_order = documents.filter(
        integration=OuterRef("integration"),
        stream=OuterRef("stream"),
        key=OuterRef("key"),
        currency=OuterRef(OuterRef("currency")),
        total__isnull=False,
    )
    named = Dependency.objects.filter(Exists(its_order), document=OuterRef("pk"))
    counted = documents.filter(~Exists(named), total__isnull=False).values_list("currency")
    return documents.count(), dict(counted.annotate(amount=Sum("total")))


def weight() -> Coalesce:
    """For sorting a query of failures by their money. No rate of exchange is known, so amounts are
    taken in their currency's smallest unit: 8,000 yen weigh less than 800 euros.
    """
    factors = [
        When(document__currency=currency, then=Value(10**digits))
        for currency, digits in ODD_DIGITS.items()
    ]
    factor = Case(*factors, default=Value(10**_USUAL_DIGITS), output_field=_AMOUNT)
    amounts = _counted().filter(failure=OuterRef("pk")).values("failure")
    summed = amounts.annotate(weight=Sum(F("document__total") * factor)).values("weight")
    return Coalesce(Subquery(summed, output_field=_AMOUNT), Value(0, output_field=_AMOUNT))


def _counted() -> QuerySet[Wait]:
    """The waits whose amount counts: a bill is part of its order where both wait for one thing."""
    its_order = Wait.objects.filter(
        failure=OuterRef(OuterRef("failure")),
        document__integration=OuterRef("integration"),
        document__stream=OuterRef("stream"),
        document__key=OuterRef("key"),
        document__currency=OuterRef("document__currency"),
        document__total__isnull=False,
    )
    named = Dependency.objects.filter(Exists(its_order), document=OuterRef("document"))
    return Wait.objects.filter(~Exists(named), document__total__isnull=False).order_by()
