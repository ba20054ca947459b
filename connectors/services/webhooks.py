"""Webhooks: take a delivery in, follow what was taken in, keep the hooks at the provider alive.

Taking in is all that happens while a provider waits: prove, store, ring. Everything else is done by
workers.
"""

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError, ConnectorError
from connectors.core.flow import SOURCE, TARGET
from connectors.core.storable import storable, storable_text
from connectors.engine import doorbell, inbox, sessions
from connectors.engine.job import Job, Resolved
from connectors.models import (
    Connection,
    InboxEvent,
    Integration,
    SealError,
    WebhookEndpoint,
    open_sealed,
    seal,
)
from connectors.services import unopened
from connectors.transport.provider import ProviderSpec
from connectors.transport.webhooks import Delivery, Hint, RefusedDeliveryError
from tenants.scope import routed_scope, tenant_scope

SEALED = "sealed_secret"
_SECRET_BYTES = 24
# What the door needs to know; the connection's credentials are none of its business.
_ASKED = ("secret_id", SEALED, "unopened_at", "connection__provider", "connection__settings")


class UnknownAddressError(ConnectorError):
    """No endpoint is behind this address."""


def is_known(token: Any) -> bool:
    """Whether an endpoint has this token; one statement, and no more is learnt of it."""
    with routed_scope("routing_webhook", token) as ids:
        return ids is not None


def take_in(
    token: Any, delivery: Delivery, spec_of: Callable[[str], ProviderSpec], provider: str
) -> int:
    """Prove a delivery and store its hints: three statements; returns how many were stored.

    Raises UnknownAddressError, or RefusedDeliveryError, which is counted at the endpoint. So is
    SealError, for a secret that no key opens: nobody can say whether the delivery is genuine.
    """
    with routed_scope("routing_webhook", token) as ids:
        if ids is None:
            raise UnknownAddressError("Nobody lives here.")
        endpoint = WebhookEndpoint.objects.select_related("connection").only(*_ASKED).get(pk=ids[1])
        try:
            hints = _read(endpoint, delivery, spec_of, provider)
        except (RefusedDeliveryError, SealError) as error:
            _count_refusal(endpoint, str(error))
            if isinstance(error, SealError):
                unopened.note(endpoint)
            refused: ConnectorError = error
        else:
            _store(endpoint.connection, hints)
            doorbell.ring_soon(doorbell.FOLLOW_INBOX, ids[0], endpoint.connection_id)
            return len(hints)
    # Raised after the commit: the count of refusals shall stay.
    raise refused


def _read(
    endpoint: WebhookEndpoint,
    delivery: Delivery,
    spec_of: Callable[[str], ProviderSpec],
    provider: str,
) -> tuple[Hint, ...]:
    connection = endpoint.connection
    spec = spec_of(connection.provider)
    if connection.provider != provider or spec.webhooks is None:
        raise RefusedDeliveryError(f"This address is not for {provider}.")
    secret = open_sealed(endpoint, SEALED).get("secret", "")
    unopened.opens_again(endpoint)
    return spec.webhooks.read(delivery, secret, connection.settings)


def _count_refusal(endpoint: WebhookEndpoint, words: str) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        refused=F("refused") + 1, refused_at=clock.now(), refused_words=words[:500]
    )


def _store(connection: Connection, hints: Iterable[Hint]) -> None:
    """One statement; an event that came before is dropped by its id."""
    InboxEvent.objects.bulk_create(
        (
            InboxEvent(
                connection=connection,
                event_id=storable_text(hint.event_id) or None,
                resource=storable_text(hint.resource),
                key=storable_text(hint.key)[:120],
                within=storable_text(hint.within)[:120],
                action=storable_text(hint.action)[:40],
                source=storable(hint.source),
            )
            for hint in hints
        ),
        ignore_conflicts=True,
    )


def follow_inbox(tenant_id: int, connection_id: int, load: Callable[[int, int], Job]) -> int:
    """Follow a connection's pending hints for each of its integrations; returns how many."""
    with tenant_scope(tenant_id):
        joined = sides(connection_id)
        events = [] if not joined and _paused(connection_id) else inbox.claim(connection_id)
    if not events:
        return 0
    # Every integration follows, whatever became of it at the one before.
    left: set[int] = set()
    for integration_id, side in joined:
        left |= inbox.follow(load(tenant_id, integration_id), side, events)
    followed = [event for event in events if event.pk not in left]
    if followed:
        with tenant_scope(tenant_id):
            inbox.done(followed, used=bool(joined))
    return len(events)


def _paused(connection_id: int) -> bool:
    """Whether somebody would follow, were it not paused: what it is told stays until it resumes."""
    both = Q(source=connection_id) | Q(target=connection_id)
    return Integration.objects.filter(both).exists()


def sides(connection_id: int) -> list[tuple[int, str]]:
    """The integrations that listen to it, each with the sides on which it is; inside the scope."""
    rows = Integration.objects.filter(
        Q(source=connection_id) | Q(target=connection_id), enabled=True
    ).order_by("pk")
    return [
        (row.pk, side)
        for row in rows
        for side, end in ((SOURCE, row.source_id), (TARGET, row.target_id))
        if end == connection_id
    ]


def open_endpoint(connection: Connection, *, actor: str) -> WebhookEndpoint:
    """The connection's endpoint, made with a fresh secret where there is none."""
    with tenant_scope(connection.tenant_id):
        endpoint = WebhookEndpoint.objects.filter(connection=connection).first()
        return endpoint or _open(connection, actor)[0]


def open_by_hand(connection: Connection, *, actor: str) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which a person has to enter at the provider."""
    with tenant_scope(connection.tenant_id):
        # Locked, so that of two people who press at once one is told of the other's.
        Connection.objects.select_for_update().get(pk=connection.pk)
        if WebhookEndpoint.objects.filter(connection=connection).exists():
            raise BadInputError(
                f"“{connection.name}” has an address already. Open it; “New secret” gives you a "
                "secret to enter at the provider."
            )
        return _open(connection, actor)


def _open(connection: Connection, actor: str) -> tuple[WebhookEndpoint, str]:
    endpoint, secret = WebhookEndpoint(connection=connection), _new_secret()
    seal(endpoint, SEALED, {"secret": secret})
    endpoint.save()
    record(_event("webhooks.opened", connection, actor))
    return endpoint, secret


def renew_secret(tenant_id: int, endpoint_id: int, *, actor: str) -> str:
    """Replace an endpoint's secret, and return it this once; hooks of our own are told of it.

    What the provider sends with the old one is refused from now on, and found by the next poll.
    """
    secret = _new_secret()
    with tenant_scope(tenant_id):
        endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
        seal(endpoint, SEALED, {"secret": secret})
        endpoint.save(update_fields=[SEALED])
        unopened.opens_again(endpoint)
        record(_event("webhooks.secret_renewed", endpoint.connection, actor))
        _check_soon(endpoint)
    return secret


def _new_secret() -> str:
    return secrets.token_hex(_SECRET_BYTES)


def address(endpoint: WebhookEndpoint) -> str:
    """The address that the provider sends to."""
    path = reverse("webhook", args=[endpoint.connection.provider, endpoint.token])
    return f"{settings.BASE_URL}{path}"


def open_for(integration: Integration, resolved: Resolved, *, actor: str) -> None:
    """Open endpoints where the flow listens, and have the hooks made; also after it was paused.

    Where a connection's last enabled integration is paused, the same look takes its hooks away.
    """
    for side, connection_id in ((SOURCE, integration.source_id), (TARGET, integration.target_id)):
        if not resolved.listens(side):
            continue
        with tenant_scope(integration.tenant_id):
            connection = Connection.objects.get(pk=connection_id)
            _check_soon(open_endpoint(connection, actor=actor))


def _check_soon(endpoint: WebhookEndpoint) -> None:
    """Have the hooks looked at; a ring that gets lost is rung again within a minute."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(checked_at=None)
    doorbell.ring(doorbell.CHECK_HOOKS, endpoint.tenant_id, endpoint.pk)


def keep_hooks(tenant_id: int, endpoint_id: int, spec_of: Callable[[str], ProviderSpec]) -> str:
    """Make what is missing of our hooks, or remove them where no integration listens any more.

    What fails is shown at the endpoint and tried again in some minutes; its words are returned.
    """
    with tenant_scope(tenant_id):
        endpoint = WebhookEndpoint.objects.select_related("connection").get(pk=endpoint_id)
        try:
            secret = open_sealed(endpoint, SEALED)["secret"]
        except SealError as error:
            unopened.note(endpoint)
            return _checked(endpoint, endpoint.hooks, str(error))
        unopened.opens_again(endpoint)
        wanted = bool(sides(endpoint.connection_id))
    spec = spec_of(endpoint.connection.provider)
    if spec.webhooks is None or spec.webhooks.ensure is None or spec.webhooks.remove is None:
        return _checked(endpoint, endpoint.hooks, "")
    try:
        with sessions.connect(endpoint.connection, spec) as client:
            hooks: dict[str, Any] = {}
            if wanted:
                hooks = spec.webhooks.ensure(client, address(endpoint), secret, endpoint.hooks)
            elif endpoint.hooks:
                spec.webhooks.remove(client, endpoint.hooks)
    except ConnectorError as error:
        return _checked(endpoint, endpoint.hooks, str(error))
    return _checked(endpoint, hooks, "")


def _checked(endpoint: WebhookEndpoint, hooks: dict[str, Any], words: str) -> str:
    with tenant_scope(endpoint.tenant_id):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            hooks=hooks, hooks_words=words, checked_at=clock.now()
        )
        if hooks != endpoint.hooks:
            record(_event("webhooks.repaired", endpoint.connection, "system:worker"))
    return words


def replay(tenant_id: int, ids: Iterable[int], *, actor: str) -> int:
    """Follow these inbox events once more."""
    with tenant_scope(tenant_id):
        rows = InboxEvent.objects.filter(pk__in=list(ids))
        connections = set(rows.values_list("connection_id", flat=True))
        count = rows.update(status=InboxEvent.Status.PENDING, next_at=clock.now(), words="")
        record(Event(action="inbox.replayed", actor=actor, details={"events": count}))
        for connection_id in connections:
            doorbell.ring(doorbell.FOLLOW_INBOX, tenant_id, connection_id)
    return count


def _event(action: str, connection: Connection, actor: str) -> Event:
    return Event(
        action=action,
        actor=actor,
        target_kind="connection",
        target_id=str(connection.pk),
        target_number=connection.name,
        details={"provider": connection.provider},
    )
