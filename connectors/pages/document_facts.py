"""What is known of a document beside its own row: both sides, links, dependencies, drift.

A document enters, in a scope that may read it; plain values and rows leave. Decides nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import quote

from django.conf import settings
from django.db.models import Q, QuerySet

from audit.models import AuditEvent
from connectors import registry
from connectors.core.flow import SOURCE, Flow, Stream
from connectors.core.money import ZERO, parse_decimal
from connectors.core.states import Over, Reason, State
from connectors.models import Connection, Dependency, Document, Link

# What the demo's simulators have pages of, and the setting that names the account there.
_SIMULATED = {
    "procurify": ("subdomain", {"purchase_order", "bill", "vendor", "payment"}),
    "zoho_books": ("organization_id", {"purchase_order", "bill", "vendor", "payment"}),
    "procore": ("company_id", {"commitment", "vendor"}),
}


def links(document: Document) -> QuerySet[Link]:
    return document.links.select_related("connection").order_by("part")


def drift(document: Document, events: Iterable[AuditEvent]) -> AuditEvent | None:
    """What was found changed at the target, while a person has to decide about it."""
    if (document.state, document.reason) != (State.HELD, Reason.DRIFTED):
        return None
    return next((event for event in events if event.action == "drift.found"), None)


def source_url(document: Document, flow: Flow) -> str:
    """The record in the source's own web application, where the stream knows its path."""
    stream, integration = flow.stream(document.stream), document.integration
    owner = integration.source if stream.owner == SOURCE else integration.target
    if settings.DEBUG and settings.SANDBOX_URL:
        return _simulated(owner, document.stream, document.key)
    root, path = str(owner.profile.get("web_root") or ""), stream.path
    return f"{root}{path.format(key=document.key)}" if root and path else ""


def owner(document: Document, stream: Stream) -> str:
    """The side that the record is read from."""
    integration = document.integration
    return str(integration.source if stream.owner == SOURCE else integration.target)


def there(document: Document, stream: Stream) -> str:
    """The provider that is written to."""
    integration = document.integration
    side = integration.target if stream.owner == SOURCE else integration.source
    return registry.provider(side.provider).title


def is_moving(document: Document) -> bool:
    if not document.integration.enabled:
        return False
    looked_at = document.wants_look and document.state == State.POSTED
    return looked_at or document.state in (State.DUE, State.DELIVERING, State.UNCONFIRMED)


def taken(document: Document) -> dict[str, Decimal]:
    """Our line -> the quantity that documents which need this one take from it at the target."""
    needing = Dependency.objects.filter(
        integration=document.integration_id, stream=document.stream, key=document.key
    )
    links = Link.objects.filter(document__in=needing.values("document")).exclude(
        status__in=("void", "cancelled", *Over)
    )
    taken: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for link in links:
        for row in link.payload.get("lines", ()):
            if row.get("order") == document.key and "purchaseorder_item_id" in row:
                taken[str(row["order_line"])] += parse_decimal(row["quantity"])
    return dict(taken)


def named(document: Document, wanted: Iterable[Dependency]) -> Iterable[Document]:
    keys = Q(pk__in=[])
    for need in wanted:
        keys |= Q(stream=need.stream, key=need.key)
    found: Iterable[Document] = Document.objects.filter(
        keys, integration=document.integration_id
    ).defer("record", "sightings")
    return found


def link_url(link: Link, document: Document, flow: Flow) -> str:
    """The record in the target's own web application; “” where its address is not known."""
    if settings.DEBUG and settings.SANDBOX_URL:
        return _simulated(link.connection, link.target_kind, link.target_id)
    profile = {**link.connection.profile, "part": link.part}
    sink = flow.sink if flow.stream(document.stream).owner == SOURCE else flow.source_sink
    return sink.web_url(link.target_kind, link.target_id, profile) if sink else ""


def _simulated(connection: Connection, kind: str, key: str) -> str:
    """The record's page at the demo's simulator; empty where it has none."""
    name, kinds = _SIMULATED.get(connection.provider, ("", set()))
    account = str(connection.settings.get(name) or connection.profile.get(name) or "")
    if not (account and key and kind in kinds):
        return ""
    place = "/".join(quote(part, safe="") for part in (connection.provider, account, kind, key))
    return f"{settings.SANDBOX_URL}/records/{place}/"
