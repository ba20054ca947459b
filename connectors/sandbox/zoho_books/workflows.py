"""Workflow rules with a webhook action: what Zoho tells others when a person changed an order.

People set them up through ``POST /control/call/zoho_books/add_webhook`` with ``url`` and, all
optional: ``secret`` (12 to 50 letters and digits), ``body_type`` default (whole record as JSON),
form or raw, ``events`` out of create, edit, status and delete (default: all but delete),
``entity`` purchaseorder or contact, ``query_parameters``, ``form_data`` (both lists of
``{"param_name", "param_value"}``), ``raw_data``, ``headers``, ``organization_id`` for a rule of
that organization alone, and ``names_organization`` false to leave it out of the default payload.
Values may hold ``${field}`` of the record and ``${JSON}``, the default payload. Calls ``webhooks``
and ``remove_webhook {"webhook_id"}`` list and remove. What the API changes fires nothing unless the
option ``zoho_webhooks_for_api`` says so.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.sandbox.deliveries import Delivery, Outbox, require_loopback
from connectors.sandbox.deliveries.script import Settings
from connectors.sandbox.zoho_books.envelope import as_json
from connectors.sandbox.zoho_books.state import KINDS, Organization
from connectors.sandbox.zoho_books.table import Record

SIGNATURE = "X-Zoho-Webhook-Signature"
SECRET = re.compile(r"[A-Za-z0-9]{12,50}")
ENTITIES = {"purchaseorder": "purchaseorders", "contact": "contacts"}
EVENTS = ("create", "edit", "status", "delete")
BODY_TYPES = ("default", "form", "raw")
# Count and pauses of Zoho's own retries are not published.
DELIVERIES = Settings(first_pause=10, retries=3, pauses_address=False)
FORM_FIELDS = ("organization_id", "purchaseorder_id", "purchaseorder_number", "status")
Pair = tuple[str, str]
Show = Callable[[Organization, Record], Record]


@dataclass(frozen=True)
class Webhook:
    """One rule with its action."""

    webhook_id: str
    url: str
    secret: str = ""
    body_type: str = "default"
    events: tuple[str, ...] = ("create", "edit", "status")
    entity: str = "purchaseorder"
    query_parameters: tuple[Pair, ...] = ()
    form_data: tuple[Pair, ...] = ()
    raw_data: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    organization_id: str = ""
    names_organization: bool = True

    @classmethod
    def parse(cls, webhook_id: str, raw: Mapping[str, Any]) -> Webhook:
        """From what a person typed in, refusing what could never work."""
        values = {**raw, "webhook_id": webhook_id}
        for name in ("query_parameters", "form_data"):
            rows = values.get(name, ())
            values[name] = tuple((str(r["param_name"]), str(r["param_value"])) for r in rows)
        if "events" in values:
            values["events"] = tuple(values["events"])
        made = cls(**values)
        require_loopback(made.url)
        if made.secret and not SECRET.fullmatch(made.secret):
            raise ValueError("A webhook's secret has 12 to 50 letters and digits.")
        if made.body_type not in BODY_TYPES or not set(made.events) <= set(EVENTS):
            raise ValueError(f"body_type is one of {BODY_TYPES}, events are some of {EVENTS}.")
        if made.entity not in ENTITIES:
            raise ValueError(f"entity is one of {sorted(ENTITIES)}.")
        return made


class Workflows:
    """All rules of one organization's users, and the queue that their deliveries leave by."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._outbox: Outbox | None = None
        self._webhooks: dict[str, Webhook] = {}
        self._show: Mapping[str, Show] = {}
        self.by_people = False

    def send_through(self, outbox: Outbox, show: Mapping[str, Show]) -> None:
        """``show`` makes of a stored record what the default payload carries."""
        outbox.introduce("zoho_books", DELIVERIES)
        self._outbox, self._show = outbox, show

    def clear(self) -> None:
        self._webhooks.clear()

    def add(self, params: Mapping[str, Any]) -> dict[str, Any]:
        webhook = Webhook.parse(str(len(self._webhooks) + 1), params)
        self._webhooks[webhook.webhook_id] = webhook
        return asdict(webhook)

    def remove(self, params: Mapping[str, Any]) -> str:
        return self._webhooks.pop(str(params["webhook_id"])).webhook_id

    def all(self) -> list[dict[str, Any]]:
        return [asdict(one) for one in self._webhooks.values()]

    def changed(self, org: Organization, kind: str, old: Record | None, new: Record | None) -> None:
        """A record was saved or, without a new one, deleted."""
        if not (self.by_people or self._options.get("zoho_webhooks_for_api")):
            return
        record = new if new is not None else old
        happened = _events(old, new)
        for webhook in self._webhooks.values():
            if webhook.organization_id not in ("", org.id):
                continue
            if ENTITIES[webhook.entity] == kind and happened & set(webhook.events):
                self._fire(org, webhook, kind, record or {})

    def _fire(self, org: Organization, webhook: Webhook, kind: str, record: Record) -> None:
        if self._outbox is None:
            return
        shown = self._show[kind](org, record)
        payload: Record = {"organization_id": int(org.id)} if webhook.names_organization else {}
        payload[webhook.entity] = shown
        known = {**shown, "organization_id": org.id, "JSON": as_json(payload)}
        url, query = _address(webhook, known)
        content_type, body, form = _body(webhook, known)
        headers = {**webhook.headers, "Content-Type": content_type}
        if webhook.secret:
            signed = b"" if form else body
            headers[SIGNATURE] = signature(webhook.secret, [*query, *form], signed)
        record_id = record[KINDS[kind]]
        self._outbox.put(
            Delivery("zoho_books", url, body, headers, f"{kind}:{record_id}", webhook.webhook_id)
        )


def signature(secret: str, pairs: Iterable[Pair], body: bytes) -> str:
    """HMAC-SHA256 in hex over the pairs sorted by key, without separators, then the body."""
    text = "".join(f"{name}{value}" for name, value in sorted(pairs))
    return hmac.new(secret.encode(), text.encode() + body, hashlib.sha256).hexdigest()


def _events(old: Record | None, new: Record | None) -> set[str]:
    if new is None:
        return {"delete"}
    if old is None:
        return {"create"}
    ignored = ("status", "last_modified_time", "received_status", "billed_status")
    found = set()
    if old.get("status") != new.get("status"):
        found.add("status")
    if _without(old, ignored) != _without(new, ignored) or not found:
        found.add("edit")
    return found


def _without(record: Record, names: Iterable[str]) -> Record:
    return {name: value for name, value in record.items() if name not in names}


def _address(webhook: Webhook, known: Mapping[str, Any]) -> tuple[str, list[Pair]]:
    """The address with its parameters, and all pairs of its query."""
    added = [(name, _filled(value, known)) for name, value in webhook.query_parameters]
    own = parse_qsl(urlsplit(webhook.url).query, keep_blank_values=True)
    if not added:
        return webhook.url, own
    return f"{webhook.url}{'&' if own else '?'}{urlencode(added)}", [*own, *added]


def _body(webhook: Webhook, known: Mapping[str, Any]) -> tuple[str, bytes, list[Pair]]:
    """Content type, bytes, and the form's pairs where it is one."""
    if webhook.body_type == "form":
        rows = webhook.form_data or tuple((name, f"${{{name}}}") for name in FORM_FIELDS)
        form = [(name, _filled(value, known)) for name, value in rows]
        return "application/x-www-form-urlencoded", urlencode(form).encode(), form
    if webhook.body_type == "raw":
        template = webhook.raw_data or json.dumps({"purchaseorder_id": "${purchaseorder_id}"})
        return "application/json", _filled(template, known).encode(), []
    return "application/json", str(known["JSON"]).encode(), []


def _filled(template: str, known: Mapping[str, Any]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: str(known.get(found[1], "")), template)
