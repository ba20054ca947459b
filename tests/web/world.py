"""One of everything that staff pages show, in two tenants, with secrets planted where they live.

Rows are made as the service makes them where a use case exists, else directly in the scope.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors import registry
from connectors.models import (
    Attempt,
    Connection,
    ConnectionToken,
    Dependency,
    Document,
    InboxEvent,
    Integration,
    Link,
    Mapping,
    MappingFailure,
    Outcome,
    ReferenceItem,
    Run,
    StreamState,
    Wait,
    WebhookEndpoint,
    seal,
)
from connectors.services import connections, integrations, seen, webhooks
from tenants.scope import tenant_scope
from tests.people import ACTOR

SECRETS = (
    "planted-client-secret",
    "planted-refresh-token",
    "planted-access-token",
    "planted-in-a-payload",
    "planted-webhook-secret",
)
NOW = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
FLOW = "procurify_to_zoho_books"


@dataclass(frozen=True, kw_only=True)
class World:
    """The rows that tests ask for by name."""

    tenant_id: int
    source: Connection
    target: Connection
    integration: Integration
    run: Run
    posted: Document
    waiting: Document
    held: Document
    failure: MappingFailure
    mapping: Mapping
    vendors: list[ReferenceItem]
    endpoint: WebhookEndpoint
    event: InboxEvent


def make_world(tenant_id: int) -> World:
    source, target = make_connections(tenant_id)
    integration = integrations.create(
        tenant_id=tenant_id,
        resolved=registry.resolve(FLOW),
        name="Main Street purchasing",
        source=source,
        target=target,
        actor=ACTOR,
        enabled=True,
    )
    with tenant_scope(tenant_id):
        vendors = _vendors(source, target)
        posted, waiting, held = _documents(integration)
        failure = _failure(integration, waiting)
        StreamState.objects.create(integration=integration, stream="bill/bills", cursor=NOW)
        return World(
            tenant_id=tenant_id,
            source=source,
            target=target,
            integration=integration,
            run=_run(integration),
            posted=_posted(posted, target),
            waiting=waiting,
            held=held,
            failure=failure,
            mapping=_mapping(integration),
            vendors=vendors,
            endpoint=_endpoint(target),
            event=_event(target),
        )


def make_connections(tenant_id: int) -> tuple[Connection, Connection]:
    source = connections.create(
        tenant_id=tenant_id,
        spec=registry.provider("procurify"),
        name="Procurify",
        settings={"subdomain": "acme"},
        credentials={"client_id": "an-id", "client_secret": SECRETS[0]},
        actor=ACTOR,
    )
    target = connections.create(
        tenant_id=tenant_id,
        spec=registry.provider("zoho_books"),
        name="Zoho Books",
        settings={"accounts_region": "eu", "region": "eu", "organization_id": "601"},
        credentials={
            "client_id": "an-id",
            "client_secret": SECRETS[0],
            "refresh_token": SECRETS[1],
        },
        actor=ACTOR,
    )
    with tenant_scope(tenant_id):
        Connection.objects.filter(pk=target.pk).update(
            profile={"name": "Acme", "web_root": "https://books.zoho.eu/app/601"}
        )
        token = ConnectionToken(connection=target, tenant_id=tenant_id)
        seal(token, "sealed_token", {"access_token": SECRETS[2]})
        token.save()
    return source, target


def _vendors(source: Connection, target: Connection) -> list[ReferenceItem]:
    names = ((source, "7", "Northwind Traders Inc"), (target, "9001", "Northwind Traders"))
    rows = [*names, (target, "9002", "Contoso")]
    return [
        ReferenceItem.objects.create(
            connection=connection, kind="vendor", key=key, name=name, seen_at=NOW
        )
        for connection, key, name in rows
    ]


def _documents(integration: Integration) -> tuple[Document, Document, Document]:
    common: dict[str, Any] = {
        "integration": integration,
        "party": "Northwind Traders Inc",
        "day": dt.date(2026, 11, 2),
        "total": Decimal("1234.50"),
        "currency": "EUR",
        "wants_read": False,
        "record": {"group": 1, "access_token": SECRETS[3]},
    }
    order = Document.objects.create(stream="purchase_order", key="41", number="PO-41", **common)
    waiting = Document.objects.create(stream="bill", key="51", number="INV-51", rank=1, **common)
    held = Document.objects.create(stream="bill", key="52", number="INV-52", rank=1, **common)
    _move(order, "posted")
    _move(waiting, "waiting", "vendor_missing", "Vendor Northwind Traders Inc is not linked.")
    _move(held, "held", "total_differs", "The lines add up to 1,230.00, the bill says 1,234.50.")
    Dependency.objects.create(
        document=waiting, integration=integration, stream="purchase_order", key="41"
    )
    return order, waiting, held


def _move(document: Document, state: str, reason: str = "", words: str = "") -> None:
    """By the way of the states: the database refuses any other."""
    Document.objects.filter(pk=document.pk).update(state="delivering")
    Document.objects.filter(pk=document.pk).update(state=state, reason=reason, words=words)
    document.state, document.reason, document.words = state, reason, words


def _posted(document: Document, target: Connection) -> Document:
    Link.objects.create(
        document=document,
        connection=target,
        part="whole",
        target_kind="purchase_order",
        target_id="77001",
        target_number="PO-41",
        reference="mlc:acme:po:41",
        payload={"vendor_id": "9001", "client_secret": SECRETS[3]},
        lines={"1": "88001"},
        total=Decimal("1234.50"),
        currency="EUR",
        posted_at=NOW,
        confirmed_at=NOW,
    )
    attempt = Attempt.objects.create(
        document=document,
        action="create",
        reference="mlc:acme:po:41",
        plan={"payload": {"access_token": SECRETS[3]}},
        step={"action": "create"},
        fence=1,
        deadline=NOW,
    )
    Outcome.objects.create(attempt=attempt, result="unknown", words="The connection broke.")
    Outcome.objects.create(attempt=attempt, result="found", words="It is there.", http_status=200)
    return document


def _failure(integration: Integration, waiting: Document) -> MappingFailure:
    failure = MappingFailure.objects.create(
        integration=integration, kind="vendor", source_key="7", label="Northwind Traders Inc"
    )
    Wait.objects.create(document=waiting, failure=failure)
    return failure


def _mapping(integration: Integration) -> Mapping:
    return Mapping.objects.create(
        integration=integration,
        kind="vendor",
        source_key="8",
        target_key="9002",
        origin="automatic",
        evidence="equal names",
    )


def _endpoint(target: Connection) -> WebhookEndpoint:
    endpoint = webhooks.open_endpoint(target, actor=ACTOR)
    seal(endpoint, webhooks.SEALED, {"secret": SECRETS[4]})
    endpoint.refused, endpoint.refused_words = 2, "The signature is missing or wrong."
    endpoint.refused_at = NOW
    endpoint.save()
    return endpoint


def _event(target: Connection) -> InboxEvent:
    return InboxEvent.objects.create(
        connection=target,
        event_id="ev-1",
        resource="purchaseorder",
        key="77001",
        action="update",
        source={"user_id": "7", "access_token": SECRETS[3]},
        status="done",
        done_at=NOW,
    )


def _run(integration: Integration) -> Run:
    return Run.objects.create(
        integration=integration,
        trigger="person",
        actor=ACTOR,
        status="finished",
        phase="done",
        counts={"read": ["bill/bills"], "due": 3, "documents": {"posted": 1, "held": 1}},
        calls={"procurify read": 4, "zoho_books write": 1},
        words="3 documents: 1 posted, 1 waits, 1 is held.",
        started_at=NOW,
        finished_at=NOW + dt.timedelta(seconds=75),
    )


def seen_of(document: Document) -> str:
    """What the forms of its page carry at this moment."""
    with tenant_scope(document.tenant_id):
        return seen.digest(Document.objects.get(pk=document.pk))
