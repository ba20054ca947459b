"""Webhook hooks and triggers as the API keeps them (v1.0), and the list of past deliveries.

A hook is an address with headers for a company or a project; its triggers say of which resources
and events it hears. Answers show no more of a header than its last five characters.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from connectors.sandbox.deliveries import Delivery, Outbox, require_loopback
from connectors.sandbox.deliveries.delivery import DELIVERED, DISCARDED, FAILED, LOST
from connectors.sandbox.procore import fields
from connectors.sandbox.procore.answers import answer, empty, page
from connectors.sandbox.procore.api import Call, Route
from connectors.sandbox.procore.errors import Refusal, invalid, malformed, not_found
from connectors.sandbox.procore.state import Books
from connectors.sandbox.procore.table import Record, stamp_of

HOOKS, TRIGGERS = "hooks", "triggers"
EVENTS = ("create", "update", "delete")
MOST_TRIGGERS = 500
NAMESPACE = re.compile(r"[a-z0-9-]+")
# Later payload versions exist but are not simulated.
API_VERSIONS = ("v2", "v2.0")
RESOURCES = (
    "Purchase Order Contracts",
    "Purchase Order Contract Line Items",
    "Work Order Contracts",
    "Work Order Contract Line Items",
    "Cost Codes",
    "Sub Jobs",
    "Budget Line Items",
    "Project Vendors",
    "Company Vendors",
    "Projects",
    "Line Item Types",
    "Standard Cost Codes",
    "ERP Requests",
)
OUTCOMES = {DELIVERED: "ok", FAILED: "failed", DISCARDED: "discarded"}
STATUS_FILTER = {
    "successful": ("ok",),
    "discarded": ("discarded",),
    "failing": ("retried", "failed"),
}


def build(call: Call, sent: Record, old: Record | None) -> Record:
    """A hook, new or changed."""
    record: Record = dict(old or {"id": call.books.next_id(), **_owner(call)})
    record["api_version"] = fields.choice(
        sent, "api_version", API_VERSIONS, record.get("api_version", "v2")
    )
    record["namespace"] = fields.text(sent, "namespace", record.get("namespace"))
    if record["namespace"] and not NAMESPACE.fullmatch(record["namespace"]):
        raise invalid(namespace="may hold lower-case letters, digits and hyphens only")
    record["destination_url"] = fields.text(
        sent, "destination_url", record.get("destination_url", "")
    )
    record["destination_headers"] = _headers(sent, record)
    try:
        require_loopback(record["destination_url"] or "")
    except ValueError as error:
        raise invalid(destination_url=str(error)) from None
    return record


def _headers(sent: Record, record: Record) -> dict[str, str]:
    headers = sent.get("destination_headers", record.get("destination_headers", {}))
    if not isinstance(headers, dict):
        raise invalid(destination_headers="is invalid")
    return {str(name): str(value) for name, value in headers.items()}


def _owner(call: Call) -> Record:
    return {
        "owned_by_company_id": None if call.project_id else call.books.company["id"],
        "owned_by_project_id": call.project_id or None,
        "owned_by_user_id": call.books.user["id"],
    }


def show(record: Record) -> Record:
    masked = {name: f"****{value[-5:]}" for name, value in record["destination_headers"].items()}
    return {**record, "destination_headers": masked}


def show_trigger(record: Record) -> Record:
    shown = {name: record[name] for name in ("id", "hook_id", "resource_name", "created_at")}
    return {**shown, "event_type": record["event_type"].upper()}


def found(call: Call) -> Record:
    """The hook that the path names, of the company or of the project that was named."""
    record = call.books[HOOKS].get(call.number("id"))
    if record is None or (record["owned_by_project_id"] or 0) != call.project_id:
        raise not_found()
    return record


def list_hooks(call: Call) -> web.Response:
    rows = [
        row
        for row in call.books[HOOKS].listed()
        if (row["owned_by_project_id"] or 0) == call.project_id
    ]
    wanted = call.url.query.get("namespace") or call.filters.text("namespace")
    if wanted:
        rows = [row for row in rows if row["namespace"] == wanted]
    return page(call.url, rows, show)


def get_hook(call: Call) -> web.Response:
    return answer(show(found(call)))


def add_hook(call: Call) -> web.Response:
    saved = call.books.save(HOOKS, build(call, call.wrapped("hook"), None))
    return answer(show(saved), 201)


def change_hook(call: Call) -> web.Response:
    return answer(show(call.books.save(HOOKS, build(call, call.wrapped("hook"), found(call)))))


def delete_hook(call: Call) -> web.Response:
    drop(call.books, found(call)["id"])
    return empty()


def drop(books: Books, hook_id: int) -> None:
    """A hook goes with its triggers."""
    for trigger in books[TRIGGERS].of(hook_id):
        books[TRIGGERS].remove(trigger["id"])
    books[HOOKS].remove(hook_id)


def list_triggers(call: Call) -> web.Response:
    return page(call.url, list(call.books[TRIGGERS].listed(found(call)["id"])), show_trigger)


def _new_trigger(call: Call, hook: Record, sent: Any) -> Record:
    if not isinstance(sent, dict):
        raise invalid(trigger="is invalid")
    name = fields.text(sent, "resource_name", "")
    event = str(fields.text(sent, "event_type", "")).lower()
    if name not in RESOURCES:
        raise invalid(resource_name="is not included in the list")
    if event not in EVENTS:
        raise invalid(event_type="is not included in the list")
    known = call.books[TRIGGERS].of(hook["id"])
    if any((one["resource_name"], one["event_type"]) == (name, event) for one in known):
        raise invalid(resource_name="has already been taken")
    record = {"id": call.books.next_id(), "hook_id": hook["id"], "resource_name": name}
    return call.books.save(TRIGGERS, {**record, "event_type": event})


def add_trigger(call: Call) -> web.Response:
    return answer(show_trigger(_new_trigger(call, found(call), call.wrapped("trigger"))), 201)


def delete_trigger(call: Call) -> web.Response:
    _remove_trigger(call, found(call), call.number("trigger_id"))
    return empty()


def _remove_trigger(call: Call, hook: Record, trigger_id: Any) -> None:
    trigger = call.books[TRIGGERS].get(trigger_id)
    if trigger is None or trigger["hook_id"] != hook["id"]:
        raise not_found()
    call.books[TRIGGERS].remove(trigger["id"])


def _many(call: Call) -> list[Any]:
    rows = call.body.get("triggers")
    if not isinstance(rows, list):
        raise malformed(triggers="must be a list")
    if len(rows) > MOST_TRIGGERS:
        raise Refusal(413, f"At most {MOST_TRIGGERS} triggers at once.")
    return rows


def add_triggers(call: Call) -> web.Response:
    """200 when all were made, 207 when some were not."""
    hook, entities, errors = found(call), [], []
    for row in _many(call):
        try:
            entities.append(show_trigger(_new_trigger(call, hook, row)))
        except Refusal as refusal:
            errors.append({"trigger": row, "errors": refusal.fields})
    return answer({"entities": entities, "errors": errors}, 207 if errors else 200)


def delete_triggers(call: Call) -> web.Response:
    hook, errors = found(call), []
    for row in _many(call):
        trigger_id = row.get("id") if isinstance(row, dict) else row
        try:
            _remove_trigger(call, hook, trigger_id)
        except Refusal as refusal:
            errors.append({"id": trigger_id, "errors": [refusal.message]})
    return answer({"errors": errors}, 207 if errors else 200)


def list_resources(call: Call) -> web.Response:
    return page(call.url, [{"name": name, "events": list(EVENTS)} for name in RESOURCES])


def deliveries_route(outbox_of: Any) -> Route:
    """The list of a hook's deliveries reads the sandbox's queue, which the caller knows."""

    def list_deliveries(call: Call) -> web.Response:
        outbox: Outbox | None = outbox_of()
        known = outbox.history("procore", str(found(call)["id"])) if outbox else []
        rows = [_delivery(one) for one in reversed(known) if one.state != LOST]
        wanted = call.url.query.get("filter[status]") or call.filters.text("status") or "any"
        if wanted != "any":
            rows = [row for row in rows if row["outcome"] in STATUS_FILTER.get(wanted, ())]
        start = int(call.url.query.get("page_start", "0"))
        size = int(call.url.query.get("page_size", "100"))
        return answer(rows[start : start + size])

    return Route("GET", f"{ONE}/deliveries", list_deliveries, "company")


def _delivery(one: Delivery) -> Record:
    return {
        "id": one.number,
        "event_id": one.event,
        "outcome": OUTCOMES.get(one.state, "retried" if one.attempts else "enqueued"),
        "response_status": one.status,
        "response_error": one.problem or None,
        "attempts": one.attempts,
        "started_at": stamp_of(one.started) if one.started else None,
        "completed_at": stamp_of(one.finished) if one.finished else None,
    }


ALL = "/v1.0/webhooks/hooks"
ONE = f"{ALL}/{{id}}"
ROUTES = [
    Route("GET", "/v1.0/webhooks/resources", list_resources, "company"),
    Route("GET", ALL, list_hooks, "company"),
    Route("POST", ALL, add_hook, "company"),
    Route("GET", ONE, get_hook, "company"),
    Route("PATCH", ONE, change_hook, "company"),
    Route("DELETE", ONE, delete_hook, "company"),
    Route("GET", f"{ONE}/triggers", list_triggers, "company"),
    Route("POST", f"{ONE}/triggers", add_trigger, "company"),
    Route("POST", f"{ONE}/triggers/bulk", add_triggers, "company"),
    Route("DELETE", f"{ONE}/triggers/bulk", delete_triggers, "company"),
    Route("DELETE", f"{ONE}/triggers/{{trigger_id}}", delete_trigger, "company"),
]
