"""Procore's webhooks: what a delivery hints at, and hooks that look after themselves.

A delivery is proved by the ``Authorization`` header that our own hook told Procore to send; it has
no content, only ids. A hook that Procore dropped, or that somebody changed, is made good again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.core.days import parse_instant
from connectors.core.errors import BadInputError, ErrorKind, ProviderError
from connectors.core.records import Raw
from connectors.providers.procore.client import ProcoreClient
from connectors.transport.webhooks import (
    Delivery,
    Hint,
    RefusedDeliveryError,
    WebhookSpec,
    same_secret,
)

PROJECTS = "Projects"
COST_CODES = "Cost Codes"
VENDORS = "Company Vendors"
CONTRACTS = "Purchase Order Contracts"
EVENTS: tuple[tuple[str, str], ...] = (
    (PROJECTS, "create"),
    (PROJECTS, "update"),
    (COST_CODES, "create"),
    (COST_CODES, "update"),
    (COST_CODES, "delete"),
    (VENDORS, "create"),
    (VENDORS, "update"),
    (CONTRACTS, "create"),
    (CONTRACTS, "update"),
    (CONTRACTS, "delete"),
)
# Procore shows so much of the header's end.
_SHOWN = 5
_LONGEST = 40


# --- deliveries -----------------------------------------------------------------------------------


def read(delivery: Delivery, secret: str, settings: Mapping[str, Any]) -> tuple[Hint, ...]:
    """Prove the delivery and name the record it speaks of."""
    given = delivery.headers.get("authorization", "")
    if not secret or not same_secret(given, _authorization(secret)):
        raise RefusedDeliveryError("The Authorization header is missing or wrong.")
    event = _event(delivery.body)
    _check_company(event, str(settings.get("company_id", "")))
    key = _text(event, "resource_id")
    resource = _text(event, "resource_name", "resource_type")
    if not resource or not (key.isascii() and key.isdigit()):
        raise RefusedDeliveryError("The delivery names no record.")
    return (
        Hint(
            resource=resource,
            key=key,
            action=_text(event, "event_type", "reason").lower(),
            event_id=_text(event, "ulid", "id"),
            within=_text(event, "project_id"),
            source=_source(event),
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


def _check_company(event: Mapping[str, Any], own: str) -> None:
    """A company in the delivery must be ours; an absent one is settled by the re-read."""
    named = _text(event, "company_id")
    if named and own and named != own:
        raise RefusedDeliveryError(f"It comes from company {named}, not from {own}.")


def _source(event: Mapping[str, Any]) -> dict[str, str]:
    """Who caused it, and when: by this our own writes can be told from other people's."""
    metadata = event.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    found = {
        "user_id": _text(about, "source_user_id") or _text(event, "user_id"),
        "application_id": _text(about, "source_application_id"),
        "at": _text(event, "timestamp"),
    }
    return {name: value[:_LONGEST] for name, value in found.items() if value}


def own(source: Mapping[str, Any], profile: Mapping[str, Any]) -> datetime | None:
    """When the service account's directory user made the change; None where it was another's."""
    ours = str(profile.get("user_id") or "")
    if not ours or source.get("user_id") != ours:
        return None
    try:
        return parse_instant(str(source.get("at", "")))
    except BadInputError:
        return None


def _text(values: Mapping[str, Any], *names: str) -> str:
    """The first of these that is a text or a number."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


# --- hooks ----------------------------------------------------------------------------------------


def ensure(
    client: ProcoreClient, address: str, secret: str, remembered: Mapping[str, Any]
) -> dict[str, Any]:
    """One hook to our address with our header and all triggers; what is there already stays.

    A hook that went to another address of ours before is known by what was remembered.
    """
    namespace = _namespace(address)
    found = _ours(client, namespace, address) or _made(client, namespace, address, secret)
    hook, *doubles = found
    for double in doubles:
        _delete(client, _id(double))
    before = str(remembered.get("hook_id") or "")
    if before and before not in (_id(hook), *map(_id, doubles)):
        _delete(client, before)
    if not _sends(hook, secret):
        client.update_hook(_id(hook), address, _authorization(secret))
    present = {
        (str(row.get("resource_name")), str(row.get("event_type")).lower())
        for page in client.triggers(_id(hook))
        for row in page.rows
    }
    missing = [event for event in EVENTS if event not in present]
    if missing:
        client.create_triggers(_id(hook), missing)
    return {"hook_id": _id(hook), "namespace": namespace}


def remove(client: ProcoreClient, remembered: Mapping[str, Any]) -> None:
    """Take our hook away; one that is gone already is as good."""
    if remembered.get("hook_id"):
        _delete(client, str(remembered["hook_id"]))


def _ours(client: ProcoreClient, namespace: str, address: str) -> Sequence[Raw]:
    """Oldest first, so that everybody who looks keeps the same one."""
    rows = [
        row
        for page in client.hooks(namespace)
        for row in page.rows
        if row.get("destination_url") == address
    ]
    return sorted(rows, key=lambda row: (len(_id(row)), _id(row)))


def _made(client: ProcoreClient, namespace: str, address: str, secret: str) -> Sequence[Raw]:
    """A new hook, beside what another worker has made since nobody saw one."""
    made = client.create_hook(namespace, address, _authorization(secret))
    return _ours(client, namespace, address) or [made]


def _delete(client: ProcoreClient, hook_id: str) -> None:
    try:
        client.delete_hook(hook_id)
    except ProviderError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise


def _sends(hook: Raw, secret: str) -> bool:
    """Whether the hook sends our header, as far as its end shows."""
    headers = hook.get("destination_headers")
    shown = str(headers.get("Authorization") or "") if isinstance(headers, Mapping) else ""
    return shown.endswith(secret[-_SHOWN:])


def _namespace(address: str) -> str:
    """Small letters, digits and dashes; each connection has its own, so that none is taken away."""
    return f"ml-connector-{hashlib.sha256(address.encode()).hexdigest()[:12]}"


def _authorization(secret: str) -> str:
    return f"Bearer {secret}"


def _id(row: Raw) -> str:
    return str(row.get("id", ""))


WEBHOOKS = WebhookSpec(read=read, ensure=ensure, remove=remove, own=own)
