"""How many posted documents use a mapping, and for how much money; read inside a scope."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum

from connectors.core.states import State
from connectors.models import Integration, Link

# One reading of the links for all keys: asked one by one, each would read them all.
_USES = """
SELECT used ->> 'source_key', link.currency, count(DISTINCT link.document_id), sum(link.total)
FROM connectors_link link
JOIN connectors_document document
    ON document.tenant_id = link.tenant_id AND document.id = link.document_id
CROSS JOIN LATERAL jsonb_array_elements(link.mappings) used
WHERE document.integration_id = %s AND document.state <> %s
    AND used ->> 'kind' = %s AND used ->> 'source_key' = ANY(%s)
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(slots=True)
class Usage:
    """The posted documents that rest on a mapping, and their money by currency."""

    documents: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)


def of_keys(integration: Integration, kind: str, keys: Collection[str]) -> dict[str, Usage]:
    """The usage of each of these source keys; those that nothing uses are left out."""
    found: dict[str, Usage] = {}
    if not keys:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_USES, [integration.pk, State.CANCELLED, kind, list(keys)])
        for key, currency, documents, amount in cursor.fetchall():
            _add(found.setdefault(key, Usage()), currency, documents, amount)
    return found


def of_key(integration: Integration, kind: str, key: str) -> Usage:
    links = Link.objects.filter(
        document__integration=integration, mappings__contains=[{"kind": kind, "source_key": key}]
    ).exclude(document__state=State.CANCELLED)
    found = Usage()
    rows = links.order_by("currency").values_list("currency")
    for currency, documents, amount in rows.annotate(
        Count("document", distinct=True), Sum("total")
    ):
        _add(found, currency, documents, amount)
    return found


def _add(usage: Usage, currency: str, documents: int, amount: Decimal | None) -> None:
    usage.documents += documents
    if amount is not None:
        usage.amounts[currency] = amount
