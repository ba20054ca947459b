"""Webhook secrets that no configured key opens: noted once, until they open again or are renewed.

Deliveries to such an address cannot be proved, so they are turned away; ``news`` tells people.
"""

from datetime import datetime

from connectors.core import clock
from connectors.models import WebhookEndpoint


def note(endpoint: WebhookEndpoint) -> None:
    """Say since when no key opens its secret, inside the scope; told anew only after it opened."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, unopened_at=None)
    rows.update(unopened_at=clock.now(), alerted_at=None)


def opens_again(endpoint: WebhookEndpoint) -> None:
    """Forget it, inside the scope; no statement for a secret that has always opened."""
    if endpoint.unopened_at is not None:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(unopened_at=None, alerted_at=None)


def take(now: datetime) -> list[WebhookEndpoint]:
    """Those that nobody has been told of, marked as told; inside the scope."""
    untold = WebhookEndpoint.objects.select_for_update(of=("self",)).filter(
        unopened_at__isnull=False, alerted_at=None
    )
    rows = list(untold.select_related("connection").order_by("connection__name"))
    marked = WebhookEndpoint.objects.filter(pk__in=[row.pk for row in rows])
    marked.update(alerted_at=now)
    return rows
