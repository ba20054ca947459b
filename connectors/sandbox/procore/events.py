"""What Procore tells its hooks when something changes: events, each a delivery per matching hook.

Changes enter, deliveries without content leave: ids, who did it, and nothing of the record. The
app's own changes are told too. Option procore_twin_events (0): the share of events told a second
time with ids of their own and the same time.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.deliveries import Delivery, Outbox
from connectors.sandbox.deliveries.script import Settings
from connectors.sandbox.procore.hooks import HOOKS, TRIGGERS
from connectors.sandbox.procore.state import Books, Change
from connectors.sandbox.procore.table import Record

RESOURCES = {
    "purchase_order_contracts": "Purchase Order Contracts",
    "line_items": "Purchase Order Contract Line Items",
    "vendors": "Company Vendors",
    "project_vendors": "Project Vendors",
    "projects": "Projects",
    "cost_codes": "Cost Codes",
    "line_item_types": "Line Item Types",
    "budget_line_items": "Budget Line Items",
}
# Deletions of projects and of company vendors are not told.
NOT_TOLD = {("projects", "delete"), ("vendors", "delete")}
DELIVERIES = Settings(first_pause=1, largest_pause=3600, give_up_after=43_200, pauses_address=True)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FIRST_EVENT = 123_000_000


class Events:
    """Makes events of one company's changes and puts them into the queue."""

    def __init__(self, options: Mapping[str, Any], seed: int = 1) -> None:
        self._options = options
        self._source = random.Random(seed)
        self._numbers = itertools.count(FIRST_EVENT)
        self.outbox: Outbox | None = None

    def send_through(self, outbox: Outbox) -> None:
        outbox.introduce("procore", DELIVERIES)
        self.outbox = outbox

    def observe(self, books: Books, change: Change) -> None:
        """Tell every hook that has a trigger for this."""
        resource = RESOURCES.get(change.kind)
        if resource is None or self.outbox is None or (change.kind, change.event) in NOT_TOLD:
            return
        project_id = _project_of(change)
        hooks = [
            hook
            for hook in books[HOOKS].records()
            if hook["owned_by_project_id"] in (None, project_id)
            and _triggered(books, hook, resource, change.event)
        ]
        if not hooks:
            return
        now = books.clock.now()
        for _ in range(2 if self._twin() else 1):
            payload = self._payload(books, change, resource, project_id, now)
            for hook in hooks:
                self._put(hook, payload)

    def _twin(self) -> bool:
        share = float(self._options.get("procore_twin_events", 0))
        return share > 0 and self._source.random() < share

    def _payload(
        self, books: Books, change: Change, resource: str, project_id: int | None, now: datetime
    ) -> Record:
        actor = change.actor
        company_id = books.company["id"]
        record = change.record
        return {
            "id": next(self._numbers),
            "ulid": ulid(now, self._source),
            "timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "metadata": {
                "source_user_id": actor.user_id,
                "source_project_id": project_id,
                "source_operation_id": None,
                "source_company_id": company_id,
                "source_application_id": actor.application_id,
            },
            "user_id": actor.user_id,
            "company_id": company_id,
            "project_id": project_id,
            "api_version": "v2.0",
            "event_type": change.event,
            "resource_name": resource,
            "resource_id": record["vendor_id" if change.kind == "project_vendors" else "id"],
        }

    def _put(self, hook: Record, payload: Record) -> None:
        if self.outbox is None:
            return
        headers = {**hook["destination_headers"], "Content-Type": "application/json"}
        body = json.dumps(payload).encode()
        self.outbox.put(
            Delivery(
                "procore",
                hook["destination_url"],
                body,
                headers,
                event=payload["ulid"],
                source=str(hook["id"]),
            )
        )


def ulid(moment: datetime, source: random.Random) -> str:
    """48 bits of milliseconds and 80 bits of chance, in Crockford's base 32."""
    number = int(moment.timestamp() * 1000) << 80 | source.getrandbits(80)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def _project_of(change: Change) -> int | None:
    if change.kind == "projects":
        return int(change.record["id"])
    project_id = change.record.get("project_id")
    return int(project_id) if project_id else None


def _triggered(books: Books, hook: Record, resource: str, event: str) -> bool:
    return any(
        (one["resource_name"], one["event_type"]) == (resource, event)
        for one in books[TRIGGERS].of(hook["id"])
    )
