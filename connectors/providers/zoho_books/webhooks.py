"""Reads the deliveries of Zoho Books' workflow webhooks: proof first, then which record changed.

The signature is HMAC-SHA256 over all query and form pairs, sorted by key and written without
separators, followed by the raw body unless that is a form (Zoho's knowledge base on webhook
signatures). Zoho sends no event id; payload shapes are not documented, so ids are looked for.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from connectors.transport.webhooks import (
    Delivery,
    Hint,
    RefusedDeliveryError,
    WebhookSpec,
    same_secret,
)

SIGNATURE_HEADER = "x-zoho-webhook-signature"
_FORM = "application/x-www-form-urlencoded"
_KINDS = {"purchaseorder": "purchaseorder_id", "bill": "bill_id", "contact": "contact_id"}
_MOST_HINTS = 50

INSTRUCTIONS = (
    "In Zoho Books open Settings, Automation, Workflow Rules. Add a rule for Purchase Orders that "
    "runs whenever one is created or edited, with a Webhook action: method POST, this address, the "
    "default payload, and this secret token."
)


def read(delivery: Delivery, secret: str, settings: Mapping[str, Any]) -> tuple[Hint, ...]:
    """Prove the delivery and name the records it speaks of."""
    form = _form_pairs(delivery)
    _check_signature(delivery, form, secret)
    content = _content(delivery, form)
    _check_organization(content, str(settings.get("organization_id", "")))
    hints = _hints(content)
    if not hints:
        raise RefusedDeliveryError("The delivery names no purchase order, bill or contact.")
    return hints[:_MOST_HINTS]


def signature(pairs: Sequence[tuple[str, str]], body: bytes, secret: str) -> str:
    """The signature that Zoho would send: lower-case hex."""
    text = "".join(key + value for key, value in sorted(pairs))
    return hmac.new(secret.encode(), text.encode() + body, hashlib.sha256).hexdigest()


def _form_pairs(delivery: Delivery) -> list[tuple[str, str]]:
    if not delivery.content_type.startswith(_FORM):
        return []
    try:
        return parse_qsl(delivery.body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise RefusedDeliveryError("The form is not UTF-8.") from None


def _check_signature(delivery: Delivery, form: list[tuple[str, str]], secret: str) -> None:
    if not secret:
        # Zoho signs nothing without one, so anybody who learns the address could write to it.
        raise RefusedDeliveryError("This address has no secret. Make a new one and enter it there.")
    given = delivery.headers.get(SIGNATURE_HEADER, "")
    body = b"" if form or delivery.content_type.startswith(_FORM) else delivery.body
    if not same_secret(given.lower(), signature([*delivery.query, *form], body, secret)):
        raise RefusedDeliveryError("The signature is missing or wrong.")


def _content(delivery: Delivery, form: list[tuple[str, str]]) -> Mapping[str, Any]:
    pairs = dict([*delivery.query, *form])
    text = pairs.pop("JSONString", "") if form else delivery.body.decode(errors="replace")
    if form and not text:
        return pairs
    try:
        found = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise RefusedDeliveryError("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise RefusedDeliveryError("The body is not a JSON object.")
    return {**pairs, **found}


def _check_organization(content: Mapping[str, Any], own: str) -> None:
    """An organisation in the delivery must be ours; an absent one is settled by the re-read."""
    named = str(content.get("organization_id", "") or "")
    if named and own and named != own:
        raise RefusedDeliveryError(f"It comes from organisation {named}, not from {own}.")


def _hints(content: Mapping[str, Any]) -> tuple[Hint, ...]:
    found = []
    for kind, id_name in _KINDS.items():
        nested = content.get(kind)
        record = nested if isinstance(nested, dict) else content
        key = str(record.get(id_name, "") or "")
        if key.isascii() and key.isdigit():
            found.append(Hint(resource=kind, key=key))
    return tuple(found)


WEBHOOKS = WebhookSpec(read=read, instructions=INSTRUCTIONS)
