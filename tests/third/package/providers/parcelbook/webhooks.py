"""Parcelbook's webhooks: signed deliveries that name a record, and a hook that repairs itself.

The signature is HMAC-SHA256 over the raw body with the secret that our hook was made with.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from connectors.core.errors import ErrorKind, ProviderError
from connectors.transport.webhooks import (
    Delivery,
    Hint,
    RefusedDeliveryError,
    WebhookSpec,
    same_secret,
)
from tests.third.package.providers.parcelbook.client import ParcelbookClient

SIGNATURE_HEADER = "parcelbook-signature"


def read(delivery: Delivery, secret: str, settings: Mapping[str, Any]) -> tuple[Hint, ...]:
    """Prove the delivery and name the record it speaks of."""
    meant = hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    if not secret or not same_secret(delivery.headers.get(SIGNATURE_HEADER, ""), meant):
        raise RefusedDeliveryError("The signature is missing or wrong.")
    event = _event(delivery.body)
    house, own = str(event.get("house", "")), str(settings.get("house", ""))
    if house != own:
        raise RefusedDeliveryError(f"It comes from the house {house!r}, not from {own}.")
    resource, key = str(event.get("record") or ""), str(event.get("id") or "")
    if not resource or not key:
        raise RefusedDeliveryError("The delivery names no record.")
    return (
        Hint(
            resource=resource,
            key=key,
            action=str(event.get("action") or ""),
            event_id=str(event.get("event") or ""),
        ),
    )


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedDeliveryError("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise RefusedDeliveryError("The body is not a JSON object.")
    return found


def ensure(
    client: ParcelbookClient, address: str, secret: str, remembered: Mapping[str, Any]
) -> dict[str, Any]:
    """The hook that we remember, if it still sends here; else a new one in its place."""
    known = str(remembered.get("hook_id") or "")
    ours = [
        str(row.get("id"))
        for page in client.hooks()
        for row in page.rows
        if row.get("address") == address or str(row.get("id")) == known
    ]
    if ours == [known] and remembered.get("address") == address:
        return dict(remembered)
    for hook_id in ours:
        _remove(client, hook_id)
    return {"hook_id": str(client.add_hook(address, secret)["id"]), "address": address}


def remove(client: ParcelbookClient, remembered: Mapping[str, Any]) -> None:
    """Take our hook away; one that is gone already is as good."""
    if remembered.get("hook_id"):
        _remove(client, str(remembered["hook_id"]))


def _remove(client: ParcelbookClient, hook_id: str) -> None:
    try:
        client.remove_hook(hook_id)
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise


WEBHOOKS = WebhookSpec(read=read, ensure=ensure, remove=remove)
